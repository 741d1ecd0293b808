-- One place. Its item is given back in good order and dies while it is idle: the peer closed it. The next caller must get a new one.
-- FixedChannelPool closed the dead channel, asked again and found its count still at the limit: every later caller waited for ever.
local last

scenario {
  about   = "an item dies while it is idle, and the next caller needs its place",
  source  = "netty/netty#4023",
  pools   = { "broadcast", "owner", "membership", "owner:defect=dead_idle_keeps_size" },
  pool    = { min = 0, max = 1 },

  cycle = function(_, i)
    if i > 0 then
      release(last)
      invalidate(last) -- nobody has it any more
      cancel(last) -- in case it was never served
    end
    last = get(0) -- stays out until the next cycle, so that a rung shows whether the key still serves
  end,

  teardown = function()
    release(last)
    cancel(last)
  end,

  expect = {
    ["owner:defect=dead_idle_keeps_size"] = violates("I3"),
    -- Each caller but the first replaces the item of the one before.
    default = bounded():exactly {
      created   = function(_, n) return n.gets end,
      destroyed = function(_, n) return n.gets - 1 end,
      leased    = 1,
      waiting   = 0,
    },
  },
}
