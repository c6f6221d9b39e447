import type { ServerResponse } from "node:http";
import { createReadStream } from "node:fs";
import { pipeline } from "node:stream/promises";

/** What a request is answered with. */
export type Answer =
  | {
      readonly kind: "bytes";
      readonly type: ContentType;
      readonly body: string | Uint8Array;
      /** Offered for saving under this name. */
      readonly download?: string;
      /** In place of the strict one, for a page that brings its own scripts inside. */
      readonly contentSecurityPolicy?: string;
    }
  | {
      readonly kind: "file";
      readonly type: ContentType;
      /** Checked by whoever made the answer: see `confinedFile`. */
      readonly path: string;
      readonly sizeBytes: number;
      readonly download?: string;
      readonly contentSecurityPolicy?: string;
    }
  | { readonly kind: "refused"; readonly status: 400 | 403 | 404 | 405 | 413 | 503; readonly reason: string };

export const contentTypes = {
  html: "text/html; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  css: "text/css; charset=utf-8",
  json: "application/json; charset=utf-8",
  svg: "image/svg+xml",
  png: "image/png",
  csv: "text/csv; charset=utf-8",
  txt: "text/plain; charset=utf-8",
  stl: "model/stl",
  pdf: "application/pdf",
  bin: "application/octet-stream",
} as const;
export type ContentType = (typeof contentTypes)[keyof typeof contentTypes];

/** By the ending of the name; bytes when it is not known. Never guessed from what is inside. */
export function contentTypeOf(name: string): ContentType {
  const ending = /\.([a-z0-9]+)$/i.exec(name)?.[1]?.toLowerCase() ?? "";
  return Object.hasOwn(contentTypes, ending) ? contentTypes[ending as keyof typeof contentTypes] : contentTypes.bin;
}

/** Nothing from elsewhere, nothing inline: a name with markup stays text even where somebody forgot to escape it. */
export const strictPolicy = (host: string): string =>
  [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data: blob:",
    // Older browsers do not count a WebSocket to the same place as 'self'.
    `connect-src 'self' ws://${host}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; ");

const STANDING_HEADERS = {
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "cache-control": "no-store",
} as const;

/** Sends the answer. `host` is the checked Host header; `bodyWanted` is false for HEAD. */
export async function send(response: ServerResponse, answer: Answer, host: string, bodyWanted: boolean): Promise<void> {
  if (answer.kind === "refused") {
    response.writeHead(answer.status, { ...STANDING_HEADERS, "content-type": contentTypes.txt });
    response.end(bodyWanted ? `${answer.reason}\n` : undefined);
    return;
  }
  const { type, download, contentSecurityPolicy = strictPolicy(host) } = answer;
  const body = answer.kind === "bytes" ? Buffer.from(answer.body) : undefined;
  response.writeHead(200, {
    ...STANDING_HEADERS,
    "content-type": type,
    "content-security-policy": contentSecurityPolicy,
    "content-length": body ? body.length : answer.kind === "file" ? answer.sizeBytes : 0,
    ...(download === undefined ? {} : { "content-disposition": `attachment; filename="${plainName(download)}"` }),
  });
  if (!bodyWanted) response.end();
  else if (answer.kind === "file")
    await pipeline(createReadStream(answer.path, { end: answer.sizeBytes - 1 }), response);
  else response.end(body);
}

/** A file name that needs no quoting in a header, whatever a device is called. */
export const plainName = (name: string): string => name.replace(/[^A-Za-z0-9._-]+/g, "-").slice(0, 100) || "file";
