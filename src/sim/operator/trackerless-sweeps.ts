import type { PatientGuide, SweepPlan } from "./sweep-plan.ts";

type Vector = readonly [number, number, number];

const add = (a: Vector, b: Vector, scale = 1): Vector => [
  a[0] + scale * b[0],
  a[1] + scale * b[1],
  a[2] + scale * b[2],
];

const DEG = Math.PI / 180;

/**
 * Strokes by which methods without a tracker are judged: long straight ones whose image lies across the way, a fan and a
 * rock about one place of the skin, turned by 90° and made again (the protocol of TUS-REC 2025), two that cross at right
 * angles, and one that goes back on itself. Names beginning with "linear" are about 100 mm long.
 */
export function trackerlessSweeps(guide: PatientGuide): SweepPlan[] {
  const { lateralSign: side, flexionRad: f, tibialPlateauCentreMm: plateau, epicondylarWidthMm: width } = guide;
  const down: Vector = [0, -Math.sin(f), -Math.cos(f)];
  const front: Vector = [0, 1, 0];
  const medial: Vector = [-side, 0, 0],
    lateral: Vector = [side, 0, 0];
  const legAxis = (offset: Vector): Vector[] => [
    add(offset, [0, 2, 55]),
    add(offset, [0, 0, 15]),
    add(offset, [0, -4, -10]),
    add(add(plateau, offset), down, 28),
  ];
  const condyle = (direction: Vector): Vector => [0.2 * width * direction[0], 0.2 * width * direction[1], 0];
  const frontMedial: Vector = [-0.55 * side, 0.45, 0],
    frontLateral: Vector = [0.55 * side, 0.45, 0];
  const straight = (name: string, targetsMm: readonly Vector[], approach: Vector): SweepPlan => ({
    name,
    targetsMm,
    approach: targetsMm.map(() => approach),
    markedSide: towardsPlusZ(approach, add(targetsMm[1]!, targetsMm[0]!, -1)),
  });
  const thigh = (direction: Vector): Vector[] => [
    add([0, 10, 84], direction, 6),
    add(condyle(direction), [0, 6, 25]),
    add(condyle(direction), [0, 2, -14]),
  ];
  const here = condyle(medial);
  return [
    straight("linear medial", legAxis(condyle(medial)), medial),
    straight("linear lateral", legAxis(condyle(lateral)), lateral),
    straight("linear anteromedial", thigh(medial), frontMedial),
    straight("linear anterolateral", thigh(lateral), frontLateral),
    {
      ...straight("rotating medial", [add(here, [0, 0, 31]), add(here, [0, 0, 30])], medial),
      turns: [...fanAndRock(0), ...fanAndRock(90 * DEG)],
    },
    {
      ...straight("rotating anteromedial", [[0, 6, 41] as const, [0, 6, 40] as const], frontMedial),
      turns: [...fanAndRock(0), ...fanAndRock(90 * DEG)],
    },
    straight("crossing along", [add(here, [0, 0, 58]), add(here, [0, 0, -2])], medial),
    {
      ...straight("crossing across", [add(here, [0, 12, 28]), add(here, [0, -12, 28])], medial),
      approach: [add(medial, front, 0.5), add(medial, front, -0.5)],
    },
    straight(
      "reversal medial",
      [add(here, [0, 0, 58]), add(here, [0, 0, 8]), add(here, [0, 0, 38]), add(here, [0, 0, -12])],
      medial,
    ),
  ];
}

/**
 * Where the mark points so that the stroke begins towards the image's +z. Without a tracker nobody can tell a motion from
 * its mirror image: which side the operator sets out to is agreed, as the protocol of TUS-REC names its directions.
 */
function towardsPlusZ([x, y, z]: Vector, [mx, my, mz]: Vector): Vector {
  return [-(y * mz - z * my), -(z * mx - x * mz), -(x * my - y * mx)];
}

/** A fan (out of the plane) and a rock (within it) about the contact, from upright to upright. */
const fanAndRock = (aboutBeamRad: number) =>
  (
    [
      [0, 0],
      [18, 0],
      [-18, 0],
      [0, 0],
      [0, 12],
      [0, -12],
      [0, 0],
    ] as const
  ).map(([fanDeg, rockDeg]) => ({ aboutBeamRad, fanRad: fanDeg * DEG, rockRad: rockDeg * DEG }));
