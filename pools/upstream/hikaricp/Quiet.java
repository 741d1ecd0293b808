package upstream;

import com.zaxxer.hikari.HikariDataSource;
import com.zaxxer.hikari.HikariPoolMXBean;
import java.util.*;
import java.util.concurrent.*;

/** Whether anything in some pools can still go on. */
final class Quiet {
    private Quiet() {}

    /** Nothing moves when everyone in getConnection is parked, no connection is on its way to one of them, and the pools' own threads have
     * done what they were given: a task of ours comes after it. */
    static boolean now(Set<Thread> borrowing, Set<HikariDataSource> pools) {
        if (!parked(borrowing, pools)) return false;
        for (HikariDataSource pool : pools)
            for (String name : List.of("closeConnectionExecutor", "addConnectionExecutor"))
                if (!passed((ThreadPoolExecutor) Peek.field(Peek.field(pool, "pool"), name))) return false;
        return parked(borrowing, pools);
    }

    private static boolean parked(Set<Thread> borrowing, Set<HikariDataSource> pools) {
        synchronized (borrowing) {
            for (Thread thread : borrowing) if (thread.getState() != Thread.State.TIMED_WAITING) return false;
        }
        for (HikariDataSource pool : pools) {
            HikariPoolMXBean bean = pool.getHikariPoolMXBean();
            if (bean.getThreadsAwaitingConnection() > 0 && bean.getIdleConnections() > 0) return false;
        }
        return true;
    }

    private static boolean passed(ThreadPoolExecutor executor) {
        try {
            if (!executor.isShutdown()) executor.submit(() -> {}).get(200, TimeUnit.MILLISECONDS);
            return true;
        } catch (InterruptedException | ExecutionException | TimeoutException | RejectedExecutionException e) {
            return false;
        }
    }
}
