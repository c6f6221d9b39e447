/** Adds a line through `count` points to the path; where `at` gives none it is broken. */
export function traceBrokenLine(
  context: CanvasRenderingContext2D,
  count: number,
  at: (index: number) => readonly [x: number, y: number] | undefined,
): void {
  let drawing = false;
  for (let i = 0; i < count; i++) {
    const point = at(i);
    if (!point) drawing = false;
    else {
      if (drawing) context.lineTo(...point);
      else context.moveTo(...point);
      drawing = true;
    }
  }
}
