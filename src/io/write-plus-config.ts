import type { NamedPoint, PhantomPattern } from "./plus-config.ts";

export interface WrittenPlusConfig {
  readonly phantomName: string;
  readonly patterns: readonly PhantomPattern[];
  readonly landmarks: readonly NamedPoint[];
  /** Row-major 3×4, mm. */
  readonly transforms: readonly {
    readonly from: string;
    readonly to: string;
    readonly matrix: Readonly<Float64Array>;
  }[];
}

/** A PLUS configuration with the phantom's drawing and known transforms; `readPlusConfig` reads it back. */
export function plusConfigXml({ phantomName, patterns, landmarks, transforms }: WrittenPlusConfig): Uint8Array {
  const triple = (p: readonly number[]): string => p.map((x) => String(x)).join(" ");
  const lines = [
    `<PlusConfiguration version="2.9">`,
    `  <CoordinateDefinitions>`,
    ...transforms.map(({ from, to, matrix }) => {
      const rows = [0, 4, 8].map((row) => Array.from(matrix.slice(row, row + 4), (x) => x.toPrecision(9)).join(" "));
      return `    <Transform From="${quoted(from)}" To="${quoted(to)}" Matrix="${rows.join(" ")} 0 0 0 1" />`;
    }),
    `  </CoordinateDefinitions>`,
    `  <PhantomDefinition>`,
    `    <Description Name="${quoted(phantomName)}" />`,
    `    <Geometry>`,
    ...patterns.flatMap(({ type, wires }) => [
      `      <Pattern Type="${quoted(type)}">`,
      ...wires.map(
        ({ name, frontMm, backMm }) =>
          `        <Wire Name="${quoted(name)}" EndPointFront="${triple(frontMm)}" EndPointBack="${triple(backMm)}" />`,
      ),
      `      </Pattern>`,
    ]),
    `      <Landmarks>`,
    ...landmarks.map(
      ({ name, positionMm }) => `        <Landmark Name="${quoted(name)}" Position="${triple(positionMm)}" />`,
    ),
    `      </Landmarks>`,
    `    </Geometry>`,
    `  </PhantomDefinition>`,
    `</PlusConfiguration>`,
  ];
  return new TextEncoder().encode(`${lines.join("\n")}\n`);
}

const quoted = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
