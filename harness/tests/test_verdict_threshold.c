/* A sample run has 10 cycles a rung and 3 operations a cycle, so that +7 a cycle is 7/3 an operation. */
#include "harness/tests/test_verdict_sample.h"
#include "harness/verdict/verdict_internal.h"

#include <criterion/criterion.h>
#include <string.h>

static void state(struct run *run, enum threshold_kind kind, const char *text, const char *control)
{
    struct threshold threshold;
    struct problem why = {0};
    cr_assert_eq(threshold_parse(kind, text, &threshold, &why), ERR_NONE, "%s", why.text);
    sample_text(&threshold.control, control);
    cr_assert_eq(thresholds_add(&run->thresholds, &threshold), ERR_NONE);
    threshold_free(&threshold);
}

Test(verdict_threshold, growth_within_its_budget_passes)
{
    static const struct {
        const char *budget;
        enum status status;
    } rows[] = {
        {"bytes_live=0/op", STATUS_FAIL},
        {"bytes_live=2.33B/op", STATUS_FAIL},
        {"bytes_live=2.34B/op", STATUS_PASS},
        {"bytes_live=6.99B/invalidation", STATUS_FAIL},
        {"bytes_live=7B/invalidation", STATUS_PASS},
        {"bytes_live=6.99B/cycle", STATUS_FAIL},
        {"bytes_live=7B/cycle", STATUS_PASS},
        {"blocks_live=7/cycle", STATUS_FAIL},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct run *run = sample_run(30);
        sample_series(run, "bytes_live", sample_seven);
        sample_series(run, "bytes_live.items", sample_seven); /* what a family may, its parts may */
        state(run, THRESHOLD_BUDGET, rows[i].budget, NULL);
        sample_judge(run);
        cr_expect_eq(run->status, rows[i].status, "%s: %s", rows[i].budget, run->message);
        run_free(run);
    }
}

static int64_t begins_late(size_t i, int64_t cycles)
{
    (void)i;
    return cycles > 150 ? cycles - 150 : 0;
}

/* It is held against the rate at which that goes on: over the whole run this rises by 60 in 200 cycles. */
Test(verdict_threshold, a_late_rise_within_its_budget_passes)
{
    static const char *const budgets[] = {"idle=1/cycle", "idle=0.99/cycle"};
    for (size_t i = 0; i < ARRAY_LEN(budgets); i++) {
        struct run *run = sample_run(30), *twice = sample_run(60);
        sample_series(run, "idle", begins_late);
        sample_series(twice, "idle", begins_late);
        state(run, THRESHOLD_BUDGET, budgets[i], NULL);
        state(twice, THRESHOLD_BUDGET, budgets[i], NULL);
        sample_judge(run);
        cr_assert_eq(verdict_add_dose(run, twice), ERR_NONE);
        sample_judge(run);
        cr_expect_eq(run->status, i == 0 ? STATUS_PASS : STATUS_FAIL, "%s: %s", budgets[i], run->message);
        run_free(run);
        run_free(twice);
    }
}

Test(verdict_threshold, a_budget_makes_a_total_be_judged)
{
    struct run *run = sample_run(30);
    sample_series(run, "created", sample_seven);
    sample_series(run, "idle", sample_flat);
    sample_judge(run);
    cr_expect_eq(run->status, STATUS_PASS, "%s", run->message);
    state(run, THRESHOLD_BUDGET, "created=2/op", NULL);
    sample_judge(run);
    cr_expect_eq(run->status, STATUS_FAIL);
    cr_expect_str_eq(run->metric, "created");
    run_free(run);
}

Test(verdict_threshold, what_passes_a_budget_says_all_of_it)
{
    struct run *run = sample_run(30);
    sample_series(run, "tombstones", sample_seven);
    sample_series(run, "bytes_live.tombstones", sample_three);
    sample_text(&run->stack, "630 bytes in 90 blocks:\n  tombs_add (tombs.c:77)\n  broadcast (broadcast.c:44)\n\n"
                             "1 byte:\n  other (other.c:1)\n");
    for (int i = 1; i < 6; i++)
        cr_assert_eq(run_add_example(run, i % 2 ? "tombstones" : "dead_retained", i % 2 ? "9 in key k" : "item 9"),
                     ERR_NONE);
    cr_assert_eq(run_add_example(run, "tombstones", "the fourth"), ERR_NONE);
    state(run, THRESHOLD_BUDGET, "tombstones=0.5/op", NULL);
    sample_judge(run);
    static const char *const says[] = {"tombstones grows by 7 entries per invalidation",
                                       "over the budget of 0.5/op",
                                       "since rung 2 (after 60 operations)",
                                       "held by tombstones: 3 bytes",
                                       "(for example 9 in key k; 9 in key k; 9 in key k; item 9); allocated",
                                       "allocated by tombs_add (tombs.c:77) < broadcast (broadcast.c:44)"};
    for (size_t i = 0; i < ARRAY_LEN(says); i++)
        cr_expect(strstr(run->message, says[i]), "\"%s\" lacks \"%s\"", run->message, says[i]);
    cr_expect_null(strstr(run->message, "other.c"));
    run_free(run);
}

Test(verdict_threshold, limits_look_at_every_sample)
{
    static const struct {
        const char *limit;
        enum status status;
        const char *says;
    } rows[] = {
        {"idle=5", STATUS_PASS, ""},
        {"idle=4", STATUS_FAIL, "idle is 5 items, over the limit of 4, since rung 1 (after 30 operations)"},
        {"created=300", STATUS_PASS, ""}, /* +1 a cycle, 300 cycles */
        {"created=299", STATUS_FAIL,
         "created is 300 items, over the limit of 299, since rung 30 (after 900 operations)"},
        {"created=200", STATUS_FAIL, "since rung 21 (after 630 operations)"},
        {"dead_retained=2", STATUS_FAIL, "dead_retained is 3 items, over the limit of 2, after shutdown"},
        {"peak_rss=1MiB", STATUS_PASS, ""},
        {"peak_rss=1023KiB", STATUS_FAIL, "peak_rss_bytes is 1.00 MiB, over the limit of 1023KiB"},
        {"tombstones=0", STATUS_PASS, ""}, /* this pool does not count them */
        {"his_own=0", STATUS_INCONCLUSIVE, "the subject does not count his_own"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct run *run = sample_run(30);
        sample_series(run, "idle", sample_flat);
        sample_series(run, "created", sample_one);
        cr_assert_eq(run_sample_after(run, "dead_retained", 3), ERR_NONE);
        for (size_t rung = 0; rung < run->rung_count; rung++)
            cr_assert_eq(run_sample(run, "dead_retained", rung, 0), ERR_NONE);
        run->peak_rss_bytes = 1 << 20;
        state(run, THRESHOLD_LIMIT, rows[i].limit, NULL);
        sample_judge(run);
        cr_expect_eq(run->status, rows[i].status, "%s: %s", rows[i].limit, run->message);
        cr_expect(strstr(run->message, rows[i].says), "%s: %s", rows[i].limit, run->message);
        run_free(run);
    }
}

/* What a population weighs has the examples of what it holds; some metrics are counted elsewhere. */
Test(verdict_threshold, limits_have_examples)
{
    static const char *const rows[][3] = {
        {"bytes_live.timers", "bytes_live.timers=1B", "(for example 4 in key k7; item 9)"},
        {"fds", "fds=1", "(for example item 3 of key k1)"},
        {"open", "open=1", "(for example item 3 of key k1)"},
        {"dead_retained", "dead_retained=1", "(for example item 9)"},
        {"keys", "keys=1", "(for example item 9)"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct run *run = sample_run(30);
        sample_series(run, rows[i][0], sample_flat);
        cr_assert_eq(run_add_example(run, "timers", "4 in key k7"), ERR_NONE);
        cr_assert_eq(run_add_example(run, "open", "item 3 of key k1"), ERR_NONE);
        cr_assert_eq(run_add_example(run, "dead_retained", "item 9"), ERR_NONE);
        sample_text(&run->stack, "630 bytes in 90 blocks:\n  f (f.c:77)\n");
        state(run, THRESHOLD_LIMIT, rows[i][1], NULL);
        sample_judge(run);
        cr_expect_eq(run->status, STATUS_FAIL, "%s: %s", rows[i][1], run->message);
        cr_expect(strstr(run->message, "; allocated by f (f.c:77)"), "%s", run->message);
        cr_expect(strstr(run->message, rows[i][2]), "%s: %s", rows[i][1], run->message);
        run_free(run);
    }
}

Test(verdict_threshold, a_leak_that_is_expected_passes_all_the_same)
{
    struct run *run = sample_run(30);
    sample_series(run, "tombstones", sample_seven);
    sample_series(run, "dead_retained", sample_one);
    sample_series(run, "blocks_live", sample_seven);
    sample_expect(run, FINDING_GROWS, "tombstones", RELATION_GROWS, sample_seven);
    sample_expect(run, FINDING_GROWS, "dead_retained", RELATION_GROWS, sample_one);
    state(run, THRESHOLD_LIMIT, "tombstones=0", NULL);
    state(run, THRESHOLD_LIMIT, "dead_retained=0", NULL);
    state(run, THRESHOLD_LIMIT, "blocks_live=0", NULL);
    sample_judge(run);
    cr_expect_eq(run->status, STATUS_PASS, "%s", run->message);
    cr_expect(sample_found(run, FINDING_VIOLATES, "tombstones")->expected);
    run->peak_rss_bytes = 2;
    state(run, THRESHOLD_LIMIT, "peak_rss=1B", NULL);
    sample_judge(run);
    cr_expect_eq(run->status, STATUS_FAIL, "%s", run->message);
    run_free(run);
}

/* A threshold that holds nobody to anything must not look kept. */
Test(verdict_threshold, what_nobody_counts_keeps_no_threshold)
{
    static const struct {
        enum threshold_kind kind;
        const char *text;
    } rows[] = {
        {THRESHOLD_BUDGET, "timers=0/op"},
        {THRESHOLD_LIMIT, "timers=5"},
        {THRESHOLD_LIMIT, "peak_rss=64MiB"},
        {THRESHOLD_BUDGET, "blocks_live=0/op"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct results *results = results_make();
        struct run *run = sample_run(30), *other = sample_run(30);
        sample_series(run, "open", sample_flat);
        sample_series(other, "open", sample_flat);
        sample_text(&other->pool, "owner");
        state(run, rows[i].kind, rows[i].text, NULL);
        cr_assert_eq(results_add(results, run), ERR_NONE);
        cr_assert_eq(results_add(results, other), ERR_NONE);
        cr_assert_eq(verdict_judge(results), ERR_NONE);
        cr_expect_eq(run->status, STATUS_INCONCLUSIVE, "%s: %s", rows[i].text, run->message);
        cr_expect_eq(other->status, STATUS_PASS);
        /* another pool counts it: this one just has none */
        sample_series(other, i == 2 ? "peak_rss_bytes" : i == 3 ? "blocks_live.items" : "timers", sample_flat);
        cr_assert_eq(verdict_judge(results), ERR_NONE);
        cr_expect_eq(run->status, STATUS_PASS, "%s: %s", rows[i].text, run->message);
        results_free(results);
    }
}

static int64_t flat_six(size_t i, int64_t cycles)
{
    return sample_flat(i, cycles) + 1;
}

Test(verdict_threshold, a_ratio_compares_with_the_control_pool)
{
    static const struct {
        const char *ratio, *control;
        enum status status;
    } rows[] = {
        {"bytes_live=1.2", "owner", STATUS_PASS}, /* 6 / 5 */
        {"bytes_live=1.19", "owner", STATUS_FAIL},
        {"bytes_live=1", "broadcast", STATUS_PASS}, /* itself */
        {"bytes_live=1.2", "membership", STATUS_INCONCLUSIVE},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct results *results = results_make();
        struct run *buggy = sample_run(30), *control = sample_run(30);
        sample_series(buggy, "bytes_live", flat_six);
        sample_series(control, "bytes_live", sample_flat);
        sample_text(&control->pool, "owner");
        state(buggy, THRESHOLD_RATIO, rows[i].ratio, rows[i].control);
        state(control, THRESHOLD_RATIO, rows[i].ratio, "owner");
        cr_assert_eq(results_add(results, buggy), ERR_NONE);
        cr_assert_eq(results_add(results, control), ERR_NONE);
        cr_assert_eq(verdict_judge(results), ERR_NONE);
        cr_expect_eq(buggy->status, rows[i].status, "%s: %s", rows[i].ratio, buggy->message);
        cr_expect_eq(control->status, STATUS_PASS);
        results_free(results);
    }
}

Test(verdict_threshold, a_difference_from_the_baseline_fails_but_does_not_hide_growth)
{
    struct run *run = sample_run(30);
    sample_series(run, "idle", sample_flat);
    sample_text(&run->baseline_differs, "");
    sample_judge(run);
    cr_expect_eq(run->status, STATUS_PASS, "%s", run->message);
    sample_text(&run->baseline_differs, "idle last 4 -> 5");
    sample_judge(run);
    cr_expect_eq(run->status, STATUS_FAIL);
    cr_expect_str_eq(run->metric, "baseline");
    cr_expect_str_eq(run->message, "differs from the baseline: idle last 4 -> 5");
    sample_series(run, "tombstones", sample_seven);
    sample_judge(run);
    cr_expect_str_eq(run->metric, "tombstones");
    run_free(run);
}

Test(verdict_threshold, amounts_are_exact_and_readable)
{
    static const struct {
        double amount;
        const char *unit, *text;
    } rows[] = {{19026, "entries", "19026 entries"},
                {1, "entries", "1 entry"},
                {1, "blocks", "1 block"},
                {0, "items", "0 items"},
                {1.0 / 3, "bytes", "0.3333 bytes"},
                {1, "bytes", "1 byte"},
                {1, "ns", "1 ns"},
                {2048, "bytes", "2.00 KiB"},
                {123456789, "units", "123456789 units"}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct buffer out = {0};
        amount_print(rows[i].amount, rows[i].unit, &out);
        cr_expect_str_eq(out.data, rows[i].text);
        buffer_free(&out);
    }
}
