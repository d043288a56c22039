"""The style sheet of a report: the reader's colour scheme, paper, and narrow screens."""

from engine.diagnose.svg import DARK, LIGHT, variables

# Text on a coloured ground has the paper's colour, so the grounds are the text colours themselves.
STYLE = (
    f":root{{{variables(LIGHT)}color-scheme:light dark}}"
    f"@media (prefers-color-scheme:dark){{:root{{{variables(DARK)}}}}}" """
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.55 system-ui,'Segoe UI',Roboto,
'Helvetica Neue','DejaVu Sans',sans-serif;overflow-wrap:anywhere}
main,header .in,footer{max-width:58rem;margin:0 auto;padding:0 1.25rem}
header{background:var(--panel);border-bottom:1px solid var(--line);padding:1.75rem 0 1.5rem}
h1{font-size:1.6rem;line-height:1.25;margin:0 0 .35rem;text-wrap:balance}
h2{font-size:1.2rem;margin:2.75rem 0 .9rem;padding-bottom:.35rem;
border-bottom:1px solid var(--line)}
h3{font-size:1rem;margin:0;line-height:1.4}
p{margin:.4rem 0}
.soft{color:var(--soft)}
.sub{color:var(--soft);margin:0}
.verdict{display:flex;flex-wrap:wrap;align-items:center;gap:.6rem 1rem;margin-top:1.1rem}
.big{font-size:1.15rem;font-weight:700;letter-spacing:.02em;padding:.35rem .9rem;
border-radius:.5rem;color:var(--paper);background:var(--soft)}
.pill{display:inline-block;min-width:5.4em;text-align:center;font-size:.75rem;font-weight:700;
letter-spacing:.03em;padding:.12rem .55rem;border-radius:1rem;color:var(--paper);
background:var(--soft);white-space:nowrap}
.good{background:var(--good)}.bad{background:var(--bad)}.warn{background:var(--warn)}
.t-good{color:var(--good)}.t-bad{color:var(--bad)}.t-warn{color:var(--warn)}
nav{margin-top:1rem;font-size:.93rem}
nav a{margin-right:1rem;white-space:nowrap}
a{color:var(--tunnel)}
.step{border:1px solid var(--line);border-radius:.6rem;margin:.7rem 0;padding:.85rem 1rem;
background:var(--paper);break-inside:avoid}
.step.bad{background:var(--paper);border-left:4px solid var(--bad)}
.step.warn{background:var(--paper);border-left:4px solid var(--warn)}
.step.good{background:var(--paper);border-left:4px solid var(--good)}
.row{display:flex;gap:.8rem;align-items:flex-start}
.row h3{flex:1}
.num{color:var(--soft);font-variant-numeric:tabular-nums;min-width:1.6em;text-align:right}
.in-step{margin-left:2.4em}
dl{margin:.5rem 0 0;display:grid;grid-template-columns:5.2em 1fr;gap:.3rem .7rem}
dt{color:var(--soft);font-size:.9rem;padding-top:.05rem}
dd{margin:0;min-width:0}
code,pre{font:.84rem/1.5 ui-monospace,Consolas,'DejaVu Sans Mono',monospace}
pre{margin:.3rem 0 0;padding:.55rem .75rem;background:var(--panel);border:1px solid var(--line);
border-radius:.4rem;white-space:pre-wrap;overflow-wrap:anywhere}
ul.plain{list-style:none;margin:.3rem 0;padding:0}ul.plain li{margin:.35rem 0}
details summary{cursor:pointer;list-style:none}
details summary::-webkit-details-marker{display:none}
details.step{padding:.5rem 1rem}
details.step .in-step{margin-bottom:.4rem}
.pictures{display:grid;gap:1rem;justify-items:start}
.pictures svg{border:1px solid var(--line);border-radius:.6rem;background:var(--paper)}
table{border-collapse:collapse;width:100%;font-size:.88rem}
th{text-align:left;white-space:nowrap;color:var(--soft);font-weight:600;
border-bottom:1px solid var(--line);padding:.3rem .6rem .3rem 0}
td{border-bottom:1px solid var(--line);padding:.28rem .6rem .28rem 0;vertical-align:top}
td.m{white-space:nowrap}
td.t{white-space:nowrap;font-variant-numeric:tabular-nums}
footer{margin-top:3rem;padding-top:1rem;padding-bottom:2.5rem;color:var(--soft);font-size:.88rem;
border-top:1px solid var(--line)}
@media (max-width:40rem){
body{font-size:15px}main,header .in,footer{padding:0 .9rem}h1{font-size:1.35rem}
.in-step{margin-left:0}dl{grid-template-columns:1fr;gap:.1rem}dt{margin-top:.35rem}
.row{flex-wrap:wrap;gap:.35rem .6rem}.row h3{flex:1 1 60%}
thead{display:none}tr{display:block;border-bottom:1px solid var(--line);padding:.35rem 0}
td{display:block;border:0;padding:0}
td.t,td.m{display:inline-block;color:var(--soft);font-size:.82rem;padding-right:.8rem}
}
@media print{
body{font-size:10.5pt}header{background:none}nav{display:none}
details::details-content{content-visibility:visible;display:block}
.pill,.big{border:1px solid currentColor;background:none!important;color:var(--ink)}
}
""").replace("\n", "")
