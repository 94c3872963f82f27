/** The look of the page: quiet on a screen, whole on paper. */
export const STYLE = `
:root { color-scheme: light; }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 72rem; padding: 2rem 1.5rem 4rem; background: #fff; color: #1c2430;
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; }
header { border-bottom: 2px solid #1c2430; margin-bottom: 1.5rem; }
h1 { font-size: 1.6rem; margin: 0; }
h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; }
header p { color: #5a6472; margin: .25rem 0 1rem; }
.tiles { display: flex; flex-wrap: wrap; gap: .75rem; margin: 0 0 1rem; }
.tile { flex: 1 1 8rem; border: 1px solid #d5dae1; border-left: 4px solid #8a94a3; border-radius: 4px; padding: .6rem .8rem; }
.tile.good { border-left-color: #1d7a46; }
.tile.bad { border-left-color: #b3261e; }
.tile dt { color: #5a6472; font-size: .8rem; }
.tile dd { margin: 0; font-size: 1.4rem; font-weight: 600; font-variant-numeric: tabular-nums; }
p.bad { color: #8c1d18; font-weight: 600; }
table { border-collapse: collapse; min-width: 24rem; }
.breaks { width: 100%; font-size: .85rem; }
th, td { border-bottom: 1px solid #e3e7ec; padding: .3rem .6rem; text-align: left; vertical-align: top; overflow-wrap: anywhere; }
th { font-weight: 600; overflow-wrap: normal; }
thead th { border-bottom: 1px solid #1c2430; }
tbody th { font-weight: 400; }
tfoot th, tfoot td { font-weight: 600; }
.kind { white-space: nowrap; }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
tr.bad td { background: #fdf0ef; }
svg { display: block; width: 100%; max-width: 40rem; height: auto; }
svg rect { fill: #3b5b8c; }
svg line { stroke: #1c2430; stroke-width: 1; }
svg text { fill: #5a6472; font-size: 11px; }
@media print {
  body { max-width: none; padding: 0; font-size: 10pt; }
  .breaks { font-size: 8pt; }
  thead { display: table-header-group; }
  tr, .tile, svg { break-inside: avoid; }
  h2 { break-after: avoid; }
}
`;
