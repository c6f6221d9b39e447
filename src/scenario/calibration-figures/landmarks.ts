import type { CalibrationFigure } from "../../data/calibration-page.ts";
import { invert, transformPoint } from "../../core/rigid.ts";
import type { Landmark, PhantomRegistration } from "../../pipeline/calibration/landmarks/register-phantom.ts";
import type { Vector3 } from "../../pipeline/calibration/vector3.ts";

/** Landmarks as drawn and as touched, what is left over at each, and the error predicted at the wires. */
export function landmarkFigures(
  { touched, bodyFromPhantom, targetErrorMm }: PhantomRegistration,
  landmarks: readonly Landmark[],
): CalibrationFigure[] {
  const phantomFromBody = invert<"body", "phantom">({ m: bodyFromPhantom }).m;
  const places = touched.map(({ placeMm }) => transformPoint(phantomFromBody, ...placeMm));
  const view = (a: 0 | 1 | 2, b: 0 | 1 | 2): CalibrationFigure => ({
    kind: "plot",
    title: `Landmarks in the phantom, ${"xyz"[a]!} and ${"xyz"[b]!}`,
    caption: "Drawn, and touched after registration: on this scale they should cover each other.",
    xLabel: `${"xyz"[a]!}, mm`,
    yLabel: `${"xyz"[b]!}, mm`,
    equal: true,
    series: [
      { name: "drawn", shape: "points", ...columns(landmarks.map(({ positionMm }) => positionMm), a, b) }, // prettier-ignore
      { name: "touched", shape: "points", ...columns(places, a, b) },
    ],
  });
  const numbered = touched.map((_, i) => i + 1);
  return [
    view(0, 1),
    view(0, 2),
    {
      kind: "plot",
      title: "What is left over at each landmark",
      caption: touched.map(({ name }, i) => `${i + 1}: ${name}`).join(", "),
      xLabel: "landmark, in the order of touching",
      yLabel: "distance, mm",
      fromZero: true,
      series: [{ name: "residual", shape: "points", x: numbered, y: touched.map(({ residualMm }) => residualMm) }],
    },
    ...(targetErrorMm.length > 0
      ? [
          {
            kind: "plot" as const,
            title: "Error predicted at the wires",
            caption: "Expected error of each wire's middle from the residuals (Fitzpatrick, West & Maurer 1998).",
            xLabel: "wire, in the order of the configuration",
            yLabel: "rms error, mm",
            fromZero: true,
            series: [
              { name: "predicted", shape: "points" as const, x: targetErrorMm.map((_, i) => i + 1), y: targetErrorMm },
            ],
          },
        ]
      : []),
  ];
}

const columns = (points: readonly Vector3[], a: 0 | 1 | 2, b: 0 | 1 | 2): { x: number[]; y: number[] } => ({
  x: points.map((p) => p[a]),
  y: points.map((p) => p[b]),
});
