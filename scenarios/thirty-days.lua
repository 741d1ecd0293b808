-- Thirty days of a pool's life: a day's work, then a quiet night in which the time-to-live takes back what the day has made. A leak that
-- shows after days shows here after a second, because the clock is moved, not waited for.
scenario {
  about  = "thirty simulated days of bursts and quiet nights",
  params = { max = 4 },
  pool   = function(p) return { min = 0, max = p.max, ttl = "60s" } end,
  rungs  = 30, -- one a day
  cycles = 10,

  cycle = function(p)
    local leases = {}
    for i = 1, p.max do
      leases[i] = get(0)
    end
    for i = 1, p.max do
      release(leases[i])
    end
  end,

  settle = function() advance("24h") end,

  expect = {
    -- The first burst of a day makes its items anew, the others find them idle.
    default = function(p)
      return bounded():exactly {
        created = function(_, n) return p.max * n.rung end,
        open = 0, idle = 0,
      }
    end,
  },
}
