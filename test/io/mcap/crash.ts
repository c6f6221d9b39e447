import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

/**
 * Starts a real process that records to `path`, kills it with SIGKILL once it has taken over `atLeast` tracker frames,
 * and gives the number of the last one that it said it had taken over.
 */
export async function recordAndKill(path: string, atLeast: number): Promise<number> {
  const script = fileURLToPath(new URL("./crash-child.ts", import.meta.url));
  const child = spawn(process.execPath, ["--import", "tsx", script, path], { stdio: ["ignore", "pipe", "pipe"] });
  let said = "",
    complaints = "";
  child.stderr.on("data", (text) => (complaints += String(text)));
  child.stdout.on("data", (text) => {
    said += String(text);
    const last = Number(said.slice(0, said.lastIndexOf("\n")).split("\n").at(-1));
    if (last >= atLeast) child.kill("SIGKILL");
  });
  const signal = await new Promise((resolve) => child.on("close", (_, by) => resolve(by)));
  if (signal !== "SIGKILL") throw new Error(`the recorder ended by itself: ${complaints}`);
  return Number(said.slice(0, said.lastIndexOf("\n")).split("\n").at(-1));
}
