import { keepLast } from "../core/keep-last.ts";
import { createRng } from "../core/rng.ts";
import type { Phantom } from "../sim/anatomy/phantom.ts";
import type { Scene } from "../sim/scene.ts";
import { buildPhantom } from "./build.ts";
import { digest } from "./cached-pictures.ts";
import type { PhantomConfig } from "./schema.ts";

/** A knee and the tissue around it as beams see it. Never changed by who uses it. */
export interface BuiltKnee {
  readonly phantom: Phantom;
  readonly scene: Scene;
}

/** How a scan comes by its knee, which follows from the phantom's options and its seed alone. */
export type ObtainKnee = (config: PhantomConfig, seed: string) => Promise<BuiltKnee>;

export const buildKneeAnew: ObtainKnee = async (config, seed) => {
  const phantom = await buildPhantom(config, createRng(seed).fork("phantom"));
  const { gridSpacingMm, effusionMm } = config;
  return { phantom, scene: phantom.scene({ spacingMm: gridSpacingMm, effusionMm }) };
};

/** Keeps the last few: the cases of a study scan one knee many times. A scene takes some 100 MB. */
export function keepKnees(most: number, build: ObtainKnee = buildKneeAnew): ObtainKnee {
  const kept = keepLast<BuiltKnee>(most);
  return (config, seed) => kept(digest([config, seed]), () => build(config, seed));
}
