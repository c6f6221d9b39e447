import { mkdtemp, readdir, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Browser } from "playwright-core";
import type { Figure, Report } from "../../src/data/report.ts";
import { triangleCount } from "../../src/geometry/mesh.ts";
import { readMesh } from "../../src/io/mesh/read-mesh.ts";
import { writeMesh } from "../../src/io/mesh/write-mesh.ts";
import { icosphere } from "../../src/verify/shapes.ts";
import { parseReport } from "../../src/report/validate.ts";
import { startBrowser } from "../support/browser.ts";
import { sonobench } from "../support/command.ts";
import { dataFolder } from "../support/data.ts";

const SCENARIO = resolve(import.meta.dirname, "../../scenarios/knee-small.yaml");
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sonobench-commands-"));
});

const headlineOf = (out: string) => (JSON.parse(out) as { headline: Record<string, Figure> }).headline;

describe("bad input ends with exit code 2 and a sentence", () => {
  test.each([
    [["run", "nowhere.yaml"], /nowhere\.yaml: there is no such file/],
    [["run", SCENARIO, "--workers", "none"], /expected 1 to 256/],
    [["verify", "nosuch"], /there is no suite "nosuch"; the suites are io, geometry/],
    [["score", "a.stl"], /missing required argument/],
    [["reconstruct", SCENARIO], /knee-small\.yaml/],
    [["reconstruct", "x.mha", "--preset", "nosuch"], /there are "best", "plus" and "slicer"/],
    [["simulate", SCENARIO, "--out", "x.mha"], /ends in \.mcap/],
    [["convert", "a.stl", "b.step9"], /expected a name that ends in/],
    [["nonsense"], /unknown command/],
  ] as const)("sonobench %s", (args, sentence) => {
    const { code, err, out } = sonobench(...args);
    expect(err).toMatch(sentence);
    expect(err).not.toMatch(/fault of SonoBench|\n\s+at /);
    expect({ code, out }).toEqual({ code: 2, out: "" });
  });
});

test("--help lists every command, and each has its own", () => {
  const { code, out } = sonobench("--help");
  expect(code).toBe(0);
  for (const name of ["run", "simulate", "reconstruct", "score", "verify", "report", "record", "convert", "doctor"]) {
    expect(out).toMatch(new RegExp(`^  ${name}`, "m"));
    expect(sonobench(name, "--help").out).toMatch(/Usage: sonobench/);
  }
});

test("score gives the closed form of two shifted spheres, and --fail-if decides the exit code", async () => {
  const sphere = icosphere(20, 6);
  const shifted = { ...sphere, positions: sphere.positions.map((v, i) => (i % 3 === 0 ? v + 2 : v)) };
  const a = join(folder, "a.stl"),
    b = join(folder, "b.stl");
  await writeMesh(a, shifted);
  await writeMesh(b, sphere);
  const { code, out } = sonobench("score", a, b, "--json", "--fail-if", "bone.whole.assd > 1.1");
  expect(code).toBe(0);
  const headline = headlineOf(out);
  /** Facets of 0.6 mm edges on R = 20 mm, and sampling: as in verify metrics. */
  const TOLERANCE_MM = 0.01;
  for (const [id, value] of [
    ["assd", 1.0],
    ["rms", 1.1547],
    ["hd100", 2.0],
    ["bias", 0.0667],
  ] as const) {
    expect(Math.abs(headline[`bone.whole.${id}`]!.value - value)).toBeLessThan(TOLERANCE_MM);
  }
  expect(sonobench("score", a, b, "--fail-if", "bone.whole.assd > 0.9").code).toBe(1);
});

describe("one small run", () => {
  let report: Report;
  let browser: Browser | undefined;
  const at = (name: string): string => join(folder, "run", name);

  beforeAll(async () => {
    const { code, out, err } = sonobench("run", SCENARIO, "--out", join(folder, "run"), "--json", "-j", "2");
    expect({ code, err: code === 0 ? "" : err }).toEqual({ code: 0, err: "" });
    expect(headlineOf(out)["frames.count"]!.value).toBeGreaterThan(50);
    report = parseReport(JSON.parse(await readFile(at("report.json"), "utf8")), "report.json");
    browser = await startBrowser();
  }, 300_000);
  afterAll(async () => browser?.close());

  test("leaves every file that the design names", async () => {
    const names = await readdir(join(folder, "run"), { recursive: true });
    for (const name of [
      "report.json",
      "report.html",
      "timing.json",
      "recording.mcap",
      "volume.nrrd",
      "femur.stl",
      "femur.ply",
      "patella.stl",
      "tibia.stl",
      "calibration.json",
      "poses.csv",
      "truth/femur.stl",
      "truth/poses.csv",
      "truth/calibration.json",
      "truth/landmarks.json",
    ]) {
      expect(names).toContain(name);
    }
  });

  test("finds the bones it scanned, and its figures are those of its files", async () => {
    const patella = report.bones.find(({ bone }) => bone === "patella")!;
    expect(patella.failure).toBeNull();
    expect(patella.scores.reachable.coverage![2]).toBeGreaterThan(0.5);
    // Scored again from the files that were written, by the command for results made elsewhere.
    const { out } = sonobench("score", at("patella.stl"), at("truth/patella.stl"), "--json");
    /** Samples are placed alike but the STL has merged vertices: 2,000 samples of a 0.5 mm spread, 3 standard errors. */
    const SAMPLING_MM = 0.04;
    const again = headlineOf(out)["bone.whole.meanAccuracy"]!.value;
    expect(Math.abs(again - patella.scores.whole.meanAccuracy!)).toBeLessThan(SAMPLING_MM);
    const { mesh } = await readMesh(at("patella.ply"));
    expect(triangleCount(mesh)).toBe(report.meshes.find((m) => m.bone === "patella" && m.role === "result")!.triangles);
  });

  test("is the same, byte for byte, with another number of workers", async () => {
    const { code } = sonobench("run", SCENARIO, "--out", join(folder, "again"), "-q", "-j", "1");
    expect(code).toBe(0);
    for (const name of ["report.json", "femur.stl", "volume.nrrd", "recording.mcap"]) {
      expect((await readFile(join(folder, "again", name))).equals(await readFile(at(name)))).toBe(true);
    }
  }, 300_000);

  test("its page is made again from the folder, and a hand-edited report is refused with the field", async () => {
    const before = await readFile(at("report.html"), "utf8");
    expect(sonobench("report", join(folder, "run")).code).toBe(0);
    expect((await readFile(at("report.html"), "utf8")).length).toBeGreaterThan(0.99 * before.length);
    const broken = await mkdtemp(join(tmpdir(), "sonobench-broken-"));
    await writeFile(join(broken, "report.json"), JSON.stringify({ ...report, schemaVersion: 7 }));
    const { code, err } = sonobench("report", broken);
    expect(code).toBe(2);
    expect(err).toMatch(/report\.json: schemaVersion/);
  });

  test("its page opens from the disk without an error, with a picture in the 3D view", async (context) => {
    if (!browser) return context.skip();
    const page = await browser.newPage();
    const errors: string[] = [];
    page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
    page.on("pageerror", (error) => errors.push(String(error)));
    page.on("request", (request) => !/^(file|data|blob):/.test(request.url()) && errors.push(request.url()));
    await page.goto(`file://${at("report.html")}`);
    await page.waitForSelector("canvas");
    await page.waitForTimeout(1500);
    expect(errors).toEqual([]);
    expect(await page.locator("canvas").first().isVisible()).toBe(true);
    await page.close();
  }, 60_000);

  test("an interrupted recording is brought back up to its last chunk", async () => {
    const bytes = await readFile(at("recording.mcap"));
    const cut = join(folder, "cut.mcap");
    await writeFile(cut, bytes.subarray(0, Math.floor(bytes.length * 0.6)));
    const open = sonobench("reconstruct", cut, "--config", "none.xml");
    expect(open.code).toBe(2);
    expect(open.err).toMatch(/sonobench record recover/);
    const { code, out } = sonobench("record", "recover", cut, "--json");
    expect(code).toBe(0);
    expect(headlineOf(out)["recovered.messages"]!.value).toBeGreaterThan(100);
  });
});

describe("recordings made by others", () => {
  const plus = join(dataFolder ?? "", "plus");

  test.skipIf(!dataFolder)(
    "the PLUS volume of the spine phantom is reproduced voxel by voxel (needs the recordings)",
    () => {
      for (const [config, reference] of [
        [
          "PlusDeviceSet_VolumeReconstructionOnly_SpinePhantom_NN_MEAN.xml",
          "vtkVolumeReconstructorTestNNMEANvolumeRef.mha",
        ],
        [
          "PlusDeviceSet_VolumeReconstructionOnly_SonixRP_TRUS_D70mm_LN_MEAN.xml",
          "vtkVolumeReconstructorTestLNMEANvolumeRef.mha",
        ],
      ] as const) {
        const { code, out, err } = sonobench(
          "reconstruct",
          join(plus, "SpinePhantomFreehand.igs.mha"),
          "--config",
          join(plus, config),
          "--preset",
          "plus",
          "--compare-volume",
          join(plus, reference),
          "--out",
          join(folder, "spine"),
          "--json",
          "--fail-if",
          "volume.differingVoxels > 0",
        );
        expect({ code, err: code === 0 ? "" : err }).toEqual({ code: 0, err: "" });
        expect(headlineOf(out)["volume.differingVoxels"]!.value).toBe(0);
      }
    },
  );

  test.skipIf(!dataFolder)("the cortex of a bone in vivo is found in every frame (needs the recordings)", async () => {
    const { code, out } = sonobench(
      "reconstruct",
      join(plus, "BoneUltrasound_L14.igs.mha"),
      "--config",
      join(plus, "BoneUltrasound_L14_config.xml"),
      "--out",
      join(folder, "bone"),
      "--json",
    );
    expect(code).toBe(0);
    expect(headlineOf(out)["segmentation.framesWithBone"]!.value).toBe(21);
    expect(headlineOf(out)["surface.area"]!.value).toBeGreaterThan(2);
    const report = await readFile(join(folder, "bone", "report.json"), "utf8");
    expect(report).not.toContain(dataFolder!);
  });

  test.skipIf(!dataFolder)("a recording that cannot serve says what to do (needs the recordings)", () => {
    const run = (...args: string[]) => sonobench("reconstruct", ...args, "--out", join(folder, "no"));
    const spine = join(plus, "SpinePhantomFreehand.igs.mha"),
      config = join(plus, "PlusDeviceSet_VolumeReconstructionOnly_SpinePhantom_NN_MEAN.xml");
    for (const [outcome, sentence] of [
      [run(spine), /nothing says how the image .* sits on the probe/],
      [
        run(spine, "--config", config, "--reference", "Table"),
        /nothing is called "Table".*"Image", "Phantom", "Probe"/,
      ],
      [
        run(join(plus, "EightLandmarkPointsTrackedForPhantomRegistration.igs.mha"), "--config", config),
        /holds no images/,
      ],
    ] as const) {
      expect(outcome.err).toMatch(sentence);
      expect(outcome.code).toBe(2);
    }
  });
});
