import type { PageData } from "../data/report-page.ts";
import { errorPosition, rampCss } from "./vertex-colours.ts";

/** The little of plotly.js that is used here. */
interface Plotly {
  react(element: HTMLElement, traces: readonly object[], layout: object, config: object): Promise<unknown>;
}
declare const Plotly: Plotly;

const ROW_PX = 130;
const FRAME_PX = 75;

const word = (bone: string): string => (bone === "all" ? "All bones" : bone.charAt(0).toUpperCase() + bone.slice(1));
/** Plotly reads a little markup in its texts. */
const plain = (text: string): string => text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");

/** One row a bone over one axis of mm, bars in the colours of the 3D view. Draws again on each call. */
export async function drawHistograms(element: HTMLElement, data: PageData, rangeMm: number): Promise<void> {
  const ink = getComputedStyle(element).color;
  const line = getComputedStyle(document.documentElement).getPropertyValue("--line").trim();
  const rows = data.histograms.length;
  const traces: object[] = [];
  const axes: Record<string, object> = {};
  data.histograms.forEach(({ bone, edgesMm, share }, row) => {
    const suffix = row ? String(row + 1) : "";
    const middle = share.map((_, i) => ((edgesMm[i] ?? 0) + (edgesMm[i + 1] ?? 0)) / 2);
    traces.push({
      type: "bar",
      name: plain(word(bone)),
      x: middle,
      y: share.map((part) => part * 100),
      width: share.map((_, i) => (edgesMm[i + 1] ?? 0) - (edgesMm[i] ?? 0)),
      customdata: share.map((_, i) => [edgesMm[i], edgesMm[i + 1]]),
      yaxis: `y${suffix}`,
      marker: {
        color: middle.map((mm) => rampCss(data.errorColours, errorPosition(mm, rangeMm))),
        line: { color: ink, width: 0.4 },
      },
      hovertemplate:
        "%{customdata[0]:.2f} to %{customdata[1]:.2f} mm: %{y:.1f} % of the surface<extra>%{fullData.name}</extra>",
    });
    axes[`yaxis${suffix}`] = {
      domain: [1 - (row + 0.88) / rows, 1 - row / rows],
      title: { text: plain(word(bone)), standoff: 6 },
      ticksuffix: " %",
      rangemode: "tozero",
      gridcolor: line,
      zerolinecolor: line,
      fixedrange: true,
    };
  });
  const height = rows * ROW_PX + FRAME_PX;
  element.style.height = `${height}px`;
  const layout = {
    height,
    margin: { l: 70, r: 12, t: 8, b: 48 },
    showlegend: false,
    bargap: 0,
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    font: { family: getComputedStyle(document.body).fontFamily, size: 13, color: ink },
    xaxis: {
      title: { text: "signed error, mm" },
      anchor: rows > 1 ? `y${rows}` : "y",
      gridcolor: line,
      zerolinecolor: ink,
      zerolinewidth: 1,
    },
    ...axes,
  };
  await Plotly.react(element, traces, layout, {
    responsive: true,
    displaylogo: false,
    modeBarButtonsToRemove: ["select2d", "lasso2d", "autoScale2d"],
  });
}
