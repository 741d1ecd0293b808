-- The plainest churn there is; scripts/selftest runs it over pools whose truth is known.
scenario {
  about  = "get, invalidate, release over a few keys, for the harness's own tests",
  params = { keys = 3 },
  pools  = { "owner" },
  period = function(p) return p.keys end,
  pool   = function() return { min = 0, max = 2 } end,
  cycle  = function(p, i)
    local lease = get(i % p.keys)
    invalidate(lease)
    release(lease)
  end,
  expect = { default = bounded() },
}
