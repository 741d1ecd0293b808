package upstream;

import java.lang.reflect.*;
import java.util.ArrayDeque;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Set;

/** Looks at what a library does not show. Wrong names throw: a counter that cannot be read must not become a zero. */
public final class Peek {
    private Peek() {}

    /** The value of the first of these fields that the object's class, or one above it, has. */
    public static Object field(Object object, String... names) {
        for (String name : names) {
            for (Class<?> type = object.getClass(); type != null; type = type.getSuperclass()) {
                try {
                    Field field = type.getDeclaredField(name);
                    field.setAccessible(true);
                    return field.get(object);
                } catch (NoSuchFieldException e) {
                    continue;
                } catch (IllegalAccessException e) {
                    throw new IllegalStateException(e);
                }
            }
        }
        throw new IllegalStateException(object.getClass() + " has no field " + String.join(" or ", names));
    }

    public static int integer(Object object, String name) { return ((Number) field(object, name)).intValue(); }

    public static boolean has(String type, String name) {
        try {
            Class.forName(type).getDeclaredField(name);
            return true;
        } catch (NoSuchFieldException e) {
            return false;
        } catch (ClassNotFoundException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The first object of that class that can be reached through fields of objects of classes with one of the prefixes. */
    public static Object find(Object root, String type, String... prefixes) throws IllegalAccessException {
        Set<Object> seen = Collections.newSetFromMap(new IdentityHashMap<>());
        ArrayDeque<Object> todo = new ArrayDeque<>();
        todo.add(root);
        while (!todo.isEmpty()) {
            Object object = todo.poll();
            if (!seen.add(object)) continue;
            if (object.getClass().getName().equals(type)) return object;
            for (Class<?> at = object.getClass(); at != null; at = at.getSuperclass()) {
                for (Field field : at.getDeclaredFields()) {
                    if (Modifier.isStatic(field.getModifiers()) || field.getType().isPrimitive()) continue;
                    field.setAccessible(true);
                    Object value = field.get(object);
                    if (value != null && startsWithOne(value.getClass().getName(), prefixes)) todo.add(value);
                }
            }
        }
        return null;
    }

    private static boolean startsWithOne(String text, String[] prefixes) {
        for (String prefix : prefixes) if (text.startsWith(prefix)) return true;
        return false;
    }
}
