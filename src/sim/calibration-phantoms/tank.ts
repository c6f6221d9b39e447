import { waterSpeedMps } from "../../data/water.ts";
import { voxelCount, type Grid } from "../../geometry/grid.ts";
import { sharedFloat32, sharedUint8, type Scene, type SceneWire, type Tissue } from "../scene.ts";
import type { PhantomDesign } from "./design.ts";

/** Nylon line: longitudinal speed of sound of nylon 6-6 (Selfridge 1985: 2600 m/s). */
const NYLON_MPS = 2600;
/** The mirror of probe/effects.ts (63 dB), less 10 dB for nylon in water and 9 dB for a surface as round as this. */
const WIRE_ECHO_DB = 44;

/** Absorption of water grows with f²: 0.0022 dB/cm at 1 MHz (Duck 1990, at 20 °C). */
export function waterTissue(temperatureC: number): Tissue {
  return {
    name: "water",
    speedMps: waterSpeedMps(temperatureC),
    densityKgM3: 998,
    attenuationDbCmMhz: 0.0022,
    attenuationExponent: 2,
    echoDb: -Infinity,
    texture: "none",
  };
}

const GLASS_MPS = 5600;
const BEAD_RADIUS_MM = 0.25;
/** Half length of the stretch of wire that stands for a bead: far shorter than the beam is wide, so it has no favourite angle, mm. */
const BEAD_HALF_MM = 0.1;
/** As bright as a wire at right angles, of which the beam gathers about a millimetre. */
const BEAD_ECHO_DB = WIRE_ECHO_DB + 14;

const bead = ([x, y, z]: readonly [number, number, number]): SceneWire => ({
  fromMm: [x - BEAD_HALF_MM, y, z],
  toMm: [x + BEAD_HALF_MM, y, z],
  radiusMm: BEAD_RADIUS_MM,
  speedMps: GLASS_MPS,
  echoDb: BEAD_ECHO_DB,
});

/** The tank reaches this far from the phantom's centre, mm; more than an image at any tilt. */
const HALF_MM = 160;
/** All fields are planes, which trilinear interpolation reproduces at any spacing. */
const SPACING_MM = 8;
/** Where there is no bottom. */
const FAR_MM = 1000;

/** A phantom in water of `temperatureC`, °C; frame of the scene: the phantom's. The probe's face is under water. */
export function waterTank(phantom: PhantomDesign, temperatureC: number): Scene {
  const side = Math.round((2 * HALF_MM) / SPACING_MM) + 1;
  const [cx, cy, cz] = phantom.centreMm;
  const grid: Grid = {
    shape: [side, side, side],
    spacingMm: [SPACING_MM, SPACING_MM, SPACING_MM],
    originMm: [cx - HALF_MM, cy - HALF_MM, cz - HALF_MM],
  };
  const count = voxelCount(grid);
  const boneDistanceMm = sharedFloat32(count),
    skinDistanceMm = sharedFloat32(count).fill(-FAR_MM);
  for (let k = 0; k < side; k++) {
    const z = grid.originMm[2] + k * SPACING_MM;
    boneDistanceMm.fill(phantom.bottom ? z : FAR_MM, k * side * side, (k + 1) * side * side);
  }
  const wires = phantom.patterns.flatMap(({ wires }) => wires);
  return {
    grid,
    boneDistanceMm,
    skinDistanceMm,
    fluid: true,
    tissue: sharedUint8(count),
    tissues: [waterTissue(temperatureC)],
    bone: sharedUint8(count),
    bones: ["femur"],
    wires: [
      ...wires.map(({ frontMm, backMm }): SceneWire => ({
        fromMm: frontMm,
        toMm: backMm,
        radiusMm: phantom.wireRadiusMm,
        speedMps: NYLON_MPS,
        echoDb: WIRE_ECHO_DB,
      })),
      ...phantom.beadsMm.map(bead),
    ],
  };
}
