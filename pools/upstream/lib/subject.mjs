// A pool on Node as a subject of churn (the subject protocol, version 1). The sister of Subject.java.
//
// This module reads the plan, knows the leases, makes and closes items and counts them outside the pool, and answers.
// An adapter is an object with:
//   name, version, clock ("virtual" or "real"), ops and counters (beside those every pool has)
//   open({min, max, ttlNs})   get(lease)   release(lease)   invalidate(item)   shutdown()
//   cancel(lease)   closeScope(name)   advance(ns)          where `ops` names them
//   advance may return a promise
//   settle()   runs until nothing that can go on is left; may return a promise
//   sample()   an object with a value for each counter, at every rung
// It calls back on the Subject it was given: fails, slownessNs, made, destroy, leased, failed, closed, shutdownDone.

const UNITS = { ns: 1n, us: 1000n, ms: 10n ** 6n, s: 10n ** 9n, m: 60n * 10n ** 9n, h: 3600n * 10n ** 9n, d: 86400n * 10n ** 9n };
const SIZES = { "": 1n, k: 1000n, M: 10n ** 6n, B: 1n, kB: 1000n, MB: 10n ** 6n, KiB: 1n << 10n, MiB: 1n << 20n, GiB: 1n << 30n };

function quantity(text, units) {
  const [, whole, fraction = "", unit] = /^(\d+)(?:\.(\d+))?([A-Za-z]*)$/.exec(text) ?? [];
  if (whole === undefined || units[unit] === undefined) throw new Error(`quantity ${text}`);
  return Number((BigInt(whole + fraction) * units[unit]) / 10n ** BigInt(fraction.length));
}

const durationNs = (text) => (text === "inf" ? Infinity : quantity(text, UNITS));
const words = (text) => String(text).replace(/[\x00-\x1f\x7f]/g, " ").slice(0, 500);

/** What the factory makes. Identity 0 is a foreign value: it belongs to no pool. */
class Item {
  constructor(id, key, payload) {
    this.id = id;
    this.key = key;
    this.closed = false;
    this.payload = new Uint8Array(payload);
  }
  /** Closed, or never open: whoever still references it keeps something useless alive. */
  get dead() {
    return this.closed || this.id === 0;
  }
}

export class Subject {
  leases = new Map();
  failures = new Map();
  slowness = new Map();
  foreign = new Map(); // the same name is the same value
  output = "";
  created = 0;
  destroyed = 0;
  payload = 0;
  opened = false;

  // ---- what an adapter calls ----

  /** The factory. When a creation begins: does it fail, and how long does it take? Then `made`, when it does not. */
  fails(key) {
    const left = this.failures.get(key) ?? 0;
    if (left > 0) this.failures.set(key, left - 1);
    return left > 0;
  }
  slownessNs(key) {
    return this.slowness.get(key) ?? 0;
  }
  made(key) {
    const item = new Item(++this.created, key, this.payload);
    this.say(`created ${item.id} ${key}`);
    return item;
  }
  destroy(item) {
    if (item.closed) return this.say(`misuse ${item.id} destroyed twice`);
    item.closed = true;
    this.destroyed++;
    this.say(`destroyed ${item.id}`);
  }
  leased(lease, item) {
    lease.state = "leased";
    lease.item = item;
    this.say(`leased ${lease.name} ${item.id}`);
  }
  failed(lease, why) {
    this.over(lease, `failed ${lease.name} ${words(why)}`);
  }
  closed(lease) {
    this.over(lease, `closed ${lease.name}`);
  }
  shutdownDone() {
    this.say("done shutdown");
  }
  pending() {
    let count = 0;
    for (const lease of this.leases.values()) count += lease.state === "pending" ? 1 : 0;
    return count;
  }

  // ---- the protocol ----

  over(lease, line) {
    lease.state = "over";
    this.say(line);
  }
  say(line) {
    this.output += line + "\n";
    if (this.output.length > 32000) this.flush();
  }
  flush() {
    if (this.output) process.stdout.write(this.output);
    this.output = "";
  }

  /** Speaks the protocol until the end of stdin. */
  async speak(pool) {
    this.pool = pool;
    this.ops = ["get", "release", "invalidate", "invalidate-value", "fail", "rung", "shutdown", ...pool.ops];
    this.counters = ["created", "destroyed", "open", ...pool.counters, "heap_bytes"];
    const { name, version, clock } = pool;
    this.say("churn-subject 1 " + JSON.stringify({ name, version, ops: this.ops, counters: this.counters, clock, cancelled: true }));
    this.flush();
    let rest = "";
    process.stdin.setEncoding("utf8");
    for await (const chunk of process.stdin) {
      const lines = (rest + chunk).split("\n");
      rest = lines.pop();
      for (const line of lines) {
        // Waiting costs a turn of the event loop, so only pools that need it do.
        const waiting = this.step(line);
        if (waiting) await waiting;
        if (line === "rung") this.rung();
      }
      this.flush();
    }
  }

  step(line) {
    try {
      const underWay = this.carryOut(line.split(" "), line);
      if (typeof underWay?.then === "function") return underWay.then(() => this.pool.settle());
      return this.pool.settle();
    } catch (error) {
      console.error(error);
      this.say(`error ${words(line)}: ${words(error)}`);
    }
  }

  carryOut([verb, name, more, scope]) {
    if (verb === "meta" || verb === "rung") return;
    if (verb === "pool") return this.open(arguments[1].split(" ").slice(1));
    if (!this.ops.includes(verb)) return this.say(`unsupported ${words(verb)}`);
    if (!this.opened) throw new Error("no pool yet");
    switch (verb) {
      case "get": return this.startGet({ name, key: more, scope, state: "pending", item: null, own: null });
      case "release": return this.giveBack(this.lease(name));
      case "cancel": return this.giveUp(this.lease(name));
      case "invalidate": return this.lease(name).item && this.pool.invalidate(this.lease(name).item);
      case "invalidate-value": return this.pool.invalidate(this.foreignValue(name));
      case "fail": return this.failures.set(name, Number(more));
      case "slow": return this.slowness.set(name, durationNs(more));
      case "advance": return this.pool.advance(durationNs(name));
      case "close-scope": return this.endScope(name);
      case "shutdown": return this.pool.shutdown();
    }
  }

  open(pairs) {
    const settings = { min: "0", max: "1", ttl: "inf", payload: "0", ...Object.fromEntries(pairs.map((pair) => pair.split("="))) };
    if (settings.items === "tcp" || settings.fd_limit || settings.identities === "reused")
      return this.say("unsupported pool with items=tcp, fd_limit or identities=reused");
    this.payload = quantity(settings.payload, SIZES);
    this.pool.open({ min: quantity(settings.min, SIZES), max: quantity(settings.max, SIZES), ttlNs: durationNs(settings.ttl) });
    this.opened = true;
  }

  startGet(lease) {
    const before = this.leases.get(lease.name);
    if (before && before.state !== "over") throw new Error(`lease ${lease.name} is in use`);
    this.leases.set(lease.name, lease);
    this.pool.get(lease);
  }
  giveBack(lease) {
    if (lease.state !== "leased") return;
    lease.state = "over";
    this.pool.release(lease);
  }
  giveUp(lease) {
    if (lease.state !== "pending") return;
    this.over(lease, `cancelled ${lease.name}`);
    this.pool.cancel(lease);
  }
  endScope(name) {
    for (const lease of this.leases.values()) {
      if (lease.scope !== name) continue;
      this.giveUp(lease);
      this.giveBack(lease);
    }
    this.pool.closeScope(name);
  }
  lease(name) {
    const lease = this.leases.get(name);
    if (!lease) throw new Error(`no lease ${name}`);
    return lease;
  }
  foreignValue(name) {
    if (!this.foreign.has(name)) this.foreign.set(name, new Item(0, name, this.payload));
    return this.foreign.get(name);
  }

  rung() {
    const values = { ...(this.opened ? this.pool.sample() : {}), created: this.created, destroyed: this.destroyed };
    values.open = this.created - this.destroyed;
    globalThis.gc?.();
    values.heap_bytes = process.memoryUsage().heapUsed;
    this.say("rung " + JSON.stringify(Object.fromEntries(this.counters.map((name) => [name, values[name] ?? 0]))));
    this.flush();
  }
}
