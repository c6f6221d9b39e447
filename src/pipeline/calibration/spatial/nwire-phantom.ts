import { refuse, type Refused } from "../refused.ts";
import { cross, directionUnit, dot, scaled, subtract, type Vector3 } from "../vector3.ts";

export interface Wire {
  readonly name: string;
  readonly frontMm: Vector3;
  readonly backMm: Vector3;
}

/**
 * A phantom of N-shaped wires: each N has two parallel sides and a diagonal between them. All sides run along one
 * direction, so an image, however tilted, shows them as an affine picture of their cross-section.
 */
export interface NWirePhantom {
  /** Three a pattern: side, diagonal, side, in the phantom's frame, mm. */
  readonly wires: readonly Wire[];
  readonly patterns: number;
  /** Places of the wires' fronts and backs in the cross-section, mm: two numbers each. Sides: front = back. */
  readonly frontSection: readonly (readonly [number, number])[];
  readonly backSection: readonly (readonly [number, number])[];
}

/** Sides that deviate more from one direction are not parallel (sine of the angle): 0.5 mm on 40 mm. */
const PARALLEL = 0.0125;

export function nWirePhantom(
  patterns: readonly { readonly type: string; readonly wires: readonly Wire[] }[],
): NWirePhantom | Refused {
  const ns = patterns.filter(({ type }) => type === "NWire");
  const remedy = "Give a configuration whose PhantomDefinition has two or more patterns of type NWire.";
  if (ns.length < 2) return refuse(`The phantom has ${ns.length} N-wires, at least 2 are needed`, remedy);
  const odd = ns.find(({ wires }) => wires.length !== 3);
  if (odd) return refuse(`An N-wire has ${odd.wires.length} wires instead of 3`, remedy);
  const wires = ns.flatMap((n) => n.wires);
  const along = directionUnit(subtract(wires[0]!.backMm, wires[0]!.frontMm));
  for (const [i, { name, frontMm, backMm }] of wires.entries()) {
    const own = directionUnit(subtract(backMm, frontMm));
    const sine = Math.hypot(...cross(own, along));
    if (i % 3 !== 1 && !(sine < PARALLEL))
      return refuse(`The side "${name}" is not parallel to the other sides`, remedy);
    if (i % 3 === 1 && !(sine > 5 * PARALLEL)) return refuse(`The diagonal "${name}" runs along the sides`, remedy);
  }
  const side = subtract(wires[2]!.frontMm, wires[0]!.frontMm),
    e1 = directionUnit(subtract(side, scaled(along, dot(side, along)))),
    e2 = cross(along, e1);
  const section = (p: Vector3): readonly [number, number] => [dot(p, e1), dot(p, e2)];
  return {
    wires,
    patterns: ns.length,
    frontSection: wires.map(({ frontMm }) => section(frontMm)),
    backSection: wires.map(({ backMm }) => section(backMm)),
  };
}
