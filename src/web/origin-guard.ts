import { isIP } from "node:net";

export type Verdict = { readonly allowed: true } | { readonly allowed: false; readonly reason: string };

const ALLOWED: Verdict = { allowed: true };
const refused = (reason: string): Verdict => ({ allowed: false, reason });

const LOOPBACK_NAMES = ["localhost", "127.0.0.1", "[::1]"];
const EVERY_ADDRESS = ["0.0.0.0", "::"];

/** Whether only this computer can reach a server that listens on the address. */
export const isLoopback = (host: string): boolean =>
  host === "localhost" || host === "::1" || (isIP(host) === 4 && host.startsWith("127."));

/** "name" or "[address]" of a Host header with our port; undefined when it has another port or is none. */
function nameOf(header: string, port: number): string | undefined {
  const [, name, ownPort] = /^(\[[0-9a-f:.]+\]|[^:[\]/@?#\\\s]+)(?::(\d+))?$/i.exec(header) ?? [];
  return name !== undefined && Number(ownPort ?? 80) === port ? name.toLowerCase() : undefined;
}

/**
 * Whether the Host header is one by which a person reaches the server at `listensOn`. A foreign name that was made to
 * lead here (DNS rebinding) is refused: it carries its own name as Host, and addresses cannot be bent.
 */
export function judgeHost(header: string | undefined, listensOn: string, port: number): Verdict {
  const name = header === undefined ? undefined : nameOf(header, port);
  if (name === undefined) return refused("the Host header does not name this server");
  const bare = name.replace(/^\[|\]$/g, "");
  if (LOOPBACK_NAMES.includes(name) || bare === listensOn.toLowerCase()) return ALLOWED;
  if (EVERY_ADDRESS.includes(listensOn) && isIP(bare) !== 0) return ALLOWED;
  return refused("the Host header does not name this server");
}

/**
 * Whether a page of another server asks: browsers say so with every request that a script could read or drive, and with
 * every WebSocket. Programs that are no browser send no Origin; so does a link that is followed, which can read nothing.
 */
export function judgeOrigin(host: string | undefined, origin: string | undefined): Verdict {
  return origin === undefined || origin === `http://${host}` ? ALLOWED : refused("a page of another server asks");
}
