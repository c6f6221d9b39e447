import { invert, transformPoint } from "../../core/rigid.ts";
import {
  ellipse,
  ellipsoid,
  type Implicit,
  monotoneCurve,
  type Point,
  smoothMax,
  smoothMin,
  smoothStep,
  taperedCapsule,
} from "./implicit.ts";
import type { Knee } from "./posed-knee.ts";
import { type JointTissue, jointTissue } from "./soft-tissue-joint.ts";
import type { SoftVolume } from "./soft-volume.ts";

export interface SoftTissue {
  /** In order of precedence: where two overlap the first one counts. */
  readonly volumes: readonly SoftVolume[];
  /** All that lies under the fat besides bone, rounded together. */
  readonly deep: Implicit;
  /** Thickness of subcutaneous fat under the skin near a point, mm. */
  fatMm(x: number, y: number, z: number): number;
  readonly skinMm: number;
  readonly joint: JointTissue;
}

const direction = (a: Point, b: Point): Point => {
  const length = Math.hypot(b[0] - a[0], b[1] - a[1], b[2] - a[2]) || 1;
  return [(b[0] - a[0]) / length, (b[1] - a[1]) / length, (b[2] - a[2]) / length];
};

interface Section {
  readonly at: Point;
  readonly widthMm: number;
  readonly thicknessMm: number;
}

/** A flat band with round edges from one section to another; its width lies across X as far as its direction allows. */
function strap(from: Section, to: Section): Implicit {
  const u = direction(from.at, to.at);
  const length = Math.hypot(to.at[0] - from.at[0], to.at[1] - from.at[1], to.at[2] - from.at[2]);
  const across = 1 / Math.hypot(1 - u[0] * u[0], u[0] * u[1], u[0] * u[2]);
  const w: Point = [(1 - u[0] * u[0]) * across, -u[0] * u[1] * across, -u[0] * u[2] * across];
  const n: Point = [u[1] * w[2] - u[2] * w[1], u[2] * w[0] - u[0] * w[2], u[0] * w[1] - u[1] * w[0]];
  return (x, y, z) => {
    const px = x - from.at[0], py = y - from.at[1], pz = z - from.at[2]; // prettier-ignore
    const along = px * u[0] + py * u[1] + pz * u[2];
    const t = Math.min(1, Math.max(0, along / length));
    const half = (from.thicknessMm + (to.thicknessMm - from.thicknessMm) * t) / 2,
      flat = (from.widthMm + (to.widthMm - from.widthMm) * t) / 2 - half;
    const aside = Math.max(0, Math.abs(px * w[0] + py * w[1] + pz * w[2]) - flat),
      off = px * n[0] + py * n[1] + pz * n[2],
      beyond = Math.max(-along, along - length, 0);
    return Math.sqrt(aside * aside + off * off + beyond * beyond) - half;
  };
}

/** Extra tissue over bone at the sides of the joint: capsule, collateral ligaments, retinacula. */
const CAPSULE_MM = 3;

/** Fluid in the suprapatellar recess of a healthy knee, mm; 2 mm and more counts as an effusion. */
const RECESS_MM = 1.2;

/** Rounding between neighbouring volumes under the fat: what fascia spans. */
const FASCIA_MM = 10;

/**
 * Muscles, tendons and fat of a posed knee, as simple volumes whose ends are fixed to the bones they spring from.
 * Shares below (× s) are of a man of average size. `effusionMm`: extra fluid in the suprapatellar recess, which lifts
 * the quadriceps tendon; 0 leaves the film that every knee has.
 */
export function softTissue(knee: Knee, effusionMm: number): SoftTissue {
  const { parameters: p, pose, set } = knee;
  const { patella } = set.shapes;
  const s = p.femur.epicondylarWidthMm / 82.65;
  const field = (name: string) => knee.bones.find((b) => b.name === name)!.distance;
  const femurField = field("femur"), tibiaField = field("tibia"), patellaField = field("patella"), fibulaField = field("fibula"); // prettier-ignore

  const thigh = (x: number, y: number, z: number): Point => [x * s, y * s, z * s];
  const shank = (x: number, y: number, z: number): Point => transformPoint(pose.kneeFromTibia.m, x * s, y * s, z * s);
  const q = p.softTissue.quadricepsMm;

  // Patellar tendon and, above, the quadriceps tendon, which bends over the trochlea when the knee is bent.
  const onPatella = (y: number, z: number): Point => transformPoint(pose.kneeFromPatella.m, 0, y, z);
  const apex = onPatella(2 * s, -patella.halfHeightMm + 4 * s),
    tubercle = transformPoint(pose.kneeFromTibia.m, ...set.shapes.tibia.tubercle);
  const { tendonWidthMm, tendonThicknessMm } = p.patella;
  const patellarTendon = strap(
    { at: apex, widthMm: tendonWidthMm * 1.05, thicknessMm: tendonThicknessMm * 1.1 },
    { at: tubercle, widthMm: tendonWidthMm * 0.9, thicknessMm: tendonThicknessMm * 0.9 },
  );
  const pole = onPatella(3 * s, patella.halfHeightMm - 4 * s),
    tendonTop: Point = [5 * s, 30 * s + q * 0.45, 66 * s];
  const bend = ((): Point => {
    const at: [number, number, number] = [
      (pole[0] + tendonTop[0]) / 2, (pole[1] + tendonTop[1]) / 2, (pole[2] + tendonTop[2]) / 2,
    ]; // prettier-ignore
    while (femurField.distanceMm(...at) < 6 * s + effusionMm) at[1] += 0.5;
    return at;
  })();
  const lowerQuadriceps = strap(
    { at: pole, widthMm: 30 * s, thicknessMm: 6.5 * s },
    { at: bend, widthMm: 28 * s, thicknessMm: 6.5 * s },
  );
  const upperQuadriceps = strap(
    { at: bend, widthMm: 28 * s, thicknessMm: 6.5 * s },
    { at: tendonTop, widthMm: 22 * s, thicknessMm: 4 * s },
  );

  // The recess lies under the quadriceps tendon and reaches about 45 mm above the patella.
  const fluidMm = RECESS_MM + effusionMm;
  const behind = ([x, y, z]: Point): Point => [x, y - 3.4 * s - fluidMm / 2, z];
  const recessTop: Point = [
    bend[0] + 0.6 * (tendonTop[0] - bend[0]), bend[1] + 0.6 * (tendonTop[1] - bend[1]), bend[2] + 0.6 * (tendonTop[2] - bend[2]),
  ]; // prettier-ignore
  const recessPole = onPatella(-6 * s, patella.halfHeightMm - 2 * s);
  const flat = (at: Point, widthMm: number, share: number): Section => ({
    at: behind(at),
    widthMm: widthMm * s + effusionMm,
    thicknessMm: fluidMm * share,
  });
  const lowerRecess = strap({ ...flat(recessPole, 26, 1), at: recessPole }, flat(bend, 30, 1)),
    upperRecess = strap(flat(bend, 30, 1), flat(recessTop, 24, 0.6));
  const recess: Implicit = (x, y, z) =>
    Math.max(Math.min(lowerRecess(x, y, z), upperRecess(x, y, z)), 0.8 - femurField.distanceMm(x, y, z));

  // Hoffa's fat pad fills the space behind the patellar tendon.
  const plateauFront = transformPoint(pose.kneeFromTibia.m, 2 * s, 20 * s, -2 * s);
  const middle: Point = [
    (apex[0] + tubercle[0] + plateauFront[0]) / 3, (apex[1] + tubercle[1] + plateauFront[1]) / 3, (apex[2] + tubercle[2] + plateauFront[2]) / 3,
  ]; // prettier-ignore
  const hoffa: Implicit = (x, y, z) => ellipsoid(x - middle[0], y - middle[1], z - middle[2], 24 * s, 15 * s, 17 * s);

  const muscle = (name: string, from: Point, fromMm: number, to: Point, toMm: number): SoftVolume => ({
    name,
    tissue: "muscle",
    solid: taperedCapsule(from, fromMm * s, to, toMm * s),
    fibreDirection: direction(from, to),
  });
  // The thigh above the joint: sections of one envelope, shared out among the muscles.
  const heights = [14 * s, 30 * s, 50 * s, 85 * s, 125 * s];
  const front = monotoneCurve(heights, [41 * s, 41.5 * s, 31 * s + 0.78 * q, 30 * s + 1.1 * q, 30 * s + 1.5 * q]);
  const back = monotoneCurve(heights, [40 * s, 46 * s, 53 * s, 60 * s, 65 * s]);
  const halfWidth = monotoneCurve(heights, [39 * s, 44 * s, 49 * s, 55 * s, 60 * s]);
  const thighEnvelope: Implicit = (x, y, z) => {
    const f = front(z),
      b = back(z);
    const section = ellipse(x - 2 * s, y - (f - b) / 2, halfWidth(z), (f + b) / 2);
    return smoothMax(section, 14 * s - z, 12 * s);
  };
  // The popliteal fossa is a rhomb of fat between the hamstrings above and the calf below.
  const fossaHalf = (z: number): number => (1 + 0.28 * Math.max(0, 70 - z / s)) * s;
  const inThigh = (name: string, fibreDirection: Point, part: Implicit): SoftVolume => ({
    name,
    tissue: "muscle",
    solid: (x, y, z) => Math.max(thighEnvelope(x, y, z), part(x, y, z)),
    fibreDirection,
  });

  // The shank: behind and lateral of the tibia, whose medial face lies bare under the skin.
  const drops = [-125 * s, -85 * s, -45 * s, -12 * s];
  const calfX = monotoneCurve(drops, [4 * s, 3 * s, 2 * s, 0]),
    calfY = monotoneCurve(drops, [-21 * s, -18 * s, -13 * s, -9 * s]),
    calfHalfX = monotoneCurve(drops, [52 * s, 50 * s, 45 * s, 37 * s]),
    calfHalfY = monotoneCurve(drops, [52 * s, 49 * s, 44 * s, 37 * s]);
  const { medialFace } = set.shapes.tibia;
  const inverse = invert(pose.kneeFromTibia).m;
  const calfEnvelope = (x: number, y: number, z: number): number => {
    const section = ellipse(x - calfX(z), y - calfY(z), calfHalfX(z), calfHalfY(z));
    return smoothMax(smoothMax(section, medialFace(x, y, z) + 1, 10 * s), z + 10 * s, 12 * s);
  };
  const local = (part: Implicit): Implicit => {
    return (x, y, z) =>
      part(
        inverse[0]! * x + inverse[1]! * y + inverse[2]! * z + inverse[3]!,
        inverse[4]! * x + inverse[5]! * y + inverse[6]! * z + inverse[7]!,
        inverse[8]! * x + inverse[9]! * y + inverse[10]! * z + inverse[11]!,
      );
  };
  const shankAxis: Point = [pose.kneeFromTibia.m[2]!, pose.kneeFromTibia.m[6]!, pose.kneeFromTibia.m[10]!];
  const inShank = (name: string, part: Implicit): SoftVolume => ({
    name,
    tissue: "muscle",
    solid: local((x, y, z) => Math.max(calfEnvelope(x, y, z), part(x, y, z))),
    fibreDirection: shankAxis,
  });

  const vastusIntermedius: SoftVolume = {
    name: "vastus intermedius",
    tissue: "muscle",
    solid: (x, y, z) => {
      // A cuff around the front and sides of the shaft that thickens upward.
      const cuff = q * 0.5 * smoothStep(28 * s, 62 * s, z);
      return Math.max(femurField.distanceMm(x, y, z) - cuff, -(y - 4 * s), 26 * s - z);
    },
    fibreDirection: [0, 0, 1],
  };
  const patellaSide = (x: number): Point => transformPoint(pose.kneeFromPatella.m, x, -2 * s, 4 * s);
  const joint = jointTissue(knee);
  const volumes: SoftVolume[] = [
    { name: "patellar tendon", tissue: "tendon", solid: patellarTendon, fibreDirection: direction(apex, tubercle) },
    { name: "quadriceps tendon", tissue: "tendon", solid: lowerQuadriceps, fibreDirection: direction(pole, bend) },
    {
      name: "quadriceps tendon, upper part",
      tissue: "tendon",
      solid: upperQuadriceps,
      fibreDirection: direction(bend, tendonTop),
    },
    { name: "suprapatellar recess", tissue: "synovial fluid", solid: recess, fibreDirection: [0, 0, 1] },
    ...joint.volumes,
    { name: "hoffa fat pad", tissue: "hoffa fat pad", solid: hoffa, fibreDirection: [0, 0, 1] },
    vastusIntermedius,
    inThigh("rectus femoris", [0, 0, 1], (x, y, z) =>
      Math.max(Math.abs(x - 4 * s) - 15 * s, 33 * s + 0.4 * q - y, 58 * s - z),
    ),
    inThigh("vastus medialis", direction([-26, 24, 20], [-16, 20, 80]), (x, y, z) =>
      Math.max(x + 1 * s, -2 * s - y, 24 * s - z),
    ),
    inThigh("vastus lateralis", direction([28, 24, 40], [18, 18, 110]), (x, y, z) =>
      Math.max(-x + 3 * s, -2 * s - y, 36 * s - z),
    ),
    inThigh("semimembranosus", direction([-25, -30, 0], [-16, -40, 120]), (x, y, z) =>
      Math.max(x + fossaHalf(z), y + 3.5 * s, 20 * s - z),
    ),
    inThigh("biceps femoris", direction([28, -28, 0], [20, -40, 120]), (x, y, z) =>
      Math.max(fossaHalf(z) - x, y + 3.5 * s, 24 * s - z),
    ),
    muscle("semimembranosus, lower part", shank(-25, -22, -20), 6, thigh(-28, -30, 34), 12),
    muscle("biceps femoris, lower part", shank(33, -18, -18), 5, thigh(30, -28, 34), 11),
    muscle("gastrocnemius, medial head, origin", thigh(-22, -24, 14), 8, shank(-18, -33, -28), 13),
    muscle("gastrocnemius, lateral head, origin", thigh(20, -24, 12), 8, shank(16, -33, -28), 13),
    inShank("popliteus and soleus", (x, y, z) => Math.max(calfEnvelope(x, y, z) + 16 * s, y + 8 * s, z + 26 * s)),
    inShank("gastrocnemius, medial head", (x, y, z) => Math.max(x - 1 * s, y + 12 * s, z + 20 * s)),
    inShank("gastrocnemius, lateral head", (x, y, z) => Math.max(2 * s - x, y + 16 * s, z + 20 * s)),
    inShank("tibialis anterior", (x, y, z) => Math.max(6 * s - x, -1 * s - y, z + 24 * s)),
    inShank("peroneus", (x, y, z) => Math.max(22 * s - x, Math.abs(y + 8 * s) - 6.5 * s, z + 30 * s)),
  ];

  // What rounds the leg off between bones and muscles: fat and vessels behind, retinacula beside the patella.
  const popliteal = thigh(0, -22, 10),
    below = shank(0, -22, 0);
  const fillings: readonly Implicit[] = [
    thighEnvelope,
    local(calfEnvelope),
    (x, y, z) => ellipsoid(x - popliteal[0], y - popliteal[1], z - popliteal[2], 40 * s, 25 * s, 48 * s),
    (x, y, z) => ellipsoid(x - below[0], y - below[1], z - below[2], 38 * s, 24 * s, 36 * s),
    taperedCapsule(patellaSide(patella.medialX + 7 * s), 7 * s, thigh(-27, 8, -2), 13 * s),
    taperedCapsule(patellaSide(patella.lateralX - 7 * s), 7 * s, thigh(27, 8, -2), 13 * s),
    taperedCapsule(patellaSide(patella.medialX + 10 * s), 7 * s, shank(-22, 12, -9), 10 * s),
    taperedCapsule(patellaSide(patella.lateralX - 10 * s), 7 * s, shank(23, 12, -9), 10 * s),
    patellarTendon,
    lowerQuadriceps,
    upperQuadriceps,
    hoffa,
  ];

  const shankHeight = (x: number, y: number, z: number): number =>
    inverse[8]! * x + inverse[9]! * y + inverse[10]! * z + inverse[11]!;
  const { thighFatMm, jointFatMm, shankFatMm, prepatellarFatMm } = p.softTissue;

  return {
    volumes,
    joint,
    skinMm: p.softTissue.skinMm,
    fatMm(x, y, z) {
      const up = smoothStep(22 * s, 70 * s, z),
        down = smoothStep(-6 * s, -34 * s, shankHeight(x, y, z));
      let fat = jointFatMm + (thighFatMm - jointFatMm) * up;
      fat += (shankFatMm - fat) * down * (1 - up);
      return fat + (prepatellarFatMm - fat) * smoothStep(14 * s, 6 * s, patellaField.distanceMm(x, y, z));
    },
    deep(x, y, z) {
      const h = shankHeight(x, y, z);
      const capsule =
        CAPSULE_MM * s * smoothStep(34 * s, 14 * s, Math.abs(z)) * smoothStep(16 * s, 30 * s, Math.abs(x));
      let d = femurField.distanceMm(x, y, z) - capsule;
      const lower = Math.min(tibiaField.distanceMm(x, y, z), fibulaField.distanceMm(x, y, z));
      d = smoothMin(
        d,
        lower - CAPSULE_MM * s * smoothStep(-24 * s, -8 * s, h) * smoothStep(14 * s, 26 * s, Math.abs(x)),
        8,
      );
      for (const filling of fillings) d = smoothMin(d, filling(x, y, z), FASCIA_MM);
      // The patella last and with little rounding: the skin lies close on it.
      return smoothMin(d, patellaField.distanceMm(x, y, z), 4);
    },
  };
}

/** Thickness of cartilage on a bone near a point of the posed knee, mm; 0 away from the joint surfaces. */
export function cartilageThickness(knee: Knee): (bone: string, x: number, y: number, z: number) => number {
  const { pose, set, parameters } = knee;
  const { femur, tibia, patella } = set.shapes,
    { femoralCartilageMm, tibialCartilageMm, patellarCartilageMm } = parameters.softTissue;
  const s = parameters.femur.epicondylarWidthMm / 82.65;
  const tibiaFromKnee = invert(pose.kneeFromTibia).m,
    patellaFromKnee = invert(pose.kneeFromPatella).m;
  const onFemur = (x: number, y: number, z: number): number => {
    const [, cy, cz] = x < femur.notch.x ? femur.medialCentre : femur.lateralCentre;
    const angle = Math.atan2(y - cy, cz - z); // 0 down, positive forward
    const forward = smoothStep(cy + 4 * s, cy + 26 * s, y);
    const half = (31 - 9 * forward) * s; // narrower on the trochlea
    return (
      femoralCartilageMm *
      smoothStep(-2.2, -1.7, angle) *
      smoothStep(femur.anteriorMm.z + 14 * s, femur.anteriorMm.z + 8 * s, z) *
      smoothStep(half + 4 * s, half - 1 * s, Math.abs(x - forward * femur.grooveX)) *
      smoothStep(0.5 * s, 3 * s, femur.notchSolid(x, y, z))
    );
  };
  const onTibia = (x: number, y: number, z: number): number => {
    if (z < tibia.top(x, y) - 3 * s) return 0;
    const inside = smoothStep(-1 * s, -8 * s, tibia.outline(x, y));
    return tibialCartilageMm * inside * smoothStep(6 * s, 11 * s, Math.abs(x)) * (1 + 0.3 * inside);
  };
  const onPatella = (x: number, y: number, z: number): number => {
    if (y > 3 * s) return 0;
    const border = Math.min(x - patella.medialX, patella.lateralX - x);
    return (
      patellarCartilageMm *
      smoothStep(1 * s, 9 * s, border) *
      smoothStep(patella.articularBottomZ - 2 * s, patella.articularBottomZ + 3 * s, z) *
      smoothStep(patella.halfHeightMm - 2 * s, patella.halfHeightMm - 7 * s, z)
    );
  };
  return (bone, x, y, z) =>
    bone === "femur"
      ? onFemur(x, y, z)
      : bone === "tibia"
        ? onTibia(...transformPoint(tibiaFromKnee, x, y, z))
        : bone === "patella"
          ? onPatella(...transformPoint(patellaFromKnee, x, y, z))
          : 0;
}
