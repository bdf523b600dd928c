"""The look of the page: quiet, printable, light and dark by the reader's own setting, no fonts fetched."""

from __future__ import annotations

CSS = """
:root {
  color-scheme: light dark;
  --paper: #fbfbf9; --card: #ffffff; --ink: #1d2329; --soft: #5b6670; --faint: #e3e6e8;
  --accent: #1f5f8b; --beside: #7a5ea8; --rule: #8a949c;
  --alarm: #a3271b; --alarm-back: #fbecea; --warn: #8a5a00; --warn-back: #fbf3df;
  --good: #2b6b3f; --good-back: #e8f3ea;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #14181c; --card: #1b2025; --ink: #e4e8eb; --soft: #9aa6b0; --faint: #2e363d;
    --accent: #6cb2e0; --beside: #b59be0; --rule: #7d8891;
    --alarm: #ff9c8f; --alarm-back: #3a1f1c; --warn: #efc065; --warn-back: #352a14;
    --good: #8fd0a3; --good-back: #1b3023;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--paper); color: var(--ink);
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
  overflow-wrap: anywhere;
}
.frame { display: grid; grid-template-columns: 15rem minmax(0, 52rem); gap: 3.5rem; max-width: 74rem;
  margin: 0 auto; padding: 2.75rem 2rem 4rem; }
header { grid-column: 1 / -1; border-bottom: 1px solid var(--faint); padding-bottom: 1.4rem; }
h1 { font-size: 1.75rem; line-height: 1.2; letter-spacing: -.01em; margin: 0 0 .35rem; font-weight: 650; }
header p { margin: 0; color: var(--soft); }
.status { display: inline-block; margin-top: .9rem; padding: .15rem .7rem; border-radius: 99px;
  font-size: .85rem; font-weight: 600; color: var(--warn); background: var(--warn-back); }
nav { font-size: .88rem; position: sticky; top: 1.5rem; align-self: start; }
nav ol { list-style: none; margin: 0; padding: 0; }
nav a { display: block; padding: .18rem 0; color: var(--soft); text-decoration: none; }
nav a:hover, nav a:focus { color: var(--accent); text-decoration: underline; }
section { margin: 0 0 2.9rem; scroll-margin-top: 1rem; }
h2 { font-size: 1.18rem; margin: 0 0 .8rem; font-weight: 650; }
p { margin: 0 0 1rem; }
ul { margin: 0 0 1rem; padding-left: 1.15rem; }
li { margin: 0 0 .45rem; }
.verdict { font-size: 1.2rem; line-height: 1.45; font-weight: 550; border-left: 3px solid var(--accent);
  padding-left: 1.1rem; margin-bottom: 1.4rem; }
.alarm { color: var(--alarm); background: var(--alarm-back); padding: .75rem 1rem; border-radius: 6px; }
.note { color: var(--soft); }
dl { display: grid; grid-template-columns: minmax(9rem, 13rem) minmax(0, 1fr); gap: .38rem 1.25rem;
  margin: 0 0 1.2rem; font-size: .95rem; }
dt { color: var(--soft); } dd { margin: 0; font-variant-numeric: tabular-nums; }
dl.tiles { grid-template-columns: repeat(3, minmax(0, 1fr)); gap: .75rem; }
dl.tiles > div { background: var(--card); border: 1px solid var(--faint); border-radius: 8px;
  padding: .7rem .95rem .8rem; }
dl.tiles dt { font-size: .8rem; } dl.tiles dd { font-size: 1.1rem; font-weight: 600; line-height: 1.35; }
figure { margin: 0 0 1.5rem; } figcaption { color: var(--soft); font-size: .88rem; margin: 0 0 .45rem; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; font-variant-numeric: tabular-nums; }
th, td { text-align: right; padding: .38rem .7rem; border-bottom: 1px solid var(--faint); vertical-align: top;
  overflow-wrap: break-word; }
th { color: var(--soft); font-weight: 600; font-size: .83rem; vertical-align: bottom;
  border-bottom-color: var(--rule); }
th:first-child, td:first-child { padding-left: 0; } th:last-child, td:last-child { padding-right: 0; }
.l { text-align: left; }
dl.tiles dd.period { font-size: .98rem; }
.figures td:not(.l), .period { white-space: nowrap; }
.digest { font: .8rem/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; overflow-wrap: anywhere; }
.mark { padding: .05rem .5rem; border-radius: 99px; font-size: .82rem; font-weight: 600; }
.mark.bad { color: var(--alarm); background: var(--alarm-back); }
.mark.warn { color: var(--warn); background: var(--warn-back); }
.mark.good { color: var(--good); background: var(--good-back); }
.below { color: var(--soft); font-size: .85rem; margin: .45rem 0 0; }
pre { margin: 0 0 1rem; padding: .7rem 1rem; background: var(--card); border: 1px solid var(--faint);
  border-radius: 6px; font: .88rem/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace;
  white-space: pre-wrap; }
.blank { border: 1px dashed var(--rule); border-radius: 6px; padding: 1rem; color: var(--soft); }
svg { width: 100%; height: auto; display: block; font-size: 12.5px; }
svg text { fill: var(--ink); } svg .tick { fill: var(--soft); font-size: 11.5px; }
svg .end { text-anchor: end; } svg .middle { text-anchor: middle; } svg .strong { font-weight: 650; }
svg .figure { font-variant-numeric: tabular-nums; }
svg line { stroke: var(--rule); } svg .grid { stroke: var(--faint); }
svg .half { stroke: var(--ink); stroke-dasharray: 4 4; opacity: .65; }
svg .bar { stroke-width: 5; stroke-linecap: round; opacity: .4; } svg .stem { stroke-width: 2; opacity: .6; }
svg circle { fill: var(--rule); } svg circle.model { fill: var(--accent); }
svg circle.beside { fill: var(--beside); }
svg .bar.model { stroke: var(--accent); } svg .bar.beside { stroke: var(--beside); }
svg polyline { fill: none; stroke: var(--rule); stroke-width: 1.6; } svg polyline.model { stroke: var(--accent); }
svg text.model { fill: var(--accent); } svg .bar.bad { stroke: var(--alarm); }
.gallery { display: grid; grid-template-columns: 1fr 1fr; gap: 0 1.5rem; }
.gallery .wide { grid-column: 1 / -1; }
.caption { margin: 0 0 .35rem; font-weight: 600; }
.first h2 { display: none; } .first .verdict { font-size: 1.1rem; }
.first dl { grid-template-columns: 7rem minmax(0, 1fr); }
ol.contents { columns: 2; padding-left: 1.4rem; margin: 0; } ol.contents a { color: var(--accent); }
@media (max-width: 60rem) {
  .frame { display: block; padding: 1.5rem 1.1rem 3rem; } nav { display: none; }
  header { margin-bottom: 2rem; }
  dl.tiles { grid-template-columns: repeat(2, minmax(0, 1fr)); }
  .gallery { display: block; } ol.contents { columns: 1; }
  dl:not(.tiles) { grid-template-columns: 1fr; gap: 0; } dl:not(.tiles) dd { margin-bottom: .6rem; }
}
@media screen and (max-width: 40rem) {
  .gallery .wide svg, .gallery .wide svg .tick { font-size: 21px; }
}
@media print {
  :root { color-scheme: light; --paper: #fff; --card: #fff; --ink: #000; --soft: #444; --faint: #ddd;
    --accent: #1f5f8b; --beside: #7a5ea8; --rule: #777; --alarm: #a3271b; --alarm-back: #fff;
    --warn: #8a5a00; --warn-back: #fff; --good: #2b6b3f; --good-back: #fff; }
  @page { margin: 14mm 15mm; }
  body { font-size: 10.5pt; } .frame { display: block; padding: 0; } nav { display: none; }
  header { margin-bottom: 1.5rem; } section { margin-bottom: 1.6rem; }
  h2 { break-after: avoid; } figure, tr, .verdict, dl.tiles > div { break-inside: avoid; }
  .scroll { overflow: visible; } .blank { min-height: 6rem; }
  .gallery { display: grid; grid-template-columns: 1fr 1fr; }
  header:has(+ nav) { margin-bottom: .5rem; padding-bottom: .4rem; } header h1 { font-size: 15pt; margin: 0; }
  header p { display: inline; margin-right: 1rem; } header .status { margin: 0; padding: 0; }
  .first { break-after: page; font-size: 9pt; line-height: 1.35; margin: 0; }
  .first p, .first ul, .first dl { margin-bottom: .4rem; } .first li { margin-bottom: .1rem; }
  .first .verdict { font-size: 10.5pt; line-height: 1.35; margin-bottom: .5rem; }
  .first td, .first th { padding: .12rem .5rem; } .first table, .first .below { font-size: 8.5pt; }
  .first figure { margin-bottom: .3rem; } .first figcaption { margin-bottom: .1rem; font-size: 8.5pt; }
  .first dl { gap: .1rem 1rem; font-size: inherit; grid-template-columns: 6rem minmax(0, 1fr); }
  .first dl:not(.tiles) dd { margin: 0; }
}
"""
