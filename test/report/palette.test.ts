import { expect, test } from "vitest";
import { contrast, dark, light, type Palette } from "../../src/report/palette.ts";
import { style } from "../../src/report/style.ts";

/** WCAG 2.2: 1.4.3 for text, 1.4.11 for lines and marks that carry meaning. */
const TEXT = 4.5,
  GRAPHIC = 3;

const schemes: readonly (readonly [string, Palette])[] = [
  ["light", light],
  ["dark", dark],
];

test.each(schemes)("text has a contrast of 4.5 on everything that it stands on, %s", (_, palette) => {
  const { page, card, stage, warn } = palette;
  for (const name of ["ink", "soft", "accent", "good", "bad"] as const) {
    for (const [ground, colour] of Object.entries({ page, card, stage, warn })) {
      expect({ name, ground, ok: contrast(palette[name], colour) >= TEXT }).toEqual({ name, ground, ok: true });
    }
  }
});

test.each(schemes)(
  "lines of a plot and of a warning have a contrast of 3 on the page and its cards, %s",
  (_, palette) => {
    for (const colour of [...palette.series, palette.warnLine]) {
      for (const ground of [palette.page, palette.card]) {
        expect({ colour, ok: contrast(colour, ground) >= GRAPHIC }).toEqual({ colour, ok: true });
      }
    }
  },
);

test("contrast is that of the standard: 21 for black on white, 4.48 for #777 on white, 1 for a colour on itself", () => {
  expect(contrast("#000000", "#ffffff")).toBeCloseTo(21, 10);
  expect(contrast("#777777", "#ffffff")).toBeCloseTo(4.48, 2);
  expect(contrast("#0b6b74", "#0b6b74")).toBe(1);
});

test("the style takes every colour of text and ground from the palettes", () => {
  const outside = style.replace(/:root\{[^}]*\}/g, "").match(/(?<![-\w])(color|background):#[0-9a-f]{3,6}/gi);
  // Behind ultrasound pictures it is black, on paper white; the path of the probe is a line.
  expect([...new Set(outside)].sort()).toEqual([
    "background:#000",
    "background:#8a5cd6",
    "background:#fff",
    "color:#56616c",
  ]);
});
