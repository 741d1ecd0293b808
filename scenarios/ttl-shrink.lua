-- A burst fills a key up to max; after the time-to-live it shrinks back to min. One item of the burst was invalidated while it was
-- idle: to shrink is one of the three ways in which broadcast meets such an item and takes its own entry out. The entries of the
-- other keys stay.
scenario {
  about  = "bursts, and a time-to-live that takes them back",
  source = "zio/zio#9306",
  params = { keys = 4, min = 1, max = 4 },
  period = function(p) return p.keys end,
  pool   = function(p) return { min = p.min, max = p.max, ttl = "60s" } end,

  setup = function(p)
    for key = 0, p.keys - 1 do
      release(get(key))
    end
  end,

  cycle = function(p, i)
    local leases = {}
    for j = 1, p.max do
      leases[j] = get(i % p.keys)
    end
    for j = 1, p.max do
      release(leases[j])
    end
    invalidate(leases[1]) -- the oldest idle item: given up first
    advance("61s")
  end,

  expect = {
    broadcast = grows {
      tombstones    = function(p, n) return n.invalidations * (p.keys - 1) end,
      dead_retained = function(_, n) return n.invalidations end,
    }:exactly {
      idle      = function(p) return p.keys * p.min end,
      idle_dead = 0,
      created   = function(p, n) return p.keys * p.min + n.cycles * (p.max - p.min) end,
    },
    default = bounded():exactly {
      idle      = function(p) return p.keys * p.min end,
      open      = function(p) return p.keys * p.min end,
      idle_dead = 0,
      created   = function(p, n) return p.keys * p.min + n.cycles * (p.max - p.min) end,
    },
  },
}
