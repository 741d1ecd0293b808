import { createRequire } from "node:module";
// generic-pool alone, without churn: clear() and then acquire().
const { createPool } = createRequire(process.cwd() + "/package.json")("generic-pool");
let made = 0, destroyed = 0;
const pool = createPool({ create: async () => ({ id: ++made, dead: false }), destroy: async (r) => { if (r.dead) console.log("destroyed twice:", r.id); r.dead = true; destroyed++; } }, { max: 2 });
const r = await pool.acquire(); await pool.release(r);
await pool.clear();
console.log("made", made, "destroyed", destroyed, "size", pool.size, "available", pool.available);
const again = await pool.acquire();
console.log("acquired", again);
await pool.release(again);
await pool.clear();
console.log("made", made, "destroyed", destroyed, "size", pool.size, "available", pool.available);
