-- Two leases are out when the pool closes. They come back later, to a pool that is closed: their items must be closed then.
local kept = {}

scenario {
  about  = "leases come back after the pool was closed",
  source = "netty/netty#5977",
  pools  = { "broadcast", "owner", "membership", "owner:defect=open_after_close" },
  pool   = { min = 0, max = 3 },

  setup = function()
    kept[1], kept[2] = get(0), get(0)
  end,

  cycle = function() release(get(0)) end,

  after_shutdown = function()
    release(kept[1])
    release(kept[2])
    get(0) -- answered at once: closed
  end,

  expect = {
    ["owner:defect=open_after_close"] = violates("I6"):also("I1", "I8", "lost"),
    default = bounded():exactly { open = 3, leased = 2, created = 3 },
  },
}
