import { createRng, type Rng } from "../core/rng.ts";
import type { TrueBone } from "../data/ground-truth.ts";
import type { DigitisedPoint } from "../data/recording.ts";
import type { Surface } from "../data/surface.ts";
import { mergeMeshes, selectTriangles, vertexCount, type Mesh } from "../geometry/mesh.ts";
import { buildPhantom } from "../scenario/build.ts";
import { parseScenario, type PhantomConfig, type SimulatedSource } from "../scenario/schema.ts";
import { palpatedLandmarks, planMotion } from "../scenario/simulate.ts";
import type { Phantom } from "../sim/anatomy/phantom.ts";
import { type Beam, castBeams } from "../sim/truth/cast-beams.ts";
import { countInsonified } from "../sim/truth/insonified.ts";

/** A knee, what the strokes of the default protocol see of it, and what the operator touched; in the knee frame. */
export interface SeenKnee {
  readonly bones: readonly TrueBone[];
  /** The true surface where some beam met it, one sheet a bone that was seen. */
  readonly sheets: readonly Surface[];
  readonly points: readonly DigitisedPoint[];
}

/** Of the default probe and imaging. */
const FACE_MM = 40,
  DEPTH_MM = 50;
/** Beams a frame, and frames a second: enough that triangles between them count as seen. */
const LINES = 54,
  RATE_HZ = 16;
const REACH_MM = 1.2,
  MAX_INCIDENCE_RAD = Math.PI / 3;
/** Coarser than in a scan: only the skin is taken from it. */
const SKIN_GRID_MM = 2;

/** Beams as straight rays that end at the first bone: what an image could show, without making images. */
export async function seenKnee(
  seed: string,
  phantomConfig: Partial<PhantomConfig> & Pick<PhantomConfig, "kind">,
  { landmarkErrorMm = 3 }: { readonly landmarkErrorMm?: number } = {},
): Promise<SeenKnee> {
  const operator = { grip: { kind: "guided" } };
  const described = { name: "seen", seed, source: { kind: "simulated", phantom: phantomConfig, operator } };
  const scenario = parseScenario(described, "seen");
  const source = scenario.source as SimulatedSource;
  const rng = createRng(seed);
  const knee = await buildPhantom(source.phantom, rng.fork("phantom"));
  const scene = knee.scene({ spacingMm: SKIN_GRID_MM, effusionMm: 0 });
  const { motion } = planMotion(source, knee, scene, rng);
  const hits = castBeams(mergeMeshes(knee.bones.map(({ mesh }) => mesh)), beamsOf(motion));
  const bones = knee.bones.map((bone): TrueBone => ({
    name: bone.name,
    mesh: bone.mesh,
    distance: bone.distance,
    insonified: countInsonified(bone.mesh, hits, { reachMm: REACH_MM, maxIncidenceRad: MAX_INCIDENCE_RAD }),
    region: bone.region,
    regionNames: bone.regionNames,
  }));
  const sheets = bones
    .filter(({ insonified }) => insonified.some((n) => n > 0))
    .map(({ name, mesh, insonified }): Surface => sheetOf(name, selectTriangles(mesh, (t) => insonified[t]! > 0).mesh));
  return { bones, sheets, points: touch(knee, landmarkErrorMm, rng.fork("landmarks")) };
}

const sheetOf = (bone: TrueBone["name"], mesh: Mesh): Surface => ({
  bone,
  mesh,
  observations: new Float32Array(vertexCount(mesh)).fill(1),
  removed: [],
});

type Motion = ReturnType<typeof planMotion>["motion"];

function* beamsOf({ sweeps, sceneFromImage }: Motion): Generator<Beam> {
  for (const { fromS, toS } of sweeps) {
    for (let timeS = fromS; timeS <= toS; timeS += 1 / RATE_HZ) {
      const { m } = sceneFromImage(timeS);
      const direction = [m[1]!, m[5]!, m[9]!] as const;
      for (let line = 0; line < LINES; line++) {
        const u = ((line + 0.5) / LINES - 0.5) * FACE_MM;
        yield { fromMm: [m[0]! * u + m[3]!, m[4]! * u + m[7]!, m[8]! * u + m[11]!], direction, lengthMm: DEPTH_MM };
      }
    }
  }
}

function touch(knee: Phantom, errorMm: number, rng: Rng): DigitisedPoint[] {
  return palpatedLandmarks(knee).map(({ name, positionMm: [x, y, z] }) => {
    const noise = rng.fork(name);
    const off = (): number => errorMm * noise.normal();
    return { name, body: "Femur", positionMm: [x + off(), y + off(), z + off()] };
  });
}
