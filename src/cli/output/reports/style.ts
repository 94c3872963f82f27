/** The look of the page: quiet on a screen in light and in dark, whole on paper. */
export const STYLE = `
:root { color-scheme: light dark;
  --paper: #fff; --ink: #1b2330; --soft: #5b6675; --line: #dfe4ea; --rule: #1b2330; --band: #f5f7f9;
  --good: #176b3c; --bad: #a8261d; --bad-band: #fdf1f0; --bar: #3d5f93; }
@media (prefers-color-scheme: dark) { :root {
  --paper: #14181e; --ink: #e4e8ee; --soft: #9aa5b4; --line: #2b333e; --rule: #8894a4; --band: #1b2129;
  --good: #5fc48d; --bad: #f08a80; --bad-band: #2c1c1c; --bar: #7fa3dc; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 68rem; padding: 2.5rem 2rem 4rem; background: var(--paper); color: var(--ink);
  font: 14px/1.5 "Inter", "Segoe UI", system-ui, -apple-system, Roboto, "Noto Sans", "DejaVu Sans", sans-serif; }
header { border-bottom: 2px solid var(--rule); padding-bottom: 1rem; margin-bottom: 1.5rem; }
h1 { font-size: 1.7rem; line-height: 1.2; font-weight: 650; letter-spacing: -.01em; margin: 0 0 .35rem; }
h2 { font-size: 1.05rem; font-weight: 650; margin: 2.25rem 0 .6rem; }
h3 { font-size: .95rem; font-weight: 600; margin: 1.25rem 0 .4rem; }
header p, .note { color: var(--soft); margin: 0; }
p.verdict { font-size: 1.05rem; margin: 0 0 1.25rem; }
.good { color: var(--good); } .bad { color: var(--bad); }
p.bad { font-weight: 600; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(9.5rem, 1fr)); gap: .75rem; margin: 0 0 1.25rem; }
.tile { display: flex; flex-direction: column; justify-content: space-between; background: var(--band); border-top: 3px solid var(--line); padding: .7rem .9rem .8rem; }
.tile.good { border-top-color: var(--good); color: inherit; } .tile.bad { border-top-color: var(--bad); color: inherit; }
.tile dt { color: var(--soft); font-size: .82rem; }
.tile dd { margin: .1rem 0 0; font-size: 1.35rem; line-height: 1.3; font-weight: 600; font-variant-numeric: tabular-nums; }
.tile dd.long { font-size: 1rem; }
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(24rem, 1fr)); gap: 0 2.5rem; }
table { border-collapse: collapse; width: 100%; }
th, td { border-bottom: 1px solid var(--line); padding: .35rem .7rem; text-align: left; vertical-align: top; }
th:first-child, td:first-child { padding-left: 0; } th:last-child, td:last-child { padding-right: 0; }
th { font-weight: 600; }
thead th { color: var(--soft); font-size: .82rem; border-bottom: 1px solid var(--rule); vertical-align: bottom; white-space: nowrap; }
tbody th { font-weight: 400; }
tfoot th, tfoot td { font-weight: 600; border-bottom: 0; border-top: 1px solid var(--rule); }
tfoot tr + tr th, tfoot tr + tr td { border-top: 0; padding-top: 0; }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.number span { display: block; }
.nothing { color: var(--soft); }
.sums { max-width: 40rem; }
tr.part th { padding-left: 1.2rem; } tr.within th { padding-left: 2.4rem; } tr.apart th, tr.apart td { color: var(--soft); }
.breaks { font-size: .86rem; } .breaks th, .breaks td { padding-left: .4rem; padding-right: .4rem; }
.kind { white-space: nowrap; }
.story { font-size: .92rem; } .story .note { font-size: .86rem; overflow-wrap: anywhere; }
.story .at { white-space: nowrap; font-variant-numeric: tabular-nums; color: var(--soft); } .story .who { overflow-wrap: anywhere; min-width: 5rem; max-width: 9rem; }
.name { overflow-wrap: anywhere; min-width: 7rem; }
.code { overflow-wrap: anywhere; min-width: 7.5rem; }
tr.bad { color: var(--ink); background: var(--bad-band); }
.hash { font: .8rem/1.5 ui-monospace, "SF Mono", Consolas, "DejaVu Sans Mono", monospace; overflow-wrap: anywhere; color: var(--soft); }
figure { margin: 0 0 1rem; } figcaption { font-weight: 600; margin-bottom: .25rem; font-variant-numeric: tabular-nums; }
svg { display: block; width: 100%; max-width: 48rem; height: auto; }
svg rect { fill: var(--bar); }
svg line { stroke: var(--line); stroke-width: 1; } svg line.base { stroke: var(--rule); }
svg text { fill: var(--soft); font-size: 12px; font-variant-numeric: tabular-nums; }
footer { margin-top: 2.5rem; border-top: 1px solid var(--line); padding-top: .75rem; color: var(--soft); font-size: .85rem; }
.signatures { display: none; }
@page { size: A4; margin: 16mm 14mm 18mm; @bottom-right { content: counter(page) " / " counter(pages); font-size: 8pt; } }
@media print {
  :root { color-scheme: light; --paper: #fff; --ink: #000; --soft: #444; --line: #ccc; --rule: #000; --band: #f4f4f4;
    --good: #145c33; --bad: #8f1f17; --bad-band: #f6eeee; --bar: #3d5f93; }
  body { max-width: none; padding: 0; font-size: 9.5pt; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  h1 { font-size: 17pt; } h2 { font-size: 11.5pt; margin-top: 1.5rem; break-after: avoid; } h3, h2 + .note { break-after: avoid; }
  .tiles { grid-template-columns: repeat(auto-fit, minmax(28mm, 1fr)); gap: .4rem; } .tile { padding: .4rem .5rem; } .tile dt { font-size: 7.5pt; line-height: 1.3; }
  .tile dd { font-size: 12pt; } .tile dd.long { font-size: 9.5pt; }
  .pair { grid-template-columns: 1fr 1fr; gap: 0 1.5rem; }
  .breaks, .breaks thead th { font-size: 7.5pt; } .breaks th, .breaks td { padding: .2rem .35rem; } .hash { font-size: 6.5pt; }
  .breaks .kind { white-space: normal; } .story { font-size: 8pt; } .story .note { font-size: 7.5pt; }
  thead { display: table-header-group; } tfoot { display: table-row-group; }
  th, td { padding: .22rem .5rem; }
  tr, .tile, figure, .whole { break-inside: avoid; }
  footer { margin-top: 1rem; font-size: 7.5pt; break-inside: avoid; break-after: avoid; }
  .signatures { display: grid; grid-template-columns: 1fr 1fr; gap: 2rem; margin-top: 2.5rem; break-inside: avoid; }
  .signatures div { border-top: 1px solid #000; padding-top: .3rem; }
}
`;
