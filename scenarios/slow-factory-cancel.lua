-- The caller gives up while his item is being made. When it is done nobody waits for it: it must become idle (or be closed), and
-- serve the next caller. Dropped, it stays open for ever and no counter of the pool knows it.
scenario {
  about  = "a caller gives up while his item is being made",
  source = "netty/netty#9669",
  pools  = { "broadcast", "owner", "membership", "owner:defect=drop_after_cancel" },
  pool   = { min = 0, max = 2 },

  setup = function() slow(0, "5s") end,

  cycle = function()
    local early = get(0)
    release(early) -- in case it was served
    cancel(early)
    advance("6s")
    local lease = get(0) -- served at once, by the item that nobody waited for
    invalidate(lease)
    release(lease)
    cancel(lease)
    advance("6s")
  end,

  expect = {
    ["owner:defect=drop_after_cancel"] = grows { open = function(_, n) return 2 * n.cycles end }:also("I1", "I6", "I8", "lost"),
    default = bounded():exactly {
      created     = function(_, n) return n.cycles end,
      destroyed   = function(_, n) return n.cycles end,
      open        = 0,
      gets_failed = 0,
    },
  },
}
