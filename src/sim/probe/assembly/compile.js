// Compiles echo-kernel.ts and what it imports to WebAssembly: the same bytes from the same source and compiler version.
import { readdir, readFile } from "node:fs/promises";
import asc from "assemblyscript/asc";

const OPTIONS = [
  ..."-O3 --converge --noAssert --runtime stub --use abort=".split(" "),
  ..."--importMemory --noExportMemory --initialMemory 1 --memoryBase 1024 --enable simd".split(" "),
];

/**
 * The tag `@inline` of a comment becomes the compiler's decorator, which TypeScript's own tools refuse on a function, and
 * imports lose the ending that they have elsewhere in the sources.
 */
const decorate = (source) =>
  source
    .replace(/@inline \*\/\n(export )?function/g, "*/\n// @ts-ignore\n@inline $1function")
    .replace(/from "(\.\/[a-z-]+)\.ts"/g, 'from "$1"');

/** @returns {Promise<Uint8Array>} */
export async function compileKernel() {
  const names = (await readdir(new URL(".", import.meta.url))).filter((name) => name.endsWith(".ts"));
  const sources = new Map();
  for (const name of names) sources.set(name, decorate(await readFile(new URL(name, import.meta.url), "utf8")));
  let wasm;
  const { error, stderr } = await asc.main(["echo-kernel.ts", "--outFile", "kernel.wasm", ...OPTIONS], {
    readFile: (name) => sources.get(name) ?? null,
    writeFile: (name, contents) => {
      if (name === "kernel.wasm") wasm = contents;
    },
    listFiles: () => [],
  });
  if (error || !wasm) throw new Error(`echo-kernel.ts does not compile:\n${stderr.toString()}`);
  return wasm;
}

/** The TypeScript module that carries the bytes, so that the kernel loads alike from sources, workers and dist/. */
export function asModule(wasm) {
  const text = Buffer.from(wasm).toString("base64");
  const lines = text.match(/.{1,100}/g).map((line) => `  "${line}",\n`);
  return `// Written by assembly/build.js from assembly/echo-kernel.ts; a test compares. Do not edit.
const BASE64 = [
${lines.join("")}];

/** The compiled kernel. */
export function echoKernelWasm(): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(BASE64.join("")), (character) => character.charCodeAt(0));
}
`;
}
