import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { transformPoint } from "../../../src/core/rigid.ts";
import { createRng } from "../../../src/core/rng.ts";
import type { Grid } from "../../../src/geometry/grid.ts";
import { signedVolume } from "../../../src/geometry/mesh.ts";
import { writeSequence } from "../../../src/io/sequence/write-sequence.ts";
import { encodeTransform } from "../../../src/io/slicer/itk-transform.ts";
import { writeSegmentation } from "../../../src/io/slicer/segmentation.ts";
import { writeMesh } from "../../../src/io/mesh/write-mesh.ts";
import { writeVolume } from "../../../src/io/volume-file.ts";
import { writeSlicerScene } from "../../../src/scenario/slicer-scene.ts";
import { writeCalibration, writeResultVolume } from "../../../src/scenario/result-folder.ts";
import { randomRecording } from "../../../src/verify/io-samples.ts";
import { icosphere } from "../../../src/verify/shapes.ts";
import { itkPoint, readTransformWithItk, readWithItk } from "../../support/itk.ts";
import { unzip } from "../../support/unzip.ts";
import { temporaryFolder } from "../sequence/support.ts";

/** Cubes of 0.5 mm err by their faces at random. */
const LABEL_VOLUME_SHARE = 0.005;
/** Centre of mass of cubes of 0.5 mm in a ball: far below their edge. */
const LABEL_CENTRE_MM = 0.02;
/** Numbers are written in decimal digits. */
const ROUNDING_MM = 1e-9;

const grid: Grid = { shape: [5, 4, 3], spacingMm: [0.5, 0.6, 0.7], originMm: [1, -2, 3] };
const imageToProbe = Float64Array.of(0.2, 0.03, 0, -25, 0, -0.03, -0.2, -66, -0.03, 0.2, -0.03, 93);

test.each(["nrrd", "mha"])(
  "ITK reads a volume (.%s) of our RAS frame: every voxel at its place in LPS",
  async (ending) => {
    const path = join(await temporaryFolder(), `volume.${ending}`);
    const values = Float32Array.from({ length: 60 }, (_, i) => i / 3);
    await writeVolume(path, { grid, values }, { axes: "RAS" });
    const image = await readWithItk(path);
    expect(image.size).toEqual([5, 4, 3]);
    expect(Array.from(image.data)).toEqual(Array.from(values));
    const [x, y, z] = itkPoint(image, [3, 2, 1]);
    [-(1 + 3 * 0.5), -(-2 + 2 * 0.6), 3 + 0.7].forEach((mm, axis) => {
      expect(Math.abs([x, y, z][axis]! - mm)).toBeLessThan(ROUNDING_MM);
    });
  },
);

test("ITK reads labels (.seg.nrrd): each ball's volume, its centre in LPS, and its name", async () => {
  const path = join(await temporaryFolder(), "balls.seg.nrrd");
  const grey = [0.5, 0.5, 0.5] as const;
  const balls = [
    { name: "large", mesh: icosphere(15, 4), colour: grey, centreMm: [0, 0, 0] },
    { name: "small", mesh: icosphere(8, 4, [30, 3, -7]), colour: grey, centreMm: [30, 3, -7] },
  ];
  await writeSegmentation(path, balls, 0.5);
  const image = await readWithItk(path);
  const [nx, ny] = image.size as [number, number];
  balls.forEach(({ name, mesh, centreMm }, b) => {
    let count = 0;
    const sum = [0, 0, 0];
    for (let i = 0; i < image.data.length; i++) {
      if (image.data[i] !== b + 1) continue;
      count++;
      itkPoint(image, [i % nx, Math.floor(i / nx) % ny, Math.floor(i / nx / ny)]).forEach((mm, a) => (sum[a]! += mm));
    }
    expect(Math.abs((count * 0.125) / signedVolume(mesh) - 1)).toBeLessThan(LABEL_VOLUME_SHARE);
    centreMm.forEach((mm, axis) => expect(Math.abs(sum[axis]! / count - mm)).toBeLessThan(LABEL_CENTRE_MM));
    expect(image.metadata.get(`Segment${b}_Name`)).toBe(name);
    expect(image.metadata.get(`Segment${b}_LabelValue`)).toBe(String(b + 1));
  });
});

test("ITK reads a transform (.tfm) as the inverse of what 3D Slicer's node does", async () => {
  const path = join(await temporaryFolder(), "image-to-probe.tfm");
  await writeFile(path, encodeTransform(imageToProbe));
  const { transformType, parameters: p, fixedParameters } = await readTransformWithItk(path);
  expect(transformType.transformParameterization).toBe("Affine");
  expect(Array.from(fixedParameters)).toEqual([0, 0, 0]);
  const sourceFromTarget = Float64Array.of(p[0]!, p[1]!, p[2]!, p[9]!, p[3]!, p[4]!, p[5]!, p[10]!, p[6]!, p[7]!, p[8]!, p[11]!); // prettier-ignore
  for (const column of [0, 17, 511]) {
    const [x, y, z] = transformPoint(imageToProbe, column, 300, 0);
    const back = transformPoint(sourceFromTarget, x, y, z);
    [column, 300, 0].forEach((px, axis) => expect(Math.abs(back[axis]! - px)).toBeLessThan(1e-9));
  }
});

test("ITK reads a sequence (.seq.nrrd, .igs.mha): every frame's pixels, and a field for each of its transforms", async () => {
  const folder = await temporaryFolder();
  const recording = randomRecording(createRng("itk/sequence"));
  const images = recording.images!;
  const frames = await Promise.all(Array.from({ length: images.count }, (_, i) => images.read(i)));
  const { width, height } = frames[0]!;
  for (const ending of ["seq.nrrd", "igs.mha"]) {
    const path = join(folder, `recording.${ending}`);
    await writeSequence(path, recording);
    const { data, imageType, metadata, size } = await readWithItk(path);
    // ITK makes the frames of a NRRD's list components of one image, and those of a MetaImage its slices.
    const asComponents = ending === "seq.nrrd" && images.count > 1;
    expect(size.slice(0, 2)).toEqual([width, height]);
    if (asComponents) expect(imageType.components).toBe(images.count);
    frames.forEach(({ pixels }, f) => {
      const read = Array.from(pixels, (_, i) =>
        asComponents ? data[i * images.count + f] : data[f * pixels.length + i],
      );
      expect(read).toEqual(Array.from(pixels));
    });
    const transforms = [...metadata.keys()].filter((key) => /^Seq_Frame\d{4}_\w+Transform$/.test(key));
    expect(transforms.length).toBeGreaterThanOrEqual(images.count);
  }
});

test("a scene (.mrb) is unpacked by zlib alone, and ITK reads the volume, labels and transform in it", async () => {
  const folder = await temporaryFolder();
  const values = Uint8Array.from({ length: 60 }, (_, i) => i);
  await writeResultVolume(folder, { grid, values, weight: Float32Array.from(values) });
  await writeMesh(join(folder, "femur.ply"), icosphere(10, 2));
  await writeMesh(join(folder, "femur-completed.stl"), icosphere(10, 2));
  await writeCalibration(join(folder, "calibration.json"), { probeFromPixel: imageToProbe, imageLagS: 0.3 });
  const items = await writeSlicerScene(folder);
  const files = unzip(await readFile(join(folder, "scene.mrb")));
  const xml = files.get("sonobench/sonobench.mrml")!.toString("utf8");
  const out = await temporaryFolder();
  for (const { file } of items) {
    expect(xml).toContain(`fileName="Data/${file}"`);
    await writeFile(join(out, file), files.get(`sonobench/Data/${file}`)!);
  }
  expect(files.size).toBe(items.length + 1);
  expect((await readWithItk(join(out, "volume.nrrd"))).size).toEqual([5, 4, 3]);
  const labels = await readWithItk(join(out, "completed.seg.nrrd"));
  expect(labels.metadata.get("Segment0_Name")).toBe("femur");
  const { transformType } = await readTransformWithItk(join(out, "image-to-probe.tfm"));
  expect(transformType.transformParameterization).toBe("Affine");
});
