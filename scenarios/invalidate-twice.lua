-- The same item is invalidated twice. Before its owner has seen it come back that changes nothing (a set has it once). Afterwards
-- the owner gets an entry too, for an item that will never come back to it: K entries instead of K - 1.
-- An item is closed once in either case.
scenario {
  about  = "the same item is invalidated twice, before or after its owner has processed it",
  source = "zio/zio#9306",
  threads = true,
  params = { keys = 8, after = false },
  cases  = { { after = false }, { after = true } },
  pool   = { min = 0, max = 2, ttl = "60s" },

  setup = function(p)
    for key = 0, p.keys - 1 do
      release(get(key))
    end
  end,

  cycle = function(p, i)
    local key = i % p.keys
    local lease = get(key)
    invalidate(lease)
    if not p.after then invalidate(lease) end
    release(lease)
    if p.after then invalidate(lease) end
    release(get(key))
  end,

  expect = {
    broadcast = grows {
      tombstones    = function(p, n) return n.cycles * (p.after and p.keys or p.keys - 1) end,
      dead_retained = function(_, n) return n.cycles end,
    }:exactly {
      created   = function(p, n) return p.keys + n.cycles end,
      destroyed = function(_, n) return n.cycles end,
    },
    default = bounded():exactly {
      created   = function(p, n) return p.keys + n.cycles end,
      destroyed = function(_, n) return n.cycles end,
      open      = function(p) return p.keys end,
    },
  },
}
