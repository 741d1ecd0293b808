-- Somebody waits while the pool closes: nothing will ever come back to him, and he has to be told.
local holder

scenario {
  about  = "a caller waits when the pool is closed",
  source = "commons-pool POOL-189",
  pools  = { "broadcast", "owner", "membership", "owner:defect=waiters_not_woken" },
  pool   = { min = 0, max = 1 },

  setup = function()
    holder = get(0)
    get(0) -- waits to the end
  end,

  cycle = function() release(get(1)) end,

  after_shutdown = function() release(holder) end,

  expect = {
    ["owner:defect=waiters_not_woken"] = violates("I6"):also("I3", "I8"),
    default = bounded():exactly { open = 2, waiting = 1, created = 2 },
  },
}
