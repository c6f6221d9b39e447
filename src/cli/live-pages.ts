import { readFile } from "node:fs/promises";
import { UnsuitableInputError } from "../core/errors.ts";
import type { WorkerPool } from "../core/worker-pool.ts";
import { exportBone, exportFormats, type ExportFormat } from "../scenario/live/export-bone.ts";
import type { LiveSession } from "../scenario/live/session.ts";
import { contentTypeOf, type Answer } from "../web/answer.ts";
import type { PageRequest } from "../web/local-server.ts";

/** Two folders below the package root, in the source (src/cli) as in the compiled package (dist/cli). */
const built = (name: string): URL => new URL(`../../dist/viewer/${name}`, import.meta.url);

const files: Readonly<Record<string, string>> = {
  "/": "live.html",
  "/live.css": "live.css",
  "/live-app.js": "live-app.js",
  "/favicon.svg": "favicon.svg",
};

async function readBuilt(name: string): Promise<Buffer> {
  try {
    return await readFile(built(name));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    throw new UnsuitableInputError(`the page of the live view is not built (${name})`, "Run `npm run build` once");
  }
}

/** The page, its files, and the bone so far under /export/bone.<format>. Everything is read before it is served. */
export async function livePages(
  session: LiveSession,
  workers: WorkerPool,
): Promise<(request: PageRequest) => Promise<Answer | undefined>> {
  const contents = new Map(
    await Promise.all(
      Object.entries(files).map(async ([path, name]): Promise<[string, Answer]> => [
        path,
        { kind: "bytes", type: contentTypeOf(name), body: await readBuilt(name) },
      ]),
    ),
  );
  return async ({ path }) => {
    const format = /^\/export\/bone\.([a-z]+)$/.exec(path)?.[1];
    if (format !== undefined) return isFormat(format) ? exported(session, workers, format) : undefined;
    return contents.get(path);
  };
}

const isFormat = (text: string): text is ExportFormat => (exportFormats as readonly string[]).includes(text);

async function exported(session: LiveSession, workers: WorkerPool, format: ExportFormat): Promise<Answer> {
  const surface = await session.surface.whole();
  if (surface.mesh.triangles.length === 0)
    return { kind: "refused", status: 404, reason: "there is no bone yet: scan first" };
  const body = await exportBone({ surface, points: session.points, format }, workers);
  return { kind: "bytes", type: contentTypeOf(`x.${format}`), body, download: `bone.${format}` };
}
