import { createSocket } from "node:dgram";
import { existsSync } from "node:fs";
import { createServer } from "node:net";
import { availableParallelism, totalmem } from "node:os";
import type { Command } from "commander";
import { contentCacheBytes } from "../io/content-cache.ts";
import { findDataFolder } from "./data-folder.ts";
import { terminalFor, type CommonOptions } from "./command.ts";
import { CACHE_BYTES, cacheFolder } from "./stage-cache.ts";
import { packageVersion } from "./version.ts";

interface Finding {
  readonly what: string;
  readonly state: "ok" | "absent" | "broken";
  readonly detail: string;
  readonly meaning: string;
}

export function addDoctor(program: Command): void {
  program
    .command("doctor")
    .summary("what is installed, what is missing, what it means")
    .option("--json", "one object on stdout")
    .action(async (options: CommonOptions) => {
      const terminal = terminalFor(options);
      const findings = await examine();
      const broken = findings.filter((f) => f.state === "broken").length;
      if (options.json) {
        terminal.out(JSON.stringify({ headline: { broken }, findings }, null, 2));
      } else {
        for (const { what, state, detail, meaning } of findings) {
          terminal.out(`${state.padEnd(7)} ${what}: ${detail}${state === "ok" ? "" : `\n        ${meaning}`}`);
        }
      }
      if (broken) process.exitCode = 1;
    });
}

async function examine(): Promise<Finding[]> {
  const [major, minor] = process.versions.node.split(".").map(Number) as [number, number];
  const nodeFits = major > 20 || (major === 20 && minor >= 19);
  const memoryGb = totalmem() / 2 ** 30;
  const data = findDataFolder();
  return [
    { what: "SonoBench", state: "ok", detail: packageVersion(), meaning: "" },
    {
      what: "Node.js",
      state: nodeFits ? "ok" : "broken",
      detail: process.versions.node,
      meaning: "SonoBench needs Node 20.19 or newer",
    },
    { what: "processor cores", state: "ok", detail: String(availableParallelism()), meaning: "" },
    {
      what: "memory",
      state: memoryGb >= 3.5 ? "ok" : "broken",
      detail: `${memoryGb.toFixed(1)} GB`,
      meaning: "the main job needs up to 2 GB of its own; close other programs, or raise surface.spacingMm",
    },
    await tryImport("onnxruntime-node", "neural networks cannot run; reinstall with `npm ci`"),
    await tryImport("manifold-3d", "truth meshes cannot be made; reinstall with `npm ci`"),
    await portsFree(),
    await multicastWorks(),
    {
      what: "cache of pictures",
      state: "ok",
      detail: `${((await contentCacheBytes(cacheFolder)) / 2 ** 30).toFixed(1)} of ${CACHE_BYTES / 2 ** 30} GB in ${cacheFolder}; remove it at will`,
      meaning: "",
    },
    {
      what: "public recordings",
      state: data ? "ok" : "absent",
      detail: data ?? "not found",
      meaning: "checks against real recordings are skipped; set SONOBENCH_DATA to their folder",
    },
    {
      what: "Chromium",
      state: ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].some(existsSync)
        ? "ok"
        : "absent",
      detail: "system browser",
      meaning: "reports open in any browser; the browser tests use the one that npm brings",
    },
  ];
}

async function tryImport(name: string, meaning: string): Promise<Finding> {
  try {
    await import(name);
    return { what: name, state: "ok", detail: "loads", meaning: "" };
  } catch (error) {
    return { what: name, state: "broken", detail: error instanceof Error ? error.message : String(error), meaning };
  }
}

/** Those that `serve` takes unless told otherwise. */
async function portsFree(): Promise<Finding> {
  const taken: string[] = [];
  const server = createServer();
  await new Promise<void>((resolve) => {
    server.once("error", () => {
      taken.push("18944 (OpenIGTLink)");
      resolve();
    });
    server.listen(18944, "127.0.0.1", resolve);
  });
  server.close();
  for (const port of [1510, 1511]) if (!(await canBind(port))) taken.push(`${port} (NatNet)`);
  return {
    what: "ports 18944, 1510, 1511",
    state: taken.length === 0 ? "ok" : "absent",
    detail: taken.length === 0 ? "free" : `taken: ${taken.join(", ")}`,
    meaning:
      "a PlusServer or Motive runs here already; give `sonobench serve` others (--port, --motive-port, --data-port)",
  };
}

async function canBind(port: number): Promise<boolean> {
  const socket = createSocket("udp4");
  try {
    return await new Promise<boolean>((resolve) => {
      socket.once("error", () => resolve(false));
      socket.bind(port, "127.0.0.1", () => resolve(true));
    });
  } finally {
    socket.close();
  }
}

/** Sends a datagram to the group of NatNet, on this machine only, and waits for it. */
async function multicastWorks(): Promise<Finding> {
  const GROUP = "239.255.42.99",
    PATIENCE_MS = 1000;
  const receiver = createSocket({ type: "udp4", reuseAddr: true }),
    sender = createSocket("udp4");
  let timer: NodeJS.Timeout | undefined;
  const works = await new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), PATIENCE_MS);
    const fails = (): void => resolve(false);
    receiver.once("error", fails);
    sender.once("error", fails);
    receiver.once("message", () => resolve(true));
    receiver.bind(0, () => {
      try {
        receiver.addMembership(GROUP, "127.0.0.1");
        const { port } = receiver.address();
        sender.bind(0, "127.0.0.1", () => {
          try {
            sender.setMulticastInterface("127.0.0.1");
            sender.setMulticastTTL(0);
            sender.send("sonobench", port, GROUP);
          } catch {
            fails();
          }
        });
      } catch {
        fails();
      }
    });
  });
  clearTimeout(timer);
  receiver.close();
  sender.close();
  return {
    what: "multicast",
    state: works ? "ok" : "absent",
    detail: works ? "a datagram to NatNet's group comes back on loopback" : "nothing comes back on loopback",
    meaning: "poses by multicast will not arrive: use unicast in Motive and `sonobench serve --unicast`",
  };
}
