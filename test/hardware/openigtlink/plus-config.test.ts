import { XMLValidator } from "fast-xml-parser";
import { expect, test } from "vitest";
import { parseClientInfo } from "../../../src/hardware/openigtlink/client-info.ts";
import { plusConfigXml } from "../../../src/hardware/openigtlink/plus-config.ts";
import { interpretPlusConfig } from "../../../src/io/plus-config.ts";
import { parseXml, type XmlElement } from "../../../src/io/plus-xml.ts";

/** The matrix is written with 9 digits. */
const NINE_DIGITS = 1e-8;

test("the configuration is XML that our own reader takes without a warning", () => {
  const xml = plusConfigXml();
  expect(XMLValidator.validate(xml)).toBe(true);
  const config = interpretPlusConfig("x.xml", parseXml("x.xml", xml));
  expect(config.warnings).toEqual([]);
  expect(config.transforms.map(({ from, to }) => [from, to])).toEqual([["Image", "Probe"]]);
  expect(config.sections.get("PlusOpenIGTLinkServer")).toMatchObject({
    ListeningPort: "18944",
    SendValidTransformsOnly: "FALSE",
    MaxNumberOfIgtlMessagesToSend: "1",
  });
});

test("what the file refers to is in the file: every channel, source and device, of types that PLUS has", () => {
  const root = parseXml("x.xml", plusConfigXml());
  const all = (from: XmlElement, name: string): XmlElement[] =>
    from.children.flatMap((child) => [...(child.name === name ? [child] : []), ...all(child, name)]);
  const ids = (from: XmlElement, name: string): string[] =>
    all(from, name).map(({ attributes }) => attributes.get("Id")!);
  expect(root.name).toBe("PlusConfiguration");
  expect(root.attributes.get("version")).toBe("2.7");
  const devices = all(root, "Device");
  expect(devices.map(({ attributes }) => attributes.get("Type"))).toEqual([
    "OptiTrack",
    "TelemedVideo",
    "VirtualMixer",
  ]);
  const channels = ids(root, "OutputChannel");
  expect(new Set(channels).size).toBe(channels.length);
  for (const id of ids(root, "InputChannel")) expect(channels).toContain(id);
  const server = root.children.find(({ name }) => name === "PlusOpenIGTLinkServer")!;
  expect(channels).toContain(server.attributes.get("OutputChannelId"));
  for (const device of devices) {
    const [sources] = all(device, "DataSources"),
      [channel] = all(device, "OutputChannel");
    if (!sources) continue; // a mixer has none of its own
    const own = ids(sources, "DataSource");
    for (const id of ids(channel!, "DataSource")) expect(own).toContain(id);
    const video = channel!.attributes.get("VideoDataSourceId");
    if (video !== undefined) expect(own).toContain(video);
  }
  // The OptiTrack device of PLUS asks for these; the Telemed for its size, depth and frequency.
  const [tracker, scanner] = devices;
  for (const name of ["ToolReferenceFrame", "Profile", "Calibration", "AttachToRunningMotive"])
    expect(tracker!.attributes.get(name), name).toBeTruthy();
  for (const name of ["AcquisitionRate", "FrameSize", "DepthMm", "FrequencyMhz"])
    expect(scanner!.attributes.get(name), name).toMatch(/^\d/);
  expect(all(scanner!, "DataSource")[0]!.attributes.get("PortUsImageOrientation")).toBe("UF");
  // PLUS drops the part of names that it would split at "To".
  const sent = all(server, "Transform").map(({ attributes }) => attributes.get("Name"));
  expect(sent).toEqual(ids(tracker!.children[0]!, "DataSource").map((tool) => `${tool}ToTracker`));
});

test("clients are told the status of every tool: header version 2 and all transforms by default", () => {
  const info = parseClientInfo(plusConfigXml({ tools: ["Probe", "Femur"] }));
  expect(info.headerVersion).toBe(2);
  expect(info.transformNames.filter((name) => name.endsWith("Tracker"))).toEqual(["ProbeToTracker", "FemurToTracker"]);
  expect(info.imageNames).toEqual([{ name: "Image", frame: "Image" }]);
});

test("a calibration that is given stands in the file; else the nominal spacing is depth over height", () => {
  const m = Float64Array.of(0.1, 0.01, 0, 1 / 3, -0.01, 0.1, 0, 2, 0, 0, 0.1, -300);
  const read = (xml: string) => interpretPlusConfig("x.xml", parseXml("x.xml", xml)).transforms[0]!.toFromFrom;
  read(plusConfigXml({ probeFromPixel: m })).forEach((x, i) => {
    expect(Math.abs(x - m[i]!)).toBeLessThanOrEqual(NINE_DIGITS * Math.abs(m[i]!));
  });
  expect(read(plusConfigXml({ depthMm: 90, frameSizePx: [600, 450] }))[0]).toBeCloseTo(0.2, 8);
});

test("PLUS takes no lag off the video unless told to, and then takes it off", () => {
  const offsets = (xml: string) => [...xml.matchAll(/LocalTimeOffsetSec="([^"]*)"/g)].map((found) => Number(found[1]));
  expect(offsets(plusConfigXml()).map(Math.abs)).toEqual([0, 0]);
  expect(offsets(plusConfigXml({ videoLagS: 0.3 }))).toEqual([0, -0.3]);
});

test("names that PLUS would misread, twins and empty sizes are refused", () => {
  for (const tools of [["ProbeTool"], ["Probe", "Probe"], [], ['a"b'], ["AVeryLongToolName"]]) {
    expect(() => plusConfigXml({ tools })).toThrow(/tool/i);
  }
  expect(() => plusConfigXml({ depthMm: 0 })).toThrow(/positive/);
  expect(plusConfigXml({ motiveProfile: 'a"b<c>.xml' })).toContain("a&quot;b&lt;c&gt;.xml");
});
