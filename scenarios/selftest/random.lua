-- Churn that the seed draws: how many callers, which keys, which items turn out bad. Nothing is out at a rung, but how many items
-- are idle then is chance. Clean pools must not be accused over any of its seeds; scripts/error-rates runs it over many.
scenario {
  about  = "a random mixture of get, invalidate, cancel and release",
  params = { keys = 6, max = 3, burst = 8, bad = 30 },
  pools  = { "owner", "membership" },
  period = function(p) return p.keys end,
  pool   = function(p) return { min = 0, max = p.max, ttl = "60s" } end,

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

  expect = { default = bounded() },
}
