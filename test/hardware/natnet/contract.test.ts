import { afterEach } from "vitest";
import { optitrack } from "../../../src/hardware/natnet/driver.ts";
import { steadyClock } from "../../../src/hardware/natnet/host-clock.ts";
import { NatNetServer, type ServerOptions } from "../../../src/hardware/natnet/server.ts";
import { deviceContract } from "../../contract/device.ts";
import { testSession } from "./session.ts";

const servers: NatNetServer[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

async function served(options: Partial<ServerOptions>) {
  const server = await NatNetServer.start({
    session: testSession(30),
    clock: steadyClock,
    commandPort: 0,
    dataPort: 0,
    ...options,
  });
  servers.push(server);
  return optitrack({ commandPort: server.commandPort, onGoodbye: "end" });
}

deviceContract("optitrack, unicast", () => served({ transport: "unicast" }));
deviceContract("optitrack, multicast", () => served({ transport: "multicast" }));
deviceContract("optitrack, NatNet 3.0", () => served({ version: { major: 3, minor: 0 } }));
deviceContract("optitrack, V120:Duo without mid-exposure", () => served({ midExposure: false }));
