import { light } from "./palette.ts";

const series = light.series
  .map((_, i) => `.s${i}{stroke:var(--s${i});background:var(--s${i})}.band.s${i}{fill:var(--s${i});stroke:none}`)
  .join("");

/** Of the plots that are SVG: clouds and lines, maps, rows of dots. */
export const plotStyle = `
.plots{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,430px),1fr));gap:1.1rem}
.plot{margin:0}.plot h3{margin-top:0}.plot svg{display:block;width:100%;height:auto}
.plot text{fill:var(--soft);font-size:12px}.plot .grid{stroke:var(--line);stroke-width:1}
.plot .frame-line{fill:none;stroke:var(--soft)}
.points{fill:none;stroke-width:4;stroke-linecap:round;stroke-opacity:.55}
.points.few{stroke-width:9;stroke-opacity:.9}.line{fill:none;stroke-width:2}.band{fill-opacity:.14}${series}
.keys{display:flex;flex-wrap:wrap;gap:.2rem 1.1rem;margin:.2rem 0;font-size:.88rem}
.key{display:inline-block;width:1em;height:.5em;border-radius:2px}
.mark{fill:none;vector-effect:non-scaling-stroke;stroke-width:1.6}.mark.found{stroke:var(--found)}
.mark.expected{stroke:var(--true)}
.map .cell{stroke:none}.map .ramp{height:14px;border-radius:3px}.map .legend{max-width:26rem}.map svg{max-height:420px}
svg.dots{width:100%;min-width:620px;height:auto;display:block}
svg.dots text{fill:var(--ink);font-size:14px}svg.dots .scale{fill:var(--soft);font-size:12px}
svg.dots .grid{stroke:var(--line)}svg.dots .mark{stroke:var(--warn-line);stroke-dasharray:5 4}
svg.dots .point{fill:var(--soft);opacity:.55}svg.dots .interval{stroke:var(--accent);stroke-width:3}
svg.dots .mean{fill:var(--accent)}
svg.waterfall .bar{fill:var(--accent)}svg.waterfall .bar.sum{fill:var(--soft)}
svg.waterfall .bar.less{fill:none;stroke:var(--accent);stroke-dasharray:3 3}
svg.waterfall .whisker{stroke:var(--ink);stroke-width:2}svg.waterfall .band{fill:var(--warn-line);opacity:.16}`;
