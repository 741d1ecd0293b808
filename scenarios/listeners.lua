-- One item lives long and is lent again and again. What is hung on it at each get and never taken off piles up.
scenario {
  about  = "a long-lived item is lent again and again",
  source = "zio-http#1867",
  pools  = { "broadcast", "owner", "membership", "owner:defect=listener_per_get" },
  pool   = { min = 0, max = 1 },

  cycle = function() release(get(0)) end,

  expect = {
    ["owner:defect=listener_per_get"] = grows("listeners", function(_, n) return n.gets end):exactly { open = 1 },
    default = bounded():exactly { open = 1, created = 1 },
  },
}
