-- The factory fails more often than there are places, for callers of one request. A failed attempt must cost no place: neither for
-- the rest of the request (zio PR 6844), nor for ever (commons-pool POOL-243, aiohttp 1.3.0), and everybody is told (POOL-303).
-- Each cycle ends with a lease that the next one gives back, so that a rung shows whether the key still serves.
local last

scenario {
  about   = "the factory fails more often than there are places, then works again",
  source  = "commons-pool POOL-243",
  params  = { max = 2 },
  pools   = { "broadcast", "owner", "membership", "owner:defect=failed_create_keeps_slot" },
  pool    = function(p) return { min = 0, max = p.max } end,

  cycle = function(p, i)
    if i > 0 then
      invalidate(last)
      release(last)
      cancel(last) -- in case it was never served
    end
    fail(0, p.max + 3)
    for _ = 1, p.max + 3 do
      get(0, "request")
    end
    fail(0, 0)
    close_scope("request")
    last = get(0)
  end,

  teardown = function()
    release(last)
    cancel(last)
  end,

  expect = {
    ["owner:defect=failed_create_keeps_slot"] = violates("I3"):exactly { gets_failed = function(p) return p.max end },
    default = bounded():exactly {
      gets_failed = function(p, n) return n.cycles * (p.max + 3) end,
      created     = function(_, n) return n.cycles end,
      open        = 1,
    },
  },
}
