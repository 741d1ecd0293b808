-- The only item is out, and callers come, wait and give up. Who has gone must leave nothing behind. ZPool does not interrupt the
-- wait itself: 50 time-outs leave 50 ghosts, and the next item that comes back hops through all of them.
local holder

scenario {
  about   = "callers wait for an item that does not come, and give up",
  source  = "reactor-pool#29",
  params  = { callers = 5 },
  pools   = { "broadcast", "owner", "membership", "owner:defect=ghost_waiters" },
  pool    = { min = 0, max = 1 },

  setup = function() holder = get(0) end,

  cycle = function(p)
    local waiting = {}
    for i = 1, p.callers do
      waiting[i] = get(0)
    end
    for i = 1, p.callers do
      release(waiting[i]) -- in case the holder was not served
      cancel(waiting[i])
    end
  end,

  teardown = function() release(holder) end,

  expect = {
    ["owner:defect=ghost_waiters"] = grows("waiters_ghost", function(p, n) return n.cycles * p.callers end),
    default = bounded():exactly { open = 1, waiting = 0, created = 1 },
  },
}
