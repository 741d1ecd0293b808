-- ZPool has one time stamp for the whole pool of a key, not one for each item: a key that is used now and then is never quiet for as long
-- as its time-to-live, and keeps every item of its largest burst. Documented behaviour, and bounded; good to know when sizing a pool.
scenario {
  about  = "a key that is never quiet keeps the items of its largest burst",
  params = { max = 4 },
  pool   = function(p) return { min = 0, max = p.max, ttl = "60s" } end,

  setup = function(p)
    local leases = {}
    for i = 1, p.max do
      leases[i] = get(0)
    end
    for i = 1, p.max do
      release(leases[i])
    end
  end,

  cycle = function()
    release(get(0))
    advance("40s")
  end,

  expect = {
    default = function(p) return bounded():exactly { idle = p.max, open = p.max, created = p.max } end,
  },
}
