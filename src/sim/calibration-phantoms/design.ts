import type { Vector } from "../operator/vector.ts";

export interface DesignWire {
  readonly name: string;
  /** Ends of the middle line, phantom's frame, mm. */
  readonly frontMm: Vector;
  readonly backMm: Vector;
}

/**
 * A calibration phantom as its drawing says. Frame: x across the wires, y along them, z up to the probe, mm. The
 * pipeline is given the drawing; what was built differs from it a little (as-built.ts).
 */
export interface PhantomDesign {
  readonly name: string;
  readonly patterns: readonly { readonly type: "NWire" | "CrossedWires"; readonly wires: readonly DesignWire[] }[];
  /** Glass beads, seen alike from all sides: middle, mm. */
  readonly beadsMm: readonly Vector[];
  /** Divots for the stylus. */
  readonly divots: readonly { readonly name: string; readonly positionMm: Vector }[];
  /** The bottom of the tank as a mirror at z = 0. */
  readonly bottom: boolean;
  readonly wireRadiusMm: number;
  /** What the operator keeps in the middle of the image. */
  readonly centreMm: Vector;
}

const wire = (name: string, frontMm: Vector, backMm: Vector): DesignWire => ({ name, frontMm, backMm });

/**
 * fCal 2.0 of the PLUS toolkit, with its holes and divots (PlusDeviceSet_fCal_Sim_SpatialCalibration_2.0.xml). The wires
 * span 30 x 20 mm: a 40 mm face sees all nine.
 */
export const fCal20: PhantomDesign = {
  name: "fCal 2.0",
  beadsMm: [],
  patterns: [
    {
      type: "NWire",
      wires: [
        wire("7:G1_g1", [30, 0, 20], [30, 40, 20]),
        wire("8:L1_h1", [55, 0, 20], [35, 40, 20]),
        wire("9:M1_m1", [60, 0, 20], [60, 40, 20]),
      ],
    },
    {
      type: "NWire",
      wires: [
        wire("4:G3_g3", [30, 0, 10], [30, 40, 10]),
        wire("5:H3_l3", [35, 0, 10], [55, 40, 10]),
        wire("6:M3_m3", [60, 0, 10], [60, 40, 10]),
      ],
    },
    {
      type: "NWire",
      wires: [
        wire("1:H5_h5", [35, 0, 0], [35, 40, 0]),
        wire("2:L5_i5", [55, 0, 0], [40, 40, 0]),
        wire("3:M5_m5", [60, 0, 0], [60, 40, 0]),
      ],
    },
  ],
  divots: [
    { name: "#1", positionMm: [104.3, 5, 20] },
    { name: "#2", positionMm: [104.3, 45, 20] },
    { name: "#3", positionMm: [104.3, 45, 0] },
    { name: "#4", positionMm: [104.3, -5, 0] },
    { name: "#5", positionMm: [-34.3, 45, 15] },
    { name: "#6", positionMm: [-34.3, -5, 20] },
    { name: "#7", positionMm: [-34.3, -5, 0] },
    { name: "#8", positionMm: [-34.3, 45, 0] },
  ],
  bottom: false,
  wireRadiusMm: 0.15,
  centreMm: [46, 20, 10],
};

/**
 * Two wires that touch where they cross at right angles, and a bead glued onto the crossing: a point that the image is
 * brought to. Bare wires fade like mirrors when the probe is leaned, without which depth cannot be told from height.
 */
export const crossedWires: PhantomDesign = {
  name: "crossed wires",
  beadsMm: [[0, 0, 0]],
  patterns: [
    {
      type: "CrossedWires",
      wires: [wire("upper", [-20, -20, 0.15], [20, 20, 0.15]), wire("lower", [-20, 20, -0.15], [20, -20, -0.15])],
    },
  ],
  divots: [],
  bottom: false,
  wireRadiusMm: 0.15,
  centreMm: [0, 0, 0],
};

/** The flat bottom of a water tank. */
export const tankBottom: PhantomDesign = {
  name: "tank bottom",
  beadsMm: [],
  patterns: [],
  divots: [],
  bottom: true,
  wireRadiusMm: 0.15,
  centreMm: [0, 0, 0],
};

export const phantomDesigns = { "fcal-2.0": fCal20, "crossed-wires": crossedWires, "tank-bottom": tankBottom } as const;
