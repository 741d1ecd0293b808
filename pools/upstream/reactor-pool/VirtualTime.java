package upstream;

import java.time.*;
import java.util.*;
import java.util.concurrent.TimeUnit;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.scheduler.Scheduler;

/** Time as a number that only `advance` moves: the clock of a pool, and the scheduler of what it does later. One thread. */
final class VirtualTime extends Clock implements Scheduler {
    private long now, order;
    private final TreeSet<Task> tasks = new TreeSet<>(Comparator.comparingLong((Task t) -> t.at).thenComparingLong(t -> t.order));

    private final class Task implements Disposable {
        final long at, order;
        final Runnable run;

        Task(long at, long order, Runnable run) {
            this.at = at;
            this.order = order;
            this.run = run;
        }

        @Override public void dispose() { tasks.remove(this); }
        @Override public boolean isDisposed() { return !tasks.contains(this); }
    }

    int tasks() { return tasks.size(); }

    void advance(long ns) {
        long until = now + ns;
        while (!tasks.isEmpty() && tasks.first().at <= until) {
            Task first = tasks.pollFirst();
            now = first.at;
            try {
                first.run.run();
            } catch (RuntimeException e) { // Reactor's own schedulers log it, and go on
                System.err.println("reactor-pool: " + e);
            }
        }
        now = until;
    }

    @Override public Disposable schedule(Runnable run) {
        run.run();
        return Disposables.disposed();
    }

    @Override public Disposable schedule(Runnable run, long delay, TimeUnit unit) {
        Task task = new Task(now + unit.toNanos(delay), order++, run);
        tasks.add(task);
        return task;
    }

    @Override public Worker createWorker() { throw new UnsupportedOperationException("a pool needs no worker"); }
    @Override public void dispose() {}
    @Override public Instant instant() { return Instant.ofEpochSecond(0, now); }
    @Override public ZoneId getZone() { return ZoneOffset.UTC; }
    @Override public Clock withZone(ZoneId zone) { return this; }
}
