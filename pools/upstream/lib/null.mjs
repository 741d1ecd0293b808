// A pool that does as little as a pool can: a stack of idle items for each key, without limit. scripts/bench-protocol measures with it
// what the protocol and subject.mjs cost by themselves.
//   build/churn run scenarios/zio-9306.lua --pool 'exec:node pools/upstream/lib/null.mjs' --as owner
import { Subject } from "./subject.mjs";

const subject = new Subject();
const idle = new Map();
const invalid = new Set();
const out = new Set();
const stack = (key) => idle.get(key) ?? idle.set(key, []).get(key);

await subject.speak({
  name: "null",
  version: "1",
  clock: "virtual",
  ops: ["advance"],
  counters: ["keys", "idle", "leased", "size"],
  open() {},
  settle() {},
  advance() {},
  sample() {
    let free = 0;
    for (const items of idle.values()) free += items.length;
    return { keys: idle.size, idle: free, leased: out.size, size: free + out.size };
  },
  get(lease) {
    const item = stack(lease.key).pop() ?? (subject.fails(lease.key) ? null : subject.made(lease.key));
    if (!item) return subject.failed(lease, "the factory failed");
    out.add(item);
    subject.leased(lease, item);
  },
  release({ item }) {
    out.delete(item);
    if (invalid.delete(item)) subject.destroy(item);
    else stack(item.key).push(item);
  },
  invalidate(item) {
    if (out.has(item)) invalid.add(item);
  },
  shutdown() {
    for (const items of idle.values()) items.forEach((item) => subject.destroy(item));
    idle.clear();
    subject.shutdownDone();
  },
});
