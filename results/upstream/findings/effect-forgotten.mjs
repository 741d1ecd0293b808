// Effect alone, without churn: an item is being made for the first caller when a second one comes, who may have one too (max: 2). The creation
// fails; all later ones would succeed.
import { Effect, Exit, Pool, Scope } from "effect";

const within = Scope.extend ?? Scope.provide; // its name in Effect 3, and in 4
const pause = (ms) => new Promise((done) => setTimeout(done, ms));
let asked = 0;
const acquire = Effect.suspend(() => (++asked === 1 ? Effect.delay(Effect.fail("refused"), "200 millis") : Effect.succeed(`item ${asked}`)));
const scope = await Effect.runPromise(Scope.make());
const pool = await Effect.runPromise(within(Pool.makeWithTTL({ acquire, min: 0, max: 2, timeToLive: "1 hour" }), scope));

const ended = [];
async function get(name) {
  const user = await Effect.runPromise(Scope.make());
  const exit = await Effect.runPromise(Effect.exit(within(Pool.get(pool), user)));
  if (Exit.isFailure(exit)) await Effect.runPromise(Scope.close(user, Exit.void));
  ended.push(`${name}: ${Exit.isSuccess(exit) ? exit.value : "refused"}`);
}
void get("first");
await pause(100);
void get("second");
await pause(5000);
console.log(`after 5 s ${ended.length} of 2 gets have ended (${ended.join(", ")}); the factory was asked ${asked} times`);
void get("third");
await pause(1000);
console.log(`after a third get ${ended.length} of 3 (${ended.join(", ")}); ${asked} times`);
process.exit();
