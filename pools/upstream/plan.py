#!/usr/bin/env python3
"""Prints the plan of the measurements in README.md: KEYS keys of size 1 are made, then ROUNDS times get, invalidate,
release over the keys in turn, then each key is touched once; four rungs on the way; shutdown and one more get.

    python3 pools/upstream/plan.py KEYS ROUNDS
"""
import sys

keys, rounds = int(sys.argv[1]), int(sys.argv[2])
touch_all = [f"get a k{k}\nrelease a" for k in range(keys)]
plan = ["pool min=1 max=1 ttl=inf", "rung", *touch_all, "rung"]
for quarter in range(4):
    for i in range(quarter * rounds // 4, (quarter + 1) * rounds // 4):
        plan.append(f"get a k{i % keys}\ninvalidate a\nrelease a")
    plan += [*touch_all, "rung"]
plan += ["shutdown", "rung", "get z k0", "rung"]
print("\n".join(plan))
