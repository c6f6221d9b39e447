// Compiles echo-kernel.ts to WebAssembly: the same bytes from the same source and compiler version.
import { readFile } from "node:fs/promises";
import asc from "assemblyscript/asc";

const OPTIONS = [
  ..."-O3 --converge --noAssert --runtime stub --use abort=".split(" "),
  ..."--importMemory --noExportMemory --initialMemory 1 --memoryBase 1024 --enable simd".split(" "),
];

/** The tag `@inline` of a comment becomes the compiler's decorator, which TypeScript's own tools refuse on a function. */
const decorate = (source) => source.replace(/@inline \*\/\nfunction/g, "*/\n// @ts-ignore\n@inline function");

/** @returns {Promise<Uint8Array>} */
export async function compileKernel() {
  const source = decorate(await readFile(new URL("echo-kernel.ts", import.meta.url), "utf8"));
  let wasm;
  const { error, stderr } = await asc.main(["echo-kernel.ts", "--outFile", "kernel.wasm", ...OPTIONS], {
    readFile: (name) => (name === "echo-kernel.ts" ? source : null),
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
