package upstream;

import java.time.Duration;
import java.util.*;
import java.util.concurrent.TimeUnit;
import java.util.function.ToIntFunction;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;
import reactor.pool.*;

/** reactor-pool as a subject, a pool for each key. All of it runs on this thread, so after each call nothing is left that can go on. */
public final class ReactorPoolSubject extends Subject {
    private final VirtualTime time = new VirtualTime();
    private final Map<String, InstrumentedPool<Item>> pools = new LinkedHashMap<>();
    private final Map<Item, PooledRef<Item>> last = new HashMap<>(); // the handle of an item's last lease
    private final Set<Item> out = new HashSet<>();                   // leased
    private final Set<Item> invalid = new HashSet<>();               // leased, to be invalidated when they come back
    private Shape shape;
    private int creating;
    private boolean closing;

    private static final class Own {
        Disposable waiting;
        PooledRef<Item> ref;
    }

    private Mono<Item> factory(String key) {
        long ns = slownessNs(key);
        boolean fails = fails(key);
        Mono<Item> item = fails ? Mono.error(new NoSuchElementException("the factory failed")) : Mono.fromCallable(() -> made(key));
        if (ns == 0) return item;
        creating++;
        return Mono.<Long>create(sink -> time.schedule(() -> sink.success(0L), ns, TimeUnit.NANOSECONDS)).flatMap(nothing -> {
            creating--;
            return item;
        });
    }

    private InstrumentedPool<Item> pool(String key) {
        return pools.computeIfAbsent(key, name -> {
            PoolBuilder<Item, ?> builder = PoolBuilder.from(Mono.defer(() -> factory(name)))
                .sizeBetween(shape.min(), shape.max())
                .destroyHandler(item -> Mono.fromRunnable(() -> destroy(item)))
                .clock(time);
            if (shape.hasTtl()) evict(builder, Duration.ofNanos(shape.ttlNs()));
            return (InstrumentedPool<Item>) call(builder, hasMethod("buildPool") ? "buildPool" : "fifo");
        });
    }

    /** Idle items are looked at when somebody comes, and from 0.2.0 on a quarter of the time-to-live after the last look. */
    private void evict(PoolBuilder<Item, ?> builder, Duration ttl) {
        builder.evictionIdle(ttl);
        if (hasMethod("evictInBackground", Duration.class, Scheduler.class)) call(builder, "evictInBackground", ttl.dividedBy(4), time);
    }

    private static boolean hasMethod(String name, Class<?>... types) {
        try {
            return PoolBuilder.class.getMethod(name, types) != null;
        } catch (NoSuchMethodException e) {
            return false;
        }
    }

    private static Object call(Object object, String name, Object... arguments) {
        try {
            for (var method : PoolBuilder.class.getMethods())
                if (method.getName().equals(name) && method.getParameterCount() == arguments.length) return method.invoke(object, arguments);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
        throw new IllegalStateException("PoolBuilder has no " + name);
    }

    @Override protected void open(Shape shape) { this.shape = shape; }

    @Override protected void get(Lease lease) {
        if (closing && !pools.containsKey(lease.key)) {
            closed(lease);
            return;
        }
        Own own = new Own();
        lease.own = own;
        own.waiting = pool(lease.key).acquire().subscribe(ref -> {
            own.ref = ref;
            last.put(ref.poolable(), ref);
            out.add(ref.poolable());
            leased(lease, ref.poolable());
        }, error -> {
            if (error instanceof PoolShutdownException) closed(lease);
            else failed(lease, error.getMessage());
        });
    }

    @Override protected void release(Lease lease) {
        PooledRef<Item> ref = ((Own) lease.own).ref;
        out.remove(lease.item);
        quietly(invalid.remove(lease.item) ? ref.invalidate() : ref.release());
        finish();
    }

    @Override protected void releaseAgain(Lease lease) { quietly(((Own) lease.own).ref.release()); }

    /** invalidate gives the item back as well, so for one that is out it waits for the release; for another it comes too late. */
    @Override protected void invalidate(Item item) {
        if (out.contains(item)) invalid.add(item);
        else if (last.containsKey(item)) quietly(last.get(item).invalidate());
    }

    private static void quietly(Mono<Void> mono) { mono.subscribe(nothing -> {}, error -> System.err.println("reactor-pool: " + error)); }

    @Override protected void closeScope(String scope) {} // its leases were given back, and that is all
    @Override protected void cancel(Lease lease) { ((Own) lease.own).waiting.dispose(); }
    @Override protected void advance(long ns) { time.advance(ns); }
    @Override protected void settle() {}

    @Override protected void shutdown() {
        closing = true;
        pools.values().forEach(pool -> quietly(pool.disposeLater()));
        finish();
    }

    private void finish() {
        if (closing && out.isEmpty()) shutdownDone();
    }

    @Override protected List<String> moreOps() { return List.of("cancel", "close-scope", "advance", "slow"); }
    @Override protected List<String> counters() {
        return List.of("keys", "size", "idle", "leased", "waiting", "creating", "timers", "heap_bytes");
    }

    private long sum(ToIntFunction<InstrumentedPool.PoolMetrics> metric) {
        return pools.values().stream().mapToInt(pool -> metric.applyAsInt(pool.metrics())).sum();
    }

    @Override protected void sample(Map<String, Long> out) {
        out.putAll(Map.of("keys", pools.values().stream().filter(pool -> !pool.isDisposed()).count(), "size", sum(InstrumentedPool.PoolMetrics::allocatedSize),
            "idle", sum(InstrumentedPool.PoolMetrics::idleSize), "leased", sum(InstrumentedPool.PoolMetrics::acquiredSize),
            "waiting", sum(InstrumentedPool.PoolMetrics::pendingAcquireSize), "creating", (long) creating,
            "timers", (long) time.tasks() - creating, "heap_bytes", heapBytes()));
    }

    public static void main(String[] args) throws Exception { new ReactorPoolSubject().speak("reactor-pool", args[0], "virtual"); }
}
