/** The state of the program's own repository. */
export interface CodeState {
  /** Full hash of the commit. */
  readonly commit: string;
  /** Program, models or the list of packages differ from that commit. */
  readonly dirty: boolean;
}

/** The program that made a result: what somebody else needs to make it again. The same on every machine. */
export interface Software {
  readonly name: "sonobench";
  readonly version: string;
  /** Absent where the program is no checkout (installed as a package), and in older reports. */
  readonly code?: CodeState;
  /** Packages that figures follow from, with their versions; absent in older reports. */
  readonly packages?: Readonly<Record<string, string>>;
}

/** A file of weights or shapes that a result follows from. */
export interface UsedModel {
  /** What it was used for, in words. */
  readonly use: string;
  readonly name: string;
  /** Of the file, hexadecimal. */
  readonly sha256: string;
}

/** When, where and how long: of timing.json alone, since a report is the same on every machine. */
export interface Made {
  /** ISO 8601, UTC. */
  readonly finishedAt: string;
  readonly totalS?: number;
  readonly host: {
    readonly cores: number;
    readonly processor: string;
    readonly memoryGb: number;
    readonly node: string;
    /** Operating system and architecture; absent in older files. */
    readonly system?: string;
  };
}

/** A version alone: for runs whose report nobody keeps. */
export const softwareOf = (version: string): Software => ({ name: "sonobench", version });
