package upstream;

import com.zaxxer.hikari.*;
import java.sql.*;
import java.util.*;
import java.util.function.ToIntFunction;

/** HikariCP as a subject, a data source for each key, over connections that do nothing. Each get has a thread, for getConnection blocks. */
public final class HikariSubject extends Subject {
    private static final long SETTLE_NS = 2_000_000_000L;

    private final boolean soft; // invalidate marks all connections of the key at once (softEvictConnections)
    private final Map<String, HikariDataSource> pools = new LinkedHashMap<>();
    private final Map<Item, Connection> last = Collections.synchronizedMap(new HashMap<>()); // an item's last handle
    private final Set<Item> out = Collections.synchronizedSet(new HashSet<>());              // leased
    private final Set<Item> invalid = new HashSet<>();                                       // leased, to be evicted when they come back
    private final Set<Thread> borrowing = Collections.synchronizedSet(new HashSet<>());      // inside getConnection
    private final Set<HikariDataSource> touched = new HashSet<>();                           // since everything was quiet
    private Shape shape;
    private boolean closing;

    private HikariSubject(boolean soft) { this.soft = soft; }

    private Connection connect(String key) throws SQLException {
        Item item = create(key);
        if (item == null) throw new SQLException("the factory failed");
        return Stub.connection(item, this::destroy);
    }

    private HikariDataSource touch(String key) {
        HikariDataSource pool = pools.computeIfAbsent(key, this::make);
        touched.add(pool);
        return pool;
    }

    private HikariDataSource make(String name) {

        HikariConfig config = new HikariConfig();
        config.setPoolName(name);
        config.setDataSource(Stub.dataSource(name, () -> connect(name)));
        config.setMaximumPoolSize(shape.max());
        config.setMinimumIdle(shape.min());
        config.setConnectionTimeout(3_600_000);
        config.setInitializationFailTimeout(-1);
        config.setKeepaliveTime(0);
        return new HikariDataSource(config);
    }

    @Override protected void open(Shape shape) { this.shape = shape; }

    @Override protected void get(Lease lease) {
        if (closing) {
            closed(lease); // and so says getConnection, at once
            return;
        }
        HikariDataSource pool = touch(lease.key);
        Thread thread = new Thread(() -> borrow(lease, pool));
        thread.setDaemon(true);
        lease.own = thread;
        borrowing.add(thread);
        thread.start();
    }

    private void borrow(Lease lease, HikariDataSource pool) {
        try {
            Connection connection = pool.getConnection();
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

    @Override protected void settle() {
        for (long start = System.nanoTime(); !Quiet.now(borrowing, touched); Thread.yield()) {
            if (System.nanoTime() - start > SETTLE_NS) {
                System.err.println("hikaricp: still busy after 2 s");
                return;
            }
        }
        touched.clear();
    }

    @Override protected void release(Lease lease) {
        Connection connection = last.get(lease.item);
        out.remove(lease.item);
        if (invalid.remove(lease.item)) touch(lease.key).evictConnection(connection);
        else touch(lease.key);
        giveBack(connection);
        settle();
        if (closing && out.isEmpty()) shutdownDone();
    }

    /** Closing what is closed does nothing, says JDBC. */
    @Override protected void releaseAgain(Lease lease) {
        if (!out.contains(lease.item)) giveBack(last.get(lease.item));
    }

    private static void giveBack(Connection connection) {
        try {
            connection.close();
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Evicting closes a connection even while somebody has it, so for one that is out this waits for the release. */
    @Override protected void invalidate(Item item) {
        if (soft) touch(item.key).getHikariPoolMXBean().softEvictConnections();
        else if (out.contains(item)) invalid.add(item);
        else if (last.containsKey(item)) touch(item.key).evictConnection(last.get(item));
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
        pools.values().forEach(HikariDataSource::close);
        if (out.isEmpty()) shutdownDone();
    }

    @Override protected List<String> moreOps() { return List.of("cancel", "close-scope"); }
    @Override protected List<String> counters() { return List.of("keys", "size", "idle", "leased", "waiting", "heap_bytes"); }

    private long sum(ToIntFunction<HikariPoolMXBean> number) {
        return pools.values().stream().mapToInt(pool -> number.applyAsInt(pool.getHikariPoolMXBean())).sum();
    }

    @Override protected void sample(Map<String, Long> out) {
        out.putAll(Map.of("keys", pools.values().stream().filter(pool -> !pool.isClosed()).count(), "size", sum(HikariPoolMXBean::getTotalConnections),
            "idle", sum(HikariPoolMXBean::getIdleConnections), "leased", sum(HikariPoolMXBean::getActiveConnections),
            "waiting", sum(HikariPoolMXBean::getThreadsAwaitingConnection), "heap_bytes", heapBytes()));
    }

    public static void main(String[] args) throws Exception {
        new HikariSubject(args.length > 1 && args[1].equals("soft")).speak("hikaricp", args[0], "real");
    }
}
