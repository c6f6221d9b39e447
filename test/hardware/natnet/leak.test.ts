import { expect, test } from "vitest";
import { optitrack } from "../../../src/hardware/natnet/driver.ts";
import { steadyClock } from "../../../src/hardware/natnet/host-clock.ts";
import { NatNetServer } from "../../../src/hardware/natnet/server.ts";
import { testSession } from "./session.ts";

/** Sockets and timers that are open in this process. */
const handles = (): number =>
  process.getActiveResourcesInfo().filter((name) => name === "UDPWrap" || name === "Timeout").length;

/** Sockets close a turn of the event loop after they were told to. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));

/** Long enough for a server to miss a client whose goodbye was lost, after some hundreds of these. */
const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 10));

for (const transport of ["unicast", "multicast"] as const) {
  test(`${transport}: 100 connections and farewells, at every stage, leave no socket and no timer (F19, F28)`, async () => {
    const before = handles();
    const server = await NatNetServer.start({
      session: testSession(100_000),
      clock: steadyClock,
      transport,
      commandPort: 0,
      dataPort: 0,
    });
    const device = optitrack({ commandPort: server.commandPort });
    await settle();
    const withServer = handles();
    for (let i = 0; i < 100; i++) {
      const controller = new AbortController();
      // Some are aborted while they connect, after as many turns of the event loop as it takes to get anywhere.
      if (i % 3 === 0) {
        const opening = device.open(controller.signal);
        for (let turn = 0; turn < i % 10; turn++) await new Promise((resolve) => setImmediate(resolve));
        controller.abort();
        await (await opening).close();
        continue;
      }
      const stream = await device.open(controller.signal);
      await stream[Symbol.asyncIterator]().next();
      if (i % 3 === 1) controller.abort();
      else await stream.close();
    }
    // The last goodbyes are on their way, and the server stops playing when they arrive, or when it misses the client.
    for (let turn = 0; turn < 1000 && (server.clientCount > 0 || handles() > withServer); turn++) await pause();
    expect(handles()).toBeLessThanOrEqual(withServer);
    await server.close();
    for (let turn = 0; turn < 1000 && handles() > before; turn++) await pause();
    expect(handles()).toBeLessThanOrEqual(before);
  });
}
