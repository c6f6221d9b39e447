import type { ViewedRecording } from "../data/view-page.ts";
import { toolColour } from "./tool-colours.ts";

const WIDTH = 1000,
  LANE = 18,
  LABEL = 150;
const LOST = "#b3261e";

/** One lane a tool: its colour while it is tracked, red while not; strokes as a gray band on top; the moment as a line. */
export function drawLanes(
  canvas: HTMLCanvasElement,
  { tracks, sweeps }: ViewedRecording,
  endS: number,
  timeS: number,
): void {
  const sweepLane = sweeps.length ? 1 : 0;
  canvas.width = WIDTH;
  canvas.height = Math.max(1, (tracks.length + sweepLane) * LANE);
  const context = canvas.getContext("2d")!;
  const look = getComputedStyle(canvas);
  const x = (s: number): number => LABEL + ((WIDTH - LABEL) * Math.min(Math.max(s, 0), endS)) / (endS || 1);
  const band = (lane: number, fromS: number, toS: number, colour: string): void => {
    context.fillStyle = colour;
    context.fillRect(x(fromS), lane * LANE + 3, Math.max(1, x(toS) - x(fromS)), LANE - 6);
  };
  context.font = `13px ${look.fontFamily}`;
  const label = (lane: number, text: string): void => {
    context.fillStyle = look.color;
    context.fillText(text, 0, lane * LANE + 13, LABEL - 10);
  };
  if (sweepLane) {
    label(0, "strokes");
    for (const { fromS, toS } of sweeps) band(0, fromS, toS, "#8b98a3");
  }
  tracks.forEach(({ tool, status }, i) => {
    label(i + sweepLane, tool);
    status.forEach(({ fromS, status: name }, k) => {
      band(i + sweepLane, fromS, status[k + 1]?.fromS ?? endS, name === "tracked" ? toolColour(i) : LOST);
    });
  });
  context.fillStyle = look.color;
  context.fillRect(x(timeS) - 1, 0, 2, canvas.height);
}
