/** A colour of the page: the name of a custom property with its value in light and in dark. */
type Palette = { readonly [name: string]: readonly [light: string, dark: string] }

/**
 * Lines and bars take the hues of Okabe and Ito ("Color Universal Design", 2008), which colour-blind readers tell apart.
 * The heat steps grow darker in light and brighter in dark as attainment falls, so lightness alone orders them, in print too.
 */
const COLOURS = {
  paper: ['#ffffff', '#14171c'],
  ink: ['#1b1f24', '#e8eaed'],
  muted: ['#59616b', '#a3abb5'],
  line: ['#d5dae0', '#363d47'],
  faint: ['#dfe4ea', '#333b46'],
  panel: ['#f5f7f9', '#1d2229'],
  alarm: ['#a63a00', '#ffa64d'],
  series0: ['#0072b2', '#56b4e9'],
  series1: ['#d55e00', '#f0a03c'],
  series2: ['#007a5a', '#35c99f'],
  series3: ['#a34d80', '#e3a6c8'],
  bar: ['#0072b2', '#56b4e9'],
  barPale: ['#9ecae8', '#2d5f80'],
  heat0: ['#7a2d04', '#ffbe6b'],
  heat1: ['#b8500c', '#e08f33'],
  heat2: ['#e8933a', '#a3601a'],
  heat3: ['#f7c27a', '#704214'],
  heat4: ['#fadfb0', '#482e14'],
  heat5: ['#fcf3df', '#261f18'],
  heatInk0: ['#ffffff', '#1b1208'],
  heatInk1: ['#ffffff', '#1b1208'],
  heatInk2: ['#1b1208', '#ffffff'],
  heatInk3: ['#1b1208', '#ffffff'],
  heatInk4: ['#1b1208', '#ffffff'],
  heatInk5: ['#1b1208', '#ffffff'],
} as const satisfies Palette

/** A colour for a chart: the page's, or the light one where the SVG stands alone. */
export const colour = (name: keyof typeof COLOURS): string => `var(--${name}, ${COLOURS[name][0]})`

/** Attainment from which each heat step but the lowest begins. */
export const HEAT_FROM = [0.5, 0.7, 0.8, 0.9, 0.95] as const

/** The heat step of a share, 0 the lowest attainment. */
export const heatStep = (share: number): 0 | 1 | 2 | 3 | 4 | 5 => HEAT_FROM.filter((from) => share >= from).length as 0 | 1 | 2 | 3 | 4 | 5

/** The hue of the n-th metric. */
export const seriesColour = (n: number): string => colour((['series0', 'series1', 'series2', 'series3'] as const)[n % 4]!)

const FONTS =
  "system-ui, -apple-system, 'Segoe UI', Roboto, 'PingFang SC', 'Microsoft YaHei', 'Noto Sans CJK SC', 'Noto Sans SC', sans-serif"

const properties = (side: 0 | 1): string =>
  Object.entries(COLOURS)
    .map(([name, sides]) => `--${name}: ${sides[side]};`)
    .join(' ')

const heatClasses = [0, 1, 2, 3, 4, 5].map((n) => `.heat${n} { background: var(--heat${n}); color: var(--heatInk${n}); }`).join('\n')

/** The style of the page. */
export const STYLE = `
:root { color-scheme: light dark; ${properties(0)} }
@media screen and (prefers-color-scheme: dark) { :root { ${properties(1)} } }
* { box-sizing: border-box; }
body {
  margin: 0 auto; padding: 2rem 1.25rem 4rem; max-width: 76rem;
  background: var(--paper); color: var(--ink); font: 15px/1.5 ${FONTS};
}
h1 { margin: 0 0 .25rem; font-size: 1.75rem; line-height: 1.2; }
h2 { margin: 3rem 0 .75rem; font-size: 1.2rem; line-height: 1.3; }
p { margin: .25rem 0; }
.muted, header p, figcaption { color: var(--muted); }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(10.5rem, 1fr)); gap: .75rem; margin: 1.5rem 0 0; }
.cards div { padding: .8rem 1rem; border: 1px solid var(--line); border-radius: .5rem; background: var(--panel); break-inside: avoid; }
.cards dt { color: var(--muted); font-size: .85rem; }
.cards dd { margin: 0; font-size: 1.25rem; font-weight: 600; line-height: 1.35; overflow-wrap: anywhere; }
.cards dd + dd { color: var(--muted); font-size: .85rem; font-weight: 400; }
figure { margin: 0; break-inside: avoid; }
.scroll { overflow-x: auto; }
.scroll:focus-visible { outline: 2px solid var(--series0); outline-offset: 2px; }
figure svg { display: block; width: 100%; min-width: 50rem; height: auto; }
table { border-collapse: collapse; width: 100%; font-size: .85rem; font-variant-numeric: tabular-nums; }
caption { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
th, td { padding: .3rem .5rem; border-bottom: 1px solid var(--line); text-align: right; white-space: nowrap; }
th { font-weight: 600; }
thead th { color: var(--muted); vertical-align: bottom; white-space: normal; word-break: keep-all; line-height: 1.25; }
thead th[colspan] { text-align: center; border-bottom-color: var(--muted); color: var(--ink); }
tr > .name { text-align: left; min-width: 6rem; max-width: 16rem; white-space: normal; overflow-wrap: break-word; }
tr > .first { padding-left: 1.4rem; }
tfoot th, tfoot td { border-top: 2px solid var(--muted); font-weight: 600; }
${heatClasses}
.heat { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
details { margin: .75rem 0; }
summary { cursor: pointer; }
summary:focus-visible { outline: 2px solid var(--series0); outline-offset: 2px; }
.worst { padding: 0; list-style: none; }
.worst > li { border-top: 1px solid var(--line); break-inside: avoid-page; }
.worst > li:last-child { border-bottom: 1px solid var(--line); }
.worst > li > details { margin: 0; }
.worst > li > details > summary {
  display: grid; gap: .15rem .75rem; padding: .55rem 0; align-items: baseline; list-style: none;
  grid-template-columns: 1.2rem minmax(8rem, 1.4fr) minmax(7rem, 1fr) minmax(8rem, 1fr) minmax(10rem, 1.5fr) minmax(7rem, 1fr);
}
.worst > li > details > summary::-webkit-details-marker { display: none; }
.worst > li > details > summary::before { content: '▸'; color: var(--muted); }
.worst > li > details[open] > summary::before { content: '▾'; }
.worst > li > details > summary > * { overflow-wrap: anywhere; min-width: 0; }
.why { padding: 0 0 1rem 1.95rem; }
.why ul { margin: .25rem 0 .5rem; padding-left: 1.2rem; }
.why details { margin: .1rem 0; }
.why details details { margin-left: 1.2rem; }
.over { color: var(--alarm); font-weight: 600; }
.flag { padding: 0 .4rem; border: 1px solid currentcolor; border-radius: .25rem; color: var(--alarm); font-size: .8rem; }
.notes { color: var(--muted); font-size: .85rem; padding-left: 1.2rem; }
@media (max-width: 40rem) {
  body { padding: 1rem .75rem 3rem; }
  .cards { grid-template-columns: 1fr 1fr; gap: .5rem; }
  .cards div { padding: .6rem .7rem; }
  .cards dd { font-size: 1.15rem; }
  .worst > li > details > summary { grid-template-columns: 1.2rem 1fr 1fr; }
  .worst > li > details > summary > :nth-child(2n + 3) { grid-column-start: 2; }
  .why { padding-left: .5rem; }
}
@media print {
  @page { margin: 14mm; }
  body { max-width: none; padding: 0; font-size: 10pt; }
  h2 { break-after: avoid; margin-top: 1.5rem; }
  .scroll { overflow: visible; }
  figure svg { min-width: 0; }
  table { font-size: 7.5pt; }
  th, td { padding: .15rem .3rem; }
  thead { display: table-header-group; }
  tr { break-inside: avoid; }
  .table > summary { display: none; }
  .table::details-content { content-visibility: visible; block-size: auto; }
}
`.trim()
