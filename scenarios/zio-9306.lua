-- The leak this program started from. ZIO 2.0.3 to 2.1.12 put an invalidated item into the set of *every* per-key pool, and
-- only the pool that owns the item ever takes it out again: K - 1 dead entries stay behind for each invalidation, for ever.
--
-- Setup leaves one idle item in every key. A cycle takes the item of one key, finds it bad, gives it back, and borrows again from
-- the same key, as a client does. So the pool has the same shape after every cycle, and only the leak is left to see.
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
      local made = { created = function(_, n) return p.keys + n.invalidations end, open = p.keys, idle = p.keys }
      if p.keys == 1 then -- there is no other key
        return bounded():exactly { tombstones = 0, dead_retained = 0 }:exactly(made)
      end
      return grows {
        tombstones    = function(_, n) return n.invalidations * (p.keys - 1) end,
        dead_retained = function(_, n) return n.invalidations end,
      }:exactly(made)
    end,
    default = function(p)
      return bounded():exactly {
        created = function(_, n) return p.keys + n.invalidations end,
        open = p.keys, idle = p.keys, dead_retained = 0,
      }
    end,
  },
}
