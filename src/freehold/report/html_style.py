"""The look of the HTML face. Owns its colours, its widths, and how a table becomes a list of cards on a narrow screen."""

from __future__ import annotations

from typing import Final

from freehold.report.html_palette import DARK, HEAT_DARK, HEAT_LIGHT, LIGHT, declared

__all__ = ["GANTT_STYLE", "HEAT_STYLE", "STYLE"]

_COLOURS: Final = f"""
:root{{{declared(LIGHT)};color-scheme:light dark}}
@media (prefers-color-scheme:dark){{:root{{{declared(DARK)}}}}}
"""

STYLE: Final = (
    _COLOURS
    + """*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;text-size-adjust:100%}
body{margin:0 auto;padding:1.5rem 1.25rem 4rem;max-width:68rem;background:var(--paper);color:var(--ink);
font:1rem/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif;overflow-wrap:anywhere}
h1{font-size:1.6rem;line-height:1.25;margin:0 0 .25rem}
h2{font-size:1.2rem;line-height:1.3;margin:2.2rem 0 .5rem;padding-top:.8rem;border-top:1px solid var(--line)}
h3{font-size:1.02rem;margin:1.4rem 0 .4rem}
p{margin:.5rem 0;max-width:46rem}
.subtitle,.quiet,caption,figcaption,.more{color:var(--quiet)}
.lead{font-size:1.15rem;line-height:1.45;margin:1rem 0}
.good{color:var(--good)}.warn{color:var(--warn)}.bad{color:var(--bad)}
p.bad,p.good,.value{font-weight:600}
table{border-collapse:collapse;min-width:min(100%,24rem);max-width:100%;margin:.6rem 0;
font-variant-numeric:tabular-nums;font-size:.95rem}
caption{text-align:left;padding:.2rem 0 .4rem;max-width:46rem}
th,td{text-align:left;vertical-align:top;padding:.35rem 1.4rem .35rem 0;border-bottom:1px solid var(--line)}
thead th{font-weight:600;font-size:.85rem;color:var(--quiet);overflow-wrap:normal}
.num{text-align:right}td.num{white-space:nowrap}
table.counts{overflow-wrap:break-word}
td.id{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;font-size:.86rem}
sup{line-height:0;font-size:.72em;margin-left:.15em}sup a{padding:0 .1em}
a{color:inherit;text-decoration-color:var(--quiet);text-underline-offset:.15em}
.figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(14rem,1fr));gap:.8rem;margin:.8rem 0;padding:0}
.figures div{background:var(--soft);border-radius:.4rem;padding:.7rem .9rem}
.figures dt{font-size:.88rem;color:var(--quiet)}
.figures dd{margin:0}.figures .value{font-size:1.35rem;font-weight:600;font-variant-numeric:tabular-nums}
.figures .meaning{font-size:.88rem;color:var(--quiet)}
figure{margin:.8rem 0}
svg{display:block;width:100%;height:auto;max-width:37rem}
svg text{font:12px system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif;fill:var(--quiet)}
svg .axis{stroke:var(--line);stroke-width:1}
svg .floor{stroke:var(--quiet);stroke-width:1;stroke-dasharray:2 4}
svg .band{opacity:.2;stroke:none}
svg .low,svg .high{fill:none;stroke-width:2.25;stroke-linejoin:round}
svg .high{stroke-dasharray:6 4}
svg .s0 .band{fill:var(--one)}svg .s0 .low,svg .s0 .high{stroke:var(--one)}svg .s0 text{fill:var(--one);font-weight:600}
svg .s1 .band{fill:var(--two)}svg .s1 .low,svg .s1 .high{stroke:var(--two)}svg .s1 text{fill:var(--two);font-weight:600}
ol.steps{list-style:none;margin:.5rem 0;padding:0 0 0 .9rem;border-left:2px solid var(--line);max-width:46rem}
ol.steps ol.steps{margin:.35rem 0}
details{margin:1rem 0;border-top:1px solid var(--line);padding-top:.6rem}
summary{cursor:pointer;font-weight:600}
ol.evidence{padding-left:2.4rem;font-size:.88rem}
ol.evidence li{margin:.2rem 0}
:target{background:var(--soft);outline:2px solid var(--one);outline-offset:2px}
.old{color:var(--warn);font-weight:600}
@media (max-width:40rem){
body{padding:1rem .9rem 3rem}
table.wide thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
table.wide,table.wide tbody,table.wide tr,table.wide td,table.wide caption{display:block;width:100%}
table.wide tr{border:1px solid var(--line);border-radius:.4rem;padding:.3rem .7rem;margin:.5rem 0}
table.wide td{display:grid;grid-template-columns:minmax(6.5rem,38%) minmax(0,1fr);gap:.6rem;border:0;
padding:.12rem 0;text-align:left}
table.wide td.num{white-space:normal}
table.wide td::before{content:attr(data-label);color:var(--quiet);font:400 .85rem system-ui,sans-serif}
table:not(.wide){min-width:100%;font-size:.88rem}table:not(.wide) th,table:not(.wide) td{padding-right:.45rem}
table:not(.wide) th{font-size:.78rem}
}
@media print{
:root{--paper:#fff;--ink:#000;--quiet:#444;--line:#bbb;--soft:#f4f4f4;--one:#1f5fa8;--two:#a35a00;--good:#1c6b3a;
--warn:#7d5600;--bad:#a4231c;color-scheme:light}
body{max-width:none;padding:0;font-size:10pt}
h2,h3,summary,caption{break-after:avoid}tr,figure,.figures div,li{break-inside:avoid}thead{display:table-header-group}
}
"""
).strip()
"""Style sheet; it names no address and loads nothing."""

_HEAT_COLOURS: Final = f"""
:root{{{declared(HEAT_LIGHT)}}}
@media (prefers-color-scheme:dark){{:root{{{declared(HEAT_DARK)}}}}}
"""

HEAT_STYLE: Final = (
    _HEAT_COLOURS
    + """.heat{overflow-x:auto;max-width:100%}
.heat table{border-collapse:separate;border-spacing:2px}
.heat th,.heat td{padding:.4rem .6rem;border:0;vertical-align:top;min-width:6rem}
.heat tbody th{font-weight:600;font-size:.9rem;min-width:8rem}
.heat td{border-radius:.25rem;font-size:.9rem}.heat td>span{white-space:nowrap}
td{overflow-wrap:break-word}td.id{overflow-wrap:anywhere}
.heat small{display:block;font-size:.78rem}
.h-untouched{background:var(--h0)}.h-survived{background:var(--h1)}
.h-degraded{background:var(--h2);border-left:.3rem double var(--ink)!important}
.h-failed{background:var(--h3);color:var(--h3ink);font-weight:600}
.h-void{background:repeating-linear-gradient(45deg,var(--hv) 0 .4rem,var(--hs) .4rem .8rem)}
.h-skipped{background:var(--hv);font-style:italic}.h-absent{outline:1px dashed var(--quiet);outline-offset:-1px}
@media print{:root{--h0:#fff;--h1:#dcecf9;--h2:#f6d57a;--h3:#000;--h3ink:#fff;--hv:#fff;--hs:#ddd}
.heat td{print-color-adjust:exact;-webkit-print-color-adjust:exact}}
"""
).rstrip()
"""What a page with a heat map adds: blue to red through yellow, told apart by lightness too; a word stands in every cell."""

GANTT_STYLE: Final = """
.gantt{overflow-x:auto;max-width:100%}
.gantt svg{max-width:44rem;min-width:18rem}
@media(max-width:40rem){.gantt svg text{font-size:17px}}
.gantt svg .name{fill:var(--ink)}
.gantt svg .building{fill:var(--one)}.gantt svg .there{fill:var(--one);opacity:.22}
.gantt svg .quiet .building{fill:var(--quiet)}.gantt svg .quiet .there{fill:var(--quiet)}
.gantt svg .warn .building{fill:var(--two)}.gantt svg .warn .there{fill:var(--two)}
@media print{.gantt svg rect{print-color-adjust:exact;-webkit-print-color-adjust:exact}}
""".rstrip()
"""What a page with a Gantt chart adds: a full bar while a thing is built, a pale one from when it is there."""
