/** Temperatures between which the formula holds, °C. */
export const WATER_RANGE_C = [0, 95] as const;

/** Marczak's polynomial, by power of the temperature. */
const MARCZAK = [1.402385e3, 5.038813, -5.799136e-2, 3.287156e-4, -1.398845e-6, 2.78786e-9] as const;

/**
 * Speed of sound in pure water at atmospheric pressure, m/s, at a temperature in °C (W. Marczak, J. Acoust. Soc. Am.
 * 102, 2776, 1997; ± 0.02 m/s on the ITS-90 scale). Throws a RangeError outside 0 to 95 °C.
 */
export function waterSpeedMps(temperatureC: number): number {
  if (!(temperatureC >= WATER_RANGE_C[0] && temperatureC <= WATER_RANGE_C[1])) {
    throw new RangeError(`water of ${temperatureC} °C is no liquid that the formula knows (0 to 95 °C)`);
  }
  return MARCZAK.reduceRight((sum, coefficient) => sum * temperatureC + coefficient, 0);
}
