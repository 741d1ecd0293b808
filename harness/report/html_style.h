/*
 * html_style: the style sheet and the few lines of script of the HTML page. Internal to this room.
 *
 * No network: system fonts, no images. Light and dark by prefers-color-scheme; on paper always light, with the scenarios unfolded and the long tables
 * left out unless they were opened. Without the
 * script the page loses nothing but the quick read-out: the columns of a chart keep their <title>, and every chart has its table.
 */
#ifndef CHURN_REPORT_HTML_STYLE_H
#define CHURN_REPORT_HTML_STYLE_H

/* clang-format off */
#define HTML_STYLE \
    ":root{color-scheme:light dark;--page:#fff;--card:#f6f8fa;--text:#1f2328;--muted:#57606a;--line:#d8dee4;--link:#0b5cad;" \
    "--pass:#0a6e4f;--pass-bg:#e1f3ea;--fail:#a4261d;--fail-bg:#fde7e2;--broken:#6b3fa0;--broken-bg:#f0e8fa;" \
    "--inconclusive:#765200;--inconclusive-bg:#fcf1d0;--skip:#57606a;--skip-bg:#ebeff3}\n" \
    "@media screen and (prefers-color-scheme:dark){:root{--page:#0f1419;--card:#181f27;--text:#e6edf3;--muted:#9aa7b4;--line:#2d3742;" \
    "--link:#79b8ff;--pass:#6ad7ab;--pass-bg:#11291f;--fail:#ff9d8c;--fail-bg:#3a1811;--broken:#cbaeff;--broken-bg:#281c3d;" \
    "--inconclusive:#f2cb66;--inconclusive-bg:#32280d;--skip:#9aa7b4;--skip-bg:#212932}\n" \
    "[stroke=\"#d55e00\"]{stroke:#ff8a3d}[color=\"#d55e00\"]{color:#ff8a3d}" \
    "[stroke=\"#0072b2\"]{stroke:#5ab4f0}[color=\"#0072b2\"]{color:#5ab4f0}" \
    "[stroke=\"#009e73\"]{stroke:#3ccf9f}[color=\"#009e73\"]{color:#3ccf9f}" \
    "[stroke=\"#cc79a7\"]{stroke:#e59ac4}[color=\"#cc79a7\"]{color:#e59ac4}" \
    "[stroke=\"#e69f00\"]{stroke:#f5bd45}[color=\"#e69f00\"]{color:#f5bd45}" \
    "[stroke=\"#56b4e9\"]{stroke:#8fd0f7}[color=\"#56b4e9\"]{color:#8fd0f7}" \
    "[stroke=\"#7a6f9b\"]{stroke:#a99fd0}[color=\"#7a6f9b\"]{color:#a99fd0}" \
    "[stroke=\"#8c6d31\"]{stroke:#c8a866}[color=\"#8c6d31\"]{color:#c8a866}" \
    "[stroke=\"#24292f\"]{stroke:#e6edf3}[fill=\"#57606a\"]{fill:#9aa7b4}" \
    "[stroke=\"#8c959f\"]{stroke:#5b6672}[stroke=\"#d8dee4\"]{stroke:#28313b}}\n" \
    "*{box-sizing:border-box}html{-webkit-text-size-adjust:100%}" \
    "body{margin:0;background:var(--page);color:var(--text);font:15px/1.55 system-ui,-apple-system,\"Segoe UI\",Roboto,\"Noto Sans\",\"DejaVu Sans\",sans-serif}" \
    "main,header,footer{max-width:76rem;margin:0 auto;padding:0 1.5rem}header{padding-top:2.25rem}footer{padding-bottom:3rem}" \
    "h1{font-size:1.75rem;line-height:1.25;margin:0 0 .4rem;letter-spacing:-.01em}h2{font-size:1.25rem;margin:2.6rem 0 .9rem}" \
    "h3{font-size:1.05rem;margin:0;display:inline}p{margin:.4rem 0}a{color:var(--link)}small,.muted{color:var(--muted);font-size:.875rem}" \
    "code,pre{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,\"DejaVu Sans Mono\",monospace;font-size:.86em}" \
    "pre{margin:.5rem 0;padding:.6rem .8rem;background:var(--page);border:1px solid var(--line);border-radius:6px;overflow-x:auto}" \
    "pre.wrap{white-space:pre-wrap;overflow-wrap:anywhere}" \
    "nav{margin:.8rem 0 0;display:flex;gap:1.2rem;flex-wrap:wrap}\n" \
    ".tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(8.2rem,1fr));gap:.75rem;margin:1.4rem 0 0;padding:0;list-style:none}" \
    ".tile{border:1px solid var(--line);border-radius:10px;padding:.7rem .95rem .75rem;background:var(--card);color:var(--muted)}" \
    ".tile b{display:block;font-size:1.7rem;line-height:1.2;font-variant-numeric:tabular-nums;font-weight:650}" \
    ".tile.zero b{opacity:.45}.tile.on{background:var(--bg);border-color:transparent;color:var(--fg)}" \
    ".pass{--fg:var(--pass);--bg:var(--pass-bg)}.fail{--fg:var(--fail);--bg:var(--fail-bg)}.broken{--fg:var(--broken);--bg:var(--broken-bg)}" \
    ".inconclusive{--fg:var(--inconclusive);--bg:var(--inconclusive-bg)}.skip{--fg:var(--skip);--bg:var(--skip-bg)}" \
    ".badge{display:inline-block;padding:.05rem .55rem;border-radius:99px;background:var(--bg);color:var(--fg);font-size:.8125rem;font-weight:600;overflow-wrap:anywhere;max-width:100%}" \
    ".notice{border:1px solid var(--line);border-left:4px solid var(--inconclusive);border-radius:6px;padding:.6rem .9rem;margin:1.2rem 0 0}\n" \
    ".problem{border:1px solid var(--line);border-left:5px solid var(--fg);border-radius:8px;background:var(--card);padding:.85rem 1.1rem;margin:0 0 .9rem}" \
    ".problem .why{font-size:1.0rem;margin:.45rem 0;overflow-wrap:anywhere;white-space:pre-line}.problem ul{margin:.3rem 0;padding-left:1.2rem}" \
    "details>summary{cursor:pointer}details>summary:hover{color:var(--link)}" \
    ".scroll{overflow-x:auto;border:1px solid var(--line);border-radius:8px}" \
    "table{border-collapse:collapse;width:100%;font-size:.875rem}th,td{padding:.4rem .75rem;text-align:left;vertical-align:top;border-top:1px solid var(--line)}" \
    "thead th{border-top:0;background:var(--card);font-weight:600;white-space:nowrap}tbody th{font-weight:500}" \
    "td.n,th.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}" \
    ".matrix tbody th,.matrix thead th:first-child{position:sticky;left:0;background:var(--card);min-width:11rem;max-width:20rem;overflow-wrap:anywhere}" \
    ".matrix thead th{white-space:normal;overflow-wrap:anywhere;max-width:15rem}.matrix td{min-width:10.5rem}.matrix thead small{font-weight:400;font-size:.75rem}" \
    ".cell{display:block;padding:.15rem .55rem .2rem;border-radius:6px;background:var(--bg);color:var(--fg);overflow-wrap:anywhere;font-weight:600;font-size:.8125rem}" \
    ".cell+.cell{margin-top:.25rem}.cell small{display:block;color:inherit;opacity:.85;font-weight:400;font-size:.75rem}td.none{color:var(--muted)}\n" \
    ".scenario{border:1px solid var(--line);border-radius:10px;margin:0 0 .9rem;background:var(--page)}" \
    ".scenario>summary{padding:.75rem 1.1rem;display:flex;flex-wrap:wrap;gap:.35rem .7rem;align-items:baseline;list-style:none}" \
    ".scenario>summary::-webkit-details-marker{display:none}.scenario>summary::before{content:\"\\25B8\";color:var(--muted);width:.8em}" \
    ".scenario[open]>summary::before{content:\"\\25BE\"}.scenario[open]>summary{border-bottom:1px solid var(--line)}" \
    ".scenario .arms{min-width:0;max-width:100%;margin-left:auto;display:flex;flex-wrap:wrap;gap:.35rem .5rem;justify-content:flex-end}" \
    ".body{padding:.8rem 1.1rem 1.1rem}.body>details,.problem>details{margin-top:.8rem}.body>details>*+*{margin-top:.6rem}" \
    "figure{margin:1rem 0 0;display:grid;grid-template-columns:minmax(0,40rem) minmax(15rem,1fr);gap:.2rem 1.6rem;align-items:start}" \
    "figcaption{grid-column:1/-1;font-weight:600}figcaption small{font-weight:400}.picture{overflow-x:auto}" \
    "svg.chart{display:block;width:100%;min-width:27rem;height:auto;overflow:visible}svg.symbols{position:absolute}" \
    "svg.chart text{font-family:system-ui,-apple-system,\"Segoe UI\",Roboto,\"Noto Sans\",\"DejaVu Sans\",sans-serif}" \
    ".col{fill:transparent}.col:hover{fill:var(--muted);fill-opacity:.14}" \
    ".legend td,.legend th{padding:.3rem .5rem .3rem 0;border-top:1px solid var(--line)}.legend tr:first-child>*{border-top:0}.legend td:first-child{width:3.2rem}" \
    ".legend th{font-weight:600;overflow-wrap:anywhere;min-width:7rem}.legend td.n{white-space:normal}.legend th small{display:block;font-weight:400}" \
    ".swatch{width:34px;height:12px;margin-top:.3rem;display:block}" \
    ".tip{position:fixed;z-index:2;pointer-events:none;white-space:pre;background:var(--card);color:var(--text);border:1px solid var(--line);" \
    "border-radius:6px;box-shadow:0 4px 14px rgb(0 0 0/.18);padding:.4rem .65rem;font-size:.8125rem;font-variant-numeric:tabular-nums;max-width:95vw}\n" \
    "dl.facts{display:grid;grid-template-columns:max-content 1fr;gap:.25rem 1.4rem;margin:0}dl.facts dt{color:var(--muted)}dl.facts dd{margin:0;overflow-wrap:anywhere}\n" \
    "@media (max-width:56rem){figure{grid-template-columns:minmax(0,1fr)}}" \
    "@media (max-width:40rem){main,header,footer{padding-left:1rem;padding-right:1rem}.scenario .arms{margin-left:1.4rem;justify-content:flex-start}" \
    ".body{padding:.6rem .8rem .9rem}dl.facts{grid-template-columns:1fr}dl.facts dd{margin-bottom:.4rem}.tiles{grid-template-columns:repeat(3,1fr);gap:.5rem}" \
    ".tile{padding:.5rem .6rem}.tile b{font-size:1.3rem}.tile{font-size:.8125rem}}\n" \
    "@media print{@page{margin:14mm}body{font-size:10.5pt}main,header,footer{max-width:none;padding:0}nav,.tip{display:none}" \
    ".scenario::details-content,.problem details::details-content{content-visibility:visible;block-size:auto;opacity:1}" \
    ".body details:not([open]){display:none}.scroll,.picture{overflow:visible}.scenario>summary::before{content:none!important}" \
    "figure,.problem,.tile,tr{break-inside:avoid}h2,summary,figcaption{break-after:avoid}" \
    "figure{grid-template-columns:minmax(0,3fr) minmax(0,2fr)}svg.chart{min-width:0}table{font-size:8.5pt}th,td{padding:.25rem .4rem}small,.muted,.badge{font-size:8pt}.scenario,.problem{box-decoration-break:clone}" \
    "pre{white-space:pre-wrap;overflow-wrap:anywhere}.cell,.badge,.tile{-webkit-print-color-adjust:exact;print-color-adjust:exact}a{color:inherit;text-decoration:none}}\n"

/* A quick read-out beside the pointer instead of the browser's slow one; unfolds scenarios for browsers that do not know ::details-content. */
#define HTML_SCRIPT \
    "(function(){\n" \
    "var tip=document.createElement('div');tip.className='tip';tip.hidden=true;document.body.appendChild(tip);\n" \
    "document.addEventListener('pointermove',function(e){\n" \
    " var col=e.target.closest&&e.target.closest('.col');\n" \
    " tip.hidden=!col;if(!col)return;\n" \
    " var title=col.querySelector('title');\n" \
    " if(title){col.setAttribute('data-tip',title.textContent);title.remove();}\n" \
    " tip.textContent=col.getAttribute('data-tip');\n" \
    " var x=e.clientX+14,y=e.clientY+14;\n" \
    " if(x+tip.offsetWidth>innerWidth-8)x=Math.max(8,e.clientX-tip.offsetWidth-14);\n" \
    " if(y+tip.offsetHeight>innerHeight-8)y=Math.max(8,e.clientY-tip.offsetHeight-14);\n" \
    " tip.style.left=x+'px';tip.style.top=y+'px';\n" \
    "});\n" \
    "addEventListener('beforeprint',function(){document.querySelectorAll('.scenario,.problem details').forEach(function(d){d.open=true;});});\n" \
    "})();\n"

/* Nothing but exactly this script may run: sha256 of HTML_SCRIPT. A test recomputes it. */
#define HTML_SCRIPT_HASH "sha256-yv46zGn66qRY9o4Gg0GU9JAG3REGgUEs71IQNSLFbnQ="
/* clang-format on */

#endif
