-- Everybody gives back twice: an automatic release and an explicit one (urllib3), a retry (commons-pool POOL-248), a release after
-- the item was invalidated and closed (reactor-pool#146). The second one must do nothing, or two callers share one item.
scenario {
  about  = "every lease is given back twice",
  source = "commons-pool POOL-248",
  pools  = { "broadcast", "owner", "membership", "owner:defect=double_release" },
  pool   = { min = 0, max = 2 },

  cycle = function()
    for _ = 1, 2 do
      local a, b = get(0), get(0) -- two different items
      release(a)
      release(a)
      release(b)
      release(b)
    end
    local c = get(0)
    invalidate(c)
    release(c)
    release(c)
  end,

  expect = {
    ["owner:defect=double_release"] = violates("I5") -- the pool counts an item as often as it is queued
      :also("I1", "I2", "idle", "free", "blocks_live", "blocks_live.slots", "bytes_live", "bytes_live.slots"),
    default = bounded():exactly {
      created   = function(_, n) return 1 + n.cycles end, -- the first cycle makes two
      destroyed = function(_, n) return n.cycles end,
      open      = 1,
    },
  },
}
