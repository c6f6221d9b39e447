// Bundles the browser code of src/viewer into dist/viewer: each entry becomes one self-contained script.
import { copyFile, mkdir, rename, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const entries = ["report-app", "live-app", "view-app"];
/** Pages that a server gives out as they are. */
const files = ["live.html", "live.css", "favicon.svg"];
const out = new URL("../../dist/viewer/", import.meta.url);

await mkdir(out, { recursive: true });
for (const entry of entries) {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL(`./${entry}.ts`, import.meta.url))],
    bundle: true,
    minify: true,
    format: "iife",
    target: "es2022",
    // Runs from file: in any language of the system: no letter outside ASCII, so no encoding to get wrong.
    charset: "ascii",
    legalComments: "inline",
    write: false,
  });
  const script = outputFiles[0].text;
  // Whole or not at all: a report that is made at the same time never sees half a script.
  const half = new URL(`${entry}.${process.pid}.part`, out);
  await writeFile(half, script);
  await rename(half, new URL(`${entry}.js`, out));
  console.log(`viewer: ${entry}.js, ${(script.length / 1024).toFixed(0)} KiB`);
}
for (const file of files) {
  const half = new URL(`${file}.${process.pid}.part`, out);
  await copyFile(new URL(`./${file}`, import.meta.url), half);
  await rename(half, new URL(file, out));
}
