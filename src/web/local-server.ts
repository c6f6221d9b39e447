import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { UnsuitableInputError } from "../core/errors.ts";
import { silentLog, type Log } from "../core/log.ts";
import { send, type Answer } from "./answer.ts";
import { isLoopback, judgeHost, judgeOrigin } from "./origin-guard.ts";

/** A request that passed the checks. */
export interface PageRequest {
  /** Decoded; begins with "/", has no "." or ".." part and no backslash. */
  readonly path: string;
  readonly query: URLSearchParams;
}

export interface LocalServerOptions {
  /** Loopback unless told otherwise. */
  readonly host?: string;
  /** 0, the default, takes a free one. */
  readonly port?: number;
  /** Undefined: there is no such page. Called for GET and HEAD alone: nothing is changed by a request. */
  readonly answer: (request: PageRequest) => Answer | undefined | Promise<Answer | undefined>;
  readonly log?: Log;
}

export interface LocalServer {
  readonly host: string;
  readonly port: number;
  /** With a slash at the end. */
  readonly url: string;
  /** For a WebSocket beside the pages. */
  readonly http: Server;
  /** Ends open connections, too. May be called twice. */
  close(): Promise<void>;
}

const MAX_URL_LENGTH = 2048;
const MAX_CONNECTIONS = 64;
/** A request has no body, so it is whole at once. */
const REQUEST_TIMEOUT_MS = 10_000;

const refuse = (status: 400 | 403 | 404 | 405, reason: string): Answer => ({ kind: "refused", status, reason });

/**
 * Pages for a browser on this computer. Refuses requests in another server's name (DNS rebinding), of another server's
 * page, with a path that leads upwards, and all that are not GET or HEAD. Throws an UnsuitableInputError when the port is
 * taken or the address is not this computer's.
 */
export async function startLocalServer(options: LocalServerOptions): Promise<LocalServer> {
  const { host = "127.0.0.1", port: wanted = 0, answer, log = silentLog } = options;
  const http = createServer((request, response) => void respond(request, response));
  http.maxConnections = MAX_CONNECTIONS;
  http.requestTimeout = REQUEST_TIMEOUT_MS;
  http.headersTimeout = REQUEST_TIMEOUT_MS;
  await listen(http, host, wanted);
  const { port } = http.address() as AddressInfo;
  if (!isLoopback(host)) log.warn("others in the network can open these pages", { host, port });

  async function respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const bodyWanted = request.method !== "HEAD";
    try {
      await send(response, await answerTo(request, host, port, answer), request.headers.host ?? "", bodyWanted);
    } catch (error) {
      // The reader went away in the middle of a file: nobody is left to be told.
      log.debug("a request failed", { reason: error instanceof Error ? error.message : String(error) });
      if (response.headersSent) response.destroy();
      else response.writeHead(500).end();
    }
  }

  let closing: Promise<void> | undefined;
  return {
    host,
    port,
    url: `http://${host.includes(":") ? `[${host}]` : host}:${port}/`,
    http,
    close: () =>
      (closing ??= new Promise((resolve) => {
        http.close(() => resolve());
        http.closeAllConnections();
      })),
  };
}

async function answerTo(
  { method, url = "", headers }: IncomingMessage,
  listensOn: string,
  port: number,
  answer: LocalServerOptions["answer"],
): Promise<Answer> {
  for (const verdict of [judgeHost(headers.host, listensOn, port), judgeOrigin(headers.host, headers.origin)]) {
    if (!verdict.allowed) return refuse(403, verdict.reason);
  }
  if (method !== "GET" && method !== "HEAD") return refuse(405, "only GET and HEAD are answered");
  const request = parseTarget(url);
  if (!request) return refuse(400, "this is no path of this server");
  return (await answer(request)) ?? refuse(404, "there is no such page");
}

/** Path and query of a request line; undefined for one that is too long, malformed, or leads upwards. */
export function parseTarget(target: string): PageRequest | undefined {
  if (target.length > MAX_URL_LENGTH || !target.startsWith("/") || target.startsWith("//")) return undefined;
  const [encoded = "", query = ""] = target.split(/\?(.*)/s);
  let path: string;
  try {
    path = decodeURIComponent(encoded);
  } catch {
    return undefined;
  }
  const leadsUp = path.split("/").some((part) => part === "." || part === "..");
  return leadsUp || /[\\\0]/.test(path) ? undefined : { path, query: new URLSearchParams(query) };
}

async function listen(http: Server, host: string, port: number): Promise<void> {
  try {
    await new Promise<void>((resolve, reject) => {
      http.once("error", reject);
      http.listen(port, host, () => {
        http.off("error", reject);
        resolve();
      });
    });
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
    if (code === "EADDRINUSE")
      throw new UnsuitableInputError(`port ${port} is taken on ${host}`, "Name another one; 0 takes a free one");
    if (code === "EACCES") throw new UnsuitableInputError(`port ${port} may not be used`, "Name one above 1023");
    throw new UnsuitableInputError(`cannot listen on ${host}: ${code}`, "Give an address of this computer");
  }
}
