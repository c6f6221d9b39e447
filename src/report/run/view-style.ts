/** Of the 3D view's own parts; the rest is the style of every page. */
export const viewStyle = `
.scan{display:grid;grid-template-columns:minmax(150px,230px) minmax(0,1fr);gap:1rem;margin-top:1rem;align-items:start}
.scan canvas.now{width:100%;border-radius:6px;background:#000}
.scan .time{display:flex;gap:.8rem;align-items:center}.scan .time button{min-width:4.6rem}
.scan .grow{flex:1;min-width:0}.scan .name{display:block;font-variant-numeric:tabular-nums}
.scan ul{list-style:none;display:grid;grid-template-columns:repeat(auto-fill,minmax(78px,1fr));gap:.4rem;padding:0;margin:.4rem 0}
.scan li button{width:100%;padding:.2rem;font-size:.8rem;line-height:1.2;font-variant-numeric:tabular-nums}
.scan li canvas{display:block;width:100%;border-radius:3px;margin-bottom:.1rem}
.scan .point p{margin:.6rem 0 0}.swatch.frame-now{background:#0b8c96}
@media (max-width:560px){.scan{grid-template-columns:minmax(0,1fr)}.scan canvas.now{max-width:230px}}
@media print{.scan .time button,.scan .time input{display:none}}
`;
