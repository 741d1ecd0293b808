package upstream;

import com.zaxxer.hikari.HikariPoolMXBean;
import java.sql.*;
import java.util.*;
import java.util.function.ToIntFunction;

/** HikariCP as a subject, a data source for each key, over connections that do nothing. Each get has a thread, for getConnection blocks. */
public final class HikariSubject extends Subject {
    private static final long SETTLE_NS = 2_000_000_000L;

    private final boolean soft; // invalidate marks all connections of the key at once (softEvictConnections)
    private final Map<String, KeyPool> pools = new LinkedHashMap<>();
    private final Map<Item, Connection> last = Collections.synchronizedMap(new HashMap<>()); // an item's last handle
    private final Set<Item> out = Collections.synchronizedSet(new HashSet<>());              // leased
    private final Set<Item> invalid = new HashSet<>();                                       // leased, to be evicted when they come back
    private final Set<Thread> borrowing = Collections.synchronizedSet(new HashSet<>());      // inside getConnection
    private final Set<KeyPool> touched = new HashSet<>();                                    // since everything was quiet
    private Shape shape;
    private boolean closing;

    private HikariSubject(boolean soft) { this.soft = soft; }

    private Connection connect(String key) throws SQLException {
        Item item = create(key);
        if (item == null) throw new SQLException("the factory failed");
        return Stub.connection(item, this::destroy);
    }

    private KeyPool touch(String key) {
        KeyPool pool = pools.computeIfAbsent(key, name -> new KeyPool(name, shape, () -> connect(name)));
        touched.add(pool);
        return pool;
    }

    @Override protected void open(Shape shape) { this.shape = shape; }

    @Override protected void get(Lease lease) {
        if (closing) {
            closed(lease); // and so says getConnection, at once
            return;
        }
        KeyPool pool = touch(lease.key);
        Thread thread = new Thread(() -> borrow(lease, pool));
        thread.setDaemon(true);
        lease.own = thread;
        borrowing.add(thread);
        thread.start();
    }

    private void borrow(Lease lease, KeyPool pool) {
        try {
            Connection connection = pool.source.getConnection();
            if (!served(lease, connection)) connection.close(); // given up in the meantime
        } catch (SQLException e) { // given up, or the pool is closed
            if (lease.state == State.PENDING) closed(lease);
        } finally {
            borrowing.remove(Thread.currentThread());
        }
    }

    private synchronized boolean served(Lease lease, Connection connection) throws SQLException {
        if (lease.state != State.PENDING) return false;
        Item item = connection.unwrap(Item.class);
        last.put(item, connection);
        out.add(item);
        leased(lease, item);
        return true;
    }

    private boolean parked() {
        synchronized (borrowing) {
            return borrowing.stream().allMatch(thread -> thread.getState() == Thread.State.TIMED_WAITING);
        }
    }

    @Override protected void settle() {
        for (long start = System.nanoTime(); !(parked() && touched.stream().allMatch(KeyPool::quiet) && parked()); Thread.yield()) {
            if (System.nanoTime() - start > SETTLE_NS) {
                System.err.println("hikaricp: still busy after 2 s");
                return;
            }
        }
        touched.clear();
    }

    @Override protected void release(Lease lease) {
        KeyPool pool = touch(lease.key);
        out.remove(lease.item);
        if (invalid.remove(lease.item)) pool.source.evictConnection(last.get(lease.item));
        KeyPool.giveBack(last.get(lease.item));
        settle();
        if (closing && out.isEmpty()) shutdownDone();
    }

    /** Closing what is closed does nothing, says JDBC. */
    @Override protected void releaseAgain(Lease lease) {
        if (!out.contains(lease.item)) KeyPool.giveBack(last.get(lease.item));
    }

    /** Evicting closes a connection even while somebody has it, so for one that is out this waits for the release. */
    @Override protected void invalidate(Item item) {
        if (soft) touch(item.key).source.getHikariPoolMXBean().softEvictConnections();
        else if (out.contains(item)) invalid.add(item);
        else if (last.containsKey(item)) touch(item.key).source.evictConnection(last.get(item));
    }

    @Override protected void closeScope(String scope) {} // its leases were given back, and that is all

    @Override protected void cancel(Lease lease) {
        Thread thread = (Thread) lease.own;
        thread.interrupt();
        try {
            thread.join(SETTLE_NS / 1_000_000);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override protected void shutdown() {
        closing = true;
        settle();
        pools.values().forEach(pool -> pool.source.close());
        if (out.isEmpty()) shutdownDone();
    }

    @Override protected List<String> moreOps() { return List.of("cancel", "close-scope"); }
    @Override protected List<String> counters() { return List.of("keys", "size", "idle", "leased", "waiting", "heap_bytes"); }

    private long sum(ToIntFunction<HikariPoolMXBean> number) {
        return pools.values().stream().mapToInt(pool -> number.applyAsInt(pool.source.getHikariPoolMXBean())).sum();
    }

    @Override protected void sample(Map<String, Long> out) {
        out.putAll(Map.of("keys", pools.values().stream().filter(pool -> !pool.source.isClosed()).count(), "size", sum(HikariPoolMXBean::getTotalConnections),
            "idle", sum(HikariPoolMXBean::getIdleConnections), "leased", sum(HikariPoolMXBean::getActiveConnections),
            "waiting", sum(HikariPoolMXBean::getThreadsAwaitingConnection), "heap_bytes", heapBytes()));
    }

    public static void main(String[] args) throws Exception {
        new HikariSubject(args.length > 1 && args[1].equals("soft")).speak("hikaricp", args[0], "real");
    }
}
