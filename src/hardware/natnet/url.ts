import { FormatError } from "../../core/errors.ts";
import type { OptitrackOptions } from "./driver.ts";

const KEYS = ["local", "axes", "latency", "stale", "goodbye", "tool"];

/**
 * `natnet://host:port?local=192.168.1.5&axes=z-up&tool=Probe:Body%201`: where Motive is, and optionally the address of
 * the interface towards it, the tracker's axes, the latency in seconds of cameras that do not say it, after how many
 * seconds a frozen pose is stale (0: never), what its goodbye means (reconnect | end), and tools with other names than
 * their rigid bodies. Throws FormatError.
 */
export function natnetOptions(url: string): OptitrackOptions {
  const wrong = (field: string, problem: string): FormatError =>
    new FormatError(url, { field }, problem, "Write natnet://host:port?local=…&tool=Probe:Body");
  let parsed: URL;
  try {
    // The scheme is unknown to the URL standard; borrowed from http, host and port are read alike everywhere.
    if (!url.startsWith("natnet://")) throw new TypeError("another scheme");
    parsed = new URL(`http${url.slice("natnet".length)}`);
  } catch {
    throw wrong("scheme", "it is no address of a NatNet server");
  }
  const { searchParams: query, hostname, port, pathname } = parsed;
  if (pathname !== "/" && pathname !== "") throw wrong("path", `expected none, got ${pathname}`);
  for (const key of query.keys())
    if (!KEYS.includes(key)) throw wrong(key, `this option is not known; those are ${KEYS.join(", ")}`);

  const choice = <T extends string>(key: string, values: readonly T[]): T | undefined => {
    const value = query.get(key);
    const found = values.find((candidate) => candidate === value);
    if (value !== null && found === undefined) throw wrong(key, `expected ${values.join(" or ")}, got ${value}`);
    return found;
  };
  const seconds = (key: string): number | undefined => {
    const text = query.get(key);
    const value = Number(text);
    if (text !== null && (text === "" || !(value >= 0 && value <= 3600)))
      throw wrong(key, `expected seconds in [0, 3600], got ${text}`);
    return text === null ? undefined : value;
  };
  const tools = query.getAll("tool").map((text) => {
    const colon = text.indexOf(":");
    if (colon < 1 || colon === text.length - 1) throw wrong("tool", `expected Tool:Rigid body, got ${text}`);
    return [text.slice(0, colon), text.slice(colon + 1)] as const;
  });

  const local = query.get("local"),
    axes = choice("axes", ["as-streamed", "z-up"]),
    onGoodbye = choice("goodbye", ["reconnect", "end"]),
    latencyS = seconds("latency"),
    stale = seconds("stale");
  return {
    server: hostname,
    ...(port ? { commandPort: Number(port) } : {}),
    ...(local !== null ? { localAddress: local } : {}),
    ...(axes ? { axes } : {}),
    ...(onGoodbye ? { onGoodbye } : {}),
    ...(latencyS !== undefined ? { latencyS } : {}),
    ...(stale !== undefined ? { staleAfterS: stale || Infinity } : {}),
    ...(tools.length > 0 ? { tools: Object.fromEntries(tools) } : {}),
  };
}
