import { UnsuitableInputError } from "../../core/errors.ts";
import { clientInfoXml } from "./client-info.ts";
import { DEFAULT_PORT } from "./server.ts";

/** What the rig has. Every default is the default rig's (docs/devices-openigtlink.md). */
export interface PlusRig {
  /** Rigid bodies in Motive; the first is on the probe. The names must be equal there, letter by letter. */
  readonly tools?: readonly string[];
  /** Files of the OptiTrack device, relative to PLUS's configuration folder. */
  readonly motiveProfile?: string;
  readonly motiveCalibration?: string;
  readonly frameSizePx?: readonly [number, number];
  readonly depthMm?: number;
  readonly frequencyMhz?: number;
  readonly acquisitionRateHz?: number;
  /**
   * How much later the video is stamped than the tracker, s, for PLUS to take off. 0 leaves the times as they are, for
   * our own temporal calibration: taken off in both places, it would be wrong by itself. 0.3 was found for this pair.
   */
  readonly videoLagS?: number;
  /** probeFromImage, row-major 3×4, mm from pixels: spatial calibration gives it. */
  readonly probeFromPixel?: Readonly<Float64Array>;
  readonly port?: number;
}

/** Frames may hold no "To": PLUS splits the names of transforms there. */
const NAME = /^(?!.*To)[A-Za-z][A-Za-z0-9_]{0,11}$/;

const escape = (text: string): string =>
  text.replace(/[&<>"]/g, (c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[c] ?? c);

/**
 * A PLUS configuration that is ready to run on the Windows computer with the devices: a Telemed micrUS and an
 * OptiTrack, mixed by image, served with the status of every tool.
 */
export function plusConfigXml(rig: PlusRig = {}): string {
  const { tools = ["Probe", "Femur", "Tibia", "Stylus"], frameSizePx = [512, 512], depthMm = 50 } = rig;
  const { frequencyMhz = 7.5, acquisitionRateHz = 30, videoLagS = 0, port = DEFAULT_PORT } = rig;
  const { motiveProfile = "OptiTrack/knee.xml", motiveCalibration = "OptiTrack/duo.cal" } = rig;
  const probe = checkedProbe(tools);
  const spacingMm = checkedSpacing(depthMm, frameSizePx);
  const matrix = rig.probeFromPixel ?? nominalMatrix(spacingMm, frameSizePx[0]);
  const sources = tools.map((tool) => `<DataSource Type="Tool" Id="${tool}"/>`).join("");
  const serverDefaults = clientInfoXml(
    {
      headerVersion: 2,
      messageTypes: ["IMAGE", "TRANSFORM"],
      transformNames: tools.map((tool) => `${tool}ToTracker`),
      imageNames: [{ name: "Image", frame: "Image" }],
      trackingData: false,
      trackingResolutionMs: 0,
    },
    "DefaultClientInfo",
  );
  return `<?xml version="1.0" encoding="UTF-8"?>
<PlusConfiguration version="2.7">
  <!-- Motive must have rigid bodies named exactly: ${tools.join(", ")}. -->
  <DataCollection StartupDelaySec="1.0">
    <DeviceSet Name="Telemed micrUS + OptiTrack" Description="SonoBench knee rig"/>
    <!-- PLUS reaches Motive on 127.0.0.1 only: PlusServer runs on the computer that runs Motive. -->
    <Device Id="TrackerDevice" Type="OptiTrack" ToolReferenceFrame="Tracker" LocalTimeOffsetSec="0.0"
      Profile="${escape(motiveProfile)}" Calibration="${escape(motiveCalibration)}"
      AttachToRunningMotive="TRUE" MotiveDataDescriptionsUpdateTimeSec="-1">
      <DataSources>${sources}</DataSources>
      <OutputChannels><OutputChannel Id="TrackerStream">${sources}</OutputChannel></OutputChannels>
    </Device>
    <!-- LocalTimeOffsetSec is added to the times of the video. 0: SonoBench finds the lag and takes it off. -->
    <Device Id="VideoDevice" Type="TelemedVideo" AcquisitionRate="${acquisitionRateHz}"
      LocalTimeOffsetSec="${-videoLagS}" FrameSize="${frameSizePx.join(" ")}" DepthMm="${depthMm}"
      FrequencyMhz="${frequencyMhz}">
      <DataSources><DataSource Type="Video" Id="Video" PortUsImageOrientation="UF"/></DataSources>
      <OutputChannels><OutputChannel Id="VideoStream" VideoDataSourceId="Video"/></OutputChannels>
    </Device>
    <Device Id="TrackedVideoDevice" Type="VirtualMixer">
      <InputChannels><InputChannel Id="TrackerStream"/><InputChannel Id="VideoStream"/></InputChannels>
      <OutputChannels><OutputChannel Id="TrackedVideoStream"/></OutputChannels>
    </Device>
  </DataCollection>
  <CoordinateDefinitions>
    <!-- ${rig.probeFromPixel ? "From spatial calibration." : "Nominal, for display only: calibrate before measuring."} -->
    <Transform From="Image" To="${probe}" Matrix="${matrixText(matrix)}"/>
  </CoordinateDefinitions>
  <!-- SendValidTransformsOnly must stay FALSE: else a hidden tool is sent as silence, not as its status. -->
  <PlusOpenIGTLinkServer ListeningPort="${port}" OutputChannelId="TrackedVideoStream"
    SendValidTransformsOnly="FALSE" MaxNumberOfIgtlMessagesToSend="1" MaxTimeSpentWithProcessingMs="50">
    ${serverDefaults}
  </PlusOpenIGTLinkServer>
</PlusConfiguration>
`;
}

function checkedProbe(tools: readonly string[]): string {
  const bad = tools.find((tool) => !NAME.test(tool));
  if (bad !== undefined) {
    const remedy = 'Use up to 12 letters, digits and underscores, and no "To" in it';
    throw new UnsuitableInputError(`"${bad}" cannot name a tool in PLUS`, remedy);
  }
  const [probe] = tools;
  if (probe === undefined || new Set(tools).size < tools.length) {
    throw new UnsuitableInputError("The tools must have different names, the probe first", "Name at least the probe");
  }
  return probe;
}

/** A Telemed's image is resampled so that the depth fills its height; its pixels are square. */
function checkedSpacing(depthMm: number, [width, height]: readonly [number, number]): number {
  if (!(depthMm > 0 && Number.isInteger(width) && Number.isInteger(height) && width > 0 && height > 0)) {
    throw new UnsuitableInputError("The depth and the frame size must be positive", "Give mm, and whole pixels");
  }
  return depthMm / height;
}

/** The transducer's face in the middle of the first row; its frame taken for the probe's. */
function nominalMatrix(spacingMm: number, widthPx: number): Float64Array {
  const s = spacingMm;
  return Float64Array.of(s, 0, 0, (-s * (widthPx - 1)) / 2, 0, s, 0, 0, 0, 0, s, 0);
}

function matrixText(m: Readonly<Float64Array>): string {
  const rows = [0, 4, 8].map((row) => Array.from(m.subarray(row, row + 4), (x) => Number(x.toPrecision(9))).join(" "));
  return [...rows, "0 0 0 1"].join("  ");
}
