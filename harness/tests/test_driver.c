/* test_driver.c: plans against subjects: good ones, wrong ones, and the host with built-in pools. */
#include "harness/tests/driver_rig.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/verdict/verdict.h"

static struct run *replay(const char *plan, const char *pool, const char *backend, int64_t timeout_ns)
{
    return driver_rig_replay(
        plan, pool,
        &(struct driver_request){.scenario = {.seed = 7}, .backend = backend_find(backend), .timeout_ns = timeout_ns});
}

static struct run *replay_checked(const char *plan, const char *pool, bool each)
{
    return driver_rig_replay(plan, pool, &(struct driver_request){.timeout_ns = SAFETY, .check_each = each});
}

static int64_t value_of(const struct run *run, const char *name, size_t rung)
{
    return driver_rig_value(run, name, rung);
}

/* ---- a subject that behaves ---- */

Test(driver, fills_a_run)
{
    struct run *run = replay(PLAN "rung\nget a k0\nget b k1\nrung\nrelease a\nrung\nrelease b\nshutdown\nrung\n",
                             SCRIPT "good", "native", SAFETY);

    cr_expect_eq(run->ending, ENDING_DONE, "%s", run->ending_detail ? run->ending_detail : "");
    cr_expect_str_eq(run->subject_name, "shell");
    cr_expect_str_eq(run->backend, "native");
    cr_expect_eq(run->pool_max, 4);
    cr_expect_eq(run->seed, 7);
    cr_expect_eq(run->ops, 4);
    cr_expect_gt(run->wall_ns, 0);
    cr_expect_gt(run->peak_rss_bytes, 0);
    cr_assert_eq(run->rung_count, 2);
    cr_expect_eq(run->rung_ops[0], 2);
    cr_expect_eq(run->rung_ops[1], 3);
    cr_expect_eq(run->rung_gets[1], 2);
    cr_expect_eq(run_series(run, "leased")->before, 0);
    cr_expect_eq(value_of(run, "leased", 0), 2);
    cr_expect_eq(value_of(run, "leased", 1), 1);
    cr_expect_eq(run_series(run, "leased")->after, 0);
    cr_expect_eq(value_of(run, "leases_out", 0), 2);
    cr_expect_eq(value_of(run, "leases_out", 1), 1);
    cr_expect_eq(value_of(run, "gets_waiting", 1), 0);
    cr_expect_gt(value_of(run, "rss_bytes", 1), 0);
    cr_expect_eq(value_of(run, "threads", 1), 1);
    cr_expect_gt(value_of(run, "wall_ns", 1), value_of(run, "wall_ns", 0));
    cr_expect_eq(run->violation_count, 0);
    cr_expect_null(run->log);
    run_free(run);
}

Test(driver, says_how_to_repeat)
{
    struct run *run = replay(PLAN "shutdown\n", SCRIPT "good", "native", SAFETY);
    char expected[300];

    snprintf(expected, sizeof(expected), "churn replay %s --pool '" SCRIPT "good' --under native", run->file);
    cr_expect_str_eq(run->repeat, expected);
    run_free(run);
}

/* ---- what it notices ---- */

/* The first of that metric; there must be one. */
static const struct violation *violation_of(const struct run *run, const char *metric)
{
    size_t i = 0;
    while (i < run->violation_count && strcmp(run->violations[i].metric, metric) != 0)
        i++;
    cr_assert_lt(i, run->violation_count, "nothing is said of %s", metric);
    return &run->violations[i];
}

Test(driver, a_count_that_differs_from_the_ledger_is_a_violation)
{
    struct run *run = replay(PLAN "rung\nget a k0\nrung\n", SCRIPT "wrong-count", "native", SAFETY);

    cr_assert_eq(verdict_check_invariants(run), ERR_NONE);
    const struct violation *found = violation_of(run, "leased");
    cr_expect_str_eq(found->invariant, "I2");
    cr_expect_str_eq(found->detail, "leased is 7, the harness counts 0");
    cr_expect_eq(found->rung, -1);
    cr_expect_eq(found->op, 0);
    run_free(run);
}

/* The third get's item is invalidated in both keys' pools, of which one does not hold it; all rungs come later. Whatever is
 * sampled in between goes into no series. */
Test(driver, a_check_of_each_operation_names_the_first_that_breaks_one)
{
    static const char plan[] =
        PLAN "rung\nget a k0\nrelease a\nget b k1\nrelease b\nget c k0\ninvalidate c\nrelease c\n"
             "get d k0\nrelease d\nrung\nshutdown\nrung\n";

    for (int each = 0; each < 2; each++) {
        struct run *run = replay_checked(plan, "broadcast", each), *clean = replay_checked(plan, "owner", each);
        cr_assert_eq(verdict_check_invariants(run), ERR_NONE);
        const struct violation *first = violation_of(run, "tombstones_foreign");
        cr_expect_str_eq(first->invariant, "I4");
        cr_expect_eq(first->op, each ? 6 : 9, "%d: %" PRId64, each, first->op);
        cr_expect_eq(strstr(first->detail, ", since `invalidate c`") != NULL, each, "%s", first->detail);
        cr_expect_eq(run->rung_count, 1u);
        cr_expect_eq(run->ops, 9); /* a shutdown is none */
        cr_expect_eq(clean->violation_count, 0u);
        cr_expect_eq(clean->ending, ENDING_DONE);
        run_free(run);
        run_free(clean);
    }
}

Test(driver, who_waits_for_an_item_that_is_being_made_does_not_wait_in_vain)
{
    struct run *run =
        replay_checked(PLAN "rung\nslow k0 5s\nget a k0\nadvance 6s\nrelease a\nrung\nshutdown\nrung\n", "owner", true);
    if (run->ending != ENDING_SKIPPED) { /* without libfaketime nothing moves the clock */
        cr_expect_eq(run->ending, ENDING_DONE);
        cr_expect_eq(run->violation_count, 0u, "%s", run->violation_count ? run->violations[0].detail : "");
    }
    run_free(run);
}

/* The sample before is the first rung, the one after shutdown the fourth. */
Test(driver, keeps_the_examples_of_the_last_measured_rung)
{
    struct run *run =
        replay(PLAN "rung\nget a k0\nrung\nrelease a\nrung\nshutdown\nrung\n", SCRIPT "example", "native", SAFETY);

    cr_assert_eq(run->ending, ENDING_DONE, "%s", run->ending_detail);
    cr_assert_eq(run->example_count, 2);
    cr_expect_str_eq(run->examples[0].metric, "leased");
    cr_expect_str_eq(run->examples[0].words, "lease 3");
    cr_expect_str_eq(run->examples[1].metric, "his-own");
    cr_expect_str_eq(run->examples[1].words, "(\\x01)");
    run_free(run);
}

Test(driver, too_many_violations_are_only_counted)
{
    struct buffer plan = {0};

    buffer_add_text(&plan, PLAN);
    for (int i = 0; i < 120; i++)
        buffer_add_text(&plan, "rung\n");
    struct run *run = replay(plan.data, SCRIPT "misuse", "native", SAFETY);
    cr_expect_eq(run->violation_count, 100);
    cr_expect_str_eq(run->log, "churn: 20 more violations were not kept\n");
    buffer_free(&plan);
    run_free(run);
}

/* ---- the host, under every backend ---- */

#define KEYS 5

/* Each key has one idle item; a round invalidates one item: KEYS - 1 entries stay behind in the broadcast pool. */
static const char SCENARIO[] = "scenario {\n"
                               "  about = 'test', params = { keys = 5 },\n"
                               "  pool = function(p) return { min = 0, max = 2, ttl = '60s' } end,\n"
                               "  period = function(p) return p.keys end,\n"
                               "  setup = function(p) for k = 0, p.keys - 1 do release(get(k)) end end,\n"
                               "  cycle = function(p, i)\n"
                               "    local l = get(i % p.keys); invalidate(l); release(l); release(get(i % p.keys))\n"
                               "  end,\n"
                               "  teardown = function(p) advance('61s') end,\n"
                               "  expect = { broadcast = grows('tombstones', function(p, n)\n"
                               "    return n.invalidations * (p.keys - 1) end), default = bounded() },\n"
                               "}\n";

static struct run *run_scenario(const char *pool, const char *backend, bool twin)
{
    return driver_rig_run(SCENARIO, pool, twin,
                          &(struct driver_request){.scenario = {.seed = 1}, .backend = backend_find(backend)});
}

Test(driver, the_leak_is_the_same_under_every_backend)
{
    static const char *const backends[] = {"native", "asan", "memcheck"};

    for (size_t i = 0; i < ARRAY_LEN(backends); i++) {
        struct run *run = run_scenario("broadcast", backends[i], false);
        if (!run)
            continue;
        cr_assert_eq(run->ending, ENDING_DONE, "%s: %s", backends[i], run->ending_detail ? run->ending_detail : "");
        cr_expect_eq(run->tool_errors, 0);
        cr_expect_eq(run->lost_bytes, 0);
        for (size_t v = 0; v < run->violation_count; v++) /* too many tombstones, says the judge; else nothing */
            cr_expect_str_eq(run->violations[v].invariant, "I4", "%s", run->violations[v].detail);
        cr_assert_eq(run->rung_count, 30);
        for (size_t rung = 0; rung < run->rung_count; rung++) {
            /* two periods of warm-up, then 10 cycles a rung: the least multiple of 5 that makes 300 of 30 rungs */
            int64_t invalidations = 2 * KEYS + 10 * ((int64_t)rung + 1);
            cr_expect_eq(run->rung_invalidations[rung], invalidations);
            cr_expect_eq(value_of(run, "tombstones", rung), invalidations * (KEYS - 1), "%s, rung %zu", backends[i],
                         rung);
            cr_expect_eq(run->expectation.metrics[0].values[rung], invalidations * (KEYS - 1));
        }
        cr_expect_eq(run_series(run, "tombstones")->before, 0);
        cr_expect_eq(run_series(run, "tombstones")->after, 0);
        cr_expect_eq(run->tool_bytes_growth, run->own_bytes_growth, "%s: %" PRId64 " %" PRId64, backends[i],
                     run->tool_bytes_growth, run->own_bytes_growth);
        cr_expect_eq(run->tool_bytes_growth == RECORD_NONE, i == 0);
        run_free(run);
    }
}

/* Whatever a tool reports of threads in the host itself would be held against the pool. */
Test(driver, the_host_has_no_race_for_a_tool_to_see, .timeout = 120)
{
    static const char scenario[] =
        "scenario { about = 'x', threads = true, params = { keys = 2 }, rungs = 9, cycles = 6,\n"
        "  period = function(p) return p.keys end,\n"
        "  cycle = function(p, i)\n"
        "    local l = get(i % p.keys); invalidate(l); release(l); release(get(i % p.keys))\n"
        "  end, expect = { default = bounded() } }\n";

    for (size_t i = 0; i < backend_count(); i++) {
        if (!backend_at(i)->finds_races)
            continue;
        struct run *run =
            driver_rig_run(scenario, "owner", false,
                           &(struct driver_request){.scenario = {.seed = 1}, .backend = backend_at(i), .threads = 3});
        if (!run)
            continue;
        cr_expect_eq(run->ending, ENDING_DONE, "%s: %s", backend_at(i)->name, run->ending_detail);
        cr_expect_eq(run->tool_errors, 0, "%s: %s", backend_at(i)->name, run->log ? run->log : "");
        cr_expect_gt(run->ops, 100);
        run_free(run);
    }
}

Test(driver, a_twin_is_equal)
{
    struct run *run = run_scenario("owner", "native", true);

    cr_assert_not_null(run);
    cr_assert_not_null(run->twin_differs);
    cr_expect_str_eq(run->twin_differs, "");
    cr_expect_eq(value_of(run, "dead_retained", run->rung_count - 1), 0);
    cr_expect_eq(run->violation_count, 0);
    cr_expect_str_eq(run->params[0].name, "keys");
    cr_expect_str_eq(run->params[0].value, "5");
    cr_expect_not_null(strstr(run->repeat, " --pool owner --under native --set keys=5 --seed 1"));
    run_free(run);
}
