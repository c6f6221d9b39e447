import { Mesh, MeshBasicMaterial, SphereGeometry } from "three";
import type { PageData } from "../data/report-page.ts";
import { addBoneSurfaces, type SurfaceHit, type SurfaceState } from "./bone-surfaces.ts";
import { uprightOf, viewDirection } from "./first-view.ts";
import { joined, lineObject } from "./lines.ts";
import type { LoadedMesh } from "./page-meshes.ts";
import type { LoadedScan } from "./page-scan.ts";
import { addScanObjects, type PlacedPicture, type ScanState } from "./scan-objects.ts";
import { createStage, type Stage } from "./stage.ts";

/** What the reader has chosen. */
export interface SceneState extends SurfaceState {
  readonly path: boolean;
  readonly scan: ScanState;
}

export interface BoneScene {
  readonly stage: Stage;
  show(state: SceneState): void;
  /** Nearest visible surface under a point of the canvas in CSS pixels; marks it. */
  pick(x: number, y: number): SurfaceHit | null;
}

/** All that the scene holds; the scan with its film and large pictures, where there is one. */
export interface SceneParts {
  readonly data: PageData;
  readonly meshes: readonly LoadedMesh[];
  readonly scan: LoadedScan | null;
  readonly film: HTMLImageElement | null;
  readonly pictures: readonly PlacedPicture[];
}

const PATH = { colour: 0x8a5cd6, widthPx: 2.5 };
/** Farther apart than this, two positions of the probe belong to two strokes and are not joined, mm. */
const STROKE_GAP_MM = 10;
const MARK_SIZE = 0.006;

/** Throws when the browser has no WebGL. */
export function createBoneScene(element: HTMLElement, { data, meshes, scan, film, pictures }: SceneParts): BoneScene {
  const up = uprightOf(meshes);
  const stage = createStage(element, up, () => {
    const { center: centre, radius: radiusMm } = surfaces.bounds();
    const direction = viewDirection(centre, radiusMm, data.probePathMm, up);
    return { centre, direction, radiusMm, clouds: meshes.map(({ mesh }) => mesh.positions) };
  });
  const { scene } = stage;
  const surfaces = addBoneSurfaces(scene, meshes, data);
  const segments = joined(data.probePathMm, STROKE_GAP_MM);
  const path = segments.length ? lineObject(segments, PATH) : null;
  if (path) scene.add(path);
  const scanObjects = scan && addScanObjects(scene, scan, film, pictures);
  const mark = new Mesh(new SphereGeometry(1, 24, 16), new MeshBasicMaterial({ color: 0x111111 }));
  mark.visible = false;
  scene.add(mark);
  stage.resetView();

  return {
    stage,
    show(state) {
      surfaces.show(state);
      scanObjects?.show(state.scan);
      if (path) path.visible = state.path;
      mark.visible &&= state.scan.marked.length > 0;
      stage.ask();
    },
    pick(x, y) {
      const hit = surfaces.hit(stage.rayAt(x, y));
      mark.visible = hit !== null;
      if (hit) {
        mark.position.copy(hit.point);
        mark.scale.setScalar(hit.distance * MARK_SIZE);
      }
      stage.ask();
      return hit;
    },
  };
}
