/*
 * The invariants that samples can show: I1, I2, I3, I4, I6, I8. (I5 is seen by the world and the ledger while a run
 * goes on; I7, that keys go away, is left to growth of `keys`: some pools document that they keep them.)
 *
 * A counter that the subject does not have is not checked. Each broken rule is told once per metric, at its first rung.
 */
#include "harness/verdict/verdict_internal.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* One sample of everything. */
struct moment {
    struct run *run;
    int64_t rung; /* -1: before the first rung; rung_count: after shutdown */
    enum err err;
};

/* Far above any real count: sums of a few samples do not overflow, whatever a file says. */
#define SAMPLE_LIMIT (INT64_MAX / 16)

static int64_t sample(const struct moment *moment, const char *name)
{
    const struct series *series = run_series(moment->run, name);
    int64_t value = RECORD_NONE;
    if (series && moment->rung < 0)
        value = series->before;
    else if (series)
        value = (size_t)moment->rung < moment->run->rung_count ? series->values[moment->rung] : series->after;
    if (value != RECORD_NONE && value < -SAMPLE_LIMIT)
        return -SAMPLE_LIMIT;
    return value > SAMPLE_LIMIT ? SAMPLE_LIMIT : value;
}

static bool known(int64_t value)
{
    return value != RECORD_NONE;
}

static int64_t or_zero(int64_t value)
{
    return known(value) ? value : 0;
}

/* Items that somebody holds, by the world's count; RECORD_NONE when it does not tell. */
static int64_t held(const struct moment *moment)
{
    int64_t holds = sample(moment, "holds");
    return known(holds) ? holds : sample(moment, "open");
}

static bool was_told(const struct run *run, const char *invariant, const char *metric)
{
    for (size_t i = 0; i < run->violation_count; i++)
        if (strcmp(run->violations[i].invariant, invariant) == 0 && run->violations[i].metric &&
            strcmp(run->violations[i].metric, metric) == 0)
            return true;
    return false;
}

PRINTF_LIKE(4, 5)
static void broken(struct moment *moment, const char *invariant, const char *metric, const char *format, ...)
{
    struct run *run = moment->run;
    char detail[300];
    va_list args;
    if (moment->err != ERR_NONE || was_told(run, invariant, metric))
        return;
    va_start(args, format);
    vsnprintf(detail, sizeof(detail), format, args);
    va_end(args);
    int64_t op = 0;
    if (moment->rung >= 0)
        op = (size_t)moment->rung < run->rung_count ? run->rung_ops[moment->rung] : run->ops;
    moment->err = run_add_violation(run, invariant, metric, detail, moment->rung, op);
}

/* I1: every item that was made and not closed is somewhere in the pool. One that is still being made may count on
 * either side. */
static void check_conservation(struct moment *moment)
{
    int64_t open = held(moment), idle = sample(moment, "idle"), leased = sample(moment, "leased");
    int64_t creating = or_zero(sample(moment, "creating")), closing = or_zero(sample(moment, "closing"));
    if (!known(open) || !known(idle) || !known(leased))
        return;
    int64_t accounted = idle + leased + closing;
    if (open < accounted || open > accounted + creating)
        broken(moment, "I1", "open",
               "%" PRId64 " items are open, the pool accounts for %" PRId64 ": idle %" PRId64 " + leased %" PRId64
               " + creating %" PRId64 " + closing %" PRId64,
               open, accounted + creating, idle, leased, creating, closing);
}

/* The pool may leave out `more` of them. */
static void check_agrees(struct moment *moment, const char *pool_says, const char *harness_says, int64_t more)
{
    int64_t pool = sample(moment, pool_says), harness = sample(moment, harness_says);
    if (known(pool) && known(harness) && (harness < pool || harness > pool + more))
        broken(moment, "I2", pool_says, "%s is %" PRId64 ", the harness counts %" PRId64, pool_says, pool, harness);
}

static void check_not_negative(struct moment *moment)
{
    for (size_t i = 0; i < moment->run->series_count; i++) {
        const char *name = moment->run->series[i].name;
        const struct metric *metric = metric_find(name);
        int64_t value = sample(moment, name);
        /* `free` is negative by design while callers wait */
        if (metric && metric->kind != METRIC_NOISY && known(value) && value < 0 && strcmp(name, "free") != 0)
            broken(moment, "I2", name, "%s is %" PRId64, name, value);
    }
}

/* I2: pool and harness agree on leases and waiters. He for whom an item is being made no longer waits in the queue of some pools. */
static void check_ledger(struct moment *moment)
{
    int64_t creating = or_zero(sample(moment, "creating"));
    check_agrees(moment, "leased", "leases_out", 0);
    check_agrees(moment, "waiting", "gets_waiting", creating > 0 ? creating : 0);
}

/* I2: nothing negative, and no more items than max per key. */
static void check_capacity(struct moment *moment)
{
    int64_t keys = sample(moment, "keys"), max = moment->run->pool_max;
    int64_t slots = or_zero(sample(moment, "idle")) + or_zero(sample(moment, "leased")) +
                    or_zero(sample(moment, "creating")) + or_zero(sample(moment, "closing"));
    check_not_negative(moment);
    if (known(keys) && known(max) && keys >= 0 && max > 0 && keys <= INT64_MAX / max && slots > max * keys)
        broken(moment, "I2", "size", "%" PRId64 " items for %" PRId64 " keys with at most %" PRId64 " each", slots,
               keys, max);
}

/* I3: nobody waits while an item is there for him, or room for one. Not while items are being made: they may be for those who
 * wait, and some pools make one after the other. Counters are sums over keys: a key is full only when all its slots are leased or
 * being closed, so fewer than max of those in all keys are room in each. */
static void check_liveness(struct moment *moment)
{
    int64_t waiting = sample(moment, "gets_waiting"), max = moment->run->pool_max;
    int64_t leased = sample(moment, "leased"), creating = sample(moment, "creating");
    if (!known(waiting))
        waiting = sample(moment, "waiting");
    if (!known(waiting) || waiting <= 0 || or_zero(creating) > 0)
        return;
    int64_t usable = or_zero(sample(moment, "idle")) - or_zero(sample(moment, "idle_dead"));
    if (sample(moment, "keys") == 1 && usable > 0)
        broken(moment, "I3", "waiting", "%" PRId64 " wait while %" PRId64 " items are idle", waiting, usable);
    int64_t taken = leased + or_zero(sample(moment, "closing"));
    if (known(leased) && known(creating) && known(max) && taken < max)
        broken(moment, "I3", "waiting", "%" PRId64 " wait while %" PRId64 " of %" PRId64 " slots are taken", waiting,
               taken, max);
}

static void check_at_most(struct moment *moment, const char *metric, int64_t bound, const char *bound_is)
{
    int64_t value = sample(moment, metric);
    if (known(value) && known(bound) && value > bound)
        broken(moment, "I4", metric, "%s is %" PRId64 ", more than %" PRId64 " (%s)", metric, value, bound, bound_is);
}

/* A bound of which a part is not counted is no bound. */
static int64_t sum(int64_t a, int64_t b)
{
    return known(a) && known(b) ? a + b : RECORD_NONE;
}

/* I4: side tables are bounded by the items there are. */
static void check_side_tables(struct moment *moment)
{
    int64_t items = held(moment), keys = sample(moment, "keys"), idle = sample(moment, "idle");
    struct moment start = {.run = moment->run, .rung = -1};
    check_at_most(moment, "tombstones", items, "open items");
    check_at_most(moment, "tombstones_foreign", 0, "a tombstone belongs to the key that holds the item");
    check_at_most(moment, "members", items, "open items");
    check_at_most(moment, "waiters_ghost", 0, "a waiter that has gone leaves no record");
    check_at_most(moment, "timers", sum(idle, keys), "idle items and keys");
    check_at_most(moment, "finalizers", sum(sum(items, keys), sample(&start, "finalizers")),
                  "open items, keys and those at the start");
}

/* I6: after shutdown nothing is left. I8: and all memory is back. Both only when all leases came back. */
static void check_after_shutdown(struct moment *moment)
{
    static const char *const zero[] = {"idle",          "leased",     "waiting",   "gets_waiting", "creating",
                                       "closing",       "size",       "keys",      "members",      "tombstones_foreign",
                                       "timers",        "tombstones", "listeners", "payloads",     "idle_dead",
                                       "waiters_ghost", "open"};
    static const char *const memory[] = {"bytes_live", "blocks_live"};
    if (or_zero(sample(moment, "leases_out")) != 0)
        return;
    for (size_t i = 0; i < ARRAY_LEN(zero); i++) {
        int64_t value = sample(moment, zero[i]);
        if (known(value) && value != 0)
            broken(moment, "I6", zero[i], "%s is %" PRId64 " after shutdown", zero[i], value);
    }
    for (size_t i = 0; i < ARRAY_LEN(memory); i++) {
        const struct series *series = run_series(moment->run, memory[i]);
        if (series && known(series->before) && known(series->after) && series->after > series->before)
            broken(moment, "I8", memory[i], "%s is %" PRId64 " after shutdown, it was %" PRId64 " before the first get",
                   memory[i], series->after, series->before);
    }
}

enum err verdict_check_invariants(struct run *run)
{
    struct moment moment = {.run = run, .rung = -1};
    for (; moment.rung < (int64_t)run->rung_count; moment.rung++) {
        check_conservation(&moment);
        check_capacity(&moment);
        check_ledger(&moment);
        check_liveness(&moment);
        check_side_tables(&moment);
    }
    check_after_shutdown(&moment);
    check_ledger(&moment); /* leases may still be out */
    return moment.err;
}
