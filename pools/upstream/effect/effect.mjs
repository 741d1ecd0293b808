// Effect's KeyedPool as a subject.
import { Cause, Duration, Effect, ExecutionStrategy, Exit, Fiber, HashSet, KeyedPool, Option, Queue, Ref, Scope } from "effect";
import { advance, fork, now, settle, sleeping } from "./fibers.mjs";
import { Subject } from "./subject.mjs";

// ---- the pool ----
const done = Exit.succeed(undefined);
const subject = new Subject();
const app = now(Scope.make());
const scopes = new Map();
let keyed;

// A scope shows its finalizers from 2.1 on; before, they are counted on their way in and out.
let counted = 0;
if (!app.state) {
  const add = app.addFinalizer;
  const out = Effect.sync(() => void counted--);
  app.addFinalizer = (finalizer) => (counted++, add((exit) => Effect.zipRight(out, finalizer(exit))));
}
const finalizers = () => (app.state ? app.state.finalizers?.size ?? 0 : counted);

let creating = 0; // creations that take their time
function slowly(ns, ends) {
  if (ns === 0) return ends;
  creating++;
  return Effect.zipRight(Effect.sleep(Duration.millis(ns / 1e6)), Effect.suspend(() => (creating--, ends)));
}

const make = (key) =>
  Effect.acquireRelease(
    Effect.suspend(() => slowly(subject.slownessNs(key), subject.fails(key) ? Effect.fail("the factory failed") : Effect.sync(() => subject.made(key)))),
    (item) => Effect.sync(() => subject.destroy(item)),
  );

function scopeOf(lease) {
  if (!lease.scope) return Scope.make();
  if (!scopes.has(lease.scope)) scopes.set(lease.scope, now(Scope.make()));
  return Scope.fork(scopes.get(lease.scope), ExecutionStrategy.sequential);
}

function answer(lease, exit) {
  if (lease.state !== "pending") return;
  if (Exit.isSuccess(exit)) return subject.leased(lease, exit.value);
  fork(Scope.close(lease.own.scope, done));
  if (Cause.isInterruptedOnly(exit.cause)) subject.closed(lease);
  else subject.failed(lease, Option.getOrElse(Cause.failureOption(exit.cause), () => Cause.pretty(exit.cause)));
}

// ---- looking inside: up to 3.2.9 a pool is Refs and a queue, from 3.3.0 sets and counts ----
const sum = (numbers) => numbers.reduce((a, b) => a + b, 0);

function sampleOld(pools) {
  const sets = pools.map((pool) => HashSet.values(now(Ref.get(pool.invalidated)))).map((values) => [...values]);
  const queued = pools.map((pool) => now(Effect.exit(Queue.size(pool.items)))).map((exit) => (Exit.isSuccess(exit) ? exit.value : 0));
  const size = sum(pools.map((pool) => Math.max(0, now(Ref.get(pool.state)).size)));
  const idle = sum(queued.map((length) => Math.max(0, length)));
  const parked = sum(queued.map((length) => Math.max(0, -length)));
  const waiters_ghost = Math.max(0, parked - subject.pending());
  return { dead: sets.flat(), values: { tombstones: sum(sets.map((set) => set.length)), size, idle, leased: size - idle - creating, waiters_ghost } };
}

function sampleNew(pools) {
  const items = pools.flatMap((pool) => [...pool.items]);
  const busy = items.filter((item) => item.refCount > 0).length;
  const tombstones = sum(pools.map((pool) => pool.invalidated.size));
  const dead = pools.flatMap((pool) => [...pool.items, ...pool.invalidated]).map((item) => item.exit.value);
  return { dead, values: { tombstones, members: items.length, size: items.length, idle: items.length - busy, leased: busy } };
}

const version = process.argv[2];
const isOld = version.startsWith("2.") || /^3\.[012]\./.test(version);

function sample() {
  const pools = now(keyed.activePools);
  const { dead, values } = isOld ? sampleOld(pools) : sampleNew(pools);
  const dead_retained = new Set(dead.filter((item) => item?.dead)).size;
  return { ...values, dead_retained, keys: pools.length, finalizers: finalizers(), creating, timers: sleeping() - creating };
}

await subject.speak({
  name: "effect",
  version,
  clock: "virtual",
  ops: ["cancel", "advance", "close-scope", "slow"],
  counters: ["tombstones", ...(isOld ? ["waiters_ghost"] : ["members"]), "dead_retained", "finalizers", "keys", "size", "idle", "leased", "creating", "timers"],
  settle,
  sample,
  open({ min, max, ttlNs }) {
    const pool =
      ttlNs === Infinity && min === max
        ? KeyedPool.make({ acquire: make, size: max })
        : KeyedPool.makeWithTTL({ acquire: make, min: () => min, max: () => max, timeToLive: Duration.millis(ttlNs / 1e6) });
    keyed = now(Scope.extend(pool, app));
  },
  get(lease) {
    const own = (lease.own = {});
    const within = (scope) => ((own.scope = scope), Scope.extend(KeyedPool.get(keyed, lease.key), scope));
    own.fiber = fork(Effect.flatMap(scopeOf(lease), within));
    lease.own.fiber.addObserver((exit) => answer(lease, exit));
  },
  release: (lease) => void fork(Scope.close(lease.own.scope, done)),
  cancel: ({ own }) => void fork(Effect.zipRight(Fiber.interrupt(own.fiber), Scope.close(own.scope, done))),
  closeScope(name) {
    if (scopes.has(name)) fork(Scope.close(scopes.get(name), done));
    scopes.delete(name);
  },
  invalidate: (item) => void fork(KeyedPool.invalidate(keyed, item)),
  shutdown: () => void fork(Effect.zipRight(Scope.close(app, done), Effect.sync(() => subject.shutdownDone()))),
  advance,
});
