-- The channel and the request that used it last refer to each other; the channel goes back to the pool and keeps every request that
-- ever used it.
scenario {
  about  = "an idle item keeps what its past leases hung on it",
  source = "reactor-netty#3367",
  pools  = { "broadcast", "owner", "membership", "owner:defect=payload_kept" },
  pool   = { min = 0, max = 1 },

  cycle = function() release(get(0)) end,

  expect = {
    ["owner:defect=payload_kept"] = grows("payloads", function(_, n) return n.gets end):exactly { open = 1 },
    default = bounded():exactly { open = 1, created = 1 },
  },
}
