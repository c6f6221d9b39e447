import { spawn } from "node:child_process";

/** The program of each system that opens an address in the browser that the person chose. */
const openers: Readonly<Partial<Record<NodeJS.Platform, readonly string[]>>> = {
  darwin: ["open"],
  win32: ["explorer.exe"],
};

/** Best effort: the address is printed anyway. Only addresses of our own servers are given to it. */
export function openBrowser(url: string): void {
  const [program = "xdg-open", ...args] = openers[process.platform] ?? ["xdg-open"];
  const child = spawn(program, [...args, url], { stdio: "ignore", detached: true });
  child.on("error", () => {});
  child.unref();
}
