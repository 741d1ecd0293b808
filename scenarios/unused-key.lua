-- Items are removed lazily: an invalidated idle item is closed only when somebody takes it out of its own key. In a key that nobody
-- uses again it stays open, with K entries instead of K - 1. `membership` keeps it open as well; `owner` closes it at once.
scenario {
  about  = "idle items of keys that nobody uses again are invalidated, then one busy key goes on",
  source = "zio/zio#9306",
  threads = true,
  params = { unused = 7 },
  pool   = { min = 0, max = 2 },

  setup = function(p)
    local leases = {}
    for key = 0, p.unused do -- the last one is the busy key
      leases[key] = get(key)
      release(leases[key])
    end
    for key = 0, p.unused - 1 do
      invalidate(leases[key])
    end
  end,

  cycle = function(p)
    local lease = get(p.unused)
    invalidate(lease)
    release(lease)
    release(get(p.unused))
  end,

  expect = {
    -- K is unused + 1.
    broadcast = grows {
      tombstones    = function(p, n) return p.unused * (p.unused + 1) + (n.invalidations - p.unused) * p.unused end,
      dead_retained = function(p, n) return n.invalidations - p.unused end,
    }:exactly {
      idle_dead = function(p) return p.unused end,
      open      = function(p) return p.unused + 1 end,
    },
    membership = bounded():exactly {
      idle_dead = function(p) return p.unused end,
      open      = function(p) return p.unused + 1 end,
    },
    default = bounded():exactly { idle_dead = 0, open = 1 },
  },
}
