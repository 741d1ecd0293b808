-- The advice users got: take every item in a scope of its own, so that it is given back whatever happens. It is good advice, and
-- it does not cure this leak: nothing of the request is left behind, and the entries pile up all the same.
scenario {
  about  = "a scope for every lease gives the lease back, and leaks as before",
  source = "zio/zio#9306",
  threads = true,
  params = { keys = 8 },
  pool   = { min = 0, max = 4, ttl = "60s" },

  setup = function(p)
    for key = 0, p.keys - 1 do
      get(key, "start")
    end
    close_scope("start")
  end,

  cycle = function(p, i)
    local key = i % p.keys
    invalidate(get(key, "request"))
    close_scope("request")
    get(key, "retry")
    close_scope("retry")
  end,

  expect = {
    broadcast = grows {
      tombstones    = function(p, n) return n.invalidations * (p.keys - 1) end,
      dead_retained = function(_, n) return n.invalidations end,
    }
      :exactly { request_finalizers = 0, leases_out = 0, open = function(p) return p.keys end },
    default = bounded():exactly { request_finalizers = 0, leases_out = 0, open = function(p) return p.keys end },
  },
}
