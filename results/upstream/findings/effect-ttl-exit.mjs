// Effect alone, without churn: does a program end whose keyed pool with a time-to-live was closed?
import { Effect, Exit, KeyedPool, Scope } from "effect";

const acquire = () => Effect.acquireRelease(Effect.succeed({}), () => Effect.void);
const scope = await Effect.runPromise(Scope.make());
const make = KeyedPool.makeWithTTL({ acquire, min: () => 0, max: () => 1, timeToLive: "1 second" });
const pool = await Effect.runPromise(Scope.extend(make, scope));
await Effect.runPromise(Effect.scoped(KeyedPool.get(pool, "a")));
await Effect.runPromise(Scope.close(scope, Exit.void));

console.log("its scope is closed");
const timers = () => process.getActiveResourcesInfo().filter((resource) => resource === "Timeout").length;
setTimeout(() => {
  console.log("the program still runs 10 s later; timers that keep it:", timers());
  process.exit();
}, 10000).unref();
