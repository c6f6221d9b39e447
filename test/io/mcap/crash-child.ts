import { writeSync } from "node:fs";
import { createRecordingWriter } from "../../../src/io/mcap/writer.ts";
import { imageSample, poseSample } from "./support.ts";

// Records small images at 30 Hz of recording time (256 of them to a mebibyte: time closes the chunks, not size), as fast as it can, until it is killed; says what has been taken over.
const path = process.argv[2]!;
const writer = await createRecordingWriter(path);
writer.addImageDevice("us", { width: 64, height: 64, pixelType: "u8", nominalRateHz: 30 });
writer.addPoseDevice("duo", { nominalRateHz: 60 });
for (let i = 0; ; i++) {
  const timeS = i / 60;
  await writer.writePoses("duo", poseSample(i, timeS));
  if (i % 2 === 0) await writer.writeImage("us", imageSample(i / 2, timeS, { width: 64, height: 64 }));
  writeSync(1, `${i}\n`);
}
