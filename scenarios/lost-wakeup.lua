-- One place, and a second caller waits for it. The item is invalidated and comes back: it is closed, which makes room, and somebody
-- has to tell the waiter. Ten callers through one invalidated item each were left with one served (zio/zio#8820).
local waiter

scenario {
  about  = "an invalidated item comes back while somebody waits for its place",
  source = "zio/zio#8820",
  pools  = { "broadcast", "owner", "membership", "owner:defect=unserved_waiters" },
  pool   = { min = 0, max = 1 },

  cycle = function(_, i)
    if i > 0 then
      invalidate(waiter)
      release(waiter)
      cancel(waiter) -- in case it was never served
    end
    local holder = get(0)
    waiter = get(0)
    invalidate(holder)
    release(holder)
  end,

  teardown = function()
    release(waiter)
    cancel(waiter)
  end,

  expect = {
    ["owner:defect=unserved_waiters"] = violates("I3"),
    default = bounded():exactly {
      created   = function(_, n) return 2 * n.cycles end,
      destroyed = function(_, n) return 2 * n.cycles - 1 end,
      waiting   = 0,
      leased    = 1,
    },
  },
}
