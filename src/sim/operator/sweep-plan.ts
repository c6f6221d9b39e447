/**
 * One stroke of the probe, planned relative to landmarks that an operator can feel. All vectors in the knee frame.
 * The face is set on the skin where the ray from the target along `approach` leaves the body.
 */
export interface SweepPlan {
  readonly name: string;
  /** Points inside the leg that the beam aims at, first to last; the stroke runs through them at constant speed. */
  readonly targetsMm: readonly (readonly [number, number, number])[];
  /** From the target towards the probe, one per target; need not be unit vectors. */
  readonly approach: readonly (readonly [number, number, number])[];
  /** Where the marked side of the probe points, roughly; made orthogonal to the beam. */
  readonly markedSide: readonly [number, number, number];
  /** How the probe is turned about the middle of its face, spread evenly over the way; upright when left out. */
  readonly turns?: readonly ProbeTurn[];
}

/** Applied in this order to the probe as it is set down, about the beam, then the face's length, then its normal. */
export interface ProbeTurn {
  readonly aboutBeamRad: number;
  /** Out of the image's plane. */
  readonly fanRad: number;
  /** Within it. */
  readonly rockRad: number;
}

/** What the planner needs to know of the patient: palpable landmarks and how far the knee is bent. */
export interface PatientGuide {
  /** +1 right knee (lateral is +X), −1 left. */
  readonly lateralSign: 1 | -1;
  readonly flexionRad: number;
  /** Knee frame, mm. */
  readonly patellaCentreMm: readonly [number, number, number];
  readonly patellaHeightMm: number;
  readonly tubercleMm: readonly [number, number, number];
  readonly tibialPlateauCentreMm: readonly [number, number, number];
  readonly epicondylarWidthMm: number;
}

/** Whether the probe comes from behind the leg, where a tracker in front of it does not see its markers. */
export function isFromBehind({ approach }: SweepPlan): boolean {
  const [x, y, z] = [0, 1, 2].map((k) => approach.reduce((sum, a) => sum + a[k]!, 0)) as [number, number, number];
  return y < -0.5 * Math.hypot(x, y, z);
}

type Vector = [number, number, number];

const add = (a: readonly number[], b: readonly number[], scale = 1): Vector => [
  a[0]! + scale * b[0]!,
  a[1]! + scale * b[1]!,
  a[2]! + scale * b[2]!,
];

/**
 * The strokes of a supine examination at 30° flexion, after the clinical windows of EULAR 2017 and the JoCo protocol
 * (suprapatellar, parapatellar, prepatellar, infrapatellar, medial, lateral, posterior), as transverse strokes.
 */
export function clinicalSweeps(guide: PatientGuide): SweepPlan[] {
  const { lateralSign: side, flexionRad: f, tibialPlateauCentreMm: plateau } = guide;
  const tibiaDown: Vector = [0, -Math.sin(f), -Math.cos(f)];
  const tibiaFront: Vector = [0, Math.cos(f), -Math.sin(f)];
  const lateral: Vector = [side, 0, 0];
  const medial: Vector = [-side, 0, 0];
  // 0.65: the patella turns by 60-70 % of the knee's flexion (review of 2019 in knee.md 2.2).
  const patellaDown: Vector = [0, -Math.sin(0.65 * f), -Math.cos(0.65 * f)];
  const patellaFront: Vector = [0, Math.cos(0.65 * f), -Math.sin(0.65 * f)];
  const patellaTop = add(guide.patellaCentreMm, patellaDown, -guide.patellaHeightMm / 2);

  const along = (start: readonly number[], direction: readonly number[], lengthsMm: readonly number[]): Vector[] =>
    lengthsMm.map((length) => add(start, direction, length));
  const mix = (a: Vector, b: Vector, share: number): Vector =>
    add([a[0] * (1 - share), a[1] * (1 - share), a[2] * (1 - share)], b, share);
  const same = (approach: Vector, count: number): Vector[] => Array.from({ length: count }, () => approach);

  const shaft: Vector = [0, 10, 78];
  const front: Vector = [0, 1, 0];
  const frontMedial = mix(medial, front, 0.45);
  const frontLateral = mix(lateral, front, 0.45);
  const condyle = (direction: Vector): Vector => add([0, 0, 0], direction, 0.2 * guide.epicondylarWidthMm);
  const legAxis = (offset: Vector): Vector[] => [
    add(offset, [0, 2, 60]),
    add(offset, [0, 0, 20]),
    add(offset, [0, -4, -12]),
    add(add(plateau, offset), tibiaDown, 8),
    add(add(plateau, offset), tibiaDown, 52),
  ];

  const stroke = (
    name: string,
    targetsMm: readonly Vector[],
    approach: readonly Vector[],
    markedSide: Vector,
  ): SweepPlan => ({ name, targetsMm, approach, markedSide });

  return [
    stroke("suprapatellar transverse", [shaft, [0, 14, 45], add(patellaTop, [0, -14, 8])], same(front, 3), lateral),
    stroke(
      "anteromedial femur",
      [add(shaft, medial, 6), add(condyle(medial), [0, 6, 25]), add(condyle(medial), [0, 4, -8])],
      same(frontMedial, 3),
      front,
    ),
    stroke(
      "anterolateral femur",
      [add(shaft, lateral, 6), add(condyle(lateral), [0, 6, 25]), add(condyle(lateral), [0, 4, -8])],
      same(frontLateral, 3),
      front,
    ),
    stroke("medial transverse", legAxis(condyle(medial)), same(medial, 5), front),
    stroke("lateral transverse", legAxis(condyle(lateral)), same(lateral, 5), front),
    stroke(
      "prepatellar transverse",
      along(guide.patellaCentreMm, patellaDown, [-0.62 * guide.patellaHeightMm, 0.62 * guide.patellaHeightMm]),
      same(patellaFront, 2),
      lateral,
    ),
    stroke(
      "infrapatellar transverse",
      [add(add(plateau, tibiaFront, 12), tibiaDown, 2), add(plateau, tibiaDown, 30), add(plateau, tibiaDown, 70)],
      same(tibiaFront, 3),
      lateral,
    ),
    stroke(
      "anteromedial tibia",
      along(add(plateau, medial, 12), tibiaDown, [4, 30, 68]),
      same(mix(medial, tibiaFront, 0.5), 3),
      tibiaFront,
    ),
    stroke(
      "anterolateral tibia",
      along(add(plateau, lateral, 12), tibiaDown, [4, 30, 68]),
      same(mix(lateral, tibiaFront, 0.5), 3),
      tibiaFront,
    ),
    stroke(
      "posteromedial",
      [
        add(condyle(medial), [0, 0, 45]),
        add(condyle(medial), [0, -6, 0]),
        add(add(plateau, medial, 18), tibiaDown, 30),
      ],
      same(mix(medial, [0, -1, 0], 0.8), 3),
      medial,
    ),
    stroke(
      "posterolateral",
      [
        add(condyle(lateral), [0, 0, 45]),
        add(condyle(lateral), [0, -6, 0]),
        add(add(plateau, lateral, 18), tibiaDown, 30),
      ],
      same(mix(lateral, [0, -1, 0], 0.8), 3),
      medial,
    ),
  ];
}
