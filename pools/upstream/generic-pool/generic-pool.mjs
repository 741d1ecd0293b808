// generic-pool as a subject. The library has no keys: each key has a pool of its own, as its users do it.
// Timers and Date are replaced before it is loaded, so that time passes by `advance` only.
import { createRequire } from "node:module";
import { Subject } from "./subject.mjs";

const [, , version, acquireTimeoutMillis] = process.argv; // how long a get may wait, milliseconds; none: for ever
const turn = globalThis.setImmediate;

// ---- time ----
const timers = new Set(); // {wake, run}
let millis = 0;
Date.now = () => millis;
globalThis.setTimeout = (run, delay) => {
  const timer = { wake: millis + delay, run, unref: () => timer, ref: () => timer };
  timers.add(timer);
  return timer;
};
globalThis.clearTimeout = (timer) => void timers.delete(timer);
const settle = () => new Promise((done) => turn(done)); // all that was promised is done before the next turn
async function advance(ns) {
  const until = millis + ns / 1e6;
  for (;;) {
    const due = [...timers].filter((timer) => timer.wake <= until).sort((a, b) => a.wake - b.wake)[0];
    if (!due) break;
    millis = due.wake;
    timers.delete(due);
    due.run();
    await settle();
  }
  millis = until;
}

// ---- the pool ----
const { createPool } = createRequire(import.meta.url)("generic-pool");
const subject = new Subject();
const pools = new Map();
const invalid = new Set(); // leased, to be destroyed when they come back
let shape;
let closing = false;
let closed = false;

let creating = 0; // creations that take their time
async function slowly(ns) {
  creating++;
  await new Promise((done) => setTimeout(done, ns / 1e6));
  creating--;
}

function poolOf(key) {
  if (pools.has(key)) return pools.get(key);
  const create = async () => {
    const ns = subject.slownessNs(key), fails = subject.fails(key);
    if (ns > 0) await slowly(ns);
    if (fails) throw new Error("the factory failed");
    return subject.made(key);
  };
  const destroy = (item) => Promise.resolve(subject.destroy(item));
  const ttl = shape.ttlNs === Infinity ? {} : { idleTimeoutMillis: shape.ttlNs / 1e6, evictionRunIntervalMillis: shape.ttlNs / 4e6 };
  const wait = acquireTimeoutMillis ? { acquireTimeoutMillis: Number(acquireTimeoutMillis) } : {};
  const pool = createPool({ create, destroy }, { min: shape.min, max: shape.max, ...ttl, ...wait });
  pools.set(key, pool);
  return pool;
}

const sum = (of) => [...pools.values()].reduce((total, pool) => total + of(pool), 0);
const quietly = (promise) => void promise.then(() => {}, (error) => console.error(`generic-pool: ${error.message}`));

await subject.speak({
  name: "generic-pool",
  version,
  clock: "virtual",
  ops: ["advance", "slow"],
  counters: ["keys", "size", "idle", "leased", "creating", "waiting", "timers"],
  settle,
  advance,
  open: (wanted) => void (shape = wanted),
  get(lease) {
    // A pool that is draining refuses; one that was never used is not there to refuse.
    if (closing) return subject.closed(lease);
    poolOf(lease.key).acquire().then((item) => subject.leased(lease, item), (error) => subject.failed(lease, error.message));
  },
  release({ item }) {
    const pool = poolOf(item.key);
    quietly(Promise.resolve(invalid.delete(item) ? pool.destroy(item) : pool.release(item)));
  },
  // destroy() is called instead of release(): an item that is out waits for its release, one that is idle is refused.
  invalidate(item) {
    const leased = [...subject.leases.values()].some((lease) => lease.state === "leased" && lease.item === item);
    if (leased) invalid.add(item);
    else if (pools.has(item.key)) quietly(Promise.resolve(pools.get(item.key).destroy(item)));
  },
  shutdown() {
    closing = true;
    quietly(Promise.all([...pools.values()].map((pool) => pool.drain().then(() => pool.clear()))).then(() => ((closed = true), subject.shutdownDone())));
  },
  sample: () => ({
    keys: closed ? 0 : pools.size, // the closed ones are looked at only
    size: sum((pool) => pool.size),
    idle: sum((pool) => pool.available),
    leased: sum((pool) => pool.borrowed),
    creating,
    waiting: sum((pool) => pool.pending),
    timers: timers.size - creating,
  }),
});
