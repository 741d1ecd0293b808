-- Keys appear while the program runs: one in each cycle. The K of "K - 1 entries an invalidation" grows, so the leak is quadratic.
-- Keys are never forgotten by ZKeyedPool, whatever its version; `owner` forgets a key that nobody used for the time-to-live.
scenario {
  about  = "every cycle brings a new key and invalidates an item of the first one",
  source = "zio/zio#9306",
  pool   = { min = 0, max = 2, ttl = "60s" },

  cycle = function(_, i)
    release(get(i))
    local lease = get(0)
    invalidate(lease)
    release(lease)
  end,

  settle = function() advance("61s") end,

  expect = {
    -- Invalidation number j meets j keys and leaves j - 1 entries: 0 + 1 + 2 + ...
    broadcast = grows {
      tombstones    = function(_, n) return n.invalidations * (n.invalidations - 1) // 2 end,
      dead_retained = function(_, n) return n.invalidations - 1 end,
      keys          = function(_, n) return n.cycles end,
      finalizers    = function(_, n) return n.cycles end, -- one a key
    }:exactly { open = 0 },
    membership = grows {
      keys       = function(_, n) return n.cycles end,
      finalizers = function(_, n) return n.cycles end,
    }:exactly { open = 0, members = 0 },
    owner      = bounded():exactly { open = 0, keys = 0, members = 0 },
  },
}
