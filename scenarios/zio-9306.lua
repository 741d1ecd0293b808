-- The leak this program started from. ZIO 2.0.3 to 2.1.12 put an invalidated item into the set of *every* per-key pool, and
-- only the pool that owns the item ever takes it out again: K - 1 dead entries stay behind for each invalidation, for ever.
--
-- Setup leaves one idle item in every key. A cycle takes the item of one key, finds it bad, gives it back, and borrows again from
-- the same key, as a client does. So the pool has the same shape after every cycle, and only the leak is left to see.
local function made(p, n) return p.keys + n.invalidations end

local function entries(p, n) return n.invalidations * (p.keys - 1) end

-- The ZIO of that time had a second leak (captured-finalizers.lua): the finalizer of an item was registered in the scope of the whole
-- program, beside one for each key, and the item stayed open until that scope ended (I1). The real releases are held against these; they
-- keep the names of their keys even after the shutdown (I6).
local function captured(p, broadcast)
  local leak = { finalizers = function(_, n) return p.keys + made(p, n) end, open = made }
  if broadcast and p.keys > 1 then
    leak.tombstones = entries
  end
  return grows(leak):exactly { idle = p.keys }:also("I1", "I6")
end

scenario {
  about  = "an invalidated item leaves an entry behind in every other key's pool",
  source = "zio/zio#9306",
  threads = true,
  params = { keys = 8, max = 4 },
  cases  = { { keys = 1 }, { keys = 2 }, { keys = 8 }, { keys = 64 }, { keys = 1000 } },
  pool   = function(p) return { min = 0, max = p.max, ttl = "60s" } end,

  setup = function(p)
    for key = 0, p.keys - 1 do
      release(get(key))
    end
  end,

  cycle = function(p, i)
    local key = i % p.keys
    local lease = get(key)
    invalidate(lease)
    release(lease)
    release(get(key))
  end,

  expect = {
    broadcast = function(p)
      local items = { created = made, open = p.keys, idle = p.keys }
      if p.keys == 1 then -- there is no other key
        return bounded():exactly { tombstones = 0, dead_retained = 0 }:exactly(items)
      end
      return grows {
        tombstones    = entries,
        dead_retained = function(_, n) return n.invalidations end,
      }:exactly(items):exactly { -- memory may grow along, but not just any: an item for each that is retained, and nothing else that is ours
        ["blocks_live.items"]   = function(_, n) return p.keys + n.invalidations end,
        ["blocks_live.slots"]   = p.keys,
        ["blocks_live.waiters"] = 0,
      }
    end,
    ["broadcast:finalizers=captured"] = function(p) return captured(p, true) end,
    ["membership:finalizers=captured"] = function(p) return captured(p, false) end,
    ["owner:finalizers=captured"] = function(p) return captured(p, false) end,
    default = function(p)
      return bounded():exactly {
        created = made, open = p.keys, idle = p.keys, dead_retained = 0,
      }
    end,
  },
}
