-- An expiry timer is armed at each release and none is taken back: an item that is always busy piles up (releases a second) x ttl of
-- them. They go off after the time-to-live; this scenario stays below it.
scenario {
  about  = "a busy item arms an expiry timer at every release",
  source = "kafka-journal PR 500",
  pools  = { "broadcast", "owner", "membership", "owner:defect=timer_per_release" },
  pool   = { min = 0, max = 1, ttl = "1h" },

  cycle = function() release(get(0)) end,

  expect = {
    ["owner:defect=timer_per_release"] = grows("timers", function(_, n) return n.releases end):exactly { open = 1 },
    default = bounded():exactly { open = 1, created = 1 },
  },
}
