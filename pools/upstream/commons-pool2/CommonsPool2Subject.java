package upstream;

import java.util.*;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.commons.pool2.BaseKeyedPooledObjectFactory;
import org.apache.commons.pool2.PooledObject;
import org.apache.commons.pool2.impl.*;

/** GenericKeyedObjectPool as a subject. Borrowing blocks, so each get has a thread; the pool tells how many of them wait. */
public final class CommonsPool2Subject extends Subject {
    private static final long SETTLE_NS = 2_000_000_000L;

    private final int total; // items over all keys, -1: any number
    private GenericKeyedObjectPool<String, Item> pool;
    private Shape shape;
    private final AtomicInteger borrowing = new AtomicInteger(); // threads inside borrowObject
    private final Set<Item> out = Collections.synchronizedSet(new HashSet<>()); // leased
    private final Set<Item> invalid = new HashSet<>(); // leased, to be invalidated when they come back
    private final Set<String> keys = new HashSet<>();
    private boolean closing;

    private CommonsPool2Subject(int total) { this.total = total; }

    private final class Factory extends BaseKeyedPooledObjectFactory<String, Item> {
        @Override public Item create(String key) {
            Item item = CommonsPool2Subject.this.create(key);
            if (item == null) throw new NoSuchElementException("the factory failed");
            return item;
        }
        @Override public PooledObject<Item> wrap(Item item) { return new DefaultPooledObject<>(item); }
        @Override public void destroyObject(String key, PooledObject<Item> p) { destroy(p.getObject()); }
    }

    @SuppressWarnings({"unchecked", "rawtypes"})
    @Override protected void open(Shape shape) {
        GenericKeyedObjectPoolConfig config = new GenericKeyedObjectPoolConfig(); // had no type parameter at first
        config.setJmxEnabled(false);
        config.setMaxTotal(total);
        config.setMaxTotalPerKey(shape.max());
        config.setMaxIdlePerKey(shape.max());
        config.setMinIdlePerKey(shape.min());
        this.shape = shape;
        pool = new GenericKeyedObjectPool<>(new Factory(), config);
    }

    @Override protected void get(Lease lease) {
        if (keys.add(lease.key) && shape.min() > 0) quietly(() -> pool.preparePool(lease.key));
        Thread thread = new Thread(() -> borrow(lease));
        thread.setDaemon(true);
        lease.own = thread;
        borrowing.incrementAndGet();
        thread.start();
        settle();
    }

    private void borrow(Lease lease) {
        try {
            Item item = pool.borrowObject(lease.key);
            out.add(item);
            leased(lease, item);
        } catch (InterruptedException | IllegalStateException e) { // given up, or the pool is closed
            if (lease.state == State.PENDING) closed(lease);
        } catch (Exception e) {
            failed(lease, e.getMessage());
        } finally {
            borrowing.decrementAndGet();
        }
    }

    /** Whoever was woken has left the pool's queue, so nothing moves when everyone inside is in it. */
    @Override protected void settle() { settle(false); }
    private void settle(boolean untilNobodyBorrows) {
        long start = System.nanoTime();
        while (pool != null && borrowing.get() != (untilNobodyBorrows ? 0 : pool.getNumWaiters())) {
            if (System.nanoTime() - start > SETTLE_NS) {
                System.err.println("commons-pool2: " + borrowing + " threads borrow, " + pool.getNumWaiters() + " wait");
                return;
            }
            Thread.yield();
        }
    }

    private interface Call { void run() throws Exception; }

    /** The pool refuses items it does not know, or knows to be back, by an exception: that is no news here. */
    private void quietly(Call call) {
        try {
            call.run();
        } catch (Exception e) {
            System.err.println("commons-pool2: " + e);
        }
    }

    @Override protected void release(Lease lease) {
        out.remove(lease.item);
        if (invalid.remove(lease.item)) quietly(() -> pool.invalidateObject(lease.item.key, lease.item));
        else pool.returnObject(lease.item.key, lease.item);
        settle();
        finish();
    }

    @Override protected void releaseAgain(Lease lease) {
        if (!out.contains(lease.item)) quietly(() -> pool.returnObject(lease.item.key, lease.item));
    }

    /** By the pool's contract an invalidated item is given back by that very call, so one that is out waits for its release. */
    @Override protected void invalidate(Item item) {
        if (out.contains(item)) invalid.add(item);
        else quietly(() -> pool.invalidateObject(item.key, item));
    }

    @Override protected void cancel(Lease lease) {
        ((Thread) lease.own).interrupt();
        quietly(() -> ((Thread) lease.own).join(SETTLE_NS / 1_000_000));
    }

    @Override protected void shutdown() {
        pool.close();
        settle(true); // it interrupts those who wait
        closing = true;
        finish();
    }

    private void finish() {
        if (closing && out.isEmpty()) shutdownDone();
    }

    @Override protected List<String> moreOps() { return List.of("cancel"); }
    @Override protected List<String> counters() {
        return List.of("keys", "size", "members", "idle", "leased", "waiting", "heap_bytes");
    }

    @Override protected void sample(Map<String, Long> out) {
        long size = 0, members = 0;
        Map<?, ?> perKey = (Map<?, ?>) Peek.field(pool, "poolMap");
        for (Object deque : perKey.values()) { // what it believes it has made, and what it knows
            size += ((AtomicInteger) Peek.field(deque, "createCount")).get();
            members += ((Map<?, ?>) Peek.field(deque, "allObjects")).size();
        }
        out.putAll(Map.of("keys", (long) perKey.size(), "size", size, "members", members, "idle", (long) pool.getNumIdle(),
            "leased", (long) pool.getNumActive(), "waiting", (long) pool.getNumWaiters()));
        out.put("heap_bytes", heapBytes());
    }

    public static void main(String[] args) throws Exception {
        int total = args.length > 1 ? Integer.parseInt(args[1]) : -1;
        new CommonsPool2Subject(total).speak("commons-pool2", args[0], "real");
    }
}
