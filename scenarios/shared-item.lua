-- One item lives in two keys (the objection in zio PR 7356 to a map from an item to its one owner). Both owners take their entry out
-- when they meet the item, so it leaves K - 2 entries; an item of one key leaves K - 1. Whoever knows only one owner hands the
-- item out again from the other key, although it is invalid: that is no leak, but I5.
scenario {
  about  = "an item that is a member of two keys is invalidated",
  source = "zio/zio#7356",
  params = { keys = 8 },
  pools  = { "broadcast", "owner", "membership", "owner:defect=single_owner" },
  pool   = { min = 0, max = 2, ttl = "60s" },

  setup = function(p) -- keys 0 and 1 appear in the first cycle, before anything is invalidated
    for key = 2, p.keys - 1 do
      release(get(key))
    end
  end,

  cycle = function()
    local shared = get(0)
    share(shared, 1)
    invalidate(shared)
    release(shared)
    local fresh = get(1) -- meets the shared item first, finds it invalid, and makes a new one
    invalidate(fresh)    -- leaves both keys empty for the next cycle
    release(fresh)
  end,

  expect = {
    broadcast = grows {
      tombstones    = function(p, n) return n.shares * (p.keys - 2) + (n.invalidations - n.shares) * (p.keys - 1) end,
      dead_retained = function(_, n) return n.invalidations end,
    }:exactly {
      created = function(p, n) return p.keys - 2 + n.invalidations end,
      open    = function(p) return p.keys - 2 end,
    },
    ["owner:defect=single_owner"] = violates("I5"),
    default = bounded():exactly {
      created   = function(p, n) return p.keys - 2 + n.invalidations end,
      open      = function(p) return p.keys - 2 end,
      idle_dead = 0,
    },
  },
}
