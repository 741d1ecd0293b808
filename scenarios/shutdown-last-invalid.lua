-- The last lease that is out was invalidated when the pool closes. Its item only lowers the size when it comes back, and nobody ends
-- the shutdown: seen on ZIO 2.0.3, 2.1.12 and 2.1.27, whenever min is 0.
local last

scenario {
  about  = "the last lease of a closing pool holds an invalid item",
  source = "ZPool since 2.0",
  pools  = { "broadcast", "owner", "membership", "owner:defect=shutdown_stuck" },
  pool   = { min = 0, max = 2 },

  cycle = function() release(get(0)) end,

  teardown = function()
    last = get(0)
    invalidate(last)
  end,

  after_shutdown = function() release(last) end,

  expect = {
    ["owner:defect=shutdown_stuck"] = violates("I6"):also("I8"),
    default = bounded():exactly { open = 1, created = 1 },
  },
}
