import type { Rng } from "../../../core/rng.ts";
import { createRng } from "../../../core/rng.ts";
import { mean, standardDeviation } from "../../../core/stats.ts";
import type { Bounds } from "../../../geometry/mesh.ts";
import { femurBlank, femurFromBlank } from "../femur.ts";
import type { Implicit } from "../implicit.ts";
import { type FemurParameters, type KneeParameters, typicalKnee } from "../parameters.ts";
import type { PatellaParameters, TibiaParameters } from "../parameters.ts";
import { patellaShape, patellaStretch } from "../patella.ts";
import { tibiaShape } from "../tibia.ts";

export type FittedBone = "femur" | "tibia" | "patella";

/** Values by name, in mm, rad or 1 as the name says. */
export type Values = Readonly<Record<string, number>>;

export interface FreeParameter {
  readonly name: string;
  /** Spread in the family of knees, the unit of the name. */
  readonly sd: number;
  /** Grows with the size of the bone. */
  readonly isLength: boolean;
}

/** A bone's shapes over its parameters, for fitting. Model frame: the bone's own frame, right side, mm. */
export interface BoneFamily {
  readonly bone: FittedBone;
  readonly free: readonly FreeParameter[];
  /** The mean of both sexes. */
  readonly typical: Values;
  /**
   * Shapes near `values`: corrections that take long to measure (what blending adds to a size) are measured there and
   * held.
   */
  near(values: Values): (values: Values) => Implicit;
  bounds(values: Values): Bounds;
  /** Which end of Z the bone was cut at, and how far the compared region reaches from the other end, mm. */
  readonly cut: { readonly towards: 1 | -1; readonly reachMm: number } | undefined;
}

/** Draws from which the spreads are taken. */
const DRAWS = 240;

/** A stream whose normal numbers are all 0: draws from it are means. */
const central: Rng = { path: "mean", uniform: () => 0.5, normal: () => 0, integer: () => 0, fork: () => central };

const typicalOf = (part: "femur" | "tibia" | "patella"): Values => {
  const male = valuesOf(typicalKnee(central, "male"), part),
    female = valuesOf(typicalKnee(central, "female"), part);
  return Object.fromEntries(Object.keys(male).map((name) => [name, (male[name]! + female[name]!) / 2]));
};

const valuesOf = (knee: KneeParameters, part: "femur" | "tibia" | "patella"): Values => ({ ...knee[part] });

function freeOf(part: "femur" | "tibia" | "patella", fixed: readonly string[]): FreeParameter[] {
  const draws = Array.from({ length: DRAWS }, (_, i) => valuesOf(typicalKnee(createRng(`family/${i}`)), part));
  return Object.keys(draws[0]!)
    .filter((name) => !fixed.includes(name))
    .map((name) => {
      const values = draws.map((d) => d[name]!);
      const isLength = name.endsWith("Mm") && !name.endsWith("OffsetMm") && Math.abs(mean(values)) > 1e-9;
      return { name, sd: standardDeviation(values), isLength };
    })
    .filter(({ sd }) => sd > 1e-9);
}

const families: { readonly [B in FittedBone]: () => BoneFamily } = {
  femur: () => ({
    bone: "femur",
    free: freeOf("femur", []),
    typical: typicalOf("femur"),
    near(values) {
      const wanted = values as unknown as FemurParameters;
      const blank = femurBlank(wanted) as unknown as Values;
      const correction = Object.entries(blank).map(([name, value]) => [name, value - values[name]!] as const);
      return (v) => {
        const p = v as unknown as FemurParameters;
        const moved = Object.fromEntries(correction.map(([name, by]) => [name, v[name]! + by]));
        return femurFromBlank(moved as unknown as FemurParameters, p).solid;
      };
    },
    bounds({ epicondylarWidthMm: width, medialDepthMm, lateralDepthMm, distalHeightMm }) {
      const deep = Math.max(medialDepthMm!, lateralDepthMm!);
      return {
        min: [-width! / 2 - 8, -width! * 0.35, -distalHeightMm! - 7],
        max: [width! / 2 + 14, deep - width! * 0.15, 93],
      };
    },
    cut: { towards: 1, reachMm: 60 },
  }),
  tibia: () => ({
    bone: "tibia",
    free: freeOf("tibia", ["fibulaHeadRadiusMm", "fibulaShaftRadiusMm", "fibulaDropMm"]),
    typical: typicalOf("tibia"),
    near() {
      return (v) => tibiaShape(v as unknown as TibiaParameters, 2).solid;
    },
    bounds({ plateauWidthMm: width, plateauDepthMm: depth }) {
      return {
        min: [-width! / 2 - 8, -depth! / 2 - 12, -127],
        max: [width! / 2 + 8, depth! / 2 + 18, 20],
      };
    },
    cut: { towards: -1, reachMm: 60 },
  }),
  patella: () => ({
    bone: "patella",
    free: freeOf("patella", ["tendonLengthMm", "tendonThicknessMm", "tendonWidthMm"]),
    typical: typicalOf("patella"),
    near(values) {
      const stretch = patellaStretch(values as unknown as PatellaParameters);
      return (v) => patellaShape(v as unknown as PatellaParameters, stretch).solid;
    },
    bounds({ widthMm, thicknessMm, heightMm }) {
      return {
        min: [-widthMm! * 0.65, -thicknessMm! * 0.75 - 2, -heightMm! * 0.65 - 2],
        max: [widthMm! * 0.75, thicknessMm! * 0.75 + 2, heightMm! * 0.65 + 2],
      };
    },
    cut: undefined,
  }),
};

export const boneFamily = (bone: FittedBone): BoneFamily => families[bone]();

/** The typical bone at another size: lengths scaled, angles and shares kept. */
export function scaledValues({ typical, free }: BoneFamily, scale: number): Values {
  const lengths = new Set(free.filter((p) => p.isLength).map((p) => p.name));
  return Object.fromEntries(
    Object.entries(typical).map(([name, value]) => [name, lengths.has(name) ? value * scale : value]),
  );
}
