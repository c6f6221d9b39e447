/** Pictures of frames side by side in one image, in the order of the frames, rows of `across` tiles. */
export interface FilmLayout {
  /** PNG beside the track. */
  readonly file: string;
  readonly across: number;
  readonly tilePx: readonly [width: number, height: number];
}

/** One used frame: when, where, and where bone was found in it. */
export interface ScanFrame {
  /** In the image track of the recording. */
  readonly index: number;
  /** Since the first image of the recording. */
  readonly timeS: number;
  /** An entry of `strokes`; −1 between the strokes. */
  readonly stroke: number;
  /** Steps of one pixel along a row and down a column, then pixel (0, 0): xyz of each, mm, in the reference frame. */
  readonly pose: readonly number[];
  /** Row of the bone line at each of the track's columns, pixels; null: no bone found. */
  readonly rows: readonly (number | null)[];
}

/** `scan.json` of a result folder: the way of the probe with what it saw, thinned for looking at. */
export interface ScanTrack {
  readonly schemaVersion: 1;
  readonly widthPx: number;
  readonly heightPx: number;
  /** Where `ScanFrame.rows` are given. */
  readonly columns: readonly number[];
  /** Of this many used frames one is listed. */
  readonly everyFrames: number;
  readonly strokes: readonly string[];
  readonly film: FilmLayout | null;
  readonly frames: readonly ScanFrame[];
}
