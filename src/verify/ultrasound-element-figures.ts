export const halfShiftMm = {
  elevation: { 12: 0.26, 15: 0.32, 20: 0.36, 25: 0.405, 30: 0.43, 33: 0.4 },
  lateral: { 15: 0.2, 20: 0.185, 25: 0.21, 30: 0.22 },
} as const;
export const widthMm = {
  lateral: { 6: 0.43, 10: 0.43, 12: 0.43, 15: 0.43, 20: 0.34, 25: 0.43, 30: 0.43, 35: 0.43, 40: 0.43 },
  elevation: { 6: 2.8, 10: 1.73, 12: 1.33, 15: 0.61, 20: 0.74, 25: 1.01, 30: 1.26, 35: 1.66, 40: 2.15 },
} as const;
export const smoothPlateDb = [-1.5, -5.4, -12.3, -28.7] as const;
export const roughPlateDb = [-4, -8, -11, -14, -18] as const;
