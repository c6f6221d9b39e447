import { FormatError } from "../../core/errors.ts";
import type { PlusOptions } from "./driver.ts";

const KEYS = ["image", "tracker", "header", "patience", "rate", "full"];

/**
 * `plus://host:port?image=Image_Image&tracker=Tracker&header=1&patience=30&rate=30&full=drop`: where the OpenIGTLink
 * server is, and optionally the name of its images, the frame of its poses, the header version for servers that know no
 * metadata, for how many seconds a lost server is waited for, the nominal rate of its images, and what happens when the
 * disk is too slow (wait | drop). Throws FormatError.
 */
export function plusAddress(url: string): Omit<PlusOptions, "random" | "nowS"> {
  const wrong = (field: string, problem: string): FormatError =>
    new FormatError(url, { field }, problem, "Write plus://host:port?image=…&tracker=…");
  let parsed: URL;
  try {
    parsed = new URL(url);
    if (parsed.protocol !== "plus:" || parsed.hostname === "") throw new TypeError("another scheme, or no host");
  } catch {
    throw wrong("scheme", "it is no address of an OpenIGTLink server");
  }
  const { searchParams: query, hostname, port, pathname } = parsed;
  if (pathname !== "/" && pathname !== "") throw wrong("path", `expected none, got ${pathname}`);
  for (const key of query.keys())
    if (!KEYS.includes(key)) throw wrong(key, `this option is not known; those are ${KEYS.join(", ")}`);

  const number = (key: string, low: number, high: number): number | undefined => {
    const text = query.get(key);
    if (text === null) return undefined;
    const value = Number(text);
    if (text !== "" && value >= low && value <= high) return value;
    throw wrong(key, `expected a number in [${low}, ${high}], got ${text}`);
  };
  const name = (key: string): string | undefined => {
    const text = query.get(key);
    if (text === "") throw wrong(key, "expected a name");
    return text ?? undefined;
  };
  const full = query.get("full");
  if (full !== null && full !== "wait" && full !== "drop") throw wrong("full", `expected wait or drop, got ${full}`);
  const header = number("header", 1, 2);
  const imageDevice = name("image"),
    trackerFrame = name("tracker"),
    patienceS = number("patience", 0, 3600),
    imageRateHz = number("rate", 0, 1000);
  return {
    host: hostname.replace(/^\[(.*)\]$/, "$1"),
    ...(port ? { port: Number(port) } : {}),
    ...(imageDevice === undefined ? {} : { imageDevice }),
    ...(trackerFrame === undefined ? {} : { trackerFrame }),
    ...(header === undefined ? {} : { headerVersion: header === 1 ? 1 : 2 }),
    ...(patienceS === undefined ? {} : { patienceS }),
    ...(imageRateHz === undefined ? {} : { imageRateHz }),
    ...(full === null ? {} : { whenFull: full }),
  };
}
