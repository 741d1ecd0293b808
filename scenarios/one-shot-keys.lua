-- Every key is used once: a user's, a tenant's, a host's of a crawler. After the time-to-live nothing is left in it, and the key itself
-- must go too. ZKeyedPool keeps it until the pool closes, whatever its version; pgbouncer did until PR 1491.
local function keys(_, n) return n.cycles end

scenario {
  about  = "every key is used once",
  source = "pgbouncer PR 1491",
  pools  = { "broadcast", "owner", "membership", "owner:defect=keys_kept" },
  pool   = { min = 0, max = 2, ttl = "60s" },

  cycle = function(_, i) release(get(i)) end,

  settle = function() advance("61s") end,

  expect = {
    ["owner:defect=keys_kept"] = grows("keys", keys):exactly { open = 0, finalizers = keys },
    owner = bounded():exactly { keys = 0, open = 0, finalizers = 0, created = function(_, n) return n.cycles end },
    broadcast = grows("keys", keys):exactly { open = 0, finalizers = keys },
    membership = grows("keys", keys):exactly { open = 0, finalizers = keys },
    default = bounded():exactly { open = 0, created = function(_, n) return n.cycles end },
  },
}
