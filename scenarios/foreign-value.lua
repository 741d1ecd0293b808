-- invalidate takes any value. One that belongs to no pool (made elsewhere, or of a pool that is gone) is put into the set of every
-- key, and no key will ever meet it: K entries each, none of them its owner's.
scenario {
  about  = "invalidating a value that belongs to no pool leaves an entry in every key's pool",
  source = "zio/zio#9306",
  threads = true,
  params = { keys = 8 },
  pool   = { min = 0, max = 2, ttl = "60s" },

  setup = function(p)
    for key = 0, p.keys - 1 do
      release(get(key))
    end
  end,

  cycle = function(_, i) invalidate_value(i) end,

  expect = {
    broadcast = grows {
      tombstones         = function(p, n) return n.values * p.keys end,
      tombstones_foreign = function(p, n) return n.values * p.keys end,
      dead_retained      = function(_, n) return n.values end,
    }:exactly { open = function(p) return p.keys end },
    default = bounded():exactly { open = function(p) return p.keys end, dead_retained = 0 },
  },
}
