-- Where a closed item's identity is given to a new one (an address from malloc, a file descriptor, a slot number), the entries that
-- broadcast leaves behind stop piling up and do worse: they condemn a fresh item of the same identity, which is closed before
-- anybody used it.
scenario {
  about  = "entries left behind condemn fresh items that got the identity of an old one",
  source = "zio/zio#9306",
  params = { keys = 8 },
  period = function(p) return p.keys end,
  pool   = { min = 0, max = 2, identities = "reused" },

  cycle = function(p, i)
    local lease = get(i % p.keys)
    invalidate(lease)
    release(lease)
  end,

  expect = {
    -- One item lives at a time, so there is one identity. It is marked in all keys but the one used last: the next key makes
    -- an item, finds it marked, closes it and makes another. Only the first round, in which the keys appear, is spared.
    broadcast = grows { destroyed_unused = function(p, n) return n.cycles - p.keys end }
      :exactly { tombstones = function(p) return p.keys - 1 end, open = 0 },
    default = bounded():exactly { destroyed_unused = 0, open = 0 },
  },
}
