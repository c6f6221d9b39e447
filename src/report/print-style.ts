/**
 * Paper: always light, no controls, nothing cut in two that can be kept whole, the page's number below. Links to parts of
 * the page are words; a table's head stands on every sheet that the table reaches.
 */
export const printStyle = `
@media print{
@page{size:A4;margin:16mm 14mm 18mm;@bottom-right{content:counter(page) " of " counter(pages);font:8.5pt sans-serif;color:#56616c}
@bottom-left{content:"SonoBench: for research, not a medical device";font:8.5pt sans-serif;color:#56616c}}
html{scroll-behavior:auto}body{font-size:10pt;background:#fff}
nav.screen,.controls,.panel,.skip,.buttons{display:none!important}
main,header.top,footer{max-width:none;padding:0}header.top{padding-bottom:.6rem}footer{padding-bottom:0}
h1{font-size:20pt}h2{font-size:13pt}h3{font-size:11pt}
section,.pair section{border:0;padding:0;border-radius:0;margin:0 0 5mm}section:not(.bare){padding:0}
h1,h2,h3,caption,summary{break-after:avoid}
.tile,.frame,tr,.stage,.plot,figure,.notice,dt,.check{break-inside:avoid}dt,h2+p{break-after:avoid}
nav.printed{display:block;position:static;border:0;background:none;margin:0 0 4mm}nav.printed ul{padding:0;columns:2}
nav.printed li{list-style:none}details::details-content{content-visibility:visible;height:auto}
p,li,dd{orphans:3;widows:3}
thead{display:table-header-group;break-inside:avoid;break-after:avoid}tbody:first-of-type tr:first-child{break-before:avoid}
.checks table{table-layout:fixed}.checks th:first-child{width:44%}.checks th:last-child,.checks td:last-child{width:11%}
.tiles{grid-template-columns:repeat(5,1fr);gap:2mm}.tile{padding:2mm;border-radius:2mm}.tile .value{font-size:16pt}
.tile .name{font-size:8pt}.tile .unit{font-size:9pt}.note,.tile .scope,.tile .interval,caption{font-size:7.5pt}
.appendix{break-before:page}.appendix table{font-size:7pt}.appendix th,.appendix td{padding:.08rem .3rem}
.appendix td,.appendix th{line-height:1.25}
.gallery{grid-template-columns:repeat(auto-fill,minmax(42mm,1fr));gap:3mm}.frame svg{max-height:75mm}
.plots{display:block}.plot{max-width:150mm;margin:0 auto 4mm}
.viewer,.pair{display:block}.stage{height:105mm;min-height:0}
.scroll{overflow:visible;margin:.4rem 0}svg.dots{min-width:0}
table{font-size:8.5pt}th,td{padding:.16rem .35rem}.bar{min-width:0;gap:.3rem}.bar .track{max-width:12mm;min-width:6mm}
pre{white-space:pre-wrap;overflow-wrap:anywhere}code{overflow-wrap:anywhere}
.notice{border-left:4px solid var(--warn-line);padding:.4rem .7rem!important}
a{color:inherit;text-decoration:none}
.fill,.ramp,.swatch,.key,.cell,.notice,.mean,td.failed,.verdict{print-color-adjust:exact;-webkit-print-color-adjust:exact}}
`;
