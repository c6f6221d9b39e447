import { expect, test } from "vitest";
import { FormatError } from "../../../src/core/errors.ts";
import { natnetOptions } from "../../../src/hardware/natnet/url.ts";

test("an address says the host, and what else is wanted", () => {
  expect(natnetOptions("natnet://motive-pc")).toEqual({ server: "motive-pc" });
  expect(natnetOptions("natnet://10.0.0.2:1600")).toEqual({ server: "10.0.0.2", commandPort: 1600 });
  expect(
    natnetOptions(
      "natnet://10.0.0.2?local=10.0.0.5&axes=z-up&latency=0.008&stale=0&goodbye=end&tool=Probe:Body%201&tool=Femur:F",
    ),
  ).toEqual({
    server: "10.0.0.2",
    localAddress: "10.0.0.5",
    axes: "z-up",
    latencyS: 0.008,
    staleAfterS: Infinity,
    onGoodbye: "end",
    tools: { Probe: "Body 1", Femur: "F" },
  });
});

test("what is not understood is refused by its name", () => {
  const refusals: [string, RegExp][] = [
    ["http://motive", /no address of a NatNet server/],
    ["natnet://", /no address of a NatNet server/],
    ["natnet://motive/path", /path/],
    ["natnet://motive?lokal=1", /lokal: this option is not known/],
    ["natnet://motive?axes=y", /axes: expected as-streamed or z-up, got y/],
    ["natnet://motive?latency=-1", /latency: expected seconds/],
    ["natnet://motive?stale=", /stale: expected seconds/],
    ["natnet://motive?tool=Probe", /tool: expected Tool:Rigid body/],
  ];
  for (const [url, message] of refusals) {
    expect(() => natnetOptions(url)).toThrow(FormatError);
    expect(() => natnetOptions(url)).toThrow(message);
  }
});
