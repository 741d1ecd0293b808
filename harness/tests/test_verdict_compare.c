#include "harness/tests/test_verdict_sample.h"

#include <criterion/criterion.h>
#include <string.h>

/* What a run shows: nothing, growth at a rate, a broken invariant, or it proves nothing. */
enum shows { FLAT, THREE, SEVEN, TWICE_LEASED, SKIPPED, ABSENT, SHOWS_COUNT };

static struct run *show(enum shows shows)
{
    if (shows == ABSENT)
        return NULL;
    struct run *run = sample_run(30);
    sample_series(run, "tombstones", shows == THREE ? sample_three : shows == SEVEN ? sample_seven : sample_flat);
    if (shows == TWICE_LEASED)
        cr_assert_eq(run_add_violation(run, "I5", "item 1", "twice", 4, 130), ERR_NONE);
    if (shows == SKIPPED)
        run->ending = ENDING_SKIPPED;
    sample_judge(run);
    return run;
}

Test(verdict_compare, every_change_has_a_name)
{
    enum {
        F = COMPARISON_FIXED,
        N = COMPARISON_NEW,
        W = COMPARISON_WORSE,
        B = COMPARISON_BETTER,
        U = COMPARISON_UNCHANGED,
        M = COMPARISON_MISSING
    };
    /* columns: flat, three, seven, leased twice, skipped, absent */
    static const int expected[SHOWS_COUNT][SHOWS_COUNT] = {
        {U, N, N, N, M, M}, /* flat */
        {F, U, W, W, M, M}, /* three */
        {F, B, U, W, M, M}, /* seven */
        {F, B, B, U, M, M}, /* leased twice */
        {U, N, N, N, U, U}, /* skipped: as if it were not there */
        {U, N, N, N, U, U}, /* absent */
    };
    for (int b = 0; b < SHOWS_COUNT; b++)
        for (int h = 0; h < SHOWS_COUNT; h++) {
            struct run *base = show((enum shows)b), *head = show((enum shows)h);
            enum comparison found = verdict_compare_runs(base, head);
            cr_expect_eq((int)found, expected[b][h], "%d -> %d: %s", b, h, comparison_name(found));
            run_free(base);
            run_free(head);
        }
}

Test(verdict_compare, the_fix_removes_a_part_of_the_growth)
{
    static const struct {
        enum shows buggy, fixed;
        bool reproduced, known, other;
        double after, removed;
    } rows[] = {
        {SEVEN, FLAT, true, true, false, 0, 100},
        {SEVEN, THREE, true, true, false, 3, 100.0 * 4 / 7},
        {THREE, SEVEN, true, true, false, 7, -100.0 * 4 / 3},
        {SEVEN, TWICE_LEASED, true, true, true, 0, 100},
        {FLAT, FLAT, false, false, false, 0, 0},
        {SEVEN, SKIPPED, true, false, false, 0, 0},
        {SKIPPED, FLAT, false, false, false, 0, 0},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct run *buggy = show(rows[i].buggy), *fixed = show(rows[i].fixed);
        struct arms arms = verdict_compare_arms(buggy, fixed);
        cr_expect_eq(arms.reproduced, rows[i].reproduced, "row %zu", i);
        cr_expect_eq(arms.known, rows[i].known, "row %zu", i);
        cr_expect_eq(arms.other != NULL, rows[i].other, "row %zu", i);
        cr_expect_eq(arms.after, rows[i].after, "row %zu", i);
        cr_expect_float_eq(arms.removed, rows[i].removed, 1e-9, "row %zu: %g", i, arms.removed);
        run_free(buggy);
        run_free(fixed);
    }
}
