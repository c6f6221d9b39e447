import { viewStyle } from "../run/view-style.ts";
import { style } from "../style.ts";

/** Style of the pages of `sonobench view`, after that of every page. */
export const viewPageStyle = `${style}${viewStyle}
.back{margin:.3rem 0 0}main{margin-top:1rem!important}
.open{margin:.8rem 0 1.2rem}a.button{display:inline-block;background:var(--accent);color:var(--page);font-weight:600;text-decoration:none;
border-radius:6px;padding:.45rem 1rem}
.parts{list-style:none;padding:0;margin:0;columns:2;column-gap:2rem}.parts li{padding:.2rem 0;overflow-wrap:anywhere}
.parts .note{display:inline}
.slices{display:grid;grid-template-columns:repeat(3,minmax(0,1fr));gap:1rem;align-items:end}
figure.slice{margin:0}.slice canvas{display:block;width:100%;background:#000;border-radius:6px;cursor:crosshair;touch-action:none}
.slider,.panel .slider{display:block}.slider>span{display:flex;justify-content:space-between;gap:.6rem;font-variant-numeric:tabular-nums}
.row{display:grid;grid-template-columns:minmax(0,2fr) minmax(0,1fr) minmax(0,1fr) auto;gap:1.2rem;align-items:end;margin-top:.8rem}
.row .at{margin:0;font-variant-numeric:tabular-nums}
.player{display:grid;grid-template-columns:minmax(0,1fr) minmax(0,1fr);gap:1rem}.player figure{margin:0;min-width:0}
.player figure canvas{display:block;max-width:100%;width:100%;max-height:min(64vh,560px);object-fit:contain;background:#000;border-radius:8px}
.player figcaption{font-size:.9rem;color:var(--soft);font-variant-numeric:tabular-nums}
.time{display:flex;gap:.9rem;align-items:center;margin-top:.9rem}.time .grow{flex:1;min-width:0;font-variant-numeric:tabular-nums}
.lanes{display:block;width:100%;margin:.5rem 0;border-radius:4px}
canvas.ramp{width:100%}dl[data-mesh-facts]{font-size:.92rem}
.swatch.tool{height:.7em;width:.7em;border-radius:50%;margin-right:.4em;background:currentColor}
@media (max-width:860px){.slices,.player{grid-template-columns:minmax(0,1fr)}.row{grid-template-columns:minmax(0,1fr)}.parts{columns:1}.time{flex-wrap:wrap}}
`;
