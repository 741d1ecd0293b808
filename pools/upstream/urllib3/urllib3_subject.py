"""urllib3's PoolManager as a subject: a host is a key, a connection is an item, a response that was not read is a lease.

A connection is a pair of sockets in this process, and what answers is this program. Requests block, so each get has a thread.
"""
import gc
import pathlib
import socket
import sys
import threading
import time

sys.path[:0] = [str(pathlib.Path(__file__).parent / "packages")]
import urllib3  # noqa: E402
from urllib3.connection import HTTPConnection  # noqa: E402
from urllib3.connectionpool import HTTPConnectionPool  # noqa: E402
from urllib3.exceptions import ClosedPoolError, NewConnectionError  # noqa: E402

from subject import Subject  # noqa: E402

SETTLE_SECONDS = 2
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx"


class Connection(HTTPConnection):
    item = peer = None

    def connect(self):
        self.item = subject.create(self.host)
        if self.item is None:
            raise NewConnectionError(self, "the factory failed")
        self.sock, self.peer = socket.socketpair()

    def close(self):
        super().close()
        if self.item:
            item, self.item = self.item, None
            self.peer.close()
            subject.destroy(item)

    def getresponse(self, **_buffering):  # 1.26 asks for buffering first, as in Python 2
        self.peer.recv(65536)
        self.peer.sendall(ANSWER)
        return super().getresponse()


class Pool(HTTPConnectionPool):
    ConnectionCls = Connection


class Urllib3(Subject):
    name, version = "urllib3", urllib3.__version__
    ops, counters = ["kill"], ["keys", "idle", "leased", "waiting"]

    def open(self, _minimum, maximum, _ttl):
        # How many hosts it keeps pools for; beyond that the least recently used one goes.
        hosts = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
        self.manager = urllib3.PoolManager(num_pools=hosts, maxsize=maximum, block=True)
        self.manager.pool_classes_by_scheme = {"http": Pool}
        self.remembered, self.seen, self.invalid, self.threads = {}, [], set(), set()

    def pool_of(self, lease):
        """A caller with a scope looks its host up once and keeps the pool, as a long-lived client does."""
        pool = self.remembered.get((lease.scope, lease.key)) or self.manager.connection_from_url(f"http://{lease.key}/")
        if lease.scope:
            self.remembered[lease.scope, lease.key] = pool
        if all(pool.pool is not queue for queue in self.seen):
            self.seen.append(pool.pool)
        return pool

    def get(self, lease):
        thread = threading.Thread(target=self.request, args=(lease, self.pool_of(lease)), daemon=True)
        self.threads.add(thread)
        thread.start()

    def request(self, lease, pool):
        try:
            lease.own = pool.urlopen("GET", "/", preload_content=False, retries=False)
            lease.own_connection = lease.own.connection if hasattr(lease.own, "connection") else lease.own._connection
            self.leased(lease, lease.own_connection.item)
        except ClosedPoolError as error:
            self.failed(lease, f"ClosedPoolError: {error}")
        except Exception as error:
            self.failed(lease, f"{type(error).__name__}: {error}")
        finally:
            self.threads.discard(threading.current_thread())

    def parked(self):
        return sum(len(queue.not_empty._waiters) for queue in self.seen if queue)

    def settle(self):
        end = time.monotonic() + SETTLE_SECONDS
        while self.opened and len(self.threads) != self.parked() and time.monotonic() < end:
            time.sleep(0.0002)

    def release(self, lease):
        if lease.item in self.invalid:
            self.invalid.discard(lease.item)
            lease.own.close()
            lease.own.release_conn()
        else:
            lease.own.read()
            lease.own.release_conn()
        lease.own = lease.own_connection = None  # a response keeps its pool alive

    def invalidate(self, item, is_out):
        if is_out:
            self.invalid.add(item)  # an idle connection cannot be named

    def kill(self, lease):
        if lease.own_connection and not lease.item.closed:
            lease.own_connection.peer.close()

    def shutdown(self):
        self.remembered.clear()
        self.manager.clear()
        gc.collect()  # a pool is closed when nobody holds it
        self.done()

    def sample(self):
        pools = {self.manager.pools[key] for key in self.manager.pools.keys()} | set(self.remembered.values())
        idle = sum(bool(conn and conn.item) for pool in pools if pool.pool for conn in list(pool.pool.queue))
        leased = sum(lease.state == "leased" for lease in self.leases.values())
        return {"keys": len(pools), "idle": idle, "leased": leased, "waiting": self.parked()}


subject = Urllib3()
subject.speak()
