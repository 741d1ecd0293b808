"""Reads OpenMetrics text on stdin and holds it to the rules of the format that a writer can break. Prints the number of families."""
import re
import sys

VALUE = r'"(?:[^"\\\n]|\\[n"\\])*"'
SAMPLE = re.compile(r"([a-z_]+)\{((?:[a-z_]+=%s)(?:,[a-z_]+=%s)*)\} (-?[0-9.e+-]+)" % (VALUE, VALUE))

lines = sys.stdin.read().split("\n")
assert lines[-2:] == ["# EOF", ""], "ends with # EOF and a line break"
family, types, seen = None, {}, set()
for line in lines[:-2]:
    word = line.split(" ")
    if word[:2] == ["#", "TYPE"]:
        family = word[2]
        assert family not in types, "a family's samples stand together: " + line
        types[family] = word[3]
    elif word[0] == "#":
        assert word[1] in ("UNIT", "HELP") and word[2] == family, line
        assert word[1] != "UNIT" or family.endswith("_" + word[3]), line
    else:
        match = SAMPLE.fullmatch(line)
        assert match, "no sample: " + line
        name, labels, value = match.groups()
        assert name == family + {"info": "_info"}.get(types[family], ""), line
        assert (name, labels) not in seen, "the same labels twice: " + line
        seen.add((name, labels))
        float(value)
print(len(types))
