"""A pool in Python as a subject of churn (the subject protocol, version 1). The sister of Subject.java.

Reads the plan, knows the leases, makes and closes items and counts them outside the pool, and answers. An adapter is a
subclass with: open(minimum, maximum, ttl), get(lease), release(lease), invalidate(item, is_out), shutdown(), sample(), settle();
and kill(lease), cancel(lease), advance(seconds) where its `ops` name them. It calls create, destroy, leased, failed, closed, done.
"""
import json
import re
import sys
import threading
import traceback

UNITS = {"ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1, "m": 60, "h": 3600, "d": 86400}
SIZES = {"": 1, "B": 1, "k": 1000, "M": 10**6, "kB": 1000, "MB": 10**6, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30}


def quantity(text, units):
    number, unit = re.fullmatch(r"([0-9.]+)([A-Za-z]*)", text).groups()
    return float(number) * units[unit]


class Item:
    def __init__(self, identity, key, payload):
        self.id, self.key, self.closed, self.payload = identity, key, False, bytes(payload)


class Lease:
    def __init__(self, name, key, scope):
        self.name, self.key, self.scope = name, key, scope
        self.state, self.item, self.own = "pending", None, None


class Subject:
    name, version, clock = "", "", "real"
    ops, counters = [], []

    def __init__(self):
        self.lock = threading.RLock()
        self.leases, self.failures, self.output = {}, {}, []
        self.created = self.destroyed = 0
        self.payload, self.opened = 0, False

    # ---- what an adapter calls, from any thread ----

    def create(self, key):
        """The factory: a new item, or None when the plan lets this creation fail."""
        with self.lock:
            if self.failures.get(key, 0) > 0:
                self.failures[key] -= 1
                return None
            self.created += 1
            self.say(f"created {self.created} {key}")
            return Item(self.created, key, self.payload)

    def destroy(self, item):
        with self.lock:
            if item.closed:
                return self.say(f"misuse {item.id} destroyed twice")
            item.closed = True
            self.destroyed += 1
            self.say(f"destroyed {item.id}")

    def leased(self, lease, item):
        with self.lock:
            lease.state, lease.item = "leased", item
            self.say(f"leased {lease.name} {item.id}")

    def failed(self, lease, why):
        self.over(lease, f"failed {lease.name} " + re.sub(r"[\x00-\x1f\x7f]", " ", str(why))[:300])

    def closed(self, lease):
        self.over(lease, f"closed {lease.name}")

    def done(self):
        self.say("done shutdown")

    def pending(self):
        return sum(lease.state == "pending" for lease in self.leases.values())

    # ---- the protocol ----

    def over(self, lease, line):
        with self.lock:
            lease.state = "over"
            self.say(line)

    def say(self, line):
        with self.lock:
            self.output.append(line)

    def flush(self):
        with self.lock:
            sys.stdout.write("".join(line + "\n" for line in self.output))
            self.output.clear()
        sys.stdout.flush()

    def speak(self):
        """Until the end of stdin."""
        self.ops = ["get", "release", "invalidate", "fail", "rung", "shutdown", *self.ops]
        self.counters = ["created", "destroyed", "open", *self.counters]
        greeting = {"name": self.name, "version": self.version, "ops": self.ops, "counters": self.counters, "clock": self.clock,
                    "cancelled": True}
        self.say("churn-subject 1 " + json.dumps(greeting))
        self.flush()
        for line in sys.stdin:
            line = line.rstrip("\n")
            try:
                self.carry_out(line.split(" "))
                self.settle()
                if line == "rung":
                    self.rung()
            except Exception as error:
                traceback.print_exc()
                self.say(f"error {line}: {type(error).__name__}")
            self.flush()

    def carry_out(self, words):
        verb, *rest = words
        if verb in ("meta", "rung"):
            return
        if verb == "pool":
            return self.open_pool(dict(pair.split("=") for pair in rest))
        if verb not in self.ops:
            return self.say(f"unsupported {verb}")
        lease = self.leases.get(rest[0]) if rest else None
        if verb == "get":
            self.leases[rest[0]] = lease = Lease(rest[0], rest[1], rest[2] if len(rest) > 2 else None)
            self.get(lease)
        elif verb == "release" and lease.state == "leased":
            lease.state = "over"
            self.release(lease)
        elif verb == "cancel" and lease.state == "pending":
            self.over(lease, f"cancelled {lease.name}")
            self.cancel(lease)
        elif verb == "invalidate" and lease.item:
            out = any(other.item is lease.item and other.state == "leased" for other in self.leases.values())
            self.invalidate(lease.item, out)
        elif verb == "kill" and lease.item:
            self.kill(lease)
        elif verb == "fail":
            self.failures[rest[0]] = int(quantity(rest[1], SIZES))
        elif verb == "advance":
            self.advance(quantity(rest[0], UNITS))
        elif verb == "shutdown":
            self.shutdown()

    def open_pool(self, settings):
        if settings.get("items") == "tcp" or "fd_limit" in settings or settings.get("identities") == "reused":
            return self.say("unsupported pool with items=tcp, fd_limit or identities=reused")
        self.payload = int(quantity(settings.get("payload", "0"), SIZES))
        ttl = settings.get("ttl", "inf")
        self.open(int(quantity(settings.get("min", "0"), SIZES)), int(quantity(settings.get("max", "1"), SIZES)),
                  None if ttl == "inf" else quantity(ttl, UNITS))
        self.opened = True

    def rung(self):
        values = self.sample() if self.opened else dict.fromkeys(self.counters, 0)
        values.update(created=self.created, destroyed=self.destroyed, open=self.created - self.destroyed)
        self.say("rung " + json.dumps({name: values[name] for name in self.counters}))
