-- Random plans with everything that can go wrong: callers give up, the factory fails, scopes end, items turn out bad, time passes, and the
-- pool is closed while leases are out and callers wait. Nothing is put in order before a rung, so every rung is another state for the
-- invariants. Each part can be switched off, for a pool that cannot do it or is known to fail there:
--
--    churn run scenarios/selftest/faults.lua --pool 'exec:scripts/upstream puddle@2.2.3' --set scopes=false --seed 7
--
-- With slows=true creations may also take 5 seconds each, so that callers give up and the pool is closed while items are being made; it
-- needs cancels=true and advances=true. While an item is being made nobody is said to wait in vain, whatever key he waits for (I3):
-- --check-each looks between.
-- With cancels=false a caller that waits cannot be taken back: then callers must be at most max, so that nobody waits.
--
-- Growth is by chance here, and not judged: churn looks at the invariants and at what must be back after the shutdown.
local out = {} -- { lease, scope } of leases that were asked for and are not over

local function over(p, lease)
  release(lease)
  if p.cancels then cancel(lease) end
end

local function give_back(p)
  local lease = table.remove(out, 1 + random(#out)).lease
  over(p, lease)
  return lease
end

local function end_scope(scope)
  close_scope(scope)
  for i = #out, 1, -1 do
    if out[i].scope == scope then table.remove(out, i) end
  end
end

local function ask(p)
  local scope = p.scopes and random(4) == 0 and random(2) or nil
  out[#out + 1] = { lease = get(random(p.keys), scope), scope = scope }
end

scenario {
  about  = "random plans: callers that give up, failing factories, scopes, bad items, time, and a shutdown in the middle",
  params = { keys = 3, min = 0, max = 2, ttl = "60s", callers = 8, cancels = true, fails = true, scopes = true, advances = true,
             bad = true, twice = true, slows = false },
  pools  = { "owner", "membership" },
  pool   = function(p) return { min = p.min, max = p.max, ttl = p.ttl } end,
  cycles = 4,

  setup = function(p)
    assert(p.cancels or not p.slows, "slows=true needs cancels=true: who waits for a slow item must be able to give up")
    assert(p.advances or not p.slows, "slows=true needs advances=true: without time no slow creation ends")
  end,

  cycle = function(p, i)
    if p.slows and random(3) == 0 then slow(random(p.keys), random(2) == 0 and "0s" or "5s") end
    for _ = 1, 8 do
      local what = random(16)
      if what < 6 and #out < p.callers then ask(p)
      elseif what < 10 and #out > 0 then give_back(p)
      elseif what < 12 and p.bad and #out > 0 then invalidate(out[1 + random(#out)].lease)
      elseif what == 12 and p.fails then fail(random(p.keys), 1 + random(2))
      elseif what == 13 and p.advances then advance(random(2) == 0 and (p.slows and "3s" or "20s") or "61s")
      elseif what == 14 and p.scopes then end_scope(random(2))
      elseif what == 15 and p.twice and #out > 0 then release(give_back(p))
      end
    end
  end,

  after_shutdown = function(p)
    while #out > 0 do give_back(p) end
    if p.slows then advance("61s") end -- a creation that failed may be tried again
  end,

  expect = { default = bounded():also("gets_failed") },
}
