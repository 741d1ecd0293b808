-- Churn that the seed draws: how many callers, which keys, which items turn out bad. Clean pools must not be accused over any of its
-- seeds; scripts/error-rates runs it over many. Before a rung the time to live passes, so that what is left is what the pool keeps.
--
-- With settle=false the number of idle items at a rung is chance. The rule of growth is not made for that: its windows then rise by chance,
-- in one run out of some hundreds also with twice the cycles.
scenario {
  about  = "a random mixture of get, invalidate, cancel and release",
  params = { keys = 6, min = 1, max = 3, burst = 8, bad = 30, settle = true },
  pools  = { "owner", "membership" },
  period = function(p) return p.keys end,
  pool   = function(p) return { min = math.min(p.min, p.max), max = p.max, ttl = "60s" } end,

  setup = function(p)
    for key = 0, p.keys - 1 do
      release(get(key))
    end
  end,

  cycle = function(p, i)
    local leases, per_key = {}, {}
    for _ = 1, 1 + random(p.burst) do
      local key = random(p.keys)
      per_key[key] = (per_key[key] or 0) + 1
      local lease = get(key)
      if per_key[key] > p.max then -- nothing is left: the caller gives up
        cancel(lease)
      else
        leases[#leases + 1] = lease
      end
    end
    for _, lease in ipairs(leases) do
      if random(100) < p.bad then
        invalidate(lease)
      end
      release(lease)
    end
  end,

  settle = function(p)
    if p.settle then
      advance("61s")
    end
  end,

  expect = { default = bounded() },
}
