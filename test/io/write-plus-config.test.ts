import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readPlusConfig } from "../../src/io/plus-config.ts";
import { plusConfigXml } from "../../src/io/write-plus-config.ts";

test("what is written as a PLUS configuration is read back: phantom, landmarks and transforms", async () => {
  const written = {
    phantomName: 'a "quoted" <name> & more',
    patterns: [
      { type: "NWire", wires: [{ name: "1:A", frontMm: [0, 0.5, -3] as const, backMm: [0, 40, 1e-3] as const }] },
    ],
    landmarks: [{ name: "#1", positionMm: [104.3, 5, 20] as const }],
    transforms: [{ from: "Phantom", to: "Reference", matrix: Float64Array.of(1, 0, 0, 2.5, 0, 0, -1, 3, 0, 1, 0, -4) }],
  };
  const file = join(await mkdtemp(join(tmpdir(), "sonobench-config-")), "c.xml");
  await writeFile(file, plusConfigXml(written));
  const read = await readPlusConfig(file);
  expect(read.phantom?.patterns).toEqual(written.patterns);
  expect(read.phantom?.landmarks).toEqual(written.landmarks);
  expect(read.phantom?.description["Name"]).toBe(written.phantomName);
  const [transform] = read.transforms;
  expect([transform?.from, transform?.to]).toEqual(["Phantom", "Reference"]);
  expect([...transform!.toFromFrom]).toEqual([...written.transforms[0]!.matrix]);
});
