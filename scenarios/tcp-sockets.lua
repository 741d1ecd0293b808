-- What the users saw: "inactive channels pile up". Items are real connections over loopback; the peer closes one, the client
-- notices and invalidates it. With captured finalizers the descriptors are never closed. With the finalizer at the item they are, and
-- what broadcast keeps is the dead object: dead_retained grows, fds do not.
local function made(p, n) return p.keys + n.kills end

scenario {
  about  = "connections that the peer closed stay open in the leaky pool",
  source = "zio/zio#9306",
  threads = true,
  params = { keys = 4 },
  pools  = { "broadcast", "owner", "membership", "broadcast:finalizers=captured" },
  pool   = { min = 0, max = 2, items = "tcp", payload = "256B" },
  cycles = 5, -- a leaked item costs two descriptors: stays below the usual limit of 1024

  setup = function(p)
    for key = 0, p.keys - 1 do
      release(get(key))
    end
  end,

  cycle = function(p, i)
    local key = i % p.keys
    local lease = get(key)
    kill(lease)
    invalidate(lease)
    release(lease)
    release(get(key))
  end,

  expect = {
    ["broadcast:finalizers=captured"] = grows {
      open       = made,
      fds        = true,
      finalizers = function(p, n) return p.keys + made(p, n) end,
      tombstones = function(p, n) return n.kills * (p.keys - 1) end,
    }:also("I1"),
    broadcast = grows {
      dead_retained = function(_, n) return n.kills end,
      tombstones    = function(p, n) return n.kills * (p.keys - 1) end,
    }:exactly { open = function(p) return p.keys end },
    default = bounded():exactly { open = function(p) return p.keys end, created = made },
  },
}
