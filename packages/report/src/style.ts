import { DARK, LIGHT, variables } from "./palette.ts";

const SANS = `-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,"Liberation Sans",sans-serif`;
const SERIF = `Charter,"Bitstream Charter","Sitka Text",Cambria,"Noto Serif",Georgia,"Liberation Serif",serif`;
const MONO = `ui-monospace,SFMono-Regular,Menlo,Consolas,"Liberation Mono",monospace`;

const COLOURS = `
:root{color-scheme:light dark;${variables(LIGHT)};--focus:#0a56c2}
@media screen and (prefers-color-scheme:dark){:root{${variables(DARK)};--focus:#8ab8ff}}
@media print{:root{--paper:#fff}}
`;

const TEXT = `
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;text-size-adjust:100%;scroll-padding-top:16px}
body{margin:0;background:var(--paper);color:var(--ink);font:1rem/1.5 ${SANS}}
p,h1,h2,h3,figure,dl,dd,ol,ul,table{margin:0;padding:0}
a{color:inherit;text-underline-offset:.15em}
:focus-visible{outline:3px solid var(--focus);outline-offset:2px}
h1,h2,h3{font-family:${SERIF};font-weight:700;text-wrap:balance;overflow-wrap:anywhere}
h1{font-size:clamp(1.75rem,1.3rem + 1.9vw,2.625rem);line-height:1.14;letter-spacing:-.01em}
h2{font-size:1.375rem;line-height:1.25;max-width:36em}
h3{font-size:1.0625rem;line-height:1.35;margin:30px 0 6px}
code,pre{font-family:${MONO}}
code{font-size:.875em;overflow-wrap:anywhere}
.g{color:var(--good)}.r{color:var(--bad)}.s{color:var(--ink2);font-weight:400}
.policy{overflow-wrap:anywhere}
.kicker{font-size:.8125rem;line-height:1.4;color:var(--ink2);margin-bottom:6px}
.kicker span{display:inline-block;min-width:1.6em;font-weight:700;color:var(--ink)}
.skip{position:absolute;left:-999px}.skip:focus{left:8px;top:8px;background:var(--paper);padding:8px;z-index:1}
.words{margin-top:18px;max-width:44em}
.foot{font-size:.8125rem;color:var(--ink2);margin-top:8px}
.sub{font-weight:700;font-size:.9375rem;margin:24px 0 10px}
.setting{display:inline-block;max-width:100%;overflow-wrap:anywhere;margin-right:.6em}
`;

const LAYOUT = `
.mast{display:flex;flex-wrap:wrap;gap:4px 24px;justify-content:space-between;align-items:baseline;padding:14px 16px 10px;border-bottom:1px solid var(--rule);font-size:.875rem}
.brand{font-weight:700}.brand span{font-weight:400;color:var(--ink2)}.what{color:var(--ink2);overflow-wrap:anywhere}
main{padding:0 16px;max-width:760px;margin:0 auto;display:grid;grid-template-columns:minmax(0,1fr)}
section{min-width:0}
section:not(.hero){padding-top:36px;margin-top:36px;border-top:1px solid var(--rule)}
nav+section:not(.hero){border-top:0;margin-top:0}
nav{border-block:1px solid var(--rule);padding:12px 0;font-size:.8125rem;line-height:1.35}
nav p{font-weight:700;margin-bottom:4px}
nav ol{list-style:none;columns:2;column-gap:20px}
nav li{break-inside:avoid}
nav a{display:flex;gap:8px;padding:5px 0;text-decoration:none}nav a:hover{text-decoration:underline}
nav a span{min-width:1.3em;text-align:right;color:var(--ink2)}
footer{padding:24px 16px 32px;color:var(--ink2);font-size:.8125rem;text-align:center;border-top:1px solid var(--rule);margin-top:36px}
.hero{padding:20px 0 28px}
.verdict{margin:14px 0 8px}
.verdict b{display:inline-flex;gap:.5em;align-items:baseline;border:2px solid var(--base);border-radius:4px;padding:2px 10px}
.verdict i{font-style:normal}
.verdict.better b{border-color:var(--good);color:var(--good)}
.verdict.worse b{border-color:var(--bad);color:var(--bad)}
.verdict.no-difference b,.verdict.too-few-images b,.verdict.none b{border-style:dashed}
.lead{font-size:1.0625rem}
.herofigure{margin-top:22px}.herofigure figcaption{margin-bottom:12px}
.facts{display:grid;margin-top:24px;border-top:2px solid var(--ink)}
.facts div{padding:10px 0;border-bottom:1px solid var(--rule);min-width:0}
.facts dd{font-size:.9375rem;line-height:1.45;overflow-wrap:anywhere}
.facts .policy{display:block}
dt{font-size:.8125rem;color:var(--ink2)}
figure{margin-top:10px;min-width:0}
figcaption{font-size:.9375rem;margin-bottom:18px;max-width:44em}
.note{font-size:.8125rem;color:var(--ink2);border-left:3px solid var(--rule);padding-left:12px;margin-top:20px;overflow-wrap:anywhere}
.note p+p{margin-top:10px}.note b{color:var(--ink)}
`;

const CONTENT = `
.chart svg{display:block;width:100%;height:auto;max-width:460px;overflow:visible}
.chart text{font-family:${SANS};font-variant-numeric:tabular-nums}
.w720,.w1000{display:none}
details{margin-top:14px;font-size:.875rem}
summary{cursor:pointer;color:var(--ink2);padding:4px 0;text-decoration:underline;text-underline-offset:.2em;width:fit-content}
.scroll{overflow:auto;margin-top:8px}
details .scroll{max-height:34rem}
table{border-collapse:collapse;font-size:.8125rem;line-height:1.4;font-variant-numeric:tabular-nums}
caption{text-align:left;color:var(--ink2);padding:6px 0}
.plain caption{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
th,td{padding:6px 14px 6px 0;text-align:left;vertical-align:top;border-bottom:1px solid var(--rule);font-weight:400;overflow-wrap:break-word;max-width:24em}
thead th{color:var(--ink2);vertical-align:bottom;border-bottom-color:var(--axis);min-width:3.5em}
.n{text-align:right}td.n{white-space:nowrap}
th:last-child,td:last-child{padding-right:0}
.plain{width:100%;font-size:.875rem}.plain tbody th{font-weight:700}
.files{list-style:none;margin-top:4px}.files li{overflow-wrap:anywhere}
.two{display:grid;gap:0 36px;grid-template-columns:minmax(0,1fr)}
.terms div{padding:6px 0;border-bottom:1px solid var(--rule)}.terms dt{font-weight:700;color:var(--ink)}.terms dd{font-size:.875rem}
.pairs{display:grid;margin-top:14px;font-size:.9375rem;grid-template-columns:minmax(0,1fr)}
.pairs div{padding:7px 0;border-bottom:1px solid var(--rule);overflow-wrap:anywhere}
.line{display:block;margin-top:4px}.asks dt{font-size:.9375rem;color:var(--ink)}.asks dd{margin-top:2px}.refusals dt{font-weight:700;font-size:.9375rem;color:var(--ink)}.limits{margin:14px 0 0 1.2em;max-width:44em}.limits li{padding:5px 0;overflow-wrap:anywhere}
.cards{display:grid;gap:12px;grid-template-columns:minmax(0,1fr)}
.card{display:grid;grid-template-columns:84px minmax(0,1fr);gap:8px 12px;align-content:start;border:1px solid var(--rule);border-radius:4px;padding:10px;font-size:.8125rem;line-height:1.4;overflow-wrap:anywhere}
.card img,.noimage{width:84px;height:84px;border-radius:2px;background:var(--grid);object-fit:contain;image-rendering:pixelated}
.noimage{display:grid;place-items:center;color:var(--ink2);font-size:.75rem}
.answers,.file{grid-column:1/-1}
.file{color:var(--ink2);font-size:.75rem}
.tag{display:inline-block;font-size:.75rem;font-weight:700;border:1px solid currentColor;border-radius:3px;padding:0 6px;margin-bottom:6px}
.tag.check{background:var(--mark);color:var(--ink)}.tag.s{font-weight:700}
.guess{display:grid;grid-template-columns:4.5em minmax(0,1fr) 3.2em;gap:2px 6px;align-items:baseline;padding:3px 0}
.guess span{color:var(--ink2)}.guess b{line-height:1.25;overflow-wrap:anywhere;min-width:0}.guess em{font-style:normal;text-align:right;font-variant-numeric:tabular-nums}
.guess i{grid-column:2/-1;display:block;height:5px;background:var(--grid);border-radius:1px}
.guess u{display:block;height:5px;border-radius:1px}.guess .wrong{background:var(--bad)}.guess .right{background:var(--good)}
.told{display:flex;flex-wrap:wrap;gap:4px 14px;align-items:baseline;min-height:2.9em;max-width:56em;margin:-6px 0 14px;font-size:.875rem;line-height:1.45;color:var(--ink2);overflow-wrap:anywhere}
.told span{flex:1 1 20em}
.told button{font:inherit;color:var(--ink);background:var(--panel);border:1px solid var(--axis);border-radius:4px;padding:2px 10px;cursor:pointer}
.told button[hidden]{display:none}
[data-trials] .chart svg{touch-action:pan-y;user-select:none;-webkit-user-select:none}
.layer{pointer-events:none}
.layer polyline{fill:none;stroke:var(--bad);stroke-width:1.6;stroke-linejoin:round}
.layer .halo{stroke:var(--paper);stroke-width:7;opacity:.9}.layer .pointed{stroke-width:3.2}.layer .best{stroke:var(--good);stroke-width:5}
.layer .brush{fill:var(--focus);fill-opacity:.22;stroke:var(--focus);stroke-width:1.5}
svg[data-brushed]>[stroke="var(--bad)"],svg[data-brushed]>g:not(.layer) [stroke="var(--bad)"]{opacity:.1}
svg[data-brushed=without]>:is([stroke="var(--good)"],[fill="var(--good)"]),svg[data-brushed=without]>g:not(.layer) :is([stroke="var(--good)"],[fill="var(--good)"]){opacity:.15}
.sheet{display:grid;grid-template-columns:minmax(0,max-content) minmax(0,1fr);gap:4px 10px;max-width:min(100%,calc(150px + var(--columns)*68px))}
.sheet img{grid-column:2;grid-row:2;width:100%;height:auto;display:block;image-rendering:pixelated}
.sheet .rows{grid-column:1;grid-row:2;list-style:none;display:grid;grid-auto-rows:minmax(0,1fr);max-width:clamp(76px,20vw,150px);font-size:.75rem;line-height:1.15}
.sheet li{display:flex;align-items:center;justify-content:flex-end;text-align:right;min-height:0;overflow:hidden}
.sheet li span{display:-webkit-box;-webkit-box-orient:vertical;-webkit-line-clamp:2;overflow:hidden;overflow-wrap:anywhere}
.sheet .columns{grid-column:2;grid-row:1;display:grid;grid-template-columns:repeat(var(--columns),minmax(0,1fr));font-size:.75rem;line-height:1.2;color:var(--ink2);text-align:center;align-items:end}
.keys{list-style:none;display:flex;flex-wrap:wrap;gap:4px 16px;margin:0 0 12px;padding:0;font-size:.8125rem}
.keys li{display:flex;align-items:center;gap:6px;overflow-wrap:anywhere}.keys i{width:14px;height:14px;border:1px solid var(--axis);border-radius:2px;flex:none}
.strips{display:grid;gap:18px;grid-template-columns:minmax(0,1fr)}
.strip{display:grid;gap:4px 14px;grid-template-columns:minmax(0,1fr);font-size:.8125rem;line-height:1.4;border-top:1px solid var(--rule);padding-top:10px;break-inside:avoid}
.strip img{display:block;width:100%;height:auto;background:var(--grid)}.pictures{position:relative}
.strip:not(.single) .pictures::after{content:"";position:absolute;inset:0;background:repeating-linear-gradient(90deg,transparent 0 calc(100%/var(--columns) - 3px),var(--paper) calc(100%/var(--columns) - 3px) calc(100%/var(--columns)))}
.strip.single img{width:112px}.strip.single{grid-template-columns:112px minmax(0,1fr)}
.strip .columns{display:grid;grid-template-columns:repeat(var(--columns),minmax(0,1fr));font-size:.75rem;line-height:1.2;color:var(--ink2);text-align:center;padding-bottom:3px}
.strip .file{overflow-wrap:anywhere}
.shown{display:block;max-width:100%;width:min(100%,560px);height:auto;image-rendering:pixelated;border-radius:2px}
pre{background:var(--panel);border:1px solid var(--rule);border-radius:4px;padding:12px;overflow-x:auto;margin:12px 0;font-size:.875rem;line-height:1.5}
pre{white-space:pre-wrap}pre code{font-size:1em;overflow-wrap:anywhere}pre .c{color:var(--ink2)}
`;

const WIDER = `
@media (min-width:760px){
main{padding:0 20px}
.w358:not(:only-of-type){display:none}.w720{display:block}
.chart svg{max-width:100%;width:auto}
.facts{grid-template-columns:1fr 1fr;column-gap:28px}
.cards{grid-template-columns:repeat(3,minmax(0,1fr))}
.strips:has(.single){grid-template-columns:1fr 1fr}
.strip:not(.single){grid-template-columns:minmax(0,540px) minmax(0,1fr);align-items:end}
.two{grid-template-columns:minmax(0,1.7fr) minmax(0,1fr)}
.pairs.three{grid-template-columns:1fr 1fr;column-gap:28px}
}
@media (min-width:1240px){
.mast{padding-inline:max(20px,calc((100% - 1196px)/2))}
main{max-width:1236px;grid-template-columns:156px 1000px;column-gap:40px}
main>*{grid-column:2}
nav{grid-column:1;grid-row:1/span 40;align-self:start;position:sticky;top:20px;border:0;padding:26px 0 0}
nav ol{columns:1}
.hero{display:grid;grid-template-columns:568px 358px;column-gap:74px;padding-top:28px}
.herofigure{margin-top:24px}
.facts{grid-column:1/-1;grid-template-columns:repeat(4,1fr);margin-top:26px}.facts div{border-bottom:0}
section:not(.hero){display:grid;grid-template-columns:minmax(0,720px) 240px;column-gap:40px;align-content:start}
section>*{grid-column:1}
.hero>.herofigure{grid-column:2}.hero>.facts{grid-column:1/-1}
.full>*{grid-column:1/-1}.full figcaption{max-width:56em}
.note{grid-column:2;grid-row:2/span 12;margin-top:14px;align-self:start}
.full .w1000{display:block}.full .w1000~.w720,.full .w720:has(~.w1000){display:none}
}
`;

// The layout is said again: paper is narrower than any query of the screen says.
const PRINT = `
@page{size:A4;margin:15mm 14mm 17mm;@bottom-left{content:"Regimen report";font:8pt sans-serif;color:#56524b}@bottom-right{content:counter(page) " / " counter(pages);font:8pt sans-serif;color:#56524b}}
@media print{
html{font-size:10.5pt}body{line-height:1.4}
main{display:block;max-width:none;padding:0}
nav,.skip,footer,details,.told,.layer{display:none!important}
.mast{padding:6px 0}
.w358:not(:only-of-type),.w1000{display:none!important}.w720{display:block!important}
.chart svg{max-width:100%!important;max-height:225mm}.w720 svg{width:100%!important}#confusion .w720 svg{width:auto!important}
.hero{display:grid;grid-template-columns:minmax(0,1fr) 300px;column-gap:24px;padding:12px 0}.hero .facts{grid-column:1/-1;grid-template-columns:1fr 1fr;column-gap:28px}
h1{font-size:20pt}h2{font-size:14pt}
section:not(.hero){padding-top:16px;margin-top:18px;display:block}
h2,h3,figcaption,header,.kicker,.sub{break-after:avoid}
svg,img,.card,table,tr,pre,dl,.note,.facts div,.words,.verdict,.limits li,header{break-inside:avoid}
#mistakes{break-before:page}.sheet{max-width:125mm}
figure{break-inside:avoid}#mistakes figure{break-inside:auto}
.two{grid-template-columns:minmax(0,1.7fr) minmax(0,1fr)}.pairs.three{grid-template-columns:1fr 1fr;column-gap:28px}
.cards{grid-template-columns:repeat(3,minmax(0,1fr))}
.scroll{overflow:visible;max-height:none}thead{display:table-header-group}
.note{margin-top:12px}
p,li,dd{orphans:3;widows:3}
pre{white-space:pre-wrap}
*{print-color-adjust:exact;-webkit-print-color-adjust:exact}
}
`;

/** The page's whole style sheet. */
export const style = [COLOURS, TEXT, LAYOUT, CONTENT, WIDER, PRINT].join("").replace(/\n+/g, "\n");
