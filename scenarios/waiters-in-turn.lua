-- One item, and several callers wait for it. When it comes back it is served once, to the one who came first; who is served gives it
-- back, and so on until everybody had it. A pool that gives one item to several of them (node-pool PR 142), that forgets one (asyncpg #6), or
-- that lets the newest go before (php-async #235) looks healthy as long as no more than one caller waits.
--
-- With fifo everybody gives up after his turn, so that only the order of arrival serves all. Without it each round gives back what anybody
-- holds, and nobody gives up before the last round: all must be served, in whatever order. That is for pools that document none.
scenario {
  about  = "several callers wait, and one item comes back",
  source = "true-async/php-async #235",
  params = { callers = 5, fifo = true },
  cases  = { { callers = 2 }, { callers = 5 }, { callers = 5, fifo = false } },
  pools  = { "broadcast", "owner", "membership", "owner:defect=served_twice", "owner:defect=waiters_forgotten",
             "owner:defect=newest_second" },
  pool   = { min = 0, max = 1 },

  cycle = function(p)
    local holder, waiting = get(0), {}
    for i = 1, p.callers do
      waiting[i] = get(0)
    end
    release(holder)
    for _ = 1, p.fifo and 1 or p.callers do
      for i = 1, p.callers do
        release(waiting[i]) -- nothing, if it was not served
        if p.fifo then
          cancel(waiting[i])
        end
      end
    end
    for i = 1, p.callers do
      cancel(waiting[i])
    end
  end,

  expect = {
    ["owner:defect=served_twice"] = violates("I5") -- and the item is queued once more each time
      :also("I1", "I2", "idle", "free", "blocks_live", "blocks_live.slots", "bytes_live", "bytes_live.slots"),
    ["owner:defect=waiters_forgotten"] = violates("I5"),
    ["owner:defect=newest_second"] = function(p)
      -- the holder, the first, and the last, who is third in turn: those in the middle have given up by then
      local served = p.fifo and math.min(p.callers + 1, 3) or p.callers + 1
      return bounded():exactly { gets_leased = function(_, n) return n.cycles * served end, created = 1, waiting = 0, leased = 0 }
    end,
    default = bounded():exactly {
      gets_leased = function(_, n) return n.gets end,
      created     = 1,
      waiting     = 0,
      leased      = 0,
    },
  },
}
