import { EigenvalueDecomposition, Matrix, SingularValueDecomposition } from "ml-matrix";
import type { Rng } from "../../core/rng.ts";
import type { ToolReading } from "../../data/device.ts";
import type { Point } from "./line-of-sight.ts";
import type { MarkerBody } from "./marker-body.ts";
import { createSmoother } from "./smoothing.ts";
import type { TrackerRun } from "./tracker-run.ts";

/** A lump of metal; the tracker knows nothing of it. Tracker frame, mm. */
export interface Metal {
  readonly atMm: Point;
  /** Of the ball that would do as much. */
  readonly radiusMm: number;
  /** Steel draws the field in (induced moment +a³ B), aluminium pushes it out by its eddy currents (−a³ B/2). */
  readonly kind: "steel" | "aluminium";
}

/**
 * Three crossed coils in a field generator at the origin, three in each sensor: the classic arrangement (Raab et al.
 * 1979, SPASYN). What is measured is the 3×3 matrix of voltages; noise, flaws of the coils and the secondary field of
 * metal enter there, and position and orientation are solved from it. Since a dipole's field falls with r³, the same
 * noise of the coils costs r⁴ in position and r³ in orientation, and metal disturbs as r⁴/(r_gm³ r_ms³) (Nixon et al.
 * 1998). No line of sight is needed. The sensor sits at the origin of the tool.
 */
export interface ElectromagneticTracker {
  readonly kind: "electromagnetic";
  /** Position noise at `referenceMm` from the generator along each axis across the line to it, one SD. */
  readonly noiseMm: number;
  readonly referenceMm: number;
  /** SD of each entry of the generator's gain matrix about what its maker calibrated: a smooth warp of the volume. */
  readonly coilError: number;
  readonly metals: readonly Metal[];
  /** Sensors nearer than this, farther, or behind the generator are out of volume. */
  readonly nearMm: number;
  readonly farMm: number;
  /** Time constant of the smoothing of poses; 0 for none. */
  readonly smoothingS: number;
}

/** Field at `at` of the dipole `moment` (a unit moment gives 2/r³ on its axis): B = (3 r̂(r̂·m) − m)/r³. */
function dipoleField(at: Point, moment: Point): Point {
  const r = Math.hypot(...at);
  const u = at.map((x) => x / r) as unknown as Point;
  const along = 3 * (u[0] * moment[0] + u[1] * moment[1] + u[2] * moment[2]);
  const r3 = r * r * r;
  return [(along * u[0] - moment[0]) / r3, (along * u[1] - moment[1]) / r3, (along * u[2] - moment[2]) / r3];
}

const AXES: readonly Point[] = [[1, 0, 0], [0, 1, 0], [0, 0, 1]]; // prettier-ignore

/** How strongly a ball of metal answers the field it stands in, per volume a³ (magnetostatics; perfect conductor). */
const POLARISATION = { steel: 1, aluminium: -0.5 } as const;

export function startElectromagnetic(
  spec: ElectromagneticTracker,
  bodies: readonly MarkerBody[],
  rng: Rng,
): TrackerRun {
  // The noise of one entry that gives `noiseMm` at the reference distance.
  const entryNoise = (spec.noiseMm / spec.referenceMm) * NOISE_SHARE * spec.referenceMm ** -3;
  const flaw = rng.fork("coils");
  const gain = Float64Array.from({ length: 9 }, (_, i) => (i % 4 === 0 ? 1 : 0) + spec.coilError * flaw.normal());
  const noise = bodies.map((body) => rng.fork(`coils/${body.tool}`));
  const smoothers = bodies.map(() => createSmoother(spec.smoothingS));
  const volume = ([x, y, z]: Point): boolean => {
    const r = Math.hypot(x, y, z);
    return z > 0 && r >= spec.nearMm && r <= spec.farMm;
  };
  return {
    observe(timeS, poses) {
      return bodies.map(({ tool }, i): ToolReading => {
        const m = poses[i]!;
        const drawn = Float64Array.from({ length: 9 }, () => entryNoise * noise[i]!.normal());
        const at: Point = [m[3]!, m[7]!, m[11]!];
        const solved = volume(at) ? solvePose(signals(spec, gain, m, at, drawn)) : undefined;
        if (!solved) {
          smoothers[i]!.reset();
          return { tool, status: "out-of-volume" };
        }
        const { pose, residualMm } = solved;
        const trackerFromTool = smoothers[i]!.next(timeS, pose);
        return { tool, status: "tracked", trackerFromTool, fitRmsMm: residualMm };
      });
    },
  };
}

/**
 * By first order: entries with noise e/r³ turn the eigenvector of SᵀS by (2 e₁ − e₂)/3, so the place across the line to
 * the generator has an SD of (√5/3) e r.
 */
const NOISE_SHARE = 3 / Math.sqrt(5);

/** Row k: what the sensor's coil k picks up of the generator's coils 0-2. */
function signals(
  { metals }: ElectromagneticTracker,
  gain: Float64Array,
  m: Readonly<Float64Array>,
  at: Point,
  noise: Float64Array,
): Matrix {
  const result = new Matrix(3, 3);
  for (let coil = 0; coil < 3; coil++) {
    // The coil's moment as it really is, where the solver takes it for a unit vector.
    const moment: Point = [gain[coil]!, gain[3 + coil]!, gain[6 + coil]!];
    const field = [...dipoleField(at, moment)] as [number, number, number];
    for (const metal of metals) {
      const there = dipoleField(metal.atMm, moment);
      const size = POLARISATION[metal.kind] * metal.radiusMm ** 3;
      const second = dipoleField(
        [at[0] - metal.atMm[0], at[1] - metal.atMm[1], at[2] - metal.atMm[2]],
        [size * there[0], size * there[1], size * there[2]],
      );
      for (let k = 0; k < 3; k++) field[k]! += second[k]!;
    }
    for (let k = 0; k < 3; k++) {
      const picked = m[k]! * field[0] + m[4 + k]! * field[1] + m[8 + k]! * field[2];
      result.set(k, coil, picked + noise[3 * k + coil]!);
    }
  }
  return result;
}

/**
 * S = Rᵀ D/r³ with D = 3 r̂r̂ᵀ − 1, so SᵀS = (1 + 3 r̂r̂ᵀ)/r⁶: its largest eigenvector is the direction (the half-space
 * before the generator decides the sign), its trace the distance; then Rᵀ is the rotation nearest to S r³ D⁻¹.
 */
function solvePose(s: Matrix): { readonly pose: Float64Array; readonly residualMm: number } | undefined {
  const evd = new EigenvalueDecomposition(s.transpose().mmul(s), { assumeSymmetric: true });
  const values = evd.realEigenvalues;
  const top = values.indexOf(Math.max(...values));
  const sum = values.reduce((a, b) => a + b, 0);
  if (!(sum > 0)) return undefined;
  const r = (6 / sum) ** (1 / 6);
  const column = evd.eigenvectorMatrix.getColumn(top);
  const sign = column[2]! < 0 ? -1 : 1;
  const u = column.map((x) => sign * x);
  // D⁻¹ = (3/2) r̂r̂ᵀ − 1.
  const inverse = new Matrix(AXES.map((_, i) => AXES.map((__, j) => 1.5 * u[i]! * u[j]! - (i === j ? 1 : 0))));
  const turned = s.mmul(inverse).mul(r ** 3);
  const svd = new SingularValueDecomposition(turned);
  const rotation = svd.leftSingularVectors.mmul(svd.rightSingularVectors.transpose());
  const determinant =
    rotation.get(0, 0) * (rotation.get(1, 1) * rotation.get(2, 2) - rotation.get(1, 2) * rotation.get(2, 1)) -
    rotation.get(0, 1) * (rotation.get(1, 0) * rotation.get(2, 2) - rotation.get(1, 2) * rotation.get(2, 0)) +
    rotation.get(0, 2) * (rotation.get(1, 0) * rotation.get(2, 1) - rotation.get(1, 1) * rotation.get(2, 0));
  if (!(determinant > 0)) return undefined;
  const pose = new Float64Array(12);
  for (let i = 0; i < 3; i++) {
    for (let j = 0; j < 3; j++) pose[4 * i + j] = rotation.get(j, i);
    pose[4 * i + 3] = r * u[i]!;
  }
  const off = Matrix.sub(turned, rotation).norm("frobenius");
  return { pose, residualMm: (off * r) / 3 };
}
