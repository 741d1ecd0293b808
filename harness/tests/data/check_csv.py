"""Reads the CSV of the troubled sample on stdin. Prints the number of rows and of those of one leaky run."""
import csv
import sys

rows = list(csv.DictReader(sys.stdin, strict=True))
assert all(None not in row and None not in row.values() for row in rows), "every row has every cell"
leak = [
    row
    for row in rows
    if (row["scenario"], row["params"], row["pool"], row["backend"])
    == ("zio-9306", "keys=8 max=4", "broadcast", "native")
]
assert all(int(row["tombstones"]) == 7 * int(row["invalidations"]) for row in leak)
assert [row["tool_bytes"] != "" for row in leak] == [rung % 10 == 0 for rung in range(30)], "a missing sample is an empty cell"
print(len(rows), len(leak))
