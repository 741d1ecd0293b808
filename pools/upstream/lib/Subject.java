package upstream;

import java.io.*;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.*;

/**
 * A pool on the JVM as a subject of churn (the subject protocol, version 1).
 *
 * This class reads the plan, knows the leases, makes and closes items and counts them outside the pool, and answers. An
 * adapter says how its pool does each operation. The plan is carried out on the main thread: an adapter whose pool runs on
 * other threads, or on a scheduler, waits in `settle` until nothing that can go on is left.
 */
public abstract class Subject {
    /** What the factory makes. Two made items are never equal; foreign values of one name are. */
    public static final class Item {
        public final long id;
        public final String key;
        public boolean closed;
        final byte[] payload;

        Item(long id, String key, int payload) {
            this.id = id;
            this.key = key;
            this.payload = new byte[payload];
        }

        public boolean foreign() { return id == 0; }
        /** Closed, or never open: whoever still references it keeps something useless alive. */
        public boolean dead() { return closed || foreign(); }
        @Override public boolean equals(Object other) {
            return this == other || foreign() && other instanceof Item i && i.foreign() && i.key.equals(key);
        }
        @Override public int hashCode() { return foreign() ? key.hashCode() : Long.hashCode(id); }
    }

    public enum State { PENDING, LEASED, OVER }

    public static final class Lease {
        public final String name, key, scope; // scope is null when the lease belongs to none
        public State state = State.PENDING;
        public Item item;   // what it holds, or held last
        public Object own;  // the adapter's

        Lease(String name, String key, String scope) {
            this.name = name;
            this.key = key;
            this.scope = scope;
        }
    }

    public record Shape(int min, int max, long ttlNs) {
        public boolean hasTtl() { return ttlNs != Long.MAX_VALUE; }
    }

    // ---- what an adapter does --------------------------------------------------------------------------------------

    /** Counters beside the factory's own, all of which `sample` sets at every rung. */
    protected abstract List<String> counters();
    /** Operations beside get, release, invalidate, rung and shutdown, which every pool can do. */
    protected abstract List<String> moreOps();
    protected abstract void open(Shape shape);
    /** Ends with leased(), failed() or closed(), now or later. */
    protected abstract void get(Lease lease);
    protected abstract void release(Lease lease);
    protected abstract void invalidate(Item item);
    /** Ends with shutdownDone(). */
    protected abstract void shutdown();
    /** Runs until nothing that can go on is left. Called after each operation. */
    protected abstract void settle();
    protected abstract void sample(Map<String, Long> out);
    protected void cancel(Lease lease) { throw new UnsupportedOperationException(); }
    protected void closeScope(String scope) { throw new UnsupportedOperationException(); }
    protected void advance(long ns) { throw new UnsupportedOperationException(); }

    /** A lease is released that was released before: a pool must not mind. Most have no way to be asked. */
    protected void releaseAgain(Lease lease) {}

    // ---- what an adapter calls; from any thread --------------------------------------------------------------------

    /** The factory: a new item, or null when the plan lets this creation fail. */
    protected synchronized Item create(String key) { return fails(key) ? null : made(key); }

    /** The factory in two steps, for one that can be slow: when a creation begins, whether it will fail; and its item at the end. */
    protected synchronized boolean fails(String key) {
        boolean fails = failures.getOrDefault(key, 0L) > 0;
        if (fails) failures.merge(key, -1L, Long::sum);
        return fails;
    }
    protected synchronized Item made(String key) {
        Item item = new Item(++created, key, payload);
        say("created " + item.id + " " + key);
        return item;
    }
    /** How long a creation for that key takes that begins now. */
    protected long slownessNs(String key) { return slowness.getOrDefault(key, 0L); }

    protected synchronized void destroy(Item item) {
        if (item.closed) {
            say("misuse " + item.id + " destroyed twice");
            return;
        }
        item.closed = true;
        destroyed++;
        say("destroyed " + item.id);
    }

    protected synchronized void leased(Lease lease, Item item) {
        lease.state = State.LEASED;
        lease.item = item;
        say("leased " + lease.name + " " + item.id);
    }
    protected synchronized void failed(Lease lease, String why) { over(lease, "failed " + lease.name + " " + words(why)); }
    protected synchronized void closed(Lease lease) { over(lease, "closed " + lease.name); }
    protected synchronized void shutdownDone() { say("done shutdown"); }
    protected synchronized long pending() { return leases.values().stream().filter(l -> l.state == State.PENDING).count(); }
    protected static long heapBytes() {
        System.gc();
        return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
    }

    // ---- the protocol ----------------------------------------------------------------------------------------------

    private final Map<String, Lease> leases = new HashMap<>();
    private final Map<String, Long> failures = new HashMap<>();
    private final Map<String, Long> slowness = new HashMap<>();
    private final PrintStream out =
        new PrintStream(new FileOutputStream(FileDescriptor.out), false, StandardCharsets.UTF_8);
    private final StringBuilder pendingOutput = new StringBuilder();
    private long created, destroyed;
    private int payload;
    private boolean opened;

    private void over(Lease lease, String line) {
        lease.state = State.OVER;
        say(line);
    }

    private synchronized void say(String line) {
        pendingOutput.append(line).append('\n');
        if (pendingOutput.length() > 32000) flush();
    }

    private synchronized void flush() {
        out.append(pendingOutput);
        out.flush();
        pendingOutput.setLength(0);
    }

    private static String words(String text) {
        String line = String.valueOf(text).replaceAll("\\p{Cntrl}", " ");
        return line.substring(0, Math.min(500, line.length()));
    }

    private static String quoted(Collection<String> names) {
        return names.isEmpty() ? "[]" : "[\"" + String.join("\",\"", names) + "\"]";
    }

    /** Speaks the protocol until the end of stdin. */
    public final void speak(String name, String version, String clock) throws IOException {
        List<String> ops = new ArrayList<>(List.of("get", "release", "invalidate", "invalidate-value", "fail", "rung"));
        ops.add("shutdown");
        ops.addAll(moreOps());
        List<String> names = new ArrayList<>(List.of("created", "destroyed", "open"));
        names.addAll(counters());
        say("churn-subject 1 {\"name\":\"" + name + "\",\"version\":\"" + version + "\",\"ops\":" + quoted(ops)
            + ",\"counters\":" + quoted(names) + ",\"clock\":\"" + clock + "\",\"cancelled\":true}");
        flush();
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8), 1 << 16);
        for (String line; (line = in.readLine()) != null;) {
            try {
                carryOut(line.split(" "), ops);
                settle();
                if (line.equals("rung")) rung(names);
            } catch (RuntimeException e) {
                e.printStackTrace();
                say("error " + words(line + ": " + e));
            }
            if (line.equals("rung") || line.equals("shutdown") || !in.ready()) flush();
        }
        flush();
    }

    private void carryOut(String[] word, List<String> ops) {
        String verb = word[0];
        switch (verb) {
        case "meta", "rung" -> { return; }
        case "pool" -> { pool(word); return; }
        }
        if (!ops.contains(verb)) {
            say("unsupported " + words(verb));
            return;
        }
        if (!opened) throw new IllegalStateException("no pool yet");
        switch (verb) {
        case "get" -> startGet(new Lease(word[1], word[2], word.length > 3 ? word[3] : null));
        case "release" -> giveBack(lease(word[1]));
        case "cancel" -> giveUp(lease(word[1]));
        case "invalidate" -> { if (lease(word[1]).item != null) invalidate(lease(word[1]).item); }
        case "invalidate-value" -> invalidate(new Item(0, word[1], payload));
        case "fail" -> failures.put(word[1], Long.parseLong(word[2]));
        case "slow" -> slowness.put(word[1], durationNs(word[2]));
        case "advance" -> advance(durationNs(word[1]));
        case "close-scope" -> endScope(word[1]);
        case "shutdown" -> shutdown();
        }
    }

    private void pool(String[] word) {
        Map<String, String> settings = new HashMap<>();
        for (int i = 1; i < word.length; i++) settings.put(word[i].split("=")[0], word[i].split("=", 2)[1]);
        if (settings.getOrDefault("items", "bytes").equals("tcp") || settings.containsKey("fd_limit")
            || settings.getOrDefault("identities", "unique").equals("reused")) {
            say("unsupported pool with items=tcp, fd_limit or identities=reused");
            return;
        }
        payload = (int) bytes(settings.getOrDefault("payload", "0"));
        open(new Shape((int) count(settings.getOrDefault("min", "0")), (int) count(settings.getOrDefault("max", "1")),
            durationNs(settings.getOrDefault("ttl", "inf"))));
        opened = true;
    }

    private void startGet(Lease lease) {
        Lease before = leases.get(lease.name);
        if (before != null && before.state != State.OVER)
            throw new IllegalStateException("lease " + lease.name + " is in use");
        leases.put(lease.name, lease);
        get(lease);
    }

    private void giveBack(Lease lease) {
        if (lease.state == State.OVER && lease.item != null) releaseAgain(lease);
        if (lease.state != State.LEASED) return;
        lease.state = State.OVER;
        release(lease);
    }

    private void giveUp(Lease lease) {
        if (lease.state != State.PENDING) return;
        over(lease, "cancelled " + lease.name);
        cancel(lease);
    }

    private void endScope(String scope) {
        for (Lease lease : List.copyOf(leases.values())) {
            if (!scope.equals(lease.scope)) continue;
            giveUp(lease);
            giveBack(lease);
        }
        closeScope(scope);
    }

    private void rung(List<String> names) {
        Map<String, Long> values = new HashMap<>();
        if (opened) sample(values);
        values.put("created", created);
        values.put("destroyed", destroyed);
        values.put("open", created - destroyed);
        StringJoiner json = new StringJoiner(",", "rung {", "}");
        for (String name : names) json.add("\"" + name + "\":" + values.getOrDefault(name, 0L));
        say(json.toString());
    }

    private Lease lease(String name) {
        Lease lease = leases.get(name);
        if (lease == null) throw new IllegalStateException("no lease " + name);
        return lease;
    }

    // ---- quantities ------------------------------------------------------------------------------------------------

    private static final Map<String, Long> UNITS = Map.ofEntries(Map.entry("ns", 1L), Map.entry("us", 1_000L),
        Map.entry("ms", 1_000_000L), Map.entry("s", 1_000_000_000L), Map.entry("m", 60_000_000_000L),
        Map.entry("h", 3_600_000_000_000L), Map.entry("d", 86_400_000_000_000L));
    private static final Map<String, Long> SIZES = Map.of("", 1L, "B", 1L, "k", 1_000L, "M", 1_000_000L, "kB", 1_000L,
        "MB", 1_000_000L, "KiB", 1L << 10, "MiB", 1L << 20, "GiB", 1L << 30);

    private static long quantity(String text, Map<String, Long> units) {
        int unit = 0;
        while (unit < text.length() && "0123456789.".indexOf(text.charAt(unit)) >= 0) unit++;
        Long factor = units.get(text.substring(unit));
        if (unit == 0 || factor == null) throw new IllegalArgumentException("quantity " + text);
        return new BigDecimal(text.substring(0, unit)).multiply(BigDecimal.valueOf(factor)).longValueExact();
    }

    private static long durationNs(String text) { return text.equals("inf") ? Long.MAX_VALUE : quantity(text, UNITS); }
    private static long bytes(String text) { return quantity(text, SIZES); }
    private static long count(String text) { return quantity(text, SIZES); }
}
