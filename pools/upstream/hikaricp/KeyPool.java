package upstream;

import com.zaxxer.hikari.*;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.*;
import java.util.concurrent.*;

/** The data source of one key, and whether anything in it can still go on. */
final class KeyPool {
    final HikariDataSource source;
    private final Set<Thread> threads = ConcurrentHashMap.newKeySet(); // the pool's own
    private volatile boolean made;                                     // the last creation succeeded

    KeyPool(String name, Subject.Shape shape, Callable<Connection> connect) {
        HikariConfig config = new HikariConfig();
        config.setPoolName(name);
        config.setDataSource(Stub.dataSource(name, () -> make(connect)));
        config.setMaximumPoolSize(shape.max());
        config.setMinimumIdle(shape.min());
        config.setConnectionTimeout(3_600_000);
        config.setInitializationFailTimeout(-1);
        config.setKeepaliveTime(0);
        config.setThreadFactory(this::thread);
        source = new HikariDataSource(config);
    }

    private Thread thread(Runnable work) {
        Thread thread = new Thread(work);
        thread.setDaemon(true);
        threads.add(thread);
        return thread;
    }

    private Connection make(Callable<Connection> connect) throws Exception {
        made = false;
        Connection connection = connect.call();
        made = true;
        return connection;
    }

    static void giveBack(Connection connection) {
        try {
            connection.close();
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    /** No connection is on its way to one who waits, and the pool's own threads have done what they were given. They are only looked at:
     * a task of ours would take a place in their short queues, and one that finds no place is dropped. */
    boolean quiet() {
        boolean idle = resting() && queue("closeConnectionExecutor") + queue("addConnectionExecutor") == 0 && resting();
        return idle && !handingOver(); // last: before it sleeps the pool's thread hands over, and who gets it looks parked for a moment
    }

    private boolean handingOver() {
        HikariPoolMXBean bean = source.getHikariPoolMXBean();
        return bean.getThreadsAwaitingConnection() > 0 && bean.getIdleConnections() > 0;
    }

    private int queue(String executor) {
        return ((ThreadPoolExecutor) Peek.field(Peek.field(source, "pool"), executor)).getQueue().size();
    }

    private boolean resting() {
        threads.removeIf(thread -> thread.getState() == Thread.State.TERMINATED);
        return threads.stream().allMatch(this::rests);
    }

    /** It waits for a task; or it has made a connection: then it sleeps for 30 ms (PoolEntryCreator), and has nothing left to do. */
    private boolean rests(Thread thread) {
        if (thread.getState() != Thread.State.WAITING && thread.getState() != Thread.State.TIMED_WAITING) return false;
        List<String> stack = Arrays.stream(thread.getStackTrace()).map(StackTraceElement::getMethodName).toList();
        return stack.contains("getTask") || made && stack.contains("quietlySleep");
    }
}
