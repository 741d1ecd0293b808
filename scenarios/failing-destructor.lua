-- Closing an item fails: the peer is gone, the goodbye times out. The item is closed all the same, and its place must be free again.
-- Each cycle ends with a lease that the next one gives back, so that a rung shows whether the key still serves.
local last

scenario {
  about  = "closing an item fails, again and again",
  source = "commons-pool POOL-133",
  pools  = { "broadcast", "owner", "membership", "owner:defect=destroy_failure_keeps_size" },
  pool   = { min = 0, max = 2 },

  cycle = function(_, i)
    if i > 0 then
      release(last)
      cancel(last) -- in case it was never served
    end
    fail_close(0, 1)
    local lease = get(0)
    invalidate(lease)
    release(lease)
    cancel(lease)
    last = get(0)
  end,

  teardown = function()
    release(last)
    cancel(last)
    fail_close(0, 1) -- one more while the pool closes
  end,

  expect = {
    ["owner:defect=destroy_failure_keeps_size"] = violates("I3"),
    default = bounded():exactly {
      created   = function(_, n) return 1 + n.cycles end,
      destroyed = function(_, n) return n.cycles end,
      open      = 1,
    },
  },
}
