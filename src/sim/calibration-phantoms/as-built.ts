import type { Rng } from "../../core/rng.ts";
import type { Vector } from "../operator/vector.ts";
import type { PhantomDesign } from "./design.ts";

/** The phantom as it was made: every hole and divot off its place by a normal error of this SD in each axis, mm. */
export function asBuilt(design: PhantomDesign, toleranceMm: number, rng: Rng): PhantomDesign {
  const moved = ([x, y, z]: Vector, name: string): Vector => {
    const own = rng.fork(name);
    return [x + toleranceMm * own.normal(), y + toleranceMm * own.normal(), z + toleranceMm * own.normal()];
  };
  return {
    ...design,
    patterns: design.patterns.map((pattern) => ({
      ...pattern,
      wires: pattern.wires.map(({ name, frontMm, backMm }) => ({
        name,
        frontMm: moved(frontMm, `${name}/front`),
        backMm: moved(backMm, `${name}/back`),
      })),
    })),
    divots: design.divots.map(({ name, positionMm }) => ({ name, positionMm: moved(positionMm, `divot/${name}`) })),
  };
}
