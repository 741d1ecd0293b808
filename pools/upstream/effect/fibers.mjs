// Fibers run by a loop of our own, with time as a number that only `advance` moves: "settled" means that no fiber can go
// on, and the same plan gives the same answers.
import { Clock, Duration, Effect, Exit, Runtime } from "effect";

const ready = [];
const scheduler = { shouldYield: () => false, scheduleTask: (task) => void ready.push(task) };
const sleepers = new Set(); // {wake, run}, in the order in which they went to sleep
let nanos = 0;

const clock = {
  [Clock.ClockTypeId]: Clock.ClockTypeId,
  unsafeCurrentTimeMillis: () => nanos / 1e6,
  unsafeCurrentTimeNanos: () => BigInt(nanos),
  currentTimeMillis: Effect.sync(() => nanos / 1e6),
  currentTimeNanos: Effect.sync(() => BigInt(nanos)),
  scheduler: () => Effect.dieMessage("this clock has no scheduler"),
  sleep: (duration) =>
    Effect.async((resume) => {
      const sleeper = { wake: nanos + Duration.toMillis(duration) * 1e6, run: () => resume(Effect.succeed(undefined)) };
      sleepers.add(sleeper);
      return Effect.sync(() => void sleepers.delete(sleeper));
    }),
};

export function settle() {
  for (let i = 0; i < ready.length; i++) {
    ready[i]();
    if (i === 4095) {
      ready.splice(0, 4096); // the queue stays short even when fibers never rest
      i = -1;
    }
  }
  ready.length = 0;
}

const context = Runtime.runSync(Runtime.defaultRuntime)(Effect.withScheduler(Effect.withClock(Effect.runtime(), clock), scheduler));
const run = Runtime.runFork(context);
export const fork = (effect) => run(effect);

/** For effects that end without waiting for anything. */
export function now(effect) {
  let exit;
  fork(effect).addObserver((got) => (exit = got));
  settle();
  if (!exit || Exit.isFailure(exit)) throw new Error(`an effect that should succeed at once did not: ${exit}`);
  return exit.value;
}


export const sleeping = () => sleepers.size;

export function advance(ns) {
  const until = nanos + ns;
  for (;;) {
    let first = null;
    for (const sleeper of sleepers) if (sleeper.wake <= until && (!first || sleeper.wake < first.wake)) first = sleeper;
    if (!first) break;
    nanos = first.wake;
    sleepers.delete(first);
    first.run();
    settle();
  }
  nanos = until;
}
