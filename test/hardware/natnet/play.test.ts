import { expect, test } from "vitest";
import { optitrack } from "../../../src/hardware/natnet/driver.ts";
import { steadyClock } from "../../../src/hardware/natnet/host-clock.ts";
import { playedDevice } from "../../../src/hardware/natnet/play-device.ts";
import { playTogether } from "../../../src/hardware/natnet/play-together.ts";
import { NatNetServer, type PlayedSession, type PlayOrigin } from "../../../src/hardware/natnet/server.ts";
import { replayDevice } from "../../../src/hardware/replay/replay-device.ts";
import { testSession } from "./session.ts";

async function drain(commandPort: number) {
  const stream = await optitrack({ commandPort, onGoodbye: "end" }).open(new AbortController().signal);
  const out = [];
  for await (const sample of stream) out.push(sample);
  await stream.close();
  return out;
}

const start = (session: PlayedSession, options: object = {}): Promise<NatNetServer> =>
  NatNetServer.start({ session, clock: steadyClock, transport: "unicast", commandPort: 0, dataPort: 0, ...options });

test("a device is played, and comes out of the driver as it went in", async () => {
  const session = testSession(20);
  const device = replayDevice({ id: "x", nominalRateHz: 120, samples: () => session.frames() });
  const server = await start(playedDevice(device, session.tools, 120));
  const samples = await drain(server.commandPort);
  expect(samples.map(({ sequence }) => sequence)).toEqual(Array.from({ length: 20 }, (_, i) => i));
  expect(await server.ended).toEqual({ status: "finished" });
  await server.close();
});

test("servers that play together begin when the last of them has a client, at one moment", async () => {
  const origin = playTogether(2, 0, steadyClock);
  const origins: PlayOrigin[] = [];
  const noted = async (): Promise<PlayOrigin> => {
    const agreed = await origin();
    origins.push(agreed);
    return agreed;
  };
  const servers = await Promise.all([1, 2].map(() => start(testSession(10), { origin: noted })));
  let firstEnded = false;
  const first = drain(servers[0]!.commandPort).finally(() => (firstEnded = true));
  // Long enough for the first client to shake hands, and for its 10 frames if it were given them.
  await new Promise((resolve) => setTimeout(resolve, 600));
  expect(origins).toEqual([]);
  expect(firstEnded).toBe(false);
  const [a, b] = await Promise.all([first, drain(servers[1]!.commandPort)]);
  expect([a.length, b.length]).toEqual([10, 10]);
  expect(origins).toHaveLength(2);
  expect(origins[0]).toBe(origins[1]);
  await Promise.all(servers.map((server) => server.close()));
});

test("a client that leaves while the others are awaited can be replaced", async () => {
  let go: (origin: PlayOrigin) => void = () => undefined;
  const server = await start(testSession(10), { origin: () => new Promise<PlayOrigin>((resolve) => (go = resolve)) });
  const impatient = await optitrack({ commandPort: server.commandPort }).open(new AbortController().signal);
  await impatient.close();
  while (server.clientCount > 0) await new Promise((resolve) => setTimeout(resolve, 5));
  const samples = drain(server.commandPort);
  while (server.clientCount === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  go({ hostS: steadyClock.nowS(), recordS: 0 });
  expect(await samples).toHaveLength(10);
  await server.close();
});

test("a session that breaks off with an error ends the playing with that error, and tells the clients", async () => {
  const broken: PlayedSession = {
    ...testSession(5),
    *frames() {
      yield* testSession(5).frames() as Iterable<never>;
      throw new Error("the disk is gone");
    },
  };
  const server = await start(broken);
  expect(await drain(server.commandPort)).toHaveLength(5);
  const end = await server.ended;
  expect(end.status === "failed" && String(end.error)).toBe("Error: the disk is gone");
  await server.close();
});
