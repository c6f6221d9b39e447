import { cssVariables, dark, light, overImage } from "./palette.ts";
import { plotStyle } from "./plot-style.ts";
import { printStyle } from "./print-style.ts";

/** The one style of every report page. Light and dark follow the reader's system; print is always light. */
export const style = `
:root{color-scheme:light;${cssVariables(light)};--found:${overImage.found};--true:${overImage.true}}
@media screen and (prefers-color-scheme:dark){:root{color-scheme:dark;${cssVariables(dark)}}}
*{box-sizing:border-box}
[hidden]{display:none!important}
html{scroll-behavior:smooth;scroll-padding-top:3.2rem}
body{margin:0;background:var(--page);color:var(--ink);font:16px/1.5 system-ui,"Segoe UI",Roboto,"Noto Sans",sans-serif}
main,header.top,footer{max-width:1180px;margin:0 auto;padding:0 1.25rem}
.skip{position:absolute;left:-999px}.skip:focus{left:1rem;top:.5rem;z-index:9;background:var(--card);padding:.4rem .8rem}
header.top{padding-top:1.6rem}
.kicker{margin:0;color:var(--accent);font-weight:600;letter-spacing:.02em}
h1{font-size:2rem;line-height:1.2;margin:.1rem 0 .3rem;text-wrap:balance;overflow-wrap:anywhere}
h2{font-size:1.3rem;line-height:1.3;margin:0 0 .6rem}h3{font-size:1rem;margin:1rem 0 .3rem}
.facts{margin:0;color:var(--soft);overflow-wrap:anywhere}
nav{position:sticky;top:0;z-index:5;background:var(--page);border-bottom:1px solid var(--line);margin:.8rem 0 1rem}
nav ul{max-width:1180px;margin:0 auto;padding:.5rem 1.25rem;display:flex;flex-wrap:wrap;gap:.2rem 1.2rem;list-style:none}
a{color:var(--accent)}nav a{text-decoration:none}nav a:hover{text-decoration:underline}
:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
section{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:1.1rem 1.25rem;margin:0 0 1.1rem}
section.bare{background:none;border:0;padding:0}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(195px,1fr));gap:.8rem;margin:0 0 .3rem;padding:0;list-style:none}
.tile{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:.8rem 1rem}
.tile .name{overflow-wrap:anywhere;display:block;font-size:.92rem;line-height:1.3}
.tile{display:flex;flex-direction:column}.tile .value{margin-top:auto}.tile .scope{min-height:1.35em}
.tile .value{font-size:1.9rem;line-height:1.25;font-weight:650;font-variant-numeric:tabular-nums}
.tile .unit{font-size:1rem;font-weight:450;margin-left:.2em}
.note,.tile .scope,.tile .interval{color:var(--soft);font-size:.86rem;display:block;line-height:1.35}
td .note{white-space:nowrap}p.note{margin:.5rem 0 0}
.notice{border-left:4px solid var(--warn-line);background:var(--warn);padding:.5rem 1rem}.notice p,.notice ul{margin:0}
.verdict{font-weight:600;white-space:nowrap}.verdict.good{color:var(--good)}.verdict.bad{color:var(--bad)}
.checks th[scope=row]{min-width:16rem}.checks td{white-space:normal}.checks td .note{white-space:normal}.part{margin-top:1rem}
p.statement{padding:.7rem 1rem;margin:0 0 1rem;border-radius:6px}.from{white-space:normal!important}
th .scope{color:var(--soft)}
.notice h2{font-size:1rem;margin:0}
.viewer{display:grid;grid-template-columns:minmax(0,1fr) 250px;gap:1rem}
.stage{position:relative;background:var(--stage);border-radius:8px;overflow:hidden;height:min(64vh,560px);min-height:340px}
.stage canvas{display:block;width:100%;height:100%;touch-action:none}
.stage .message{position:absolute;inset:0;display:grid;place-content:center;padding:2rem;text-align:center}
.stage .readout{position:absolute;left:.7rem;top:.6rem;background:var(--card);border-radius:6px;padding:.2rem .6rem;
font-size:.88rem;pointer-events:none;max-width:80%}
.stage .readout:empty{display:none}
.legend{display:grid;grid-template-columns:auto 1fr auto;gap:.1rem .7rem;align-items:center;margin-top:.5rem;font-size:.88rem}
.legend .ramp{height:14px;border-radius:3px}
.legend .under{grid-column:2;display:flex;justify-content:space-between;font-variant-numeric:tabular-nums;line-height:1.2}
.legend p{grid-column:1/-1}
.panel fieldset{border:0;padding:0;margin:0 0 .8rem;min-width:0}
.panel legend{font-weight:600;padding:0;margin-bottom:.2rem}
.panel label,.controls label{display:flex;align-items:center;gap:.45rem;margin:.12rem 0}
.controls{display:flex;flex-wrap:wrap;gap:.2rem 1.3rem;margin:0 0 .7rem}
input{accent-color:var(--accent);margin:0}input[type=range]{width:100%}
button,select{font:inherit;color:inherit;background:var(--page);border:1px solid var(--line);border-radius:6px;
padding:.25rem .7rem;cursor:pointer}button:hover{border-color:var(--accent)}
.buttons{display:flex;flex-wrap:wrap;gap:.4rem}
.swatch{display:inline-block;width:1.4em;height:.28em;border-radius:2px}
.swatch.path{background:#8a5cd6}.swatch.show-found{background:var(--found)}.swatch.show-true{background:var(--true)}
.pair{display:grid;grid-template-columns:minmax(0,1.5fr) minmax(0,1fr);gap:1.1rem}.pair section{margin-bottom:0}
.pair{margin-bottom:1.1rem}
dl{margin:0}dt{font-weight:600}dd{margin:0 0 .5rem;color:var(--soft)}
.scroll{overflow-x:auto;margin:.8rem 0 .6rem}
table{border-collapse:collapse;width:100%;font-size:.93rem;font-variant-numeric:tabular-nums}
caption{text-align:left;color:var(--soft);padding:0 0 .4rem;font-size:.9rem}
th,td{padding:.3rem .6rem;text-align:right;border-bottom:1px solid var(--line);vertical-align:top}
th:first-child,.text{text-align:left}td.text{overflow-wrap:anywhere}
thead th{vertical-align:bottom;line-height:1.25;border-bottom:2px solid var(--line)}
tbody th{font-weight:450}tr.group th{font-weight:650;padding-top:.8rem}
tr:not(.group)>th[scope=row]{padding-left:1rem}
td.failed{text-align:left;background:var(--warn)}
.bar{display:flex;align-items:center;justify-content:flex-end;gap:.5rem;min-width:8.5rem}
.bar .track{flex:1;max-width:9rem;height:.5rem;border-radius:4px;background:var(--stage);overflow:hidden}
.bar .fill{display:block;height:100%}.bar>span:last-child{min-width:3.4em}
#frames table{width:auto;min-width:55%}
.gallery{display:grid;grid-template-columns:repeat(auto-fill,minmax(250px,1fr));gap:1rem}
.frame{margin:0}.frame svg{display:block;width:100%;height:auto;max-height:440px;border-radius:6px;background:#000}
.frame .dark{fill:#000}.frame text{fill:#ccc}.frame figcaption{font-size:.9rem;margin-top:.3rem}
.ridge{fill:none;vector-effect:non-scaling-stroke;stroke-linecap:round;stroke-linejoin:round}
.ridge.found{stroke:var(--found);stroke-width:1.6}
.ridge.true{stroke:var(--true);stroke-width:3;opacity:.75}
.tick{stroke:#fff;stroke-width:1;vector-effect:non-scaling-stroke;opacity:.8}
section:has(#show-found:not(:checked)) .ridge.found,section:has(#show-true:not(:checked)) .ridge.true{display:none}
details{margin:.4rem 0}summary{cursor:pointer;font-weight:600;padding:.2rem 0}
code{font:0.92em ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
.score{display:inline-block;min-width:3.2em;font-variant-numeric:tabular-nums}
pre{overflow-x:auto;font-size:.86rem;background:var(--stage);border-radius:6px;padding:.6rem .8rem}
p.answer{font-size:1.25rem;line-height:1.45;margin:.2rem 0 .4rem}
ul.plain{margin:.2rem 0;padding-left:1.2rem}
footer{color:var(--soft);font-size:.88rem;padding-bottom:2.5rem}
@media (max-width:860px){.viewer,.pair{grid-template-columns:minmax(0,1fr)}h1{font-size:1.6rem}
.stage{height:62vh}.panel{columns:2}.panel fieldset{break-inside:avoid}nav{position:static}}
@media (max-width:480px){.tiles{grid-template-columns:1fr 1fr}.tile{padding:.6rem .7rem}.tile .value{font-size:1.5rem}main,header.top,footer{padding:0 .8rem}section:not(.bare){padding:.8rem}.panel{columns:1}}
@media (prefers-reduced-motion:reduce){html{scroll-behavior:auto}}
${plotStyle}${printStyle}`;
