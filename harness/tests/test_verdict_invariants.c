#include "harness/tests/test_verdict_sample.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

/* A pool of two keys and at most 4 items each, in order at each of three rungs, and empty after shutdown. */
static struct run *orderly(void)
{
    static const struct {
        const char *name;
        int64_t before, at_rungs, after;
    } samples[] = {
        {"open", 0, 5, 0},
        {"holds", 0, 5, 0},
        {"idle", 0, 3, 0},
        {"leased", 0, 2, 0},
        {"waiting", 0, 0, 0},
        {"creating", 0, 0, 0},
        {"closing", 0, 0, 0},
        {"size", 0, 5, 0},
        {"free", 0, 3, 0},
        {"keys", 0, 2, 0},
        {"tombstones", 0, 1, 0},
        {"tombstones_foreign", 0, 0, 0},
        {"members", 0, 5, 0},
        {"idle_dead", 0, 1, 0},
        {"finalizers", 1, 8, 1},
        {"timers", 0, 5, 0},
        {"leases_out", 0, 2, 0},
        {"gets_waiting", 0, 0, 0},
        {"bytes_live", 100, 900, 100},
        {"blocks_live", 2, 40, 1},
        {"waiters_ghost", 0, 0, 0},
    };
    struct run *run = sample_run(3);
    for (size_t i = 0; i < ARRAY_LEN(samples); i++) {
        cr_assert_eq(run_sample_before(run, samples[i].name, samples[i].before), ERR_NONE);
        for (size_t rung = 0; rung < 3; rung++)
            cr_assert_eq(run_sample(run, samples[i].name, rung, samples[i].at_rungs), ERR_NONE);
        cr_assert_eq(run_sample_after(run, samples[i].name, samples[i].after), ERR_NONE);
    }
    return run;
}

enum when { BEFORE, AT_RUNG, AFTER };

static void set(struct run *run, const char *name, enum when when, int64_t value)
{
    struct series *series = run_series(run, name);
    cr_assert_not_null(series, "%s", name);
    *(when == BEFORE ? &series->before : when == AFTER ? &series->after : &series->values[1]) = value;
}

/* Up to three changes to the orderly pool, and the one invariant and metric that they break; NULL: none. */
struct change {
    const char *name;
    enum when when;
    int64_t value;
};

static const struct {
    const char *what;
    struct change changes[4];
    const char *invariant, *metric;
} rows[] = {
    {"as it is", {{0}}, NULL, NULL},
    {"an item that nobody accounts for", {{"holds", AT_RUNG, 6}}, "I1", "open"},
    {"an item less", {{"holds", AT_RUNG, 4}, {"tombstones", AT_RUNG, 0}, {"members", AT_RUNG, 0}}, "I1", "open"},
    {"an item shared with a second key has two holders", {{"open", AT_RUNG, 4}}, NULL, NULL},
    {"an item being made may count", {{"holds", AT_RUNG, 6}, {"creating", AT_RUNG, 1}}, NULL, NULL},
    {"or not", {{"creating", AT_RUNG, 1}}, NULL, NULL},
    {"an item being closed counts", {{"holds", AT_RUNG, 6}, {"closing", AT_RUNG, 1}}, NULL, NULL},
    {"a negative count", {{"size", AT_RUNG, -1}}, "I2", "size"},
    {"a negative count before the first get", {{"finalizers", BEFORE, -1}}, "I2", "finalizers"},
    {"free may be negative", {{"free", AT_RUNG, -3}}, NULL, NULL},
    {"a lease the pool does not know", {{"leases_out", AT_RUNG, 3}}, "I2", "leased"},
    {"a waiter the pool does not know",
     {{"gets_waiting", AT_RUNG, 1}, {"leased", AT_RUNG, 4}, {"leases_out", AT_RUNG, 4}, {"idle", AT_RUNG, 1}},
     "I2",
     "waiting"},
    {"he for whom an item is being made may count as waiting or not",
     {{"gets_waiting", AT_RUNG, 1}, {"creating", AT_RUNG, 1}},
     NULL,
     NULL},
    {"two waiters and one item being made", {{"gets_waiting", AT_RUNG, 2}, {"creating", AT_RUNG, 1}}, "I2", "waiting"},
    {"a waiter whom nobody asked for", {{"waiting", AT_RUNG, 1}, {"creating", AT_RUNG, 1}}, "I2", "waiting"},
    {"one item too many", {{"idle", AT_RUNG, 7}, {"holds", AT_RUNG, 9}}, "I2", "size"},
    {"as many as there may be", {{"idle", AT_RUNG, 6}, {"holds", AT_RUNG, 8}}, NULL, NULL},
    {"waiting with room left",
     {{"waiting", AT_RUNG, 1}, {"gets_waiting", AT_RUNG, 1}},
     "I3",
     "waiting"}, /* 2 leased, max 4: no key can be full */
    {"waiting for what is being made",
     {{"waiting", AT_RUNG, 1}, {"gets_waiting", AT_RUNG, 1}, {"creating", AT_RUNG, 1}},
     NULL,
     NULL},
    {"more tombstones than items", {{"tombstones", AT_RUNG, 6}}, "I4", "tombstones"},
    {"as many", {{"tombstones", AT_RUNG, 5}}, NULL, NULL},
    {"a tombstone of another key's item", {{"tombstones_foreign", AT_RUNG, 1}}, "I4", "tombstones_foreign"},
    {"more members than items", {{"members", AT_RUNG, 6}}, "I4", "members"},
    {"a ghost", {{"waiters_ghost", AT_RUNG, 1}}, "I4", "waiters_ghost"},
    {"a timer too many", {{"timers", AT_RUNG, 6}}, "I4", "timers"},
    {"a finalizer too many", {{"finalizers", AT_RUNG, 9}}, "I4", "finalizers"},
    {"an item left after shutdown",
     {{"open", AFTER, 1}, {"holds", AFTER, 1}, {"idle", AFTER, 1}, {"size", AFTER, 0}},
     "I6",
     "idle"},
    {"a key left after shutdown", {{"keys", AFTER, 1}}, "I6", "keys"},
    {"a get that shutdown did not answer", {{"gets_waiting", AFTER, 1}}, "I6", "gets_waiting"},
    {"a lease that is still out",
     {{"leases_out", AFTER, 1}, {"leased", AFTER, 1}, {"open", AFTER, 1}, {"bytes_live", AFTER, 140}},
     NULL,
     NULL},
    {"a lease that the pool forgets at the shutdown",
     {{"leased", AFTER, 0}, {"leases_out", AFTER, 1}, {"open", AFTER, 1}, {"bytes_live", AFTER, 140}},
     "I2",
     "leased"},
    {"memory that did not come back", {{"bytes_live", AFTER, 101}}, "I8", "bytes_live"},
    {"a block that did not come back", {{"blocks_live", AFTER, 3}}, "I8", "blocks_live"},
    {"no sample after shutdown", {{"bytes_live", AFTER, RECORD_NONE}, {"keys", AFTER, RECORD_NONE}}, NULL, NULL},
};

static void change(struct run *run, const struct change *changes)
{
    for (size_t i = 0; i < 4 && changes[i].name; i++)
        set(run, changes[i].name, changes[i].when, changes[i].value);
}

Test(verdict_invariants, each_is_broken_by_its_own_kind_of_pool)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct run *run = orderly();
        change(run, rows[i].changes);
        cr_assert_eq(verdict_check_invariants(run), ERR_NONE);
        const struct violation *first = run->violation_count > 0 ? &run->violations[0] : NULL;
        if (!rows[i].invariant) {
            cr_assert_eq(run->violation_count, 0u, "%s: %s", rows[i].what, first ? first->detail : "");
        } else {
            cr_assert_not_null(first, "%s", rows[i].what);
            cr_assert_str_eq(first->invariant, rows[i].invariant, "%s: %s", rows[i].what, first->detail);
            cr_assert_str_eq(first->metric, rows[i].metric, "%s: %s", rows[i].what, first->detail);
            enum when when = rows[i].changes[0].when;
            cr_assert_eq(first->rung, when == BEFORE ? -1 : when == AT_RUNG ? 1 : 3, "%s", rows[i].what);
            cr_assert_eq(first->op, when == BEFORE ? 0 : when == AT_RUNG ? 60 : 90, "%s", rows[i].what);
        }
        run_free(run);
    }
}

/* Whatever else breaks with it, one broken rule is told once, at the first rung that shows it. */
Test(verdict_invariants, told_once)
{
    struct run *run = orderly();
    for (size_t rung = 1; rung < 3; rung++)
        run_series(run, "tombstones_foreign")->values[rung] = 7 * (int64_t)rung;
    cr_assert_eq(verdict_check_invariants(run), ERR_NONE);
    cr_assert_eq(verdict_check_invariants(run), ERR_NONE);
    cr_assert_eq(run->violation_count, 1u);
    cr_assert_eq(run->violations[0].rung, 1);
    cr_assert(strstr(run->violations[0].detail, "tombstones_foreign is 7, more than 0"), "%s",
              run->violations[0].detail);
    run_free(run);
}

/* One waits for key A, whose slots are all out, while key B has an idle item: the sums must not accuse the pool. */
Test(verdict_invariants, waiting_at_one_key_with_an_item_idle_at_another)
{
    static const struct change full[] = {
        {"leased", AT_RUNG, 4}, {"leases_out", AT_RUNG, 4}, {"waiting", AT_RUNG, 1}, {"gets_waiting", AT_RUNG, 1}};
    struct run *run = orderly();
    change(run, full);
    set(run, "idle", AT_RUNG, 1);
    set(run, "timers", AT_RUNG, 0);
    cr_assert_eq(verdict_check_invariants(run), ERR_NONE);
    cr_assert_eq(run->violation_count, 0u);
    set(run, "keys", AT_RUNG, 1);
    set(run, "idle_dead", AT_RUNG, 0);
    cr_assert_eq(verdict_check_invariants(run), ERR_NONE);
    bool liveness = false;
    for (size_t i = 0; i < run->violation_count; i++)
        liveness = liveness || strcmp(run->violations[i].invariant, "I3") == 0;
    cr_assert(liveness, "with one key there is no excuse");
    run_free(run);
}

/* A foreign pool counts what it likes: taking any counter away never makes a violation. */
Test(verdict_invariants, what_is_not_counted_is_not_checked)
{
    struct run *names = orderly();
    for (size_t i = 0; i < names->series_count; i++) {
        struct run *run = orderly();
        struct series *series = run_series(run, names->series[i].name);
        series->before = series->after = RECORD_NONE;
        for (size_t rung = 0; rung < run->rung_count; rung++)
            series->values[rung] = RECORD_NONE;
        cr_assert_eq(verdict_check_invariants(run), ERR_NONE);
        cr_assert_eq(run->violation_count, 0u, "without %s: %s", series->name,
                     run->violation_count > 0 ? run->violations[0].detail : "");
        run_free(run);
    }
    run_free(names);
}

Test(verdict_invariants, numbers_beyond_reason_do_not_overflow)
{
    struct run *run = orderly();
    for (size_t i = 0; i < run->series_count; i++)
        for (size_t rung = 0; rung < run->rung_count; rung++)
            run->series[i].values[rung] = rung == 1 ? INT64_MAX : INT64_MIN + 1;
    run->pool_max = INT64_MAX;
    cr_assert_eq(verdict_check_invariants(run), ERR_NONE);
    cr_assert_gt(run->violation_count, 0u);
    run_free(run);
}
