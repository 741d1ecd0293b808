/* What takes a verdict back: twins, planted leaks that were not caught, twice the cycles, tools that disagree. */
#include "harness/tests/test_verdict_sample.h"

#include <criterion/criterion.h>
#include <string.h>

Test(verdict_doubt, what_takes_a_pass_away)
{
    struct run *twin = sample_run(30), *control = sample_run(30), *both = sample_run(30);
    struct run *runs[] = {twin, control, both};
    for (size_t i = 0; i < ARRAY_LEN(runs); i++) {
        sample_series(runs[i], "open", sample_flat);
        sample_text(&runs[i]->twin_differs, i == 0 ? "open" : "");
        sample_text(&runs[i]->control, i == 1 ? "the planted leak was not seen" : "");
        sample_judge(runs[i]);
        cr_assert_eq(runs[i]->status, i == 2 ? STATUS_PASS : STATUS_INCONCLUSIVE, "%s", runs[i]->message);
    }
    sample_series(twin, "open", sample_one);
    sample_judge(twin);
    cr_assert_eq(twin->status, STATUS_FAIL, "a failure stays one");
    for (size_t i = 0; i < ARRAY_LEN(runs); i++)
        run_free(runs[i]);
}

/* A clean verdict of a whole results file needs the positive control (D6), and formulas that say something. */
Test(verdict_doubt, what_was_taken_out_of_a_file_gives_no_pass)
{
    static const enum finding expected[] = {FINDING_BOUNDED, FINDING_GROWS, FINDING_HANGS};
    for (size_t i = 0; i < ARRAY_LEN(expected); i++)
        for (int cut = 0; cut < 3; cut++) {
            struct results *results = results_make();
            struct run *run = sample_run(30);
            sample_series(run, "open", sample_flat);
            sample_series(run, "tombstones", sample_seven);
            sample_expect(run, expected[i], "tombstones",
                          expected[i] == FINDING_GROWS ? RELATION_GROWS : RELATION_EXACT, sample_seven);
            cr_assert_eq(expectation_add_also(&run->expectation, "I4"), ERR_NONE);
            run->ending = expected[i] == FINDING_HANGS ? ENDING_HUNG : ENDING_DONE;
            if (cut == 1)
                sample_text(&run->control, NULL);
            if (cut == 2)
                run->expectation.metrics[0].values[17] = RECORD_NONE;
            cr_assert_eq(results_add(results, run), ERR_NONE);
            cr_assert_eq(verdict_judge(results), ERR_NONE);
            cr_assert_eq(run->status, cut ? STATUS_INCONCLUSIVE : STATUS_PASS, "%zu, %d: %s", i, cut, run->message);
            results_free(results);
        }
}

static int64_t fills_slowly(size_t i, int64_t cycles)
{
    (void)i;
    return cycles < 220 ? cycles : 220;
}

/* The same cache, 20 cycles a rung: it is full at rung 11. */
static int64_t fills_slowly_twice(size_t i, int64_t cycles)
{
    return fills_slowly(i, 2 * cycles);
}

Test(verdict_doubt, a_cache_that_still_fills_is_cleared_by_twice_the_cycles)
{
    struct run *run = sample_run(30), *twice = sample_run(30);
    const char *metric = NULL;
    sample_series(run, "idle", fills_slowly);
    sample_series(run, "bytes_live", fills_slowly);
    sample_series(twice, "idle", fills_slowly_twice);
    sample_series(twice, "bytes_live", fills_slowly_twice);
    twice->cycles_per_rung = 20;
    sample_judge(run);
    cr_assert_eq(run->status, STATUS_FAIL);
    cr_assert_eq(verdict_wants_dose(run, &metric), ERR_NONE);
    cr_assert_str_eq(metric, "bytes_live");

    cr_assert_eq(verdict_add_dose(run, twice), ERR_NONE);
    sample_judge(run);
    cr_assert_eq(run->status, STATUS_PASS, "%s", run->message);
    cr_assert_eq(run->finding, FINDING_BOUNDED);
    cr_assert_eq(verdict_wants_dose(run, &metric), ERR_NONE);
    cr_assert_null(metric);
    run_free(run);
    run_free(twice);
}

Test(verdict_doubt, a_leak_doubles_with_the_cycles)
{
    struct run *run = sample_run(30), *twice = sample_run(30);
    const char *metric = NULL;
    sample_series(run, "idle", sample_three);
    sample_series(twice, "idle", sample_seven); /* 7 : 3 is neither linear nor superlinear: D2 stands */
    sample_judge(run);
    cr_assert_eq(verdict_add_dose(run, twice), ERR_NONE);
    sample_judge(run);
    cr_assert_eq(run->status, STATUS_FAIL);
    cr_assert_eq(verdict_wants_dose(run, &metric), ERR_NONE);
    cr_assert_null(metric, "once is enough");
    run->doses[0].twice = 2 * run->doses[0].single;
    sample_judge(run);
    cr_assert(strstr(run->message, "doubles with twice the cycles"), "%s", run->message);
    run_free(run);
    run_free(twice);
}

/* ---- what begins after the first window ------------------------------------------------------------ */

static int64_t begins, ends; /* of a ramp of one a cycle */

static int64_t ramp(size_t i, int64_t cycles)
{
    (void)i;
    return cycles <= begins ? 0 : (cycles < ends ? cycles : ends) - begins;
}

/* 30 rungs of 10 cycles, and 60: as churn run judges a series. OWNED. *wanted: twice the cycles were asked for. */
static struct run *judge_with_twice(sample_fn fn, bool *wanted)
{
    struct run *run = sample_run(30), *twice = sample_run(60);
    const char *metric;
    sample_series(run, "open", sample_flat);
    sample_series(run, "idle", fn);
    sample_series(twice, "open", sample_flat);
    sample_series(twice, "idle", fn);
    sample_judge(run);
    cr_assert_eq(verdict_wants_dose(run, &metric), ERR_NONE);
    *wanted = metric != NULL;
    cr_assert(!metric || strcmp(metric, "idle") == 0);
    if (metric)
        cr_assert_eq(verdict_add_dose(run, twice), ERR_NONE);
    sample_judge(run);
    run_free(twice);
    return run;
}

/* The windows of the 30 rungs begin with the samples at 10, 110 and 210 cycles. */
Test(verdict_doubt, a_leak_is_seen_that_began_before_the_last_third)
{
    ends = INT64_MAX;
    for (begins = 0; begins <= 300; begins++) {
        bool wanted;
        struct run *run = judge_with_twice(ramp, &wanted);
        const struct found *found = sample_found(run, FINDING_GROWS, "idle");
        cr_assert_eq(run->status, begins < 210 ? STATUS_FAIL : STATUS_PASS, "%ld: %s", (long)begins, run->message);
        cr_assert_eq(wanted, begins < 210, "%ld", (long)begins);
        if (begins >= 110 && begins < 210) {
            cr_assert_float_eq(found->rate, 1, 1e-12, "%ld: its true rate, not that of the whole run", (long)begins);
            cr_assert_eq(found->rung, begins / 10, "%ld: %ld", (long)begins, (long)found->rung);
            cr_assert(strstr(run->message, "begins late"), "%s", run->message);
        }
        run_free(run);
    }
}

/* The windows of what 60 rungs have more begin at 310, 410 and 510: full by 410 it stands, and from there on 1.2 and 1.8
 * times the 100 cycles between two windows decide. */
Test(verdict_doubt, a_cache_that_fills_late_is_no_leak)
{
    for (begins = 110; begins < 210; begins += 7)
        for (ends = begins + 1; ends < 700; ends++) {
            bool wanted;
            struct run *run = judge_with_twice(ramp, &wanted);
            enum status status = ends <= 430 ? STATUS_PASS : ends < 490 ? STATUS_INCONCLUSIVE : STATUS_FAIL;
            cr_assert_eq(run->status, status, "%ld to %ld: %s", (long)begins, (long)ends, run->message);
            if (status == STATUS_INCONCLUSIVE)
                cr_assert(strstr(run->message, "growth of idle begins late and slows down: by 100 over a third of"),
                          "%s", run->message);
            run_free(run);
        }
}

static int64_t jump(size_t i, int64_t cycles)
{
    (void)i;
    return cycles > begins ? 1000000 : 3;
}

static int64_t saw_tooth(size_t i, int64_t cycles)
{
    (void)i;
    return (cycles + begins) % ends;
}

static bool grows_in_the_first_run(const struct run *run)
{
    return verdict_growth(run_series(run, "idle")->values, run->rung_count, run->cycles_per_rung, 1, 0).grows;
}

Test(verdict_doubt, jumps_and_saw_teeth_stay_bounded_with_twice_the_cycles)
{
    bool wanted;
    size_t asked = 0;
    for (begins = 0; begins < 600; begins += 3) {
        struct run *run = judge_with_twice(jump, &wanted);
        cr_assert_eq(run->status, STATUS_PASS, "%ld: %s", (long)begins, run->message);
        asked += wanted;
        run_free(run);
    }
    cr_assert_gt(asked, 10u);
    for (ends = 2; ends <= 200; ends++)
        for (begins = 0; begins < ends; begins += 1 + ends / 20) {
            struct run *run = judge_with_twice(saw_tooth, &wanted);
            if (wanted && !grows_in_the_first_run(run)) /* others beat with the rungs: that is D2 */
                cr_assert_eq(run->status, STATUS_PASS, "%ld, %ld: %s", (long)ends, (long)begins, run->message);
            run_free(run);
        }
    begins = 130, ends = 250; /* it falls at 120, 370 and 620: what comes after 300 rises by itself, and from nothing */
    struct run *run = judge_with_twice(saw_tooth, &wanted);
    cr_assert(wanted && run->status == STATUS_PASS, "%s", run->message);
    run_free(run);
}

/* Who failed already, or said that it may grow, or how, needs no second run. */
Test(verdict_doubt, what_needs_no_second_run)
{
    begins = 150, ends = INT64_MAX;
    for (int why = 0; why < 4; why++) {
        struct run *run = sample_run(30);
        const char *metric;
        sample_series(run, "idle", ramp);
        if (why == 0)
            cr_assert_eq(run_add_violation(run, "I5", "item 1", "twice", 1, 2), ERR_NONE);
        if (why == 1)
            cr_assert_eq(expectation_add_also(&run->expectation, "idle"), ERR_NONE);
        if (why == 2)
            sample_expect(run, FINDING_BOUNDED, "idle", RELATION_EXACT, ramp);
        sample_judge(run);
        cr_assert_eq(verdict_wants_dose(run, &metric), ERR_NONE);
        cr_assert_eq(metric != NULL, why == 3, "%d: %s", why, run->message);
        run_free(run);
    }
}

/* Between a plateau and a leak nothing is known: no failure, and never a pass, whatever the scenario is about. */
Test(verdict_doubt, growth_that_slows_down_is_inconclusive)
{
    static const enum finding expected[] = {FINDING_BOUNDED, FINDING_GROWS,   FINDING_VIOLATES, FINDING_HANGS,
                                            FINDING_LOST,    FINDING_CRASHES, FINDING_GROWS};
    for (size_t i = 0; i < ARRAY_LEN(expected); i++) {
        struct run *run = sample_run(30);
        sample_series(run, "idle", sample_three);
        sample_series(run, "tombstones", sample_seven);
        sample_expect(run, expected[i], "tombstones", RELATION_EXACT, sample_seven);
        if (expected[i] == FINDING_GROWS) /* of the metric itself, or of another */
            sample_expect(run, FINDING_GROWS, i == 1 ? "idle" : "tombstones", RELATION_GROWS,
                          i == 1 ? NULL : sample_seven);
        cr_assert_eq(run_add_dose(run, "idle", 600, 900), ERR_NONE);
        run->ending = expected[i] == FINDING_HANGS ? ENDING_HUNG : ENDING_DONE;
        run->tool_errors = expected[i] == FINDING_CRASHES;
        run->lost_bytes = expected[i] == FINDING_LOST;
        if (expected[i] == FINDING_VIOLATES)
            cr_assert_eq(run_add_violation(run, "I5", "item 1", "twice", 1, 2), ERR_NONE);
        cr_assert_eq(expectation_add_also(&run->expectation, "I4"), ERR_NONE);
        sample_judge(run);
        cr_assert_eq(run->status, STATUS_INCONCLUSIVE, "%zu: %s", i, run->message);
        cr_assert(strstr(run->message, "growth of idle slows down: by 600 over the rungs, by 900 with twice"), "%s",
                  run->message);
        run->doses[0].twice = 1200;
        sample_judge(run);
        cr_assert_eq(run->status, i == 1 ? STATUS_PASS : STATUS_FAIL, "%zu: %s", i, run->message);
        run_free(run);
    }
}

Test(verdict_doubt, predicted_growth_wants_no_second_dose)
{
    const char *metric = NULL;
    struct run *predicted = sample_run(30), *open_ended = sample_run(30);
    sample_series(predicted, "tombstones", sample_seven);
    sample_series(open_ended, "tombstones", sample_seven);
    sample_expect(predicted, FINDING_GROWS, "tombstones", RELATION_GROWS, sample_seven);
    sample_expect(open_ended, FINDING_GROWS, "tombstones", RELATION_GROWS, NULL);
    sample_judge(predicted);
    sample_judge(open_ended);
    cr_assert_eq(verdict_wants_dose(predicted, &metric), ERR_NONE);
    cr_assert_null(metric);
    cr_assert_eq(verdict_wants_dose(open_ended, &metric), ERR_NONE);
    cr_assert_str_eq(metric, "tombstones");
    run_free(predicted);
    run_free(open_ended);
}

Test(verdict_doubt, a_tool_that_counts_otherwise_breaks_the_run)
{
    struct run *run = sample_run(30);
    sample_series(run, "open", sample_flat);
    run->tool_blocks_growth = run->own_blocks_growth = 7000;
    run->tool_bytes_growth = 112000;
    sample_judge(run);
    cr_assert_eq(run->status, STATUS_PASS, "own bytes were not counted");
    run->own_bytes_growth = 111999;
    sample_judge(run);
    cr_assert_eq(run->status, STATUS_BROKEN);
    cr_assert(strstr(run->message, "112000") && strstr(run->message, "111999"), "%s", run->message);
    run->ending = ENDING_CRASHED;
    sample_judge(run);
    cr_assert_eq(run->status, STATUS_FAIL, "a crash was seen, whatever the numbers say");
    run_free(run);
}
