import type { Implicit, Point } from "./implicit.ts";
import type { TissueName } from "./tissues.ts";

/** A volume of one tissue in the knee frame, posed; `solid` is negative inside. */
export interface SoftVolume {
  readonly name: string;
  readonly tissue: TissueName;
  readonly solid: Implicit;
  readonly fibreDirection: Point;
}
