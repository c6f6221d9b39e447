import type { Command } from "commander";
import { plusConfigXml } from "../hardware/openigtlink/plus-config.ts";
import { writeFileAtomic } from "../io/atomic.ts";
import { terminalFor, type CommonOptions } from "./command.ts";
import { numberWithin } from "./numbers.ts";

interface PlusConfigOptions extends CommonOptions {
  readonly out?: string;
  readonly tools?: string;
  readonly depth?: string;
  readonly frequency?: string;
  readonly lag?: string;
  readonly port?: string;
}

export function addHardware(program: Command): void {
  const hardware = program.command("hardware").summary("real devices: what they need to be connected");
  hardware
    .command("plus-config")
    .summary("write a ready PlusServer configuration for a Telemed micrUS and an OptiTrack")
    .description("For the Windows computer that runs Motive. What is not said is as in the default rig.")
    .option("-o, --out <file>", "default: standard output")
    .option("--tools <names>", "rigid bodies in Motive, the probe first, with commas between")
    .option("--depth <mm>", "imaging depth")
    .option("--frequency <MHz>", "centre frequency")
    .option("--lag <s>", "how late the video is, for PLUS to take off; default 0, for our own temporal calibration")
    .option("--port <number>", "where PlusServer listens")
    .option("--json", "print one object")
    .action(async (options: PlusConfigOptions) => {
      const terminal = terminalFor(options);
      const depthMm = numberWithin("--depth", options.depth, 1, 500),
        frequencyMhz = numberWithin("--frequency", options.frequency, 0.5, 50),
        videoLagS = numberWithin("--lag", options.lag, -5, 5),
        port = numberWithin("--port", options.port, 1, 65535);
      const xml = plusConfigXml({
        ...(options.tools === undefined ? {} : { tools: options.tools.split(",").map((name) => name.trim()) }),
        ...(depthMm === undefined ? {} : { depthMm }),
        ...(frequencyMhz === undefined ? {} : { frequencyMhz }),
        ...(videoLagS === undefined ? {} : { videoLagS }),
        ...(port === undefined ? {} : { port }),
      });
      if (options.out !== undefined) await writeFileAtomic(options.out, xml);
      if (options.json) terminal.out(JSON.stringify({ headline: {}, out: options.out, xml }, null, 2));
      else terminal.out(options.out === undefined ? xml.trimEnd() : `wrote ${options.out}`);
    });
}
