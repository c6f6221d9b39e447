// Part of `npm run build`: ../echo-kernel.wasm.ts from echo-kernel.ts.
import { readFile, writeFile } from "node:fs/promises";
import { asModule, compileKernel } from "./compile.js";

const target = new URL("../echo-kernel.wasm.ts", import.meta.url);
const module = asModule(await compileKernel());
const present = await readFile(target, "utf8").catch(() => "");
if (present !== module) await writeFile(target, module);
