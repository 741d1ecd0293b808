-- As many callers as there are threads want the items of few keys, and some change their mind: what scripts/stress runs to find
-- races, lost wake-ups and windows in cancel. One item a key: while a thread holds it the others wait.
local cycles = {
  function(key)
    local first, second = get(key), get(key)
    cancel(second) -- it waits at least for the first
    release(first)
  end,
  function(key)
    local lease = get(key)
    cancel(lease) -- may come while somebody hands the item over
    release(lease)
  end,
  function(key)
    local lease = get(key)
    invalidate(lease)
    release(lease)
  end,
  function(key) release(get(key)) end,
}

scenario {
  about   = "few items, many callers, some of whom give up",
  params  = { keys = 1 },
  threads = true,
  period  = function(p) return 4 * p.keys end,
  pool    = { min = 0, max = 1 },

  setup = function(p)
    for key = 0, p.keys - 1 do
      release(get(key))
    end
  end,

  cycle = function(p, i) cycles[i % 4 + 1](i // 4 % p.keys) end,

  expect = {
    broadcast = function(p)
      if p.keys == 1 then return bounded() end
      return grows {
        tombstones    = function(_, n) return n.invalidations * (p.keys - 1) end,
        dead_retained = function(_, n) return n.invalidations end,
      }
    end,
    default = bounded(),
  },
}
