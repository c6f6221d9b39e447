/** Of the protocol, not of Motive; written in decimals it misleads: 2.11 is newer than 2.9. */
export interface NatNetVersion {
  readonly major: number;
  readonly minor: number;
}

/** Whether `version` is `major.minor` or newer. */
export const since = (version: NatNetVersion, major: number, minor: number): boolean =>
  version.major > major || (version.major === major && version.minor >= minor);

export const sameVersion = (a: NatNetVersion, b: NatNetVersion): boolean => a.major === b.major && a.minor === b.minor;

export const versionText = ({ major, minor }: NatNetVersion): string => `${major}.${minor}`;

/** The newest layout of which a public description exists. Newer frames are read by it, and marked so. */
export const newestKnown: NatNetVersion = { major: 4, minor: 1 };

/** The oldest layout that is read; Motive 1.5 (2013) spoke it. */
export const oldestKnown: NatNetVersion = { major: 2, minor: 5 };
