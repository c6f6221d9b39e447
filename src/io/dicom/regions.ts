import type { DataSet } from "dicom-parser";
import { FormatError } from "../../core/errors.ts";
import type { ImageGeometry } from "../../data/image.ts";

/** The part of the screen that holds the image, and how large its pixels are. */
export interface ImageRegion {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  readonly geometry: ImageGeometry | undefined;
}

const CENTIMETRES = 3,
  TWO_DIMENSIONAL = 1,
  TISSUE = 1;
const MM_PER_CM = 10;

/**
 * The first two-dimensional tissue region of (0018,6011), PS3.3 C.8.5.5; the whole frame where there is none. The
 * reference pixel, if there is one, is taken as the centre of the transducer face; else the middle of the region's
 * upper edge.
 */
export function imageRegion(
  file: string,
  dataSet: DataSet,
  columns: number,
  rows: number,
  warn: (sentence: string) => void,
): ImageRegion {
  const items = dataSet.elements["x00186011"]?.items ?? [];
  const region = items
    .map((item) => item.dataSet)
    .find((item) => {
      const format = item?.uint16("x00186012"),
        type = item?.uint16("x00186014");
      return format === TWO_DIMENSIONAL && (type === undefined || type === TISSUE);
    });
  if (!region) {
    warn("No ultrasound region says where the image is and how large a pixel is: the whole screen is taken.");
    return { left: 0, top: 0, width: columns, height: rows, geometry: undefined };
  }
  const edge = (tag: string, otherwise: number): number => region.uint32(tag) ?? otherwise;
  const left = edge("x00186018", 0),
    top = edge("x0018601a", 0),
    right = edge("x0018601c", columns - 1),
    bottom = edge("x0018601e", rows - 1);
  if (!(left <= right && top <= bottom && right < columns && bottom < rows)) {
    throw new FormatError(
      file,
      { field: "(0018,6011) Sequence of Ultrasound Regions" },
      `the region from (${left}, ${top}) to (${right}, ${bottom}) is not within ${columns} x ${rows} pixels`,
      "Export the clip again",
    );
  }
  const width = right - left + 1,
    height = bottom - top + 1;
  return { left, top, width, height, geometry: geometryOf(region, width, height, warn) };
}

function geometryOf(
  region: DataSet,
  width: number,
  height: number,
  warn: (sentence: string) => void,
): ImageGeometry | undefined {
  const delta = (tag: string): number => Math.abs(region.double(tag) ?? NaN) * MM_PER_CM;
  const sx = delta("x0018602c"),
    sy = delta("x0018602e");
  const metric = region.uint16("x00186024") === CENTIMETRES && region.uint16("x00186026") === CENTIMETRES;
  if (!(metric && sx > 0 && sy > 0 && Number.isFinite(sx) && Number.isFinite(sy))) {
    warn("The ultrasound region does not say in centimetres how large a pixel is.");
    return undefined;
  }
  const u = region.int32("x00186020") ?? (width - 1) / 2,
    v = region.int32("x00186022") ?? 0;
  return { width, height, spacingMm: [sx, sy], faceCentrePx: [u, v] };
}
