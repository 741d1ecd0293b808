#include "harness/tests/test_verdict_sample.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- what was expected, against what happened ---------------------------------------------------- */

enum happened {
    NOTHING,    /* all flat */
    AS_TOLD,    /* tombstones +7 a cycle: the formula */
    OTHER_RATE, /* tombstones +3 */
    OTHER_LEAK, /* idle +1, tombstones flat */
    BROKE_I6,   /* something left after shutdown */
    BROKE_I5,   /* leased twice, by the ledger */
    LOST,       /* unreachable memory, exit 23 */
    HUNG,       /* the time limit */
    SIGNALLED,  /* SIGSEGV */
    TOOL_ERROR, /* one memory error by the tool */
    EXITED,     /* exit 3 */
    CUT_SHORT,  /* two rungs only */
    HAPPENED_COUNT
};

enum expects { BOUNDED, GROWS_BY, GROWS, VIOLATES_I6, LOSES, HANGS, CRASHES, EXPECTS_COUNT };

static void happen(struct run *run, enum happened happened)
{
    sample_series(run, "tombstones",
                  happened == AS_TOLD      ? sample_seven
                  : happened == OTHER_RATE ? sample_three
                                           : sample_flat);
    sample_series(run, "idle", happened == OTHER_LEAK ? sample_one : sample_flat);
    if (happened == BROKE_I6)
        cr_assert_eq(run_sample_after(run, "keys", 2), ERR_NONE);
    if (happened == BROKE_I5)
        cr_assert_eq(run_add_violation(run, "I5", "item 17", "item 17 was leased twice at once", 4, 130), ERR_NONE);
    if (happened == LOST) {
        run->ending = ENDING_EXITED;
        run->ending_code = ENDING_CODE_LOST;
        run->lost_bytes = 48;
    }
    if (happened == HUNG)
        run->ending = ENDING_HUNG;
    if (happened == SIGNALLED) {
        run->ending = ENDING_CRASHED;
        run->ending_code = 11;
    }
    if (happened == TOOL_ERROR)
        run->tool_errors = 1;
    if (happened == EXITED) {
        run->ending = ENDING_EXITED;
        run->ending_code = 3;
    }
}

static void expect(struct run *run, enum expects expects)
{
    static const enum finding findings[] = {FINDING_BOUNDED, FINDING_GROWS, FINDING_GROWS,  FINDING_VIOLATES,
                                            FINDING_LOST,    FINDING_HANGS, FINDING_CRASHES};
    bool growth = expects == GROWS || expects == GROWS_BY;
    sample_expect(run, findings[expects], growth ? "tombstones" : NULL, RELATION_GROWS,
                  expects == GROWS_BY ? sample_seven : NULL);
    if (expects == VIOLATES_I6)
        sample_text(&run->expectation.violates, "I6");
}

/* Written from docs/verdicts.md: Pass, Fail, Inconclusive. One row an expectation, one letter for each thing that
 * may happen. */
static const char *const statuses[EXPECTS_COUNT] = {
    [BOUNDED] = "PFFFFFFFFFFI", [GROWS_BY] = "IPIFFFFFFFFI", [GROWS] = "IPPFFFFFFFFI",   [VIOLATES_I6] = "IFFFPFFFFFFI",
    [LOSES] = "IFFFFFPFFFFI",   [HANGS] = "IFFFFFFPFFFI",    [CRASHES] = "IFFFFFFFPPPI",
};
static const enum finding findings[HAPPENED_COUNT] = {
    FINDING_FLAT, FINDING_GROWS, FINDING_GROWS,   FINDING_GROWS,   FINDING_VIOLATES, FINDING_VIOLATES,
    FINDING_LOST, FINDING_HANGS, FINDING_CRASHES, FINDING_CRASHES, FINDING_CRASHES,  FINDING_FLAT,
};

Test(verdict_judge, every_expectation_against_everything_that_may_happen)
{
    for (int expects = 0; expects < EXPECTS_COUNT; expects++)
        for (int happened = 0; happened < HAPPENED_COUNT; happened++) {
            struct run *run = sample_run(happened == CUT_SHORT ? 2 : 30);
            expect(run, (enum expects)expects);
            happen(run, (enum happened)happened);
            sample_judge(run);
            char letter = "PFBIS"[run->status];
            cr_assert_eq(letter, statuses[expects][happened], "expectation %d, event %d: %c (%s)", expects, happened,
                         letter, run->message);
            /* flat and bounded differ only by the rungs that cannot be judged */
            enum finding finding = run->finding == FINDING_BOUNDED ? FINDING_FLAT : run->finding;
            cr_assert_eq(finding, findings[happened], "expectation %d, event %d: %s", expects, happened, run->message);
            run_free(run);
        }
}

Test(verdict_judge, judging_again_gives_the_same)
{
    for (int expects = 0; expects < EXPECTS_COUNT; expects++)
        for (int happened = 0; happened < HAPPENED_COUNT; happened++) {
            struct run *run = sample_run(30);
            struct results *results = results_make();
            struct buffer first = {0}, second = {0};
            expect(run, (enum expects)expects);
            happen(run, (enum happened)happened);
            cr_assert_eq(results_add(results, run), ERR_NONE);
            cr_assert_eq(verdict_judge(results), ERR_NONE);
            cr_assert_eq(results_print(results, &first), ERR_NONE);
            cr_assert_eq(verdict_judge(results), ERR_NONE);
            cr_assert_eq(results_print(results, &second), ERR_NONE);
            cr_assert_str_eq(first.data, second.data);
            buffer_free(&first);
            buffer_free(&second);
            results_free(results);
        }
}

/* ---- runs that are none ---------------------------------------------------------------------------- */

Test(verdict_judge, runs_of_which_nothing_can_be_said)
{
    static const struct {
        enum ending ending;
        enum status status;
        const char *message;
    } rows[] = {
        {ENDING_SKIPPED, STATUS_SKIP, "because"},
        {ENDING_STOPPED, STATUS_INCONCLUSIVE, "interrupted"},
        {ENDING_PROTOCOL, STATUS_BROKEN, "because"},
        {ENDING_RIG, STATUS_BROKEN, "because"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct run *run = sample_run(30);
        sample_series(run, "open", sample_one);
        run->ending = rows[i].ending;
        sample_text(&run->ending_detail, "because");
        sample_judge(run);
        cr_assert_eq(run->status, rows[i].status);
        cr_assert_eq(run->finding, FINDING_UNKNOWN);
        cr_assert_eq(run->found_count, 0u);
        cr_assert_str_eq(run->message, rows[i].message);
        run_free(run);
    }
}

Test(verdict_judge, nothing_done_or_nothing_measured_is_no_pass)
{
    struct run *idle = sample_run(30), *blind = sample_run(30), *none = sample_run(0);
    sample_series(idle, "open", sample_flat);
    for (size_t i = 0; i < 30; i++)
        idle->rung_ops[i] = 6;
    sample_series(blind, "rss_bytes", sample_one);
    sample_judge(idle);
    sample_judge(blind);
    sample_judge(none);
    cr_assert_eq(idle->status, STATUS_INCONCLUSIVE);
    cr_assert_eq(blind->status, STATUS_INCONCLUSIVE);
    cr_assert_eq(none->status, STATUS_INCONCLUSIVE);
    run_free(idle);
    run_free(blind);
    run_free(none);
}

/* ---- growth: rates, holders, companions ------------------------------------------------------------- */

static int64_t bytes_336(size_t i, int64_t cycles)
{
    (void)i;
    return 336 * cycles;
}

static struct run *leaky(void)
{
    struct run *run = sample_run(30);
    sample_series(run, "tombstones", sample_seven);
    sample_series(run, "dead_retained", sample_one);
    sample_series(run, "bytes_live", bytes_336);
    sample_series(run, "bytes_live.tombstones", bytes_336);
    sample_series(run, "blocks_live.tombstones", sample_seven);
    sample_series(run, "bytes_live.items", sample_one);
    sample_series(run, "open", sample_flat);
    return run;
}

Test(verdict_judge, unexpected_growth_says_what_and_how_fast_and_who_holds_it)
{
    struct run *run = leaky();
    sample_judge(run);
    cr_assert_eq(run->status, STATUS_FAIL);
    cr_assert_str_eq(run->metric, "tombstones", "a counter, and the fastest one: %s", run->message);
    cr_assert(strstr(run->message, "held by tombstones: 7 blocks, 336 bytes per invalidation"), "%s", run->message);
    const struct found *found = sample_found(run, FINDING_GROWS, "tombstones");
    cr_assert(found && found->rate == 7.0 && !found->expected);
    cr_assert_str_eq(found->rate_unit, "per invalidation");
    cr_assert_eq(found->rung, 1, "the first rung above the least of the first window");
    run_free(run);
}

Test(verdict_judge, an_expected_leak_brings_companions)
{
    struct run *run = leaky();
    sample_series(run, "tombstones_foreign", sample_seven);
    sample_expect(run, FINDING_GROWS, "tombstones", RELATION_GROWS, sample_seven);
    sample_expect(run, FINDING_GROWS, "dead_retained", RELATION_GROWS, sample_one);
    sample_judge(run);
    cr_assert_eq(run->status, STATUS_PASS, "%s", run->message);
    cr_assert_str_eq(run->metric, "tombstones");
    cr_assert_eq(run->rate, 7.0);
    cr_assert(sample_found(run, FINDING_GROWS, "tombstones_foreign")->expected, "they are tombstones");
    cr_assert(strstr(run->message, "tombstones grows by 7 entries per invalidation, as predicted"), "%s", run->message);
    cr_assert(sample_found(run, FINDING_VIOLATES, "I4")->expected, "tombstones <= open");
    cr_assert(sample_found(run, FINDING_GROWS, "dead_retained")->expected);
    run_free(run);
}

/* Whatever else is counted may be a leak of its own, however well the first one is known. */
Test(verdict_judge, a_second_leak_does_not_hide_behind_the_first)
{
    static const char *const others[] = {"finalizers", "timers", "fds", "dead_retained", "holds", "gets_failed"};
    for (size_t i = 0; i < ARRAY_LEN(others); i++) {
        struct run *run = sample_run(30);
        sample_series(run, "tombstones", sample_seven);
        sample_series(run, "blocks_live", sample_seven);
        sample_series(run, others[i], sample_one);
        sample_expect(run, FINDING_GROWS, "tombstones", RELATION_GROWS, i % 2 ? sample_seven : NULL);
        sample_judge(run);
        cr_assert_eq(run->status, STATUS_FAIL, "%s: %s", others[i], run->message);
        cr_assert_str_eq(run->metric, others[i]);
        cr_assert_eq(expectation_add_also(&run->expectation, others[i]), ERR_NONE);
        sample_judge(run);
        cr_assert_eq(run->status, STATUS_PASS, "%s: %s", others[i], run->message);
        run_free(run);
    }
}

Test(verdict_judge, a_part_grows_by_no_more_than_the_whole)
{
    struct run *run = sample_run(30), *alone = sample_run(30);
    sample_series(run, "tombstones", sample_three);
    sample_series(run, "tombstones_foreign", sample_seven);
    sample_expect(run, FINDING_GROWS, "tombstones", RELATION_GROWS, sample_three);
    sample_judge(run);
    cr_assert_eq(run->status, STATUS_FAIL, "%s", run->message);
    sample_series(alone, "tombstones", sample_three);
    sample_series(alone, "tombstones_foreign", sample_three);
    sample_series(alone, "finalizers", sample_one);
    sample_expect(alone, FINDING_GROWS, "finalizers", RELATION_GROWS, sample_one);
    sample_judge(alone);
    cr_assert_eq(alone->status, STATUS_FAIL, "nobody spoke of the whole: %s", alone->message);
    run_free(run);
    run_free(alone);
}

Test(verdict_judge, of_two_predictions_the_faster_one_names_the_run)
{
    struct run *run = leaky();
    sample_expect(run, FINDING_GROWS, "dead_retained", RELATION_GROWS, sample_one);
    sample_expect(run, FINDING_GROWS, "tombstones", RELATION_GROWS, sample_seven);
    sample_judge(run);
    cr_assert_eq(run->status, STATUS_PASS, "%s", run->message);
    cr_assert_str_eq(run->metric, "tombstones", "whatever order the scenario's table has");
    cr_assert_eq(run->rate, 7.0);
    run_free(run);
}

Test(verdict_judge, companions_need_the_leak_itself)
{
    /* broadcast with one key: the formula gives nothing, and then nothing else may grow either */
    struct run *clean = sample_run(30), *other = sample_run(30);
    sample_series(clean, "tombstones", sample_flat);
    sample_series(other, "tombstones", sample_flat);
    sample_series(clean, "finalizers", sample_flat);
    sample_series(other, "finalizers", sample_one);
    sample_expect(clean, FINDING_GROWS, "tombstones", RELATION_GROWS, sample_flat);
    sample_expect(other, FINDING_GROWS, "tombstones", RELATION_GROWS, sample_flat);
    sample_judge(clean);
    sample_judge(other);
    cr_assert_eq(clean->status, STATUS_PASS, "%s", clean->message);
    cr_assert(strstr(clean->message, "as predicted"), "%s", clean->message);
    cr_assert_eq(other->status, STATUS_FAIL, "%s", other->message);
    cr_assert_str_eq(other->metric, "finalizers");
    run_free(clean);
    run_free(other);
}

Test(verdict_judge, another_rate_is_no_failure_even_with_companions)
{
    struct run *run = leaky();
    sample_expect(run, FINDING_GROWS, "tombstones", RELATION_GROWS, sample_three);
    sample_expect(run, FINDING_GROWS, "dead_retained", RELATION_GROWS, sample_one);
    sample_judge(run);
    cr_assert_eq(run->status, STATUS_INCONCLUSIVE, "%s", run->message);
    cr_assert_eq(run->finding, FINDING_GROWS);
    cr_assert(strstr(run->message, "tombstones is not as predicted: at rung 1 the formula gives 30, found 70"), "%s",
              run->message);
    run_free(run);
}

Test(verdict_judge, the_first_wrong_rung_is_named)
{
    struct run *run = sample_run(30);
    sample_series(run, "tombstones", sample_seven);
    sample_expect(run, FINDING_GROWS, "tombstones", RELATION_GROWS, sample_seven);
    run->expectation.metrics[0].values[12] = 911;
    sample_judge(run);
    cr_assert_eq(run->status, STATUS_INCONCLUSIVE);
    cr_assert(strstr(run->message, "at rung 13 the formula gives 911, found 910"), "%s", run->message);
    run_free(run);
}

Test(verdict_judge, growth_that_nobody_counts_cannot_be_reproduced)
{
    struct run *run = sample_run(30);
    sample_series(run, "open", sample_flat);
    sample_expect(run, FINDING_GROWS, "tombstones", RELATION_GROWS, sample_seven);
    sample_judge(run);
    cr_assert_eq(run->status, STATUS_INCONCLUSIVE);
    cr_assert(strstr(run->message, "does not count"), "%s", run->message);
    run_free(run);
}

Test(verdict_judge, what_is_also_expected_may_happen)
{
    static const char *const also[] = {"open", "I1"};
    struct run *run = sample_run(30);
    sample_series(run, "finalizers", sample_one);
    sample_series(run, "open", sample_one);
    sample_series(run, "idle", sample_flat);
    sample_series(run, "leased", sample_flat);
    sample_expect(run, FINDING_GROWS, "finalizers", RELATION_GROWS, sample_one);
    sample_judge(run);
    cr_assert_eq(run->status, STATUS_FAIL, "I1 was not announced");
    cr_assert_str_eq(run->metric, "I1");
    for (size_t i = 0; i < ARRAY_LEN(also); i++)
        cr_assert_eq(expectation_add_also(&run->expectation, also[i]), ERR_NONE);
    sample_judge(run);
    cr_assert_eq(run->status, STATUS_PASS, "%s", run->message);
    cr_assert_eq(run->finding, FINDING_GROWS, "the finding is what the scenario is about");
    cr_assert_str_eq(run->metric, "finalizers");
    run_free(run);
}

Test(verdict_judge, rates_are_per_invalidation_then_get_then_cycle)
{
    static const char *const units[] = {"per invalidation", "per get", "per cycle"};
    for (size_t i = 0; i < ARRAY_LEN(units); i++) {
        struct run *run = sample_run(30);
        sample_series(run, "open", sample_seven);
        for (size_t rung = 0; rung < 30; rung++) {
            run->rung_invalidations[rung] = i == 0 ? 2 * run->rung_cycles[rung] : 5;
            run->rung_gets[rung] = i == 1 ? 4 * run->rung_cycles[rung] : 9;
        }
        sample_judge(run);
        cr_assert_str_eq(run->rate_unit, units[i]);
        cr_assert_eq(run->rate, i == 0 ? 3.5 : i == 1 ? 1.75 : 7.0);
        run_free(run);
    }
}

/* ---- bounds, totals, failed gets ---------------------------------------------------------------------- */

Test(verdict_judge, bounds_are_judged_by_their_formula)
{
    static const struct {
        enum relation relation;
        sample_fn bound, series;
        enum status status;
        enum finding finding;
    } rows[] = {
        {RELATION_AT_MOST, sample_seven, sample_three, STATUS_PASS, FINDING_BOUNDED},
        {RELATION_AT_MOST, sample_seven, sample_seven, STATUS_PASS, FINDING_BOUNDED},
        {RELATION_AT_MOST, sample_three, sample_seven, STATUS_FAIL, FINDING_GROWS},
        {RELATION_AT_MOST, sample_flat, sample_flat, STATUS_PASS, FINDING_FLAT},
        {RELATION_EXACT, sample_seven, sample_seven, STATUS_PASS, FINDING_BOUNDED},
        {RELATION_EXACT, sample_seven, sample_three, STATUS_FAIL, FINDING_GROWS},
        {RELATION_EXACT, sample_seven, sample_flat, STATUS_FAIL, FINDING_VIOLATES},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct run *run = sample_run(30);
        sample_series(run, "created", rows[i].series);
        sample_series(run, "destroyed", sample_one); /* a total that nobody asks about */
        sample_series(run, "blocks_live", sample_flat);
        sample_expect(run, FINDING_BOUNDED, "created", rows[i].relation, rows[i].bound);
        sample_judge(run);
        cr_assert_eq(run->status, rows[i].status, "row %zu: %s", i, run->message);
        cr_assert_eq(run->finding, rows[i].finding, "row %zu: %s", i, run->message);
        run_free(run);
    }
}

Test(verdict_judge, a_bound_on_what_is_not_counted_is_passed_over)
{
    struct run *run = sample_run(30);
    sample_series(run, "open", sample_flat);
    sample_expect(run, FINDING_BOUNDED, "idle_dead", RELATION_AT_MOST, sample_flat);
    sample_judge(run);
    cr_assert_eq(run->status, STATUS_PASS, "%s", run->message);
    run_free(run);
}

static int64_t once(size_t i, int64_t cycles)
{
    (void)cycles;
    return i >= 14;
}

Test(verdict_judge, one_failed_get_is_forgiven_many_are_not)
{
    struct run *forgiven = sample_run(30), *failing = sample_run(30);
    sample_series(forgiven, "gets_failed", once);
    sample_series(failing, "gets_failed", sample_one);
    sample_series(forgiven, "open", sample_flat);
    sample_judge(forgiven);
    sample_judge(failing);
    cr_assert_eq(forgiven->status, STATUS_PASS);
    cr_assert_eq(forgiven->finding, FINDING_BOUNDED);
    cr_assert_eq(failing->status, STATUS_FAIL);
    run_free(forgiven);
    run_free(failing);
}

Test(verdict_judge, a_population_that_appears_late_held_nothing_before)
{
    struct run *run = sample_run(30);
    for (size_t i = 4; i < 30; i++)
        cr_assert_eq(run_sample(run, "bytes_live.nodes", i, 16 * (int64_t)i), ERR_NONE);
    sample_judge(run);
    cr_assert_eq(run->finding, FINDING_GROWS, "%s", run->message);
    run_free(run);
}

/* What the harness counts by itself moves with no leak: a subject that says nothing else was not looked into. */
Test(verdict_judge, a_subject_that_counts_nothing_is_no_pass)
{
    static const char *const outside[] = {"leases_out", "gets_waiting", "gets_failed", "leased",
                                          "waiting",    "fds",          "threads",     "created"};
    struct run *run = sample_run(30);
    for (size_t i = 0; i < ARRAY_LEN(outside); i++)
        sample_series(run, outside[i], sample_flat);
    sample_judge(run);
    cr_assert_eq(run->status, STATUS_INCONCLUSIVE, "%s", run->message);
    cr_assert(strstr(run->message, "counts nothing that a pool could pile up"), "%s", run->message);
    sample_expect(run, FINDING_BOUNDED, "created", RELATION_EXACT, sample_flat);
    sample_judge(run);
    cr_assert_eq(run->status, STATUS_PASS, "a total that is held to a formula is looked at: %s", run->message);
    run_free(run);
}

static int64_t none(size_t i, int64_t cycles)
{
    (void)i;
    (void)cycles;
    return 0;
}

Test(verdict_judge, a_pool_that_serves_nobody_is_not_clean)
{
    struct run *unserved = sample_run(30), *unasked = sample_run(30), *closed = sample_run(30);
    struct run *runs[] = {unserved, unasked, closed};
    for (size_t i = 0; i < ARRAY_LEN(runs); i++)
        sample_series(runs[i], "open", sample_flat);
    sample_series(unserved, "gets_leased", none);
    for (size_t i = 0; i < 30; i++)
        unasked->rung_gets[i] = 0;
    sample_series(closed, "gets_closed", sample_one);
    for (size_t i = 0; i < ARRAY_LEN(runs); i++)
        sample_judge(runs[i]);
    cr_assert_eq(unserved->status, STATUS_INCONCLUSIVE);
    cr_assert_str_eq(unserved->message, "none of 300 gets was served");
    cr_assert_eq(unasked->status, STATUS_INCONCLUSIVE);
    cr_assert_str_eq(unasked->message, "no item was ever asked for");
    cr_assert_eq(closed->status, STATUS_FAIL, "nobody shut it down: %s", closed->message);
    for (size_t i = 0; i < ARRAY_LEN(runs); i++)
        run_free(runs[i]);
}

Test(verdict_judge, missing_samples_are_no_pass)
{
    struct run *run = sample_run(30);
    sample_series(run, "open", sample_flat);
    sample_series(run, "fds", sample_flat);
    run_series(run, "fds")->values[7] = RECORD_NONE;
    sample_judge(run);
    cr_assert_eq(run->status, STATUS_INCONCLUSIVE);
    cr_assert(strstr(run->message, "fds was sampled at only 29 of 30 rungs"), "%s", run->message);
    run_free(run);
}
