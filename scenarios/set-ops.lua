-- The cost beside the leak: invalidate visits the set of every key. That is O(K) set operations a call in broadcast, and still in
-- membership, where it is harmless to memory; owner looks the item up once.
--
-- What a cycle costs, counted by hand:
--                    broadcast              membership             owner
--   get              is it marked?      1   is it a member?    1   (a flag of its slot)
--   invalidate       a mark a key       K   a removal a key    K   a look-up           1
--   release, closed  marked? unmark     2   a member?          1   out of the index    1
--   get, made        marked?            1   insert, member?    2   into the index      1
--   release          marked?            1   a member?          1
scenario {
  about  = "how many set operations an invalidation costs",
  source = "zio/zio#9306",
  threads = true,
  params = { keys = 8 },
  cases  = { { keys = 8 }, { keys = 64 } },
  pool   = { min = 0, max = 2 },

  setup = function(p)
    for key = 0, p.keys - 1 do
      release(get(key)) -- 2 in broadcast, 3 in membership, 1 in owner
    end
  end,

  cycle = function(p, i)
    local key = i % p.keys
    local lease = get(key)
    invalidate(lease)
    release(lease)
    release(get(key))
  end,

  expect = {
    broadcast = grows {
      tombstones    = function(p, n) return n.invalidations * (p.keys - 1) end,
      dead_retained = function(_, n) return n.invalidations end,
    }
      :exactly { set_ops = function(p, n) return 2 * p.keys + n.invalidations * (p.keys + 5) end },
    membership = bounded():exactly { set_ops = function(p, n) return 3 * p.keys + n.invalidations * (p.keys + 5) end },
    owner      = bounded():exactly { set_ops = function(p, n) return p.keys + n.invalidations * 3 end },
    default    = bounded(),
  },
}
