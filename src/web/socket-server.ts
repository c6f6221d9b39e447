import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { WebSocketServer, type WebSocket } from "ws";
import { parseTarget, type LocalServer } from "./local-server.ts";
import { judgeHost, judgeOrigin } from "./origin-guard.ts";

/** A page that is connected. */
export interface SocketLink {
  send(bytes: Uint8Array): void;
  /** What was given to `send` and has not left this process. */
  readonly pendingBytes: number;
  /** 1008: it broke the rules; 1001: the server goes. */
  close(code: 1001 | 1008 | 1013, reason: string): void;
}

/** What is done with what a page says. */
export interface SocketUser {
  heard(text: string): void;
  left(): void;
}

export interface SocketOptions {
  readonly path: string;
  /** Longer messages end the connection. */
  readonly maxMessageBytes: number;
  /** More pages than this are turned away. */
  readonly maxLinks: number;
  readonly onLink: (link: SocketLink) => SocketUser;
}

/** A page that does not answer for so long is gone, whatever its connection says. */
const HEARTBEAT_MS = 5000;
const TRY_AGAIN_LATER = 1013,
  POLICY_VIOLATION = 1008,
  GOING_AWAY = 1001;

/**
 * WebSockets beside the pages of a local server. Only our own pages, and programs, are let in: a browser says which page
 * asks, and another server's page could drive what stands behind.
 */
export function serveSockets(server: LocalServer, options: SocketOptions): { close(): void } {
  const { path, maxMessageBytes, maxLinks, onLink } = options;
  const sockets = new WebSocketServer({ noServer: true, maxPayload: maxMessageBytes, perMessageDeflate: false });
  const alive = new WeakMap<WebSocket, boolean>();

  server.http.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const { headers, url = "" } = request;
    socket.on("error", () => socket.destroy());
    const refused = [judgeHost(headers.host, server.host, server.port), judgeOrigin(headers.host, headers.origin)].some(
      ({ allowed }) => !allowed,
    );
    if (refused || parseTarget(url)?.path !== path) {
      socket.end(`HTTP/1.1 ${refused ? "403 Forbidden" : "404 Not Found"}\r\nConnection: close\r\n\r\n`);
      return;
    }
    sockets.handleUpgrade(request, socket, head, (link) => welcome(link));
  });

  function welcome(socket: WebSocket): void {
    // It tells the close by itself, with its own code.
    socket.on("error", () => undefined);
    if (sockets.clients.size > maxLinks) {
      socket.close(TRY_AGAIN_LATER, `${maxLinks} pages are open already: close one`);
      return;
    }
    alive.set(socket, true);
    socket.on("pong", () => alive.set(socket, true));
    const user = onLink({
      send: (bytes) => socket.send(bytes),
      get pendingBytes() {
        return socket.bufferedAmount;
      },
      close: (code, reason) => socket.close(code, reason),
    });
    socket.on("message", (data, isBinary) => {
      if (isBinary) socket.close(POLICY_VIOLATION, "text is expected");
      else user.heard((data as Buffer).toString("utf8"));
    });
    socket.on("close", () => user.left());
  }

  const heartbeat = setInterval(() => {
    for (const socket of sockets.clients) {
      if (alive.get(socket) === false) socket.terminate();
      else {
        alive.set(socket, false);
        socket.ping();
      }
    }
  }, HEARTBEAT_MS);
  heartbeat.unref();

  return {
    close() {
      clearInterval(heartbeat);
      for (const socket of sockets.clients) socket.close(GOING_AWAY, "the server ends");
      sockets.close();
    },
  };
}
