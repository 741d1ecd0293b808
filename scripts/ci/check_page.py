"""Reads the DOM of an HTML report on stdin, as a browser sees it, and checks what a reader needs. The page's name is the argument."""
import re
import sys
from html.parser import HTMLParser

X_LABEL = re.compile(r"(?:thousand |million )?(?:invalidations|operations)")
TICK = re.compile(r"-?[0-9.]+(?:e[+-]?[0-9]+)?")
# Elements without content; in SVG they come with an end tag.
VOID = {"meta", "link", "br", "img", "input", "hr", "wbr"}


class Page(HTMLParser):
    def __init__(self):
        super().__init__()
        self.ids, self.links, self.faults, self.charts = set(), [], [], []
        self.in_chart = self.in_text = False
        self.open = []

    def handle_starttag(self, tag, attributes):
        values = dict(attributes)
        if tag not in VOID:
            self.open.append(tag)
        if "id" in values:
            if values["id"] in self.ids:
                self.faults.append("the id %s occurs twice" % values["id"])
            self.ids.add(values["id"])
        for name in ("src", "href", "xlink:href", "srcset", "data", "action"):
            self.check_link(tag, values.get(name))
        for name in values:
            if name.startswith("on"):
                self.faults.append("an event handler in the text of the page: %s" % name)
        if tag == "svg" and values.get("class") == "chart":
            self.in_chart = True
            self.charts.append({"label": values.get("aria-label"), "texts": [], "curves": 0, "columns": 0})
        if self.in_chart:
            self.in_text = tag == "text"
            self.charts[-1]["curves"] += tag == "path"
            self.charts[-1]["columns"] += values.get("class") == "col"

    def check_link(self, tag, target):
        if target is None or target == "data:,":
            return
        if target.startswith("#"):
            self.links.append(target[1:])
        else:
            self.faults.append("<%s> refers to something outside the page: %s" % (tag, target[:80]))

    def handle_endtag(self, tag):
        if tag in VOID:
            return
        if not self.open or self.open.pop() != tag:
            self.faults.append("</%s> closes something else" % tag)
        if tag == "svg":
            self.in_chart = False
        self.in_text = False

    def handle_data(self, data):
        if "This page has no charts" in data:
            self.faults.append(data.strip())
        if self.in_chart and self.in_text:
            self.charts[-1]["texts"].append(data.strip())


def check_chart(chart, number):
    texts = chart["texts"]
    words = [text for text in texts if not TICK.fullmatch(text)]
    ticks = [text for text in texts if TICK.fullmatch(text)]
    faults = []
    if not any(X_LABEL.fullmatch(text) for text in words):
        faults.append("has no label on its x axis: %s" % words)
    # "tombstones (entries)"; a metric that churn does not know has no unit
    if not any(not X_LABEL.fullmatch(text) and text for text in words):
        faults.append("has no label on its y axis: %s" % words)
    if len(ticks) < 4:
        faults.append("has %d numbers on its axes" % len(ticks))
    if chart["curves"] < 1 or chart["columns"] < 2:
        faults.append("has no curve or nothing to point at")
    if not chart["label"]:
        faults.append("says nothing to a screen reader")
    return ["chart %d (%s) %s" % (number, chart["label"], fault) for fault in faults]


page = Page()
page.feed(sys.stdin.read())
page.close()
faults = page.faults + ["#%s leads nowhere" % link for link in page.links if link not in page.ids]
for number, chart in enumerate(page.charts, 1):
    faults += check_chart(chart, number)
for fault in faults[:20]:
    print("check-html: %s: %s" % (sys.argv[1], fault))
if faults:
    sys.exit(1)
print("check-html: %s: good, %d charts" % (sys.argv[1], len(page.charts)))
