#include "harness/tests/test_verdict_sample.h"

#include <criterion/criterion.h>
#include <string.h>

/* The same run under three backends; fds differ by what each tool holds itself. */
static struct results *three(void)
{
    static const char *const backends[] = {"native", "asan", "memcheck"};
    struct results *results = results_make();
    for (size_t i = 0; i < ARRAY_LEN(backends); i++) {
        struct run *run = sample_run(30);
        sample_text(&run->backend, backends[i]);
        cr_assert_eq(run_add_param(run, "keys", "8"), ERR_NONE);
        sample_series(run, "open", sample_flat);
        sample_series(run, "blocks_live.slots", sample_flat);
        sample_series(run, "fds", sample_flat);
        sample_series(run, "rss_bytes", i == 0 ? sample_one : sample_seven);
        cr_assert_eq(run_sample_before(run, "open", 1), ERR_NONE);
        cr_assert_eq(run_sample_after(run, "open", 0), ERR_NONE);
        cr_assert_eq(run_sample_before(run, "fds", 9 + (int64_t)i), ERR_NONE);
        for (size_t rung = 0; rung < 30; rung++)
            run_series(run, "fds")->values[rung] += (int64_t)i;
        if (i == 2)
            sample_series(run, "tool_bytes", sample_flat); /* native has none */
        cr_assert_eq(results_add(results, run), ERR_NONE);
    }
    return results;
}

static void judge_all(struct results *results, const char *statuses, const char *message)
{
    cr_assert_eq(verdict_judge(results), ERR_NONE);
    for (size_t i = 0; i < results->run_count; i++) {
        const struct run *run = results->runs[i];
        cr_assert_eq("PFBIS"[run->status], statuses[i], "run %zu: %s", i, run->message);
        if (statuses[i] == 'B')
            cr_assert(strstr(run->message, message), "\"%s\" lacks \"%s\"", run->message, message);
    }
    results_free(results);
}

Test(verdict_agreement, equal_numbers_pass)
{
    judge_all(three(), "PPP", "");
}

Test(verdict_agreement, one_block_more_breaks_all_three)
{
    struct results *results = three();
    run_series(results->runs[2], "blocks_live.slots")->values[4]++;
    judge_all(results, "BBB", "native and memcheck disagree: blocks_live.slots is 5 and 6 at rung 5");
}

Test(verdict_agreement, samples_outside_the_rungs_count)
{
    struct results *results = three();
    run_series(results->runs[1], "open")->before = 0;
    judge_all(results, "BBB", "native and asan disagree: open is 1 and 0 before the first get");
    results = three();
    run_series(results->runs[1], "open")->after = RECORD_NONE;
    judge_all(results, "BBB", "open is 0 and missing after shutdown");
}

Test(verdict_agreement, a_series_that_only_one_has)
{
    struct results *results = three();
    sample_series(results->runs[1], "idle", sample_flat);
    judge_all(results, "BBB", "idle is missing and 5 at rung 1");
}

Test(verdict_agreement, descriptors_must_change_alike)
{
    struct results *results = three();
    run_series(results->runs[1], "fds")->values[20]++;
    judge_all(results, "BBB", "fds has changed by 0 and 1 at rung 21");
}

Test(verdict_agreement, a_failure_with_equal_numbers_stays_a_failure)
{
    struct results *results = three();
    for (size_t i = 0; i < 3; i++)
        sample_series(results->runs[i], "open", sample_one);
    judge_all(results, "FFF", "");
}

Test(verdict_agreement, a_crash_under_one_tool_is_that_tools_finding)
{
    struct results *results = three();
    results->runs[1]->ending = ENDING_CRASHED;
    results->runs[1]->ending_code = 6;
    run_series(results->runs[1], "open")->values[3] = 77;
    results->runs[2]->tool_errors = 2;
    run_series(results->runs[2], "open")->values[3] = 78;
    judge_all(results, "PFF", "");
}

Test(verdict_agreement, other_runs_are_not_compared)
{
    struct results *results = three();
    results->runs[1]->seed = 2;
    run_series(results->runs[1], "open")->values[3]++;
    sample_text(&results->runs[2]->params[0].value, "64");
    run_series(results->runs[2], "open")->values[3]--;
    judge_all(results, "PPP", "");
}

Test(verdict_agreement, another_number_of_rungs)
{
    struct results *results = three();
    size_t rung;
    cr_assert_eq(run_add_rung(results->runs[0], 999, 310, 310, 310, &rung), ERR_NONE);
    for (size_t i = 0; i < results->runs[0]->series_count; i++)
        results->runs[0]->series[i].values[rung] = 5;
    judge_all(results, "BBB", "31 and 30 rungs");
}

/* ---- D0 ------------------------------------------------------------------------------------------ */

Test(verdict_twin, names_what_differs)
{
    struct results *results = three();
    struct run *run = results->runs[0], *twin = results->runs[1];
    cr_assert_eq(verdict_compare_twin(run, run), ERR_NONE);
    cr_assert_str_eq(run->twin_differs, "");
    run_series(twin, "open")->values[29]++;
    sample_series(twin, "idle", sample_flat);
    cr_assert_eq(verdict_compare_twin(run, twin), ERR_NONE);
    cr_assert_str_eq(run->twin_differs, "fds, open, idle", "rss_bytes is noisy; one process has one more descriptor");
    sample_text(&run->pool, "exec:node subject.mjs");
    cr_assert_eq(verdict_compare_twin(run, twin), ERR_NONE);
    cr_assert_str_eq(run->twin_differs, "open, idle", "descriptors are the affair of its run time");
    twin->ending = ENDING_HUNG;
    cr_assert_eq(verdict_compare_twin(run, twin), ERR_NONE);
    cr_assert_str_eq(run->twin_differs, "the ending");
    results_free(results);
}
