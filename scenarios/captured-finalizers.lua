-- The second leak of the same pool, repaired one release later. The factory had captured the keyed pool's scope, so the finalizer of
-- every item was registered there: it piled up, and the item stayed open after it was invalidated, until the whole pool closed.
-- ZIO 2.1.12 is broadcast + captured, 2.1.13 membership + captured, 2.1.14 membership + item. Measured on the real ones.
--
-- Each key has a finalizer of its own in that scope; the items' come on top.
local function made(p, n) return p.keys + n.invalidations end
local function with_items(p, n) return p.keys + made(p, n) end

local function clean()
  return bounded():exactly {
    finalizers = function(p) return p.keys end,
    open       = function(p) return p.keys end,
    created    = made,
  }
end

scenario {
  about  = "finalizers of items are registered in the scope of the whole program",
  source = "zio/zio#9329",
  threads = true,
  params = { keys = 8 },
  pools  = {
    "broadcast", "owner", "membership",
    "broadcast:finalizers=captured", "owner:finalizers=captured", "membership:finalizers=captured",
  },
  pool = { min = 1, max = 1 },

  setup = function(p)
    for key = 0, p.keys - 1 do
      release(get(key))
    end
  end,

  cycle = function(p, i)
    local lease = get(i % p.keys)
    invalidate(lease)
    release(lease) -- min = 1: the pool makes another at once
  end,

  expect = {
    ["broadcast:finalizers=captured"] = grows {
      finalizers = with_items,
      open       = made,
      tombstones = function(p, n) return n.invalidations * (p.keys - 1) end,
    }:also("I1"),
    ["membership:finalizers=captured"] = grows { finalizers = with_items, open = made }
      :exactly { members = function(p) return p.keys end }:also("I1"),
    ["owner:finalizers=captured"] = grows { finalizers = with_items, open = made }:also("I1"),
    broadcast = grows {
      tombstones    = function(p, n) return n.invalidations * (p.keys - 1) end,
      dead_retained = function(_, n) return n.invalidations end,
    }
      :exactly { finalizers = function(p) return p.keys end, open = function(p) return p.keys end },
    owner = clean(),
    membership = clean(),
    default = bounded():exactly { open = function(p) return p.keys end, created = made }
      :at_most { finalizers = function(p) return p.keys end }, -- a pool may do without
  },
}
