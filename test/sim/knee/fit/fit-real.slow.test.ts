import { join } from "node:path";
import { expect, test } from "vitest";
import { silentLog } from "../../../../src/core/log.ts";
import { readMesh } from "../../../../src/io/mesh/read-mesh.ts";
import { fitBone } from "../../../../src/sim/knee/fit/fit-bone.ts";
import { dataFolder } from "../../../support/data.ts";

/** What the shape family has to reach on a real knee that it was not made from. */
const REACHED_MM = 2;

test.skipIf(!dataFolder)(
  "the family fits a real right femur and tibia within 2 mm on average (needs the recordings)",
  async () => {
    for (const bone of ["femur", "tibia"] as const) {
      const { mesh } = await readMesh(join(dataFolder!, "knee-dess01-right", `${bone}.stl`));
      const { side, toModel, toMesh } = await fitBone(mesh, bone, { log: silentLog });
      expect(side, bone).toBe("right");
      expect(toModel.meanMm, bone).toBeLessThan(REACHED_MM);
      expect(toMesh.meanMm, bone).toBeLessThan(REACHED_MM);
    }
  },
);
