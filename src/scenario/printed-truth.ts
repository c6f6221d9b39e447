import { UnsuitableInputError } from "../core/errors.ts";
import { transformPoint } from "../core/rigid.ts";
import type { GroundTruth, TrueBody, TrueBone } from "../data/ground-truth.ts";
import { cutTriangles, type PrintedTruth } from "../data/printed-part.ts";
import type { DigitisedPoint } from "../data/recording.ts";
import { framePose, type TrackedFrames } from "../data/tracked-frames.ts";
import { createClosestPoint } from "../geometry/closest-point.ts";
import { mergeMeshes, transformMesh } from "../geometry/mesh.ts";
import { fitRigid } from "../geometry/rigid-fit.ts";
import { type Beam, castBeams } from "../sim/truth/cast-beams.ts";
import { countInsonified } from "../sim/truth/insonified.ts";

export interface LaidPrint {
  /** Row-major 3×4, from the frame of the drawing to the reference frame of the recording. */
  readonly referenceFromPhantom: Float64Array;
  readonly divots: number;
  readonly rmsMm: number;
}

const NEEDED = 3;
const REGIONS = ["surface", "cap"] as const;

/** Lays the drawing on the divots that were touched. `points` are in the reference frame; others' names are left alone. */
export function layPrint({ divots, name }: PrintedTruth, points: readonly DigitisedPoint[]): LaidPrint {
  const pairs = divots.flatMap((divot) => {
    const touched = points.find((point) => point.name === divot.name);
    return touched ? [{ from: divot.positionMm, to: touched.positionMm }] : [];
  });
  if (pairs.length < NEEDED) {
    throw new UnsuitableInputError(
      `${pairs.length} of the ${divots.length} divots of ${name} were touched, and ${NEEDED} are needed`,
      `Touch the divots and name the points as the drawing does (${divots.map((d) => d.name).join(", ")})`,
    );
  }
  const fit = fitRigid(
    Float64Array.from(pairs.flatMap(({ from }) => from)),
    Float64Array.from(pairs.flatMap(({ to }) => to)),
  );
  if (fit.status === "refused")
    throw new UnsuitableInputError(`the divots of ${name} do not fit: ${fit.reason}`, "Touch others");
  return { referenceFromPhantom: fit.m, divots: pairs.length, rmsMm: fit.rmsMm };
}

/** The words of the report. */
export const laidSentence = ({ name }: PrintedTruth, { divots, rmsMm }: LaidPrint): string =>
  `The truth is the drawing of "${name}", laid on ${divots} touched divots (residual ${rmsMm.toFixed(2)} mm RMS); ` +
  "what the print is off from its drawing counts as error of the scan.";

/** The drawn body where the registration has it. `insonified`: of a bone's triangles, in the reference frame. */
function bodyOf(
  printed: PrintedTruth,
  { referenceFromPhantom: m }: LaidPrint,
  insonified: (bone: Pick<TrueBone, "name" | "mesh">) => Uint16Array,
): TrueBody {
  return {
    bones: printed.bones.map(({ name, mesh: drawn }) => {
      const mesh = transformMesh(drawn, m);
      const surface = createClosestPoint(mesh);
      return {
        name,
        mesh,
        distance: { distanceMm: (x, y, z) => surface.signedDistanceMm(x, y, z) },
        insonified: insonified({ name, mesh }),
        region: cutTriangles(drawn, printed.cutsMm),
        regionNames: REGIONS,
      };
    }),
    landmarks: printed.landmarks.map((l) => ({ ...l, positionMm: transformPoint(m, ...l.positionMm) })),
    axes: [],
    angles: [],
    notModelled: [],
  };
}

/** A simulated scan's truth with the drawing, laid on the divots, in the place of the bones. */
export function drawnTruth(
  truth: GroundTruth,
  points: readonly DigitisedPoint[],
): { readonly truth: GroundTruth; readonly sentence: string } {
  const { printed } = truth;
  if (!printed) {
    throw new UnsuitableInputError(
      "scoring.truth is printed, and the phantom is no printed part",
      "Add source.phantom.printed: {}, or set scoring.truth to simulated",
    );
  }
  const laid = layPrint(printed, points);
  const body = bodyOf(printed, laid, ({ name }) => truth.bones.find((bone) => bone.name === name)!.insonified);
  return { truth: { ...truth, ...body, notModelled: truth.notModelled }, sentence: laidSentence(printed, laid) };
}

/** Beams a frame that are followed, and how a triangle counts as met. */
const BEAMS = 48,
  MAX_INCIDENCE_RAD = Math.PI / 3,
  REACH_MM = 1.5;

/** The drawing laid on a recording of the print; what could be seen of it follows from the poses of the frames. */
export function drawnBody(
  printed: PrintedTruth,
  points: readonly DigitisedPoint[],
  frames: TrackedFrames,
): { readonly truth: TrueBody; readonly sentence: string } {
  const laid = layPrint(printed, points);
  const whole = mergeMeshes(printed.bones.map(({ mesh }) => transformMesh(mesh, laid.referenceFromPhantom)));
  const hits = castBeams(whole, beamsOf(frames));
  const insonified = ({ mesh }: Pick<TrueBone, "mesh">): Uint16Array =>
    countInsonified(mesh, hits, { reachMm: REACH_MM, maxIncidenceRad: MAX_INCIDENCE_RAD });
  return { truth: bodyOf(printed, laid, insonified), sentence: laidSentence(printed, laid) };
}

/** Down the images from their top rows. */
function* beamsOf(frames: TrackedFrames): Generator<Beam> {
  for (let frame = 0; frame < frames.count; frame++) {
    const m = framePose(frames, frame);
    const pixelMm = Math.hypot(m[1]!, m[5]!, m[9]!);
    const direction = [m[1]! / pixelMm, m[5]! / pixelMm, m[9]! / pixelMm] as const;
    for (let beam = 0; beam < BEAMS; beam++) {
      const fromMm = transformPoint(m, ((beam + 0.5) / BEAMS) * frames.width, 0, 0);
      yield { fromMm, direction, lengthMm: frames.height * pixelMm };
    }
  }
}
