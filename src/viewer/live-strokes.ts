import { BufferGeometry, Color, Float32BufferAttribute, Group, Points, PointsMaterial, Vector3 } from "three";
import { LineMaterial } from "three/addons/lines/LineMaterial.js";
import { LineSegments2 } from "three/addons/lines/LineSegments2.js";
import { LineSegmentsGeometry } from "three/addons/lines/LineSegmentsGeometry.js";
import type { LivePlan } from "../data/live-wire.ts";
import type { LiveCoverage } from "../data/live.ts";

/** The standard strokes: what is still to scan, and which is next. */
export interface LiveStrokes {
  readonly group: Group;
  plan(plan: LivePlan): void;
  cover(coverage: LiveCoverage): void;
}

/** Nobody has measured the skin where the probe was not yet: the strokes are drawn this far before what they aim at. */
const SKIN_MM = 38;
const NUMBERS = 6;
const UNSEEN = new Color(0x8e99a3);
const NEXT = new Color(0xd6336c);

export function createLiveStrokes(): LiveStrokes {
  const group = new Group();
  let windows: readonly { readonly name: string; readonly places: readonly Vector3[] }[] = [],
    drawn = "";

  function clear(): void {
    for (const child of group.children) (child as LineSegments2 | Points).geometry.dispose();
    group.clear();
  }

  return {
    group,
    plan(plan) {
      windows = plan.windows.map(({ name, stations }) => ({
        name,
        places: Array.from({ length: stations.length / NUMBERS }, (_, s) => {
          const at = s * NUMBERS;
          return new Vector3()
            .fromArray(stations, at + 3)
            .multiplyScalar(SKIN_MM)
            .add(new Vector3().fromArray(stations, at));
        }),
      }));
      drawn = "";
      clear();
    },
    cover({ windows: covered, next }) {
      const now = `${next} ${covered.map(({ seen }) => seen).join(" ")}`;
      if (now === drawn) return;
      drawn = now;
      clear();
      const unseen: number[] = [],
        doing: number[] = [];
      for (const { name, places } of windows) {
        const seen = covered.find((window) => window.name === name)?.seen ?? "";
        const ends = name === next ? doing : unseen;
        for (let s = 1; s < places.length; s++) {
          if (seen[s - 1] === "1" && seen[s] === "1") continue;
          ends.push(...places[s - 1]!.toArray(), ...places[s]!.toArray());
        }
        if (name === next) group.add(dots(places.filter((_, s) => seen[s] !== "1")));
      }
      if (unseen.length > 0) group.add(lines(unseen, UNSEEN, 1.5));
      if (doing.length > 0) group.add(lines(doing, NEXT, 5));
    },
  };
}

const lines = (ends: number[], color: Color, linewidth: number): LineSegments2 =>
  new LineSegments2(new LineSegmentsGeometry().setPositions(ends), new LineMaterial({ color, linewidth }));

function dots(places: readonly Vector3[]): Points {
  const geometry = new BufferGeometry();
  const positions = places.flatMap((place) => place.toArray());
  geometry.setAttribute("position", new Float32BufferAttribute(positions, 3));
  return new Points(geometry, new PointsMaterial({ color: NEXT, size: 9, sizeAttenuation: false }));
}
