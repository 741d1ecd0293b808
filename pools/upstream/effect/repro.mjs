// Effect alone, without churn: what becomes of invalidated items, and of a keyed pool whose scope was closed.
//   scripts/upstream --install effect@3.22.4 && node build/upstream/effect/3.22.4/repro.mjs
// Expected: 1 open, closed: false, 0 open, Failure. Seen with 2.0.0 and 3.22.4: 101 open, closed: true, 0 open, Success with a closed item.
import { Effect, Exit, KeyedPool, Scope } from "effect";

let open = 0;
const acquire = (key) =>
  Effect.acquireRelease(
    Effect.sync(() => (open++, { key, closed: false })),
    (item) => Effect.sync(() => (open--, (item.closed = true))),
  );

const scope = await Effect.runPromise(Scope.make());
const pool = await Effect.runPromise(Scope.extend(KeyedPool.make({ acquire, size: 1 }), scope));
const use = (what) => Effect.runPromise(Effect.exit(Effect.scoped(Effect.flatMap(KeyedPool.get(pool, "a"), what))));

for (let i = 0; i < 100; i++) await use((item) => KeyedPool.invalidate(pool, item));
await use(() => Effect.succeed(undefined));
console.log("open after 100 invalidations in a pool of one key and size 1:", open);

const user = await Effect.runPromise(Scope.make());
const inUse = await Effect.runPromise(Scope.extend(KeyedPool.get(pool, "a"), user));
const closing = Effect.runPromise(Scope.close(scope, Exit.succeed(undefined)));
await new Promise((done) => setTimeout(done, 100));
console.log("its scope is being closed, an item is in use, closed:", inUse.closed);
await Effect.runPromise(Scope.close(user, Exit.succeed(undefined)));
await closing;
console.log("open after its scope was closed:", open);

const after = await use((item) => Effect.succeed(item));
console.log("a get after that:", after._tag, after.value ?? "");
