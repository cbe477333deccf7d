"""How a report looks: on screens in the light and in the dark, and on paper."""

from __future__ import annotations

from latentlab.figures.monitoring.stream import ALARM
from latentlab.figures.theme import DARK, LIGHT, Theme

_STYLE = """
*{box-sizing:border-box}
body{font:15px/1.5 "Source Sans 3","Source Sans",system-ui,sans-serif;max-width:1100px;margin:2em auto;padding:0 1em;
color:var(--text);background:var(--surface)}
h1{font-size:1.6em;line-height:1.2;overflow-wrap:anywhere}h2{font-size:1.2em;margin:1.8em 0 .4em}
h3{font-size:1em;margin:1.4em 0 .2em;overflow-wrap:anywhere}
h4{font-size:.8em;font-weight:400;color:var(--muted);margin:.6em 0 .1em;overflow-wrap:anywhere}
p.verdict{border-left:4px solid var(--accent);padding:.5em .8em;background:var(--grid);font-size:1.1em}
p.small,figcaption{font-size:.85em;color:var(--muted)}figure{margin:0}
.scroll{overflow-x:auto}.scroll table.wide{min-width:46em}table{border-collapse:collapse;font-size:.87em}
td,th{border-bottom:1px solid var(--grid);padding:.3em .8em .3em 0;text-align:left;vertical-align:top}
th{font-weight:600;color:var(--muted)}td.n{text-align:right;font-variant-numeric:tabular-nums}
table.facts td{overflow-wrap:anywhere}code{font-size:.93em;overflow-wrap:anywhere}
.plot{position:relative;padding-left:4.6em}.plot svg{display:block;width:100%;height:4.6em;background:var(--panel)}
.scores .plot svg{height:10em}svg *{vector-effect:non-scaling-stroke}
.ticks span{position:absolute;left:0;width:6em;padding-right:.4em;text-align:right;transform:translateY(-50%);
font-size:.75em;color:var(--muted);white-space:nowrap}
.ticks{position:absolute;left:0;top:0;bottom:0}
.axis{display:flex;justify-content:space-between;gap:1em;padding:.2em 0 0 6.1em;font-size:.75em;color:var(--muted)}
.axis span:nth-child(2){text-align:center}.axis span:last-child{text-align:right}
path{fill:none;stroke-linejoin:round}path.read{stroke:var(--accent);stroke-width:1.4}
path.expected{stroke:var(--muted);stroke-width:1.4;stroke-dasharray:2 3}path.score{stroke:var(--text);stroke-width:1.2}
path.level{stroke:var(--alarm);stroke-width:1.4;stroke-dasharray:6 4}path.band{fill:var(--accent);opacity:.18}
rect.alarm{fill:var(--alarm);opacity:.25}a{color:var(--accent)}
.panel,section.alarm,tr{break-inside:avoid}
@media (min-width:600px){table.facts th{white-space:nowrap}}
@media print{body{margin:0;max-width:none;font-size:12px}.scroll{overflow:visible}.scroll table.wide{min-width:0}}
"""


def style() -> str:
    """The style sheet."""

    def of(look: Theme, panel: str) -> str:
        return (
            f"--text:{look.text};--muted:{look.muted};--grid:{look.grid};--surface:{look.surface};"
            f"--accent:{look.accent};--alarm:{ALARM};--panel:{panel}"
        )

    light, dark = of(LIGHT, "#f7f8fb"), of(DARK, "#171b24")
    return f":root{{{light}}}@media screen and (prefers-color-scheme:dark){{:root{{color-scheme:dark;{dark}}}}}{_STYLE}"
