-- The wall clock is set, by hand or by NTP; no time passes by that. A pool that counts its time-to-live on that clock goes wrong both
-- ways. Set back, what is due is kept until the clock has come that far again: FirebirdSQL/NETProvider #725. Set forward, everything is
-- given up at once, and made anew: HikariCP #745, where the clock of a virtual machine was reset again and again.
scenario {
  about  = "the wall clock is set back, or forward, between two uses of a key",
  source = "FirebirdSQL/NETProvider #725",
  params = { keys = 4, jump = "-1h" },
  cases  = { { jump = "-1h" }, { jump = "1h" } },
  period = function(p) return p.keys end,
  pools  = { "broadcast", "owner", "membership", "owner:defect=wall_clock" },
  pool   = { min = 0, max = 2, ttl = "60s" },

  cycle = function(p, i)
    local key = i % p.keys
    release(get(key))
    step_clock(p.jump)
    release(get(key)) -- the same item: not quiet for 60 s
    step_clock(p.jump)
    advance("61s") -- now it was
  end,

  expect = {
    ["owner:defect=wall_clock"] = function(p)
      if p.jump == "-1h" then
        return bounded():exactly { open = p.keys, created = p.keys } -- never given up
      end
      return bounded():exactly { open = 0, created = function(_, n) return n.clock_steps end } -- an item for each step
    end,
    default = bounded():exactly { open = 0, idle = 0, created = function(_, n) return n.cycles end },
  },
}
