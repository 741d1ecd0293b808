-- Where it ends: the program runs out of file descriptors, and every get fails. With at most 64 descriptors and captured finalizers
-- that is after some twenty invalidations; a pool that closes what it gave up never gets there.
scenario {
  about  = "the leaky pool runs out of descriptors and serves nobody any more",
  source = "zio/zio#9306",
  params = { keys = 2 },
  pools  = { "broadcast", "owner", "membership", "broadcast:finalizers=captured" },
  pool   = { min = 0, max = 2, items = "tcp", fd_limit = 64 },
  warmup = 60, -- the limit is reached before the measured cycles begin

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
    ["broadcast:finalizers=captured"] = grows("gets_failed"):also("I1"),
    broadcast = grows {
      tombstones    = function(p, n) return n.invalidations * (p.keys - 1) end,
      dead_retained = function(_, n) return n.invalidations end,
    }
      :exactly { gets_failed = 0, open = function(p) return p.keys end },
    default = bounded():exactly { gets_failed = 0, open = function(p) return p.keys end },
  },
}
