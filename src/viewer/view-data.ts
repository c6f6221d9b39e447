import type { ViewedItem } from "../data/view-page.ts";
import type { Mesh } from "../geometry/mesh.ts";

/** The bytes behind a path of this server. Throws with the server's own sentence when it refuses. */
async function get(
  path: string,
  query: Readonly<Record<string, string | number>>,
  signal?: AbortSignal,
): Promise<Response> {
  const text = Object.entries(query).map(([key, value]) => `${key}=${encodeURIComponent(value)}`);
  const response = await fetch(`${path}?${text.join("&")}`, signal ? { signal } : {});
  if (!response.ok) throw new Error((await response.text()).trim() || `the server answers ${response.status}`);
  return response;
}

export const getItem = async (path: string): Promise<ViewedItem> =>
  (await (await get("/item.json", { path })).json()) as ViewedItem;

export async function getBytes(
  what: "mesh" | "surface" | "slice" | "frame",
  query: Readonly<Record<string, string | number>>,
  signal?: AbortSignal,
): Promise<ArrayBuffer> {
  return (await get(`/${what}.bin`, query, signal)).arrayBuffer();
}

export interface ReceivedMesh {
  readonly mesh: Mesh;
  readonly scalars: readonly Float32Array[];
}

/** Inverse of scenario/view/mesh-bytes.ts. */
export function readMeshBytes(bytes: ArrayBuffer): ReceivedMesh {
  const [vertices = 0, triangles = 0, arrays = 0] = new Uint32Array(bytes, 0, 4);
  let at = 16;
  const floats = (count: number): Float32Array => {
    const values = new Float32Array(bytes, at, count);
    at += 4 * count;
    return values;
  };
  const positions = floats(3 * vertices);
  const scalars = Array.from({ length: arrays }, () => floats(vertices));
  return { mesh: { positions, triangles: new Uint32Array(bytes, at, 3 * triangles) }, scalars };
}
