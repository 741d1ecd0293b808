#include "harness/record/record.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

Test(record, words_and_back)
{
    for (int i = 0; i < FINDING_COUNT; i++) {
        enum finding finding;
        cr_assert(finding_from_name(finding_name((enum finding)i), &finding) && (int)finding == i);
    }
    for (int i = 0; i < STATUS_COUNT; i++) {
        enum status status;
        cr_assert(status_from_name(status_name((enum status)i), &status) && (int)status == i);
    }
    for (int i = 0; i < ENDING_COUNT; i++) {
        enum ending ending;
        cr_assert(ending_from_name(ending_name((enum ending)i), &ending) && (int)ending == i);
    }
    for (int i = 0; i < RELATION_COUNT; i++) {
        enum relation relation;
        cr_assert(relation_from_name(relation_name((enum relation)i), &relation) && (int)relation == i);
    }
    enum finding finding;
    cr_assert_not(finding_from_name("", &finding));
    cr_assert_not(finding_from_name("Grows", &finding));
}

/* The order is written down in docs/formats.md: 2, 1, 3, 77, 0, and an interrupt before all. */
Test(record, worst_exit_code)
{
    static const enum exit_code worst_first[] = {EXIT_INTERRUPTED, EXIT_USAGE,   EXIT_FAIL,
                                                 EXIT_BROKEN,      EXIT_SKIPPED, EXIT_PASS};
    for (size_t i = 0; i < ARRAY_LEN(worst_first); i++)
        for (size_t j = i; j < ARRAY_LEN(worst_first); j++) {
            cr_assert_eq(exit_code_worst(worst_first[i], worst_first[j]), worst_first[i]);
            cr_assert_eq(exit_code_worst(worst_first[j], worst_first[i]), worst_first[i]);
        }
    cr_assert_eq(status_exit_code(STATUS_PASS), 0);
    cr_assert_eq(status_exit_code(STATUS_FAIL), 1);
    cr_assert_eq(status_exit_code(STATUS_BROKEN), 3);
    cr_assert_eq(status_exit_code(STATUS_INCONCLUSIVE), 3);
    cr_assert_eq(status_exit_code(STATUS_SKIP), 77);
}

static void add_status(struct results *results, enum status status, enum ending ending)
{
    struct run *run = run_make();
    cr_assert_not_null(run);
    run->status = status;
    run->ending = ending;
    cr_assert_eq(results_add(results, run), ERR_NONE);
}

Test(record, exit_code_of_all_runs)
{
    struct results *results = results_make();
    cr_assert_eq(results_exit_code(results), EXIT_SKIPPED, "no runs");
    add_status(results, STATUS_SKIP, ENDING_SKIPPED);
    cr_assert_eq(results_exit_code(results), EXIT_SKIPPED, "all skipped");
    add_status(results, STATUS_PASS, ENDING_DONE);
    cr_assert_eq(results_exit_code(results), EXIT_PASS, "a skipped run beside a pass");
    add_status(results, STATUS_INCONCLUSIVE, ENDING_DONE);
    cr_assert_eq(results_exit_code(results), EXIT_BROKEN);
    add_status(results, STATUS_FAIL, ENDING_CRASHED);
    cr_assert_eq(results_exit_code(results), EXIT_FAIL);
    add_status(results, STATUS_INCONCLUSIVE, ENDING_STOPPED);
    cr_assert_eq(results_exit_code(results), EXIT_INTERRUPTED);
    cr_assert_eq(results_count_status(results, STATUS_INCONCLUSIVE), 2);
    results_free(results);
}

/* ---- metrics -------------------------------------------------------------------------------- */

Test(record, every_metric_is_found_once)
{
    for (size_t i = 0; i < metric_count(); i++) {
        const struct metric *metric = metric_at(i);
        cr_assert_eq(metric_find(metric->name), metric, "%s", metric->name);
        cr_assert(metric->unit[0] != '\0' && metric->about[0] != '\0', "%s", metric->name);
        cr_assert(metric->kind != METRIC_NOISY || !metric->same_everywhere, "%s", metric->name);
    }
    cr_assert_null(metric_at(metric_count()));
}

Test(record, populations_belong_to_their_family)
{
    cr_assert_eq(metric_find("bytes_live.tombstones"), metric_find("bytes_live"));
    cr_assert_eq(metric_find("blocks_live.a.b"), metric_find("blocks_live"));
    cr_assert_null(metric_find("bytes_live."));
    cr_assert_null(metric_find("bytes_live_"));
    cr_assert_null(metric_find("idle.x"));
    cr_assert_null(metric_find(".x"));
    cr_assert_null(metric_find(""));
}

/* ---- samples -------------------------------------------------------------------------------- */

Test(record, a_late_series_is_missing_before)
{
    struct run *run = run_make();
    size_t rung;
    cr_assert_eq(run_sample_before(run, "open", 3), ERR_NONE);
    for (int64_t i = 0; i < 5; i++) {
        cr_assert_eq(run_add_rung(run, 10 * i, i, 2 * i, 3 * i, &rung), ERR_NONE);
        cr_assert_eq(rung, (size_t)i);
        cr_assert_eq(run_sample(run, "open", rung, i), ERR_NONE);
        if (i == 3)
            cr_assert_eq(run_sample(run, "idle", rung, 7), ERR_NONE);
    }
    cr_assert_eq(run_sample_after(run, "keys", 1), ERR_NONE);
    const struct series *idle = run_series(run, "idle"), *open = run_series(run, "open"),
                        *keys = run_series(run, "keys");
    for (size_t i = 0; i < 5; i++) {
        cr_assert_eq(idle->values[i], i == 3 ? 7 : RECORD_NONE);
        cr_assert_eq(open->values[i], (int64_t)i);
        cr_assert_eq(keys->values[i], RECORD_NONE);
    }
    cr_assert(open->before == 3 && open->after == RECORD_NONE);
    cr_assert(keys->before == RECORD_NONE && keys->after == 1);
    cr_assert_eq(run->rung_invalidations[4], 8);
    cr_assert_null(run_series(run, "ope"));
    run_free(run);
}

Test(record, series_are_sorted_whatever_the_order)
{
    struct run *run = run_make();
    struct rng rng;
    rng_init(&rng, 1);
    for (int i = 0; i < 200; i++) {
        char name[16];
        snprintf(name, sizeof(name), "s%03d", (int)rng_below(&rng, 100));
        cr_assert_eq(run_sample_before(run, name, i), ERR_NONE);
    }
    cr_assert_leq(run->series_count, 100u);
    for (size_t i = 1; i < run->series_count; i++)
        cr_assert_lt(strcmp(run->series[i - 1].name, run->series[i].name), 0);
    run_free(run);
}

Test(record, setting_a_text_to_itself)
{
    struct run *run = run_make();
    cr_assert_eq(run_set_text(&run->log, "abc"), ERR_NONE);
    cr_assert_eq(run_set_text(&run->log, run->log + 1), ERR_NONE);
    cr_assert_str_eq(run->log, "bc");
    cr_assert_eq(run_set_text(&run->log, NULL), ERR_NONE);
    cr_assert_null(run->log);
    run_free(run);
    run_free(NULL);
    results_free(NULL);
}

Test(record, a_cleared_judgement_leaves_nothing)
{
    struct run *run = run_make();
    char metric[] = "open";
    struct found found = {.finding = FINDING_GROWS, .metric = metric, .rate = 2};
    cr_assert_eq(run_add_found(run, &found), ERR_NONE);
    metric[0] = 'X'; /* it was copied */
    cr_assert_str_eq(run->found[0].metric, "open");
    cr_assert_eq(run_set_text(&run->message, "m"), ERR_NONE);
    run->rate = 3;
    run_clear_judgement(run);
    cr_assert(run->found_count == 0 && !run->found && !run->message && !run->metric);
    cr_assert(run->finding == FINDING_UNKNOWN && run->status == STATUS_INCONCLUSIVE);
    run_free(run);
}

/* ---- order ------------------------------------------------------------------------------------ */

static struct run *named(const char *scenario, const char *keys, const char *pool, const char *backend, uint64_t seed)
{
    struct run *run = run_make();
    cr_assert_not_null(run);
    cr_assert_eq(run_set_text(&run->scenario, scenario), ERR_NONE);
    cr_assert_eq(run_set_text(&run->pool, pool), ERR_NONE);
    cr_assert_eq(run_set_text(&run->backend, backend), ERR_NONE);
    cr_assert_eq(run_add_param(run, "keys", keys), ERR_NONE);
    run->seed = seed;
    return run;
}

Test(record, order_of_runs)
{
    struct run *sorted[] = {
        named("a", "8", "owner", "native", 9),     named("b", "8", "broadcast", "asan", 1),
        named("b", "8", "broadcast", "native", 1), named("b", "8", "broadcast", "native", 2),
        named("b", "8", "owner", "asan", 1),       named("b", "64", "broadcast", "asan", 1),
    };
    struct results *results = results_make();
    for (size_t i = ARRAY_LEN(sorted); i-- > 0;)
        cr_assert_eq(results_add(results, sorted[i]), ERR_NONE);
    results_sort(results);
    for (size_t i = 0; i < ARRAY_LEN(sorted); i++)
        cr_assert_eq(results->runs[i], sorted[i], "place %zu", i);
    for (size_t i = 0; i < ARRAY_LEN(sorted); i++)
        for (size_t j = 0; j < ARRAY_LEN(sorted); j++) {
            int order = run_compare(sorted[i], sorted[j]);
            cr_assert_eq((order > 0) - (order < 0), (i > j) - (i < j));
        }
    results_free(results);
}
