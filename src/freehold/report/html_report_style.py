"""The look of reports, beside that of every page. Owns the two themes' switch, contents, drawings, controls, and paper."""

from __future__ import annotations

from typing import Final

from freehold.report.html_palette import DARK, HEAT_DARK, HEAT_LIGHT, LIGHT, declared
from freehold.report.layer_svg import LAYER_STYLE

__all__ = ["REPORT_STYLE"]

_THEMES: Final = f"""
:root[data-theme=light]{{{declared(LIGHT)};{declared(HEAT_LIGHT)};color-scheme:light}}
:root[data-theme=dark]{{{declared(DARK)};{declared(HEAT_DARK)};color-scheme:dark}}
"""

_FRAME: Final = """
html:not(.with-script) .scripted,[hidden]{display:none!important}
.aloud{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
body{max-width:80rem;font-family:system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","PingFang SC","Hiragino Sans GB",
"Microsoft YaHei","Noto Sans CJK SC","Noto Sans SC","Source Han Sans SC","WenQuanYi Micro Hei",sans-serif}
.skip{position:absolute;inset-inline-start:-99rem}.skip:focus{position:static;display:inline-block;margin-bottom:.5rem}
.top{display:flex;gap:1rem;align-items:flex-start;justify-content:space-between}
.top .subtitle{margin:.1rem 0 0}
button{font:inherit;font-size:.88rem;color:var(--ink);background:var(--paper);border:1px solid var(--edge);
border-radius:.35rem;padding:.25rem .7rem;min-height:2rem;cursor:pointer}
button:hover{background:var(--soft)}
.theme{flex:none}
:focus-visible{outline:3px solid var(--one);outline-offset:2px;border-radius:.15rem}
#contents{font-size:.92rem}
#contents ol{list-style:none;margin:0;padding:0}
#contents li{margin:.1rem 0}
#contents a{display:block;padding:.28rem .6rem;text-decoration:none;border-inline-start:3px solid transparent}
#contents a:hover{text-decoration:underline}
#contents a[aria-current]{border-color:var(--one);font-weight:600}
#contents details{border:0;margin:.6rem 0 0;padding:0}
h2[id],h3[id]{scroll-margin-top:1rem}
main>section:first-of-type>h2:first-child{border-top:0;padding-top:0;margin-top:.6rem}
main p.good,main p.warn,main p.bad{font-weight:400;color:var(--ink);border-inline-start:.25rem solid var(--bad);
padding-inline-start:.7rem}
main p.good{border-color:var(--good)}main p.warn{border-color:var(--warn)}
.how{font-size:.78rem;color:var(--quiet);white-space:nowrap}
a.how{font-weight:400}
.back{font-size:.8rem;white-space:nowrap}.back a{padding:.1rem .15rem}
td:not(.num),th:not(.num){min-width:8.5em}td.id{min-width:11em}
table:has(th:nth-child(9)) :is(td,th){min-width:0;padding-right:.8rem}
.command code{display:block;font:.86rem/1.45 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;background:var(--soft);
border-radius:.3rem;padding:.4rem .6rem;white-space:pre-wrap;overflow-wrap:anywhere}
.methods{margin:0}.methods>div{padding:.5rem 0;border-bottom:1px solid var(--line);max-width:46rem}
.methods dt{font-weight:600}.methods dd{margin:.15rem 0}
ol.evidence{content-visibility:auto;contain-intrinsic-size:auto 60rem}
details.twin{border-top:0;padding-top:0;margin:.4rem 0 1rem}
details.twin>summary{font-weight:400;font-size:.88rem;color:var(--quiet)}
html.with-script table:not(.all) tr.more{display:none}
.rows-left{margin-top:.2rem}html.with-script .rows-left{display:none}
figcaption{max-width:46rem;font-size:.92rem}
@media (min-width:64rem){
.page{display:grid;grid-template-columns:12.5rem minmax(0,1fr);gap:0 2.5rem}
.top{grid-column:1/-1}
@supports selector(::details-content){
#contents{position:sticky;top:1rem;align-self:start;max-height:calc(100vh - 2rem);overflow-y:auto;margin-top:.9rem}
#contents summary{display:none}
#contents details::details-content{display:block;content-visibility:visible}}
}
"""

_LAYERS: Final = """
.together>.ticks{display:contents}
.together>section:not(.ticks) :is(h2,a,details){scroll-margin-top:8rem}
.value-chain{margin:.6rem 0 0}
.legend{list-style:none;display:flex;flex-wrap:wrap;gap:.3rem 1.2rem;margin:.5rem 0;padding:0;font-size:.88rem}
.legend li{display:flex;align-items:center;gap:.4rem}
svg.drawn{max-width:60rem;overflow:visible}
svg.sign-of{display:inline-block;width:18px;height:18px;flex:none}
.state-mark{display:inline-grid;place-items:center;width:18px;height:18px;border-radius:50%;font-size:.75rem;font-weight:700;
background:var(--ink);color:var(--paper)}
.state-perhaps .state-mark{background:var(--paper);color:var(--ink);outline:2px dashed var(--ink);outline-offset:-2px}
.drawn .cell{cursor:pointer;outline:none}
.drawn .cell:hover .body,.drawn .cell:focus-visible .body,.drawn .cell.chosen .body{stroke-width:3}
.drawn .cell:focus-visible .body,.drawn .cell.chosen .body{stroke:var(--ink)}
.drawn.many .feed,.drawn.looking .feed{display:none}
.drawn.looking .feed.chain{display:inline;stroke:var(--ink);stroke-width:1.6}
.drawn.looking .feed.chain.after{stroke-dasharray:5 3}
.drawn.looking .cell:not(.chain,.out-surely,.out-perhaps) .body{stroke:var(--line)}
.drawn.looking .cell:not(.chain,.out-surely) .title{font-weight:400;fill:var(--quiet)}
.drawn .cell.out-surely .body{fill:var(--ink);stroke:var(--ink)}
.drawn .cell.out-surely text.title,.drawn .cell.out-surely text.by{fill:var(--paper)}
.drawn .cell.out-surely text.title{text-decoration:line-through}
.drawn .cell.out-perhaps .body{fill:var(--soft);stroke:var(--ink);stroke-width:2;stroke-dasharray:6 4}
.drawn .cell.out-surely .mark.surely,.drawn .cell.out-perhaps .mark.perhaps{display:inline}
.drawn .mark circle{fill:var(--ink);stroke:var(--paper);stroke-width:1.5}
.drawn .mark path{stroke:var(--paper);stroke-width:2.2;fill:none}
.drawn .mark.perhaps circle{fill:var(--paper);stroke:var(--ink);stroke-width:2;stroke-dasharray:3 2}
.drawn .mark.perhaps text{font-weight:700}
.as-list{margin:.2rem 0 .6rem}
.value-chain.listed>svg.drawn,.value-chain.listed .keys{display:none}html.with-script .value-chain.listed .things{display:block}
.things{font-size:.95rem}
.layer-name{font-weight:600;margin:.9rem 0 .2rem}
.thing{margin:0;padding:0;border:0;border-bottom:1px solid var(--line)}
.thing>summary{display:flex;flex-wrap:wrap;align-items:center;gap:.15rem .5rem;padding:.4rem 0;font-weight:400;list-style:none}
.thing>summary::-webkit-details-marker{display:none}
.thing>summary .name{font-weight:600}.thing>summary .by{color:var(--quiet);font-size:.88rem}
.thing>summary .state{font-size:.88rem;font-weight:600}.thing.out-surely>summary .name{text-decoration:line-through}
.known{padding:0 0 .6rem .2rem;font-size:.95rem}
.panel{position:sticky;bottom:0;z-index:2;max-height:46vh;overflow:auto;background:var(--paper);border:1px solid var(--edge);
border-top-width:3px;border-radius:.4rem .4rem 0 0;padding:.7rem 1rem;margin-top:.6rem;box-shadow:0 -.3rem 1rem #0003}
.panel .close{position:sticky;top:0;float:inline-end;margin:0 0 .3rem .6rem}
.panel .panel-title{font-weight:600;font-size:1.05rem;margin:.1rem 0}
@media (min-width:52.01rem){html.with-script .things{display:none}}
@media (max-width:52rem){.value-chain>svg.drawn,.value-chain .keys,.value-chain .as-list{display:none}}
"""

_TICKS: Final = """
fieldset{border:1px solid var(--line);border-radius:.4rem;margin:.6rem 0;padding:.5rem .9rem .7rem;min-width:0}
legend{font-weight:600;padding:0 .3rem}
.landlords{list-style:none;margin:0;padding:0;display:grid;
grid-template-columns:repeat(auto-fill,minmax(15rem,1fr));gap:.1rem 1rem}
.landlords label{display:flex;gap:.55rem;align-items:flex-start;padding:.3rem .2rem;cursor:pointer}
.landlords label:hover{background:var(--soft)}
.landlords input{width:1.15rem;height:1.15rem;margin:.2rem 0 0;flex:none;accent-color:var(--one)}
.landlords small{display:block;color:var(--quiet);font-size:.82rem}
.landlords input:checked+span .name{font-weight:600}
.landlords [data-key="foreign:"]+span .name{display:inline-block}
.landlords [data-key="foreign:"]+span .name::first-letter{text-transform:uppercase}
.tick-bar{position:sticky;top:0;z-index:3;background:var(--paper);border-bottom:1px solid var(--edge);
padding:.5rem 0;display:grid;grid-template-columns:minmax(0,1fr) auto;gap:.2rem 1.5rem;align-items:center}
.tick-bar p{margin:0;max-width:none}
.tick-who{grid-column:1/-1;font-weight:600}
.tick-time{display:flex;flex-wrap:wrap;align-items:center;gap:.3rem .7rem}
.tick-time input{flex:1 1 10rem;min-width:8rem;accent-color:var(--one);height:1.6rem}
.tick-time output{min-width:9.5em;font-weight:600;font-variant-numeric:tabular-nums}
.tick-left strong{font-size:1.15rem;font-variant-numeric:tabular-nums}
.meter{display:flex;width:14rem;max-width:100%;height:.7rem;border:1px solid var(--edge);border-radius:.2rem;overflow:hidden;
margin-top:.2rem}
.meter .sure{background:var(--one)}
.meter .maybe{background:repeating-linear-gradient(45deg,var(--one) 0 .15rem,transparent .15rem .4rem)}
table.outs .surely{font-weight:600}
"""

_NARROW: Final = """
@media (max-width:40rem){
.tick-bar{grid-template-columns:minmax(0,1fr)}.meter{width:100%}
.landlords{grid-template-columns:minmax(0,1fr)}
table.outs.wide td{display:inline;padding:0}table.outs.wide td::before{display:none}
table.outs.wide td:first-child,table.outs.wide td:last-child{display:block}table.outs.wide td:first-child{font-weight:600}
table.outs.wide td:nth-child(2)::after,table.outs.wide td:nth-child(3)::after{content:" · "}
table.outs.wide td:nth-child(4)::before{display:inline;font:inherit;color:inherit;content:attr(data-label) " "}
td:not(.num),th:not(.num),td.id{min-width:0}
.thing>summary{display:grid;grid-template-columns:18px minmax(0,1fr)}.thing>summary>:not(svg){grid-column:2}
.thing>summary .state:empty{display:none}
.top{gap:.6rem}
h1{font-size:1.3rem}.subtitle{font-size:.85rem}.lead{font-size:1.05rem;margin:.6rem 0}
main>section:first-of-type>h2:first-child{margin-top:.2rem}#contents details{margin-top:.3rem}
.figures{grid-template-columns:repeat(auto-fit,minmax(9rem,1fr))}
figure>svg[role=img]{overflow:visible}figure:not(.gantt)>svg[role=img] text{font-size:14px}
}
@media (prefers-reduced-motion:no-preference){html{scroll-behavior:smooth}}
"""

_PAPER: Final = """
@page{size:A4;margin:16mm 15mm 18mm}
@media print{
:root,:root[data-theme]{--edge:#666;color-scheme:light;--paper:#fff;--ink:#000;--quiet:#444;--line:#bbb;--soft:#f4f4f4;
--one:#1f5fa8;--two:#a35a00;--good:#1c6b3a;--warn:#7d5600;--bad:#a4231c}
html{font-size:9.5pt}body{font-size:1rem}
.page{display:block}
#contents,button,.skip,.tick-off,.tick-bar,.tick-result,.panel,.keys,.back,.how,.legend .scripted{display:none!important}
/* on paper the drawing and its table say who holds what; what is known of a single thing is for the screen */
.things{display:none!important}
section:has(>h2#schemes)>details:not([open]){border:0;margin:.2rem 0;padding:0}
section:has(>h2#schemes)>details:not([open])>summary{font-weight:400}
td:not(.num),th:not(.num),td.id{min-width:0}
table{width:100%;font-size:.9rem;overflow-wrap:break-word}th,td{padding-right:.7rem}table:not(.wide){width:auto}
thead{break-after:avoid}thead th{break-inside:avoid}caption{break-inside:avoid}
.figures{grid-template-columns:repeat(4,minmax(0,1fr));gap:.4rem}.figures div{padding:.4rem .6rem}
details::details-content{display:block;content-visibility:visible;height:auto}
section:has(>h2#schemes)>details:not([open])::details-content{display:none}
details>summary{list-style:none}
.value-chain>svg.drawn{display:block;break-inside:avoid;max-height:200mm}
.legend,.value-chain figcaption,section:has(.value-chain)>h2{break-after:avoid}
.drawn.looking .feed,.drawn .feed{display:inline!important}.drawn.many .feed{display:none!important}
.rows-left{display:block!important}
.layers rect,.layers path,.layers circle,.meter{print-color-adjust:exact;-webkit-print-color-adjust:exact}
.methods>div,.thing,.command{break-inside:avoid}
ol.evidence{content-visibility:visible;columns:2;column-gap:8mm;font-size:.8rem}
h2{margin-top:1.4rem}h2,h3,.layer-name{break-after:avoid}
}
"""

REPORT_STYLE: Final = (_THEMES + _FRAME + LAYER_STYLE + _LAYERS + _TICKS + _NARROW + _PAPER).rstrip()
"""What a report's style sheet adds; it names no address and loads nothing."""
