-- How quiet is quiet? Half the time-to-live is not enough to give up idle items; exactly the time-to-live is.
scenario {
  about  = "idle items at half their time-to-live, and exactly at it",
  params = { wait = "60s" },
  cases  = { { wait = "30s" }, { wait = "60s" } },
  pool   = { min = 0, max = 2, ttl = "60s" },

  cycle = function()
    local one, other = get(0), get(0)
    release(one)
    release(other)
  end,

  settle = function(p) advance(p.wait) end,

  expect = {
    default = function(p)
      local given_up = p.wait == "60s"
      return bounded():exactly {
        idle = given_up and 0 or 2,
        created = function(_, n) return given_up and 2 * n.rung or 2 end,
      }
    end,
  },
}
