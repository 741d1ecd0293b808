-- `min` leases are out and a burst makes more items than that; after the time-to-live the burst has to go, though leases are out. ZPool
-- reads (size, free) as (free, size): it computes min(free - min, size) instead of min(size - min, free), which is below zero here,
-- and keeps the burst as long as the leases are out.
local held = {}

scenario {
  about  = "a burst beside long leases is given up after the time-to-live",
  source = "ZPool since 2.0",
  params = { min = 10, max = 15 },
  pools  = { "broadcast", "owner", "membership", "owner:defect=excess_swapped" },
  pool   = function(p) return { min = p.min, max = p.max, ttl = "60s" } end,

  setup = function(p)
    for i = 1, p.min do
      held[i] = get(0)
    end
  end,

  cycle = function(p)
    local burst = {}
    for i = 1, p.max - p.min do
      burst[i] = get(0)
    end
    for i = 1, p.max - p.min do
      release(burst[i])
    end
  end,

  settle = function() advance("61s") end,

  teardown = function(p)
    for i = 1, p.min do
      release(held[i])
    end
  end,

  expect = {
    ["owner:defect=excess_swapped"] = bounded():exactly {
      open    = function(p) return p.max end,
      created = function(p) return p.max end, -- made once, never given up
    },
    default = bounded():exactly {
      open    = function(p) return p.min end,
      created = function(p, n) return p.min + n.advances * (p.max - p.min) end,
    },
  },
}
