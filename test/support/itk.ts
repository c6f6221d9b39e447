/** What ITK makes of a file. It is the library that 3D Slicer reads images and transforms with; nothing of it is ours. */
export interface ItkImage {
  readonly size: readonly number[];
  readonly spacing: readonly number[];
  readonly origin: readonly number[];
  /** Row-major: column k is the direction of axis k, in LPS. */
  readonly direction: Readonly<Float64Array>;
  readonly imageType: { readonly componentType: string; readonly components: number };
  readonly data: ArrayLike<number>;
  readonly metadata: ReadonlyMap<string, string>;
}

export interface ItkTransform {
  readonly transformType: { readonly transformParameterization: string };
  /** A row-major 3×3 and a translation: what resampling takes, from a point of the target to one of the source. */
  readonly parameters: ArrayLike<number>;
  readonly fixedParameters: ArrayLike<number>;
}

// The packages' own types want the DOM's; only these two functions are used.
const imageIo = "@itk-wasm/image-io",
  transformIo = "@itk-wasm/transform-io";

export async function readWithItk(path: string): Promise<ItkImage> {
  const { readImageNode } = (await import(imageIo)) as { readImageNode(path: string): Promise<ItkImage> };
  return readImageNode(path);
}

export async function readTransformWithItk(path: string): Promise<ItkTransform> {
  const { readTransformNode } = (await import(transformIo)) as {
    readTransformNode(path: string): Promise<readonly ItkTransform[]>;
  };
  return (await readTransformNode(path))[0]!;
}

/** Where ITK says that a voxel lies: LPS, mm. */
export function itkPoint(
  { spacing, origin, direction }: ItkImage,
  index: readonly [number, number, number],
): [number, number, number] {
  const at = (row: number): number =>
    origin[row]! + [0, 1, 2].reduce((sum, k) => sum + direction[3 * row + k]! * spacing[k]! * index[k]!, 0);
  return [at(0), at(1), at(2)];
}
