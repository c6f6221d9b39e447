/** Colours of every page, as sRGB hex; test/report/palette.test.ts computes their contrast. */
export interface Palette {
  readonly page: string;
  readonly card: string;
  readonly ink: string;
  /** Captions, notes, axes. */
  readonly soft: string;
  readonly line: string;
  readonly accent: string;
  /** Behind the 3D view and bars. */
  readonly stage: string;
  readonly warn: string;
  readonly warnLine: string;
  /** Words of verdicts. */
  readonly good: string;
  readonly bad: string;
  /** Series of a plot, in their order. */
  readonly series: readonly string[];
}

export const light: Palette = {
  page: "#f6f7f8",
  card: "#ffffff",
  ink: "#1b2127",
  soft: "#56616c",
  line: "#d9dee3",
  accent: "#0b6b74",
  stage: "#eef1f3",
  warn: "#fdf3d8",
  warnLine: "#9a6a00",
  good: "#1d6b34",
  bad: "#b3261e",
  series: ["#0b6b74", "#c23b4e", "#7a4bc9", "#9a6a00", "#3f7d20", "#7b5e57", "#1f6fd1", "#b8591a", "#6b7280"],
};

export const dark: Palette = {
  page: "#14181c",
  card: "#1d2328",
  ink: "#e8ecef",
  soft: "#a9b4be",
  line: "#353e46",
  accent: "#63cbd3",
  stage: "#12161a",
  warn: "#33290f",
  warnLine: "#d9a01e",
  good: "#7fd493",
  bad: "#ff9a91",
  series: ["#63cbd3", "#ff8fa0", "#b79aff", "#d9a01e", "#8fd16a", "#c9aaa2", "#7fb2ff", "#f0a064", "#a3adb8"],
};

/** Lines on ultrasound images, which are dark in either scheme. */
export const overImage = { found: "#ffb000", true: "#3ddbd9" } as const;

const kebab = (name: string): string => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/** As CSS custom properties: `--warn-line`, and `--s0` … for the series. */
export function cssVariables({ series, ...named }: Palette): string {
  return [
    ...Object.entries(named).map(([name, colour]) => `--${kebab(name)}:${colour}`),
    ...series.map((colour, i) => `--s${i}:${colour}`),
  ].join(";");
}

/** Relative luminance of WCAG 2 (sRGB). */
function luminance(hex: string): number {
  const [r, g, b] = [1, 3, 5].map((at) => {
    const c = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return c <= 0.040_45 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/** Contrast ratio of WCAG 2: 1 (none) to 21. */
export function contrast(a: string, b: string): number {
  const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y) as [number, number];
  return (high + 0.05) / (low + 0.05);
}
