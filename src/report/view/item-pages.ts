import type { ViewKind } from "../../data/view-page.ts";
import { markup, type Content, type Markup } from "../markup.ts";
import { renderShell } from "./shell.ts";

const stage = (says: string): Markup =>
  markup`<div class="stage" data-stage aria-label="${says} Arrow keys turn it, plus and minus zoom, 0 resets."
><div class="readout" role="status" data-readout></div></div>`;

const noWebGl = markup`<p class="message" data-no-webgl hidden>This browser cannot draw the 3D view, because WebGL is missing or
switched off. Everything else on this page works without it.</p>`;

const slider = (id: string, label: Content): Markup =>
  markup`<label class="slider"><span>${label} <output data-of="${id}"></output></span><input type="range" id="${id}" min="0" max="0" step="1" value="0"></label>`;

const buttons = markup`<div class="buttons"><button type="button" data-action="reset">Reset view</button>
<button type="button" data-action="save">Save picture</button></div>
<p class="note">Drag to turn, right-drag to move, wheel to zoom. With the keyboard: arrows turn, + and − zoom, 0 resets.</p>`;

const mesh = markup`<section data-view hidden><div class="viewer"><div>${stage("3D view of the mesh.")}
<div class="legend" data-legend hidden><span data-low></span><canvas class="ramp" data-ramp width="256" height="1"></canvas><span data-high></span></div>
</div><div class="panel" role="group" aria-label="What the 3D view shows"><fieldset><legend><label for="colour">Colour</label></legend>
<select id="colour"></select></fieldset><fieldset><legend>Look</legend><label><input type="checkbox" name="edges"> edges of triangles</label></fieldset>
<dl data-mesh-facts></dl>${buttons}</div></div>${noWebGl}</section>`;

const slice = (axis: number, name: string): Markup =>
  markup`<figure class="slice"><canvas data-slice="${axis}" role="img" aria-label="Slice across ${name}"></canvas>
<figcaption>${slider(`slice-${axis}`, `across ${name}`)}</figcaption></figure>`;

const volume = markup`<section data-view hidden><h2>Slices</h2><div class="slices">${slice(0, "x")}${slice(1, "y")}${slice(2, "z")}</div>
<div class="row"><p class="at" role="status" data-crosshair></p>${slider("window-low", "black at")}${slider("window-high", "white at")}
<label><input type="checkbox" name="crosshair" checked> crosshair</label></div>
<p class="note">Click or drag in a slice to move the crosshair; each slider moves its slice. Axes and numbers are those of the file (LPS, mm).</p>
</section><section data-view-surface hidden><h2>Surface</h2><div class="viewer"><div>${stage("3D view of the surface of the volume with the three slices in it.")}</div>
<div class="panel" role="group" aria-label="The surface">${slider("level", "at the value")}
<label><input type="checkbox" name="planes" checked> slices in their places</label>
<p class="note" data-surface-says role="status"></p>${buttons}</div></div>${noWebGl}</section>`;

const recording = markup`<section data-view hidden><div class="player"><figure><canvas data-image role="img" aria-label="Ultrasound image"></canvas>
<figcaption data-image-says></figcaption></figure><div>${stage("3D view of the ways of the tracked tools.")}${noWebGl}</div></div>
<div class="time"><button type="button" data-action="play" aria-pressed="false">Play</button>
<label class="grow"><span data-time-says></span><input type="range" id="time" min="0" max="0" step="1" value="0"></label>
<label>Speed <select id="speed"><option value="0.25">¼</option><option value="0.5">½</option><option value="1" selected>1</option><option value="2">2</option><option value="4">4</option></select></label></div>
<canvas class="lanes" data-lanes role="img" aria-label="Status of each tool over time; the table below holds the same at the moment"></canvas>
<div class="scroll" tabindex="0"><table><caption>Tools at this moment</caption><thead><tr><th scope="col">Tool</th><th scope="col" class="text">In the frame of</th>
<th scope="col" class="text">Status</th><th scope="col">x, y, z, mm</th><th scope="col">Tracked</th><th scope="col">Samples a second</th></tr></thead><tbody data-tools></tbody></table></div>
<details data-sweeps-box hidden><summary>Strokes</summary><ul class="plain" data-sweeps></ul></details>
<div class="buttons"><button type="button" data-action="reset">Reset view</button><button type="button" data-action="save">Save picture</button></div></section>`;

const bodies: Readonly<Record<ViewKind, Markup>> = { mesh, volume, recording };

export const renderItemPage = (path: string, kind: ViewKind, hasFolder: boolean): string =>
  renderShell({
    kicker: `view · ${kind}`,
    heading: path.split("/").at(-1) ?? path,
    item: { path, kind },
    hasFolder,
    main: bodies[kind],
  });
