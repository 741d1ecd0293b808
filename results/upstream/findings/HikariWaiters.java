// HikariCP alone, without churn, over a data source of connections that do nothing: does the one who waits get the free place?
//   java -cp 'build/upstream/hikaricp/7.1.0/jars/*' results/upstream/findings/HikariWaiters.java
import com.zaxxer.hikari.*;
import java.lang.reflect.Proxy;
import java.sql.*;
import javax.sql.DataSource;

class HikariWaiters {
    static <T> T stub(Class<T> type, java.util.function.Function<String, Object> answer) {
        return type.cast(Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, (self, method, arguments) -> {
            Object value = answer.apply(method.getName());
            if (value == null && method.getReturnType() == int.class) return 0;
            if (value == null && method.getReturnType() == boolean.class) return method.getName().equals("isValid");
            return value;
        }));
    }

    static HikariDataSource pool(int minimumIdle) {
        HikariConfig config = new HikariConfig();
        config.setDataSource(stub(DataSource.class, name -> name.equals("getConnection") ? stub(Connection.class, other -> null) : null));
        config.setMaximumPoolSize(1);
        config.setMinimumIdle(minimumIdle);
        config.setConnectionTimeout(10_000);
        return new HikariDataSource(config);
    }

    /** One connection is out and somebody waits; then `action`. How long did the waiter wait, and for what? */
    static void ask(String what, HikariDataSource pool, java.util.function.BiConsumer<HikariDataSource, Connection> action) throws Exception {
        Connection held = pool.getConnection();
        long start = System.nanoTime();
        Thread waiter = new Thread(() -> {
            String end;
            try {
                end = "a connection: " + (pool.getConnection() != null);
            } catch (SQLException e) {
                end = e.getMessage();
            }
            System.out.printf("%s: after %.1f s %s%n", what, (System.nanoTime() - start) / 1e9, end);
        });
        waiter.start();
        Thread.sleep(500);
        action.accept(pool, held);
        waiter.join();
        pool.close();
    }

    static void giveBack(Connection connection) {
        try {
            connection.close();
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    public static void main(String[] arguments) throws Exception {
        for (int minimumIdle : new int[] {1, 0}) {
            ask("minimumIdle=" + minimumIdle + ", given back", pool(minimumIdle), (pool, held) -> giveBack(held));
            ask("minimumIdle=" + minimumIdle + ", evicted and given back", pool(minimumIdle), (pool, held) -> {
                pool.evictConnection(held);
                giveBack(held);
            });
            ask("minimumIdle=" + minimumIdle + ", pool closed", pool(minimumIdle), (pool, held) -> pool.close());
        }
    }
}
