import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { unzipSync } from "fflate";
import { patchVolume } from "../geometry/bicubic-patches.ts";
import { fitPatches } from "../geometry/fit-patches.ts";
import { mergeMeshes, meshBounds, selectTriangles, signedVolume } from "../geometry/mesh.ts";
import { checkPrintable } from "../geometry/printable.ts";
import { encodeStep } from "../io/mesh/step.ts";
import { encodeSmoothStep } from "../io/mesh/step-smooth.ts";
import { readMesh } from "../io/mesh/read-mesh.ts";
import { writeMesh } from "../io/mesh/write-mesh.ts";
import { decodeTransform, encodeTransform } from "../io/slicer/itk-transform.ts";
import { decodeMarkups, encodeMarkups } from "../io/slicer/markups.ts";
import { encodeScene, sceneXml, type SceneItem } from "../io/slicer/scene.ts";
import { writeSegmentation } from "../io/slicer/segmentation.ts";
import { parseXml } from "../io/plus-xml.ts";
import { readVolume } from "../io/volume-file.ts";
import type { Check, CheckOutcome, Suite } from "./check.ts";
import { boxMesh, icosphere } from "./shapes.ts";

const RADIUS_MM = 20;
const ball = icosphere(RADIUS_MM, 4);
/** The mesh that is given is inscribed and 0.2 % smaller than the sphere. */
const BALL_MM3 = signedVolume(ball);
/** The limit for the volume that another program reads. */
const VOLUME_SHARE = 1e-4;

async function inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), "sonobench-export-"));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Of every closed solid: each EDGE_CURVE bounds two faces, once along it and once against it. */
function stepEdges(text: string): {
  readonly solids: number;
  readonly faces: number;
  readonly edges: number;
  readonly twice: number;
} {
  const uses = new Map<string, string[]>();
  for (const [, curve, way] of text.matchAll(/ORIENTED_EDGE\('',\*,\*,(#\d+),\.([TF])\.\)/g)) {
    uses.set(curve!, [...(uses.get(curve!) ?? []), way!]);
  }
  const count = (kind: string): number => text.split(kind).length - 1;
  return {
    solids: count("MANIFOLD_SOLID_BREP"),
    faces: count("ADVANCED_FACE"),
    edges: uses.size,
    twice: [...uses.values()].filter((ways) => ways.length === 2 && ways.includes("T") && ways.includes("F")).length,
  };
}

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString("latin1");

function meshCheck(format: "stl" | "ply" | "obj" | "glb"): Check {
  return {
    id: `export.${format}`,
    statement: `A ball written as ${format.toUpperCase()} comes back in mm and LPS: volume, box and marker`,
    source: "the mesh that was written",
    expected: "volume and box equal, marked LPS",
    tolerance: VOLUME_SHARE,
    run: () =>
      inFolder(async (folder) => {
        const path = join(folder, `ball.${format}`);
        await writeMesh(path, ball);
        const { mesh, space } = await readMesh(path);
        const share = Math.abs(signedVolume(mesh) / signedVolume(ball) - 1);
        const box = JSON.stringify(meshBounds(mesh)) === JSON.stringify(meshBounds(ball));
        return {
          measured: `volume off by ${share.toExponential(1)}, box ${box ? "equal" : "not equal"}, ${space ?? "unmarked"}`,
          pass: share < VOLUME_SHARE && box && space === "LPS",
        };
      }),
  };
}

const checks: readonly Check[] = [
  meshCheck("stl"),
  meshCheck("ply"),
  meshCheck("obj"),
  meshCheck("glb"),
  {
    id: "export.step.solid",
    statement: "STEP of a closed mesh is one manifold solid: every edge bounds two faces, once each way",
    source: "ISO 10303-42; read back by Open CASCADE in test/io/mesh/step.slow.test.ts",
    expected: "1 solid, all edges twice",
    tolerance: 0,
    run: async () => solidOutcome(encodeStep(ball).bytes, ball.triangles.length / 3, (ball.triangles.length / 3) * 1.5),
  },
  {
    id: "export.step.open",
    statement: "STEP of an open sheet holds a shell and no solid",
    source: "issue 7: never passed off as a solid",
    expected: "0 solids, ≥ 1 shell",
    tolerance: 0,
    async run() {
      const half = selectTriangles(ball, (i) => i < ball.triangles.length / 6).mesh;
      const { solids, shells, bytes } = encodeStep(half);
      const written = text(bytes).split("MANIFOLD_SOLID_BREP").length - 1;
      return { measured: `${solids + written} solids, ${shells} shells`, pass: solids + written === 0 && shells > 0 };
    },
  },
  {
    id: "export.step.smooth",
    statement: "B-spline faces over a mesh of a ball: one closed solid, within the tolerance, of the mesh's volume",
    source: "the mesh that was given; volume of the patches by exact quadrature",
    expected: `${BALL_MM3.toFixed(1)} mm³ ± 0.1 %, within 0.1 mm`,
    tolerance: 0.001,
    async run() {
      const fitted = fitPatches(ball, { toleranceMm: 0.1, maxPatches: 1000 });
      if (!fitted) return { measured: "no fit", pass: false };
      const volume = patchVolume(fitted.all) / BALL_MM3 - 1;
      const faces = fitted.all.patches.length / 16;
      const topology = solidOutcome(encodeSmoothStep(fitted.all), faces, 2 * faces);
      return {
        measured: `${topology.measured}; volume off by ${(100 * volume).toFixed(3)} %, largest distance ${fitted.maxMm.toFixed(3)} mm`,
        pass: topology.pass === true && Math.abs(volume) < 0.001 && fitted.maxMm <= 0.1,
      };
    },
  },
  {
    id: "export.segmentation",
    statement: "Labels (.seg.nrrd) of two balls have the balls' volumes",
    source: "closed form; cubes of 0.5 mm err by their faces at random",
    expected: "0 ± 0.5 %",
    tolerance: 0.005,
    run: () =>
      inFolder(async (folder) => {
        const small = icosphere(10, 4, [60, 3, -7]);
        const path = join(folder, "balls.seg.nrrd");
        const grey = [0.5, 0.5, 0.5] as const;
        await writeSegmentation(
          path,
          [
            { name: "large", mesh: ball, colour: grey },
            { name: "small", mesh: small, colour: grey },
          ],
          0.5,
        );
        const { values, fields } = await readVolume(path);
        const volume = (label: number): number => values.filter((value: number) => value === label).length * 0.125;
        const off = [volume(1) / signedVolume(ball) - 1, volume(2) / signedVolume(small) - 1];
        const named = fields["Segment1_Name"] === "small" && fields["Segment1_LabelValue"] === "2";
        return {
          measured: off.map((share) => `${(100 * share).toFixed(3)} %`).join(", "),
          pass: named && off.every((share) => Math.abs(share) < 0.005),
        };
      }),
  },
  {
    id: "export.landmarks-transforms",
    statement: "Points (.mrk.json) and a transform (.tfm) come back as they were, RAS lists turned into LPS",
    source: "the values that were written; ITK keeps the inverse of what 3D Slicer's node does",
    expected: "equal",
    tolerance: 1e-12,
    async run() {
      const points = [{ name: "a", positionMm: [1.5, -2, 3] as const }];
      const back = decodeMarkups(encodeMarkups(points), "a.mrk.json");
      const ras = decodeMarkups(
        Buffer.from(text(encodeMarkups(points)).replace('"coordinateSystem": "LPS"', '"coordinateSystem": "RAS"')),
        "b.mrk.json",
      );
      const m = Float64Array.of(0.2, 0.03, 0, -25, 0, -0.03, -0.2, -66, -0.03, 0.2, -0.03, 93);
      const worst = Math.max(
        ...decodeTransform(encodeTransform(m), "a.tfm").map((value, i) => Math.abs(value - m[i]!)),
      );
      const turned = JSON.stringify(ras[0]?.positionMm) === "[-1.5,2,3]";
      return {
        measured: `points ${JSON.stringify(back) === JSON.stringify(points) ? "equal" : "differ"}, RAS ${turned ? "turned" : "not turned"}, transform off by ${worst.toExponential(1)}`,
        pass: JSON.stringify(back) === JSON.stringify(points) && turned && worst < 1e-12,
      };
    },
  },
  {
    id: "export.scene",
    statement: "A scene (.mrb) is a zip whose description names every file in it, and nodes that are there",
    source: "MRML: references are ids of nodes of the same scene",
    expected: "0 names without a target",
    tolerance: 0,
    run: sceneOutcome,
  },
  {
    id: "export.printable",
    statement:
      "The printable check knows a box of 30 × 20 × 4 mm: closed, its volume, its thinnest wall; an open one; one that crosses itself",
    source: "closed form",
    expected: "closed, 2400 mm³, 4 mm; open; crossings",
    tolerance: 1e-3,
    async run() {
      const box = boxMesh([30, 20, 4]);
      const { closed, crossings, volumeMm3, minWallMm } = checkPrintable(box);
      const open = checkPrintable(selectTriangles(box, (i) => i > 0).mesh);
      // Two balls that overlap: closed, and no part that can be printed.
      const crossed = checkPrintable(mergeMeshes([icosphere(10, 2), icosphere(10, 2, [7.3, 5.1, 3.7])]));
      return {
        measured: `${closed ? "closed" : "open"}, ${volumeMm3.toFixed(1)} mm³, ${minWallMm?.toFixed(3)} mm; ${open.closed ? "closed" : "open"}; ${crossed.crossings} crossings`,
        pass:
          closed &&
          crossings === 0 &&
          crossed.closed &&
          crossed.crossings > 0 &&
          Math.abs(volumeMm3 - 2400) < 0.01 &&
          Math.abs((minWallMm ?? 0) - 4) < 1e-3 &&
          !open.closed,
      };
    },
  },
];

function solidOutcome(bytes: Uint8Array, faces: number, edges: number): CheckOutcome {
  const found = stepEdges(text(bytes));
  return {
    measured: `${found.solids} solid, ${found.faces} faces, ${found.twice} of ${found.edges} edges twice`,
    pass: found.solids === 1 && found.faces === faces && found.edges === edges && found.twice === edges,
  };
}

async function sceneOutcome(): Promise<CheckOutcome> {
  const items: SceneItem[] = [
    { kind: "model", name: "femur", file: "femur.stl", colour: [1, 1, 1], opacity: 1, visible: true },
    { kind: "markups", name: 'a "quoted" <list>', file: "a.mrk.json" },
    { kind: "transform", name: "image-to-probe", file: "t.tfm" },
  ];
  const files = new Map(items.map(({ file }) => [file, new Uint8Array([1])]));
  const zip = unzipSync(encodeScene("s", items, files));
  const nodes = parseXml("scene", Buffer.from(zip["s/s.mrml"] ?? []).toString("utf8")).children;
  const ids = new Set(nodes.map((node) => node.attributes.get("id")));
  const lost = nodes.flatMap((node) => [
    ...(node.attributes.get("references") ?? "")
      .split(";")
      .filter((entry) => entry !== "" && !ids.has(entry.split(":")[1])),
    ...[node.attributes.get("fileName")].filter((file) => file !== undefined && !(`s/${file}` in zip)),
  ]);
  const whole = sceneXml(items).includes("&quot;quoted&quot; &lt;list&gt;");
  return {
    measured: `${lost.length} of ${nodes.length} nodes`,
    pass: lost.length === 0 && whole && nodes.length === 8,
  };
}

export const exportSuite: Suite = {
  name: "export",
  about: "Files for CAD programs, printers and 3D Slicer: read back, closed, in mm and LPS",
  checks,
};
