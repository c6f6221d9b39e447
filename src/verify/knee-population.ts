import type { Log } from "../core/log.ts";
import { createRng } from "../core/rng.ts";
import { mean, standardDeviation } from "../core/stats.ts";
import { buildBones, localBone } from "../sim/knee/bones.ts";
import { buildKnee, type Knee } from "../sim/knee/knee.ts";
import { type Sex, typicalKnee } from "../sim/knee/parameters.ts";
import type { Check, CheckContext } from "./check.ts";
import { type BoneMeasures, evenDraw, quickMeasures, tendonLength } from "./knee-draws.ts";
import { measureFemur, measurePatella, measureTibia } from "./knee-measures.ts";

const DEG = Math.PI / 180;

/** Draws by default, of each sex; with --full as many in all as the statement says, drawn as a scenario draws them. */
const EVEN_DRAWS = 26,
  PLAIN_DRAWS = 1000;
/** Knees that are posed for the tendon's length: they need all bones and their fields. Of each sex. */
const POSED = 4,
  POSED_FULL = 60;
/** Fields and meshes of the posed knees: the pole of the patella and the contact move by less than 0.3 mm. */
const POSED_SPACING_MM = 2.5;

const MEAN_SHARE = 0.02,
  SD_SHARE = 0.15;

interface Draw {
  readonly sex: Sex;
  readonly measures: BoneMeasures;
}

/** One published figure. Without `sex` it is of both together. */
interface Row {
  readonly id: string;
  readonly what: string;
  readonly sex?: Sex;
  readonly mean?: number;
  readonly sd?: number;
  readonly unit: "mm" | "deg";
  readonly source: string;
  readonly of: (m: BoneMeasures) => number;
}

const pair = (
  id: string,
  what: string,
  source: string,
  of: (m: BoneMeasures) => number,
  male: readonly [number, number?],
  female: readonly [number, number?],
  unit: "mm" | "deg" = "mm",
): Row[] =>
  ([["male", male], ["female", female]] as const).map(([sex, [average, sd]]) => ({
    id: `${id}.${sex}`, what, sex, mean: average, ...(sd === undefined ? {} : { sd }), unit, source, of,
  })); // prettier-ignore

const KAPUR = "Kapur, dry femora, n = 100",
  PRIOR = "typical of Western adults; 14 real knees span 70-83 and 48-58",
  SLOPES = "KSRR 2021, n = 285",
  PATELLA = "patellae by sex",
  MANY = "patellae of 7 ethnicities, n = 927, and Iranpour",
  CIRCLES = "sagittal circles in nine real knees",
  CT = "CT controls, PMC5134791";

const rows: readonly Row[] = [
  ...pair("epicondylar-width", "epicondylar width", KAPUR, (m) => m.femur.epicondylarWidthMm, [82.65, 3.96], [72.47, 3.49]),
  ...pair("medial-depth", "depth of the medial condyle", KAPUR, (m) => m.femur.medialDepthMm, [61.88, 4.04], [54.45, 3.59]),
  ...pair("lateral-depth", "depth of the lateral condyle", KAPUR, (m) => m.femur.lateralDepthMm, [64.67, 4.48], [56.68, 3.62]),
  ...pair("notch-width", "width of the notch", KAPUR, (m) => m.femur.notchWidthMm, [19.32, 4.1], [18.04, 3.4]),
  ...pair("notch-height", "height of the notch", KAPUR, (m) => m.femur.notchHeightMm, [29.05, 4.57], [26.85, 4.1]),
  ...pair("plateau-width", "width of the plateau", PRIOR, (m) => m.tibia.plateauWidthMm, [78, 4], [70, 4]),
  ...pair("plateau-depth", "depth of the plateau", PRIOR, (m) => m.tibia.plateauDepthMm, [52, 4], [46, 3]),
  ...pair("medial-slope", "slope of the medial plateau", SLOPES, (m) => m.tibia.medialSlopeRad / DEG, [5.86, 3], [6.61, 3.32], "deg"),
  ...pair("lateral-slope", "slope of the lateral plateau", SLOPES, (m) => m.tibia.lateralSlopeRad / DEG, [4.41, 3.35], [4.63, 2.85], "deg"),
  ...pair("patella-height", "height of the patella", PATELLA, (m) => m.patella.heightMm, [42.1], [36.9]),
  ...pair("patella-width", "width of the patella", PATELLA, (m) => m.patella.widthMm, [45], [40]),
  ...pair("patella-thickness", "thickness of the patella", PATELLA, (m) => m.patella.thicknessMm, [24.3], [21.9]),
  { id: "patella-height.spread", what: "height of the patella", sd: 3.8, unit: "mm", source: MANY, of: (m) => m.patella.heightMm },
  { id: "patella-width.spread", what: "width of the patella", sd: 4.32, unit: "mm", source: MANY, of: (m) => m.patella.widthMm },
  { id: "patella-thickness.spread", what: "thickness of the patella", sd: 2.33, unit: "mm", source: MANY, of: (m) => m.patella.thicknessMm },
  { id: "medial-radius", what: "radius of the medial condyle's back", mean: 19.8, sd: 1.9, unit: "mm", source: CIRCLES, of: (m) => m.femur.medialPosteriorRadiusMm },
  { id: "lateral-radius", what: "radius of the lateral condyle's back", mean: 18.9, sd: 1.6, unit: "mm", source: CIRCLES, of: (m) => m.femur.lateralPosteriorRadiusMm },
  { id: "posterior-turn", what: "turn of the condyles' backs against the epicondyles", mean: 5.2, sd: 2.4, unit: "deg", source: "van der Linden, cadavers", of: (m) => m.femur.posteriorTurnRad / DEG },
  { id: "trochlear-depth", what: "depth of the trochlea", mean: 6.04, unit: "mm", source: CT, of: (m) => m.femur.trochlearDepthMm },
  { id: "sulcus-angle", what: "angle of the sulcus", mean: 132.5, unit: "deg", source: CT, of: (m) => m.femur.sulcusAngleRad / DEG },
]; // prettier-ignore

const drawn = new Map<boolean, readonly Draw[]>();

function draws({ full, log }: CheckContext): readonly Draw[] {
  const known = drawn.get(full);
  if (known) return known;
  const total = full ? PLAIN_DRAWS : 2 * EVEN_DRAWS;
  const made = Array.from({ length: total }, (_, i): Draw => {
    log.progress("knees measured", i, total);
    const sex: Sex = i % 2 === 0 ? "male" : "female";
    const parameters = full
      ? typicalKnee(createRng(`population/${i}`))
      : typicalKnee(evenDraw(`population/${sex}`, i >> 1, EVEN_DRAWS), sex);
    return { sex: parameters.sex, measures: quickMeasures(parameters) };
  });
  log.progress("knees measured", total, total);
  drawn.set(full, made);
  return made;
}

/** Mean within 2 %, spread within 15 %, each widened by two standard errors of that many draws. */
export function judge(values: readonly number[], published: { readonly mean?: number; readonly sd?: number }) {
  const average = mean(values),
    sd = standardDeviation(values);
  const meanError = (2 * (published.sd ?? sd)) / Math.sqrt(values.length),
    sdError = 2 / Math.sqrt(2 * (values.length - 1));
  const meanHolds =
    published.mean === undefined || Math.abs(average - published.mean) <= MEAN_SHARE * published.mean + meanError;
  const sdHolds = published.sd === undefined || Math.abs(sd / published.sd - 1) <= SD_SHARE + sdError;
  return {
    measured: `${average.toFixed(2)} ± ${sd.toFixed(2)} (${values.length} knees)`,
    pass: meanHolds && sdHolds && values.every(Number.isFinite),
  };
}

const expectation = ({ mean: average, sd, unit }: Pick<Row, "mean" | "sd" | "unit">): string =>
  `${average === undefined ? "" : `${average} `}${sd === undefined ? "" : `± ${sd} `}${unit}`;
const TOLERANCE = "mean 2 %, SD 15 %, and two standard errors of the draws";

/** How far measures on the quick mesh may lie from those on the full build's, mm and degrees. */
const QUICK_TOLERANCE = 0.35;

/** Statistics of drawn knees, measured on their meshes. `subjects`: knees that were built in full. */
export function populationChecks(subjects: () => Promise<readonly Knee[]>): readonly Check[] {
  return [
    {
      id: "knee.population.quick-measures",
      statement: "What is measured on the quick meshes of the statistics is what the full build's meshes give",
      source: "the same ruler on both",
      expected: 0,
      tolerance: `${QUICK_TOLERANCE} mm or deg; angle of the sulcus 3 deg`,
      async run() {
        let worst = 0,
          sulcus = 0;
        for (const { parameters, set } of await subjects()) {
          const quick = quickMeasures(parameters);
          const fine: BoneMeasures = {
            femur: measureFemur(localBone(set, "femur").mesh),
            tibia: measureTibia(localBone(set, "tibia").mesh),
            patella: measurePatella(localBone(set, "patella").mesh),
          };
          for (const { id, of } of rows) {
            const difference = Math.abs(of(quick) - of(fine));
            // The crests are round: where exactly they are highest, and so the angle, is less sure than how high.
            if (id === "sulcus-angle") sulcus = Math.max(sulcus, difference);
            else worst = Math.max(worst, difference);
          }
        }
        return {
          measured: `${worst.toFixed(3)}, sulcus ${sulcus.toFixed(2)}`,
          pass: worst <= QUICK_TOLERANCE && sulcus <= 3,
        };
      },
    },
    ...rows.map((row): Check => {
      const whose = row.sex === "male" ? " of men" : row.sex === "female" ? " of women" : "";
      return {
        id: `knee.population.${row.id}`,
        statement: `Drawn knees${whose} have the published ${row.what}, measured on their meshes`,
        source: row.source,
        expected: expectation(row),
        tolerance: TOLERANCE,
        async run(context) {
          const values = draws(context)
            .filter(({ sex }) => row.sex === undefined || sex === row.sex)
            .map(({ measures }) => row.of(measures));
          return judge(values, row);
        },
      };
    }),
    ...([["male", 1.01], ["female", 1.06]] as const).map(([sex, average]): Check => ({
      id: `knee.population.insall-salvati.${sex}`,
      statement: `Drawn knees of ${sex === "male" ? "men" : "women"}, posed straight, have the published Insall-Salvati ratio`,
      source: "Aglietti",
      expected: expectation({ mean: average, sd: 0.13, unit: "mm" }).replace(" mm", ""),
      tolerance: TOLERANCE,
      async run({ full, log }) {
        return judge(await insallSalvati(sex, full ? POSED_FULL : POSED, log), { mean: average, sd: 0.13 });
      },
    })), // prettier-ignore
  ];
}

/** Length of the tendon per longest diagonal of the patella, both on the posed meshes. */
async function insallSalvati(sex: Sex, count: number, log: Log): Promise<number[]> {
  const ratios: number[] = [];
  for (let i = 0; i < count; i++) {
    log.progress("knees posed", i, count);
    const parameters = typicalKnee(evenDraw(`posed/${sex}`, i, count), sex);
    const set = await buildBones(parameters, { spacingMm: POSED_SPACING_MM });
    const knee = await buildKnee(parameters, { flexionRad: 0, from: set });
    ratios.push(tendonLength(knee) / measurePatella(localBone(set, "patella").mesh).diagonalMm);
  }
  log.progress("knees posed", count, count);
  return ratios;
}
