import { basename } from "node:path";
import { type Mesh } from "../geometry/mesh.ts";
import type { Rng } from "../core/rng.ts";
import { readMesh } from "../io/mesh/read-mesh.ts";
import { buildAnatomy, type GivenMesh } from "../sim/anatomy/anatomy.ts";
import type { Phantom } from "../sim/anatomy/phantom.ts";
import type { PhantomConfig } from "./schema.ts";

type MeshPhantomConfig = Extract<PhantomConfig, { readonly kind: "meshes" }>;

/** The configuration with each of its file names passed through `beside`. */
export function withPaths(config: MeshPhantomConfig, beside: (name: string) => string): MeshPhantomConfig {
  return {
    ...config,
    femur: beside(config.femur),
    tibia: beside(config.tibia),
    ...(config.patella === undefined ? {} : { patella: beside(config.patella) }),
    ...(config.fibula === undefined ? {} : { fibula: beside(config.fibula) }),
    cartilage: config.cartilage.map(beside),
    menisci: config.menisci.map(beside),
  };
}

/** Reads the files of a phantom made of meshes and builds it. */
export async function meshPhantom(config: MeshPhantomConfig, rng: Rng): Promise<Phantom> {
  const warnings: string[] = [];
  const read = async (path: string): Promise<GivenMesh> => {
    const { mesh, space, warnings: odd } = await readMesh(path);
    warnings.push(...odd.map((words) => `${basename(path)}: ${words}`));
    // What is read is LPS when the file says its axes; else it is as it stands in the file.
    const isRas = space === undefined && config.space === "ras";
    return { file: path, mesh: isRas ? mesh : halfTurn(mesh) };
  };
  const phantom = await buildAnatomy(
    {
      bones: {
        femur: await read(config.femur),
        tibia: await read(config.tibia),
        ...(config.patella === undefined ? {} : { patella: await read(config.patella) }),
        ...(config.fibula === undefined ? {} : { fibula: await read(config.fibula) }),
      },
      cartilage: await Promise.all(config.cartilage.map(read)),
      menisci: await Promise.all(config.menisci.map(read)),
      side: config.side,
      ...(config.sex === undefined ? {} : { sex: config.sex }),
    },
    rng,
  );
  return { ...phantom, warnings: [...warnings, ...phantom.warnings] };
}

/** LPS to RAS and back: x and y negated. */
function halfTurn({ positions, triangles }: Mesh): Mesh {
  return { positions: positions.map((value, i) => (i % 3 === 2 ? value : 0 - value)), triangles };
}
