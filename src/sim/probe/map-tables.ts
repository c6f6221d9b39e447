import type { Beam } from "./beam.ts";
import { fromDecibel, levels } from "./effects.ts";
import { MAP_STEP_MM } from "./map.ts";
import { spacingAt, type Probe } from "./probe.ts";
import { linesAside, type ScanLines } from "./scan-lines.ts";

/** Slopes of the rays from across the receive aperture that look for shadow: shares of its half width. */
export const SHADOW_RAYS: readonly number[] = [-0.86, -0.57, -0.29, 0, 0.29, 0.57, 0.86];
/** Tangent, to the side of rising lines, of a shadow ray to its line. */
export const shadowSlope = ({ receiveFNumber }: Probe, ray: number): number =>
  -SHADOW_RAYS[ray]! / (2 * receiveFNumber);

/** How many lines aside a shadow ray that ends in a row has started: index ray · rows + row. */
export function shadowStarts(scan: ScanLines, { receiveFNumber }: Probe, rows: number): Int32Array {
  return Int32Array.from({ length: SHADOW_RAYS.length * rows }, (_, i) =>
    Math.round(linesAside(scan, SHADOW_RAYS[Math.floor(i / rows)]! / (2 * receiveFNumber), (i % rows) * MAP_STEP_MM)),
  );
}

/** Half of the middle half of the receive aperture, in lines, by row. */
export function halfApertures(scan: ScanLines, { receiveFNumber }: Probe, rows: number): Int32Array {
  return Int32Array.from({ length: rows }, (_, row) => {
    const y = row * MAP_STEP_MM;
    return Math.round(y / receiveFNumber / 4 / spacingAt(scan, y / 2));
  });
}

/** Half of the stretch of face whose contact a row needs, in lines. */
export function contactHalves({ spacingMm }: ScanLines, rows: number): Int32Array {
  return Int32Array.from({ length: rows }, (_, row) =>
    Math.max(2, Math.round(Math.min(4, (row * MAP_STEP_MM) / 4) / spacingMm)),
  );
}

/** Echo of a fascia that sends back everything. */
export const fasciaMirror = ({ twoWayWavenumber }: Beam): number =>
  fromDecibel(levels.mirrorDb) * Math.exp(-((twoWayWavenumber * levels.fasciaRoughnessMm) ** 2) / 2);
