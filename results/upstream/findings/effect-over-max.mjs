// Effect alone, without churn: how many items does a pool of at most 2 have open, when one in use was invalidated?
import { Effect, Exit, Pool, Scope } from "effect";

const within = Scope.extend ?? Scope.provide; // its name in Effect 3, and in 4
let open = 0;
const acquire = Effect.acquireRelease(Effect.sync(() => ({ number: ++open })), () => Effect.sync(() => open--));
const lease = () => Effect.runPromise(Scope.make());
const get = (pool, scope) => Effect.runPromise(within(Pool.get(pool), scope));
const later = () => new Promise((done) => setTimeout(done, 100));

const scope = await Effect.runPromise(Scope.make());
const pool = await Effect.runPromise(within(Pool.makeWithTTL({ acquire, min: 0, max: 2, timeToLive: "1 hour" }), scope));
const [a, b] = [await lease(), await lease()];
const bad = await get(pool, a);
await Effect.runPromise(Pool.invalidate(pool, bad));
await get(pool, b);
await later();
console.log("at most 2 items; one is in use and invalid, one more was asked for; open:", open);
await Effect.runPromise(Scope.close(a, Exit.void));
await Effect.runPromise(Scope.close(b, Exit.void));
await later();
console.log("both given back; open:", open);
process.exit();
