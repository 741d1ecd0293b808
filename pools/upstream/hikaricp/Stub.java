package upstream;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import javax.sql.DataSource;

/** JDBC that does nothing. */
final class Stub {
    private Stub() {}

    /** An interface whose methods answer false, 0 or null, but for those that `special` knows. */
    private static <T> T of(Class<T> type, InvocationHandler special) {
        return type.cast(Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, (self, method, arguments) -> {
            Object answer = special.invoke(self, method, arguments);
            Class<?> wanted = method.getReturnType();
            if (answer != null || !wanted.isPrimitive() || wanted == void.class) return answer;
            return wanted == boolean.class ? (Object) false : (Object) 0;
        }));
    }

    static DataSource dataSource(String name, Callable<Connection> connect) {
        return of(DataSource.class, (self, method, arguments) -> switch (method.getName()) {
            case "getConnection" -> connect.call();
            case "toString" -> name;
            default -> null;
        });
    }

    /** A connection that is an item; unwrap gives it. Closing what is closed does nothing, says JDBC. */
    static Connection connection(Subject.Item item, Consumer<Subject.Item> destroy) {
        return of(Connection.class, (self, method, arguments) -> switch (method.getName()) {
            case "close", "abort" -> {
                if (!item.closed) destroy.accept(item);
                yield null;
            }
            case "isClosed" -> item.closed;
            case "isValid", "getAutoCommit" -> !item.closed;
            case "unwrap" -> item;
            case "toString" -> "item " + item.id;
            case "hashCode" -> item.hashCode();
            case "equals" -> self == arguments[0];
            default -> null;
        });
    }
}
