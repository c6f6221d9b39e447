import { expect, test } from "vitest";
import type { Mesh } from "../../src/geometry/mesh.ts";
import { openClient } from "../../src/hardware/openigtlink/client.ts";
import { meshFromPolyData } from "../../src/hardware/openigtlink/messages/polydata.ts";
import { startServer } from "../../src/hardware/openigtlink/server.ts";
import { publishGrowing } from "../../src/scenario/growing-bone.ts";

/** A strip that has one more triangle with every second. */
const strip = (count: number): Mesh => ({
  positions: Float32Array.from({ length: 3 * (count + 2) }, (_, i) => (i % 3 === 0 ? i / 3 : i % 2)),
  triangles: Uint32Array.from({ length: 3 * count }, (_, i) => Math.floor(i / 3) + (i % 3)),
});

test("a client that is connected sees the bone grow as POLYDATA, at most every half second of the scan", async () => {
  const nowS = (): number => performance.now() / 1000;
  const server = await startServer({ port: 0, nowS });
  const seen: number[] = [];
  const client = openClient({
    host: "127.0.0.1",
    port: server.port,
    random: () => 0.5,
    nowS,
    onMessage({ body, device }) {
      if (body.type === "POLYDATA") seen.push(meshFromPolyData(body).triangles.length / 3);
      if (body.type === "POLYDATA") expect(device).toBe("Bone");
    },
  });
  const until = async (holds: () => boolean): Promise<void> => {
    while (!holds()) await new Promise((resolve) => setTimeout(resolve, 2));
  };
  await until(() => server.clients.length === 1);
  let given = 0;
  const publish = publishGrowing({
    referenceName: "Femur",
    endsS: 4.2,
    until(receivedS) {
      const count = Math.floor(receivedS);
      if (count === given) return undefined;
      given = count;
      return strip(count);
    },
  });
  for (let i = 0; i <= 40; i++) {
    publish(i / 10, server);
    // Of a surface that waits the newest alone is sent: each is read before the next.
    if (i > 0 && i % 10 === 0) await until(() => seen.length === i / 10);
  }
  publish(4.1, server);
  given = 3; // as if something had come since
  publish(4.2, server);
  await until(() => seen.length === 5); // the end is told, however soon it comes
  expect(seen).toEqual([1, 2, 3, 4, 4]);
  await client.close();
  await server.close();
});
