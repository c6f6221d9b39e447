/**
 * What the element-level model of test/support/element-model says about the default probe at 1540 m/s: Rayleigh sums
 * over its elements in the frequency domain, with nothing of the simulator in them. The slow test
 * test/sim/ultrasound-reference.slow.test.ts computes them anew and compares.
 */

/** −6 dB widths of a point, mm, by depth in mm. */
export const widthMm = {
  axial: { 12: 0.144, 15: 0.12, 20: 0.132, 25: 0.139, 30: 0.12, 35: 0.131, 40: 0.14 },
  lateral: { 6: 0.475, 10: 0.547, 12: 0.48, 15: 0.466, 20: 0.333, 25: 0.428, 30: 0.449, 35: 0.442, 40: 0.455 },
  elevation: { 6: 2.79, 10: 1.71, 12: 1.02, 15: 0.68, 20: 0.755, 25: 1.08, 30: 1.33, 35: 1.75, 40: 2.27 },
} as const;

/** Move of the probe that halves the correlation of the intensity of developed speckle, mm, by depth in mm. */
export const halfShiftMm = {
  elevation: { 12: 0.251, 15: 0.319, 20: 0.371, 25: 0.438, 30: 0.435, 33: 0.402 },
  lateral: { 12: 0.182, 15: 0.179, 20: 0.168, 25: 0.182, 30: 0.18, 33: 0.176 },
} as const;

/** Correlation of intensity of speckle, squeezed along depth by a tenth and by 3 % and warped back, by depth in mm. */
export const strainCorrelation = {
  tenth: { 12: 0.893, 16: 0.933, 20: 0.937, 24: 0.929, 28: 0.917 },
  threeHundredths: { 12: 0.99, 16: 0.994, 20: 0.995, 24: 0.994, 28: 0.993 },
} as const;

/** Echo of a smooth plate 20 mm deep, dB re right angles, at 4, 8, 12, 16 and 20°. */
export const smoothPlateDb = [-1.3, -5.0, -11.2, -26.7, -43.8] as const;

/**
 * Mean peak power of rough plates 20 mm deep, dB re right angles, at 8, 16, 24, 36 and 48°, 40 surfaces each: RMS 30 µm,
 * correlation length 150 µm, and `corticalSurface`, whose power at right angles re a smooth plate is `cortexLevel`.
 */
export const roughPlateDb = {
  rms30: [-2.6, -6.9, -10.2, -16.1, -19.0],
  cortexLevel: -8.0,
  cortex: [-3.3, -9.1, -11.0, -15.4, -17.9],
} as const;
