import { type RigAddresses } from "../scenario/live-rig.ts";
import { UsageError } from "./command.ts";

/** How `record` and `live` are told where images and poses come from. */
export interface SourceOptions {
  readonly source?: string;
  readonly images?: string;
  readonly poses?: string;
}

/** Of devices: `--source` stands for both. Throws a UsageError where the options contradict one another. */
export function addressesOf({ source, images, poses }: SourceOptions): RigAddresses {
  if (source !== undefined && (images !== undefined || poses !== undefined))
    throw new UsageError("--source stands for both devices: leave out --images and --poses");
  if (source !== undefined) return source.startsWith("natnet:") ? { poses: source } : { images: source, poses: source };
  if (images === undefined && poses === undefined)
    throw new UsageError("give --source, or --images and --poses: plus://host:port, natnet://host:port");
  return { ...(images === undefined ? {} : { images }), ...(poses === undefined ? {} : { poses }) };
}
