#include "harness/verdict/verdict.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>

/* ---- the series the rule was made for, as functions of the cycles done ------------------------- */

static int64_t flat(int64_t n)
{
    (void)n;
    return 42;
}

static int64_t fills_to_50(int64_t n)
{
    return n < 50 ? n : 50;
}

static int64_t saw_tooth(int64_t n)
{
    return n % 37;
}

static int64_t falls(int64_t n)
{
    return 1000 - n;
}

static int64_t one(int64_t n)
{
    return n;
}

static int64_t seven(int64_t n)
{
    return 7 * n;
}

static int64_t one_in_three(int64_t n)
{
    return n / 3;
}

/* +6, -6, +1, and so on */
static int64_t periodic(int64_t n)
{
    return n / 3 + (n % 3 == 1 ? 6 : 0);
}

static int64_t starts_late(int64_t n)
{
    return n < 75 ? 0 : n - 75;
}

static int64_t bursts(int64_t n)
{
    return n / 30 * 10;
}

static int64_t rides_on_saw_tooth(int64_t n)
{
    return n + 50 * (n / 10 % 2);
}

static int64_t falls_then_rises(int64_t n)
{
    return n < 150 ? 150 - n : n - 150;
}

#define RUNGS  30
#define CYCLES 10

static struct growth judge(int64_t (*series)(int64_t))
{
    int64_t values[RUNGS];
    for (int64_t i = 0; i < RUNGS; i++)
        values[i] = series((i + 1) * CYCLES);
    return verdict_growth(values, RUNGS, CYCLES, 1, 0);
}

/* e1 and e3 are written out by hand: the least of cycles 10..100 and of 210..300; the rate is their difference over
 * 200 cycles. */
Test(verdict_growth, the_series_the_rule_was_made_for)
{
    static const struct {
        const char *name;
        int64_t (*series)(int64_t);
        bool grows, is_flat;
        int64_t e1, e3;
    } rows[] = {
        {"flat", flat, false, true, 42, 42},
        {"a cache that fills to 50", fills_to_50, false, false, 10, 50},
        {"saw-tooth", saw_tooth, false, false, 3, 1},
        {"falls", falls, false, false, 900, 700},
        {"+1 per cycle", one, true, false, 10, 210},
        {"+7 per cycle", seven, true, false, 70, 1470},
        {"+1 in 3 cycles", one_in_three, true, false, 3, 70},
        {"+6 -6 +1", periodic, true, false, 6, 70},
        {"late start, in the first third", starts_late, true, false, 0, 135},
        {"bursts of 10 in 30 cycles", bursts, true, false, 0, 70},
        {"+1 under a saw-tooth", rides_on_saw_tooth, true, false, 20, 220},
        {"falls, then rises", falls_then_rises, false, false, 50, 60},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct growth growth = judge(rows[i].series);
        cr_assert(growth.judged && growth.window == 10, "%s", rows[i].name);
        cr_assert_eq(growth.grows, rows[i].grows, "%s", rows[i].name);
        cr_assert_eq(growth.flat, rows[i].is_flat, "%s", rows[i].name);
        cr_assert_eq(growth.e1, rows[i].e1, "%s: e1 is %ld", rows[i].name, (long)growth.e1);
        cr_assert_eq(growth.e3, rows[i].e3, "%s: e3 is %ld", rows[i].name, (long)growth.e3);
        cr_assert_float_eq(growth.rate, (double)(rows[i].e3 - rows[i].e1) / 200, 1e-12, "%s", rows[i].name);
    }
}

/* A single jump is forgiven wherever it happens, and however large it is. */
Test(verdict_growth, one_jump_anywhere)
{
    for (size_t at = 0; at <= RUNGS; at++) {
        int64_t values[RUNGS];
        for (size_t i = 0; i < RUNGS; i++)
            values[i] = i < at ? 3 : 1000000;
        cr_assert_not(verdict_growth(values, RUNGS, CYCLES, 1, 0).grows, "at rung %zu", at);
    }
}

/* The price of that: a leak that begins after the first window looks like a jump, and is only called late when it began before
 * the last. Twice the cycles tell then (test_verdict_doubt.c). */
Test(verdict_growth, a_late_start_shows_when_it_lies_in_the_first_window)
{
    for (size_t at = 0; at < RUNGS; at++) {
        int64_t values[RUNGS];
        for (size_t i = 0; i < RUNGS; i++)
            values[i] = i < at ? 0 : (int64_t)(i - at);
        struct growth growth = verdict_growth(values, RUNGS, CYCLES, 1, 0);
        cr_assert_eq(growth.grows, at < 10, "at rung %zu", at);
        cr_assert_eq(growth.late, at >= 10 && at < 20, "at rung %zu", at);
    }
}

Test(verdict_growth, too_little_to_judge)
{
    int64_t values[] = {1, 2, 3, 4, 5, 6};
    cr_assert_not(verdict_growth(values, 0, 10, 1, 0).judged);
    cr_assert_not(verdict_growth(values, 2, 10, 1, 0).judged);
    cr_assert(verdict_growth(values, 3, 10, 1, 0).grows);
    cr_assert_not(verdict_growth(values, 6, 0, 1, 0).judged, "no cycles");
    cr_assert_not(verdict_growth(values, 6, -1, 1, 0).judged);
    cr_assert(verdict_growth(values, 6, 10, 20, 0).judged, "a window is one period");
    cr_assert_not(verdict_growth(values, 6, 10, 21, 0).judged, "a window is less than a period");
    values[0] = RECORD_NONE;
    cr_assert_not(verdict_growth(values, 6, 10, 1, 0).judged);
}

Test(verdict_growth, rungs_over_are_dropped_at_the_front)
{
    int64_t values[] = {-100, 90, 5, 5, 5, 5, 5, 5};
    struct growth growth = verdict_growth(values, 8, 10, 1, 0);
    cr_assert(growth.window == 2 && growth.e1 == 5 && !growth.grows && !growth.flat);
}

Test(verdict_growth, a_budget_is_per_cycle)
{
    int64_t values[] = {0, 10, 20};
    cr_assert(verdict_growth(values, 3, 10, 1, 0.99).grows);
    cr_assert_not(verdict_growth(values, 3, 10, 1, 1.0).grows, "exactly the budget is within it");
}

Test(verdict_growth, the_largest_numbers)
{
    int64_t values[] = {INT64_MIN + 1, 0, INT64_MAX};
    struct growth growth = verdict_growth(values, 3, 1, 1, 0);
    cr_assert(growth.grows && isfinite(growth.rate));
    cr_assert_float_eq(growth.rate, 9223372036854775807.0, 1e4);
}

/* ---- properties --------------------------------------------------------------------------------- */

struct random_series {
    int64_t values[64];
    size_t count;
    int64_t cycles;
};

/* Leaks, caches, noise and mixtures of them. */
static struct random_series draw(struct rng *rng)
{
    struct random_series out = {.count = 3 + rng_below(rng, 50), .cycles = 1 + (int64_t)rng_below(rng, 20)};
    int64_t slope = (int64_t)rng_below(rng, 4), cap = (int64_t)rng_below(rng, 60);
    uint64_t noise = rng_below(rng, 3) ? rng_below(rng, 8) : 0;
    for (size_t i = 0; i < out.count; i++) {
        int64_t ramp = (int64_t)i < cap ? (int64_t)i : cap;
        out.values[i] = slope * ramp + (noise ? (int64_t)rng_below(rng, noise) : 0);
    }
    return out;
}

static struct growth judge_drawn(const struct random_series *drawn)
{
    return verdict_growth(drawn->values, drawn->count, drawn->cycles, 1, 0);
}

Test(verdict_growth, a_constant_changes_nothing_and_a_factor_only_the_rate)
{
    struct rng rng;
    rng_init(&rng, 9306);
    int grew = 0;
    for (int round = 0; round < 3000; round++) {
        struct random_series drawn = draw(&rng), moved = drawn, scaled = drawn;
        for (size_t i = 0; i < drawn.count; i++) {
            moved.values[i] += 1000003;
            scaled.values[i] *= 8;
        }
        struct growth growth = judge_drawn(&drawn), other = judge_drawn(&moved), larger = judge_drawn(&scaled);
        cr_assert(growth.judged && growth.grows == other.grows && growth.rate == other.rate &&
                  growth.flat == other.flat);
        cr_assert(growth.grows == larger.grows && larger.rate == 8 * growth.rate);
        grew += growth.grows;
    }
    cr_assert(grew > 300 && grew < 2700, "the series should be of both kinds: %d of 3000 grow", grew);
}

Test(verdict_growth, nothing_grows_both_ways_in_time)
{
    struct rng rng;
    rng_init(&rng, 7);
    for (int round = 0; round < 3000; round++) {
        struct random_series drawn = draw(&rng);
        drawn.count -= drawn.count % 3; /* so that both ways have the same windows */
        struct random_series reversed = drawn;
        for (size_t i = 0; i < drawn.count; i++)
            reversed.values[i] = drawn.values[drawn.count - 1 - i];
        struct growth growth = judge_drawn(&drawn), backwards = judge_drawn(&reversed);
        cr_assert_not(growth.grows && backwards.grows);
        cr_assert_eq(growth.rate, -backwards.rate);
    }
}

Test(verdict_growth, the_order_inside_a_window_does_not_matter)
{
    struct rng rng;
    rng_init(&rng, 11);
    for (int round = 0; round < 1000; round++) {
        struct random_series drawn = draw(&rng), shuffled = drawn;
        size_t k = drawn.count / 3, front = drawn.count % 3;
        for (size_t i = 0; i < 3 * k; i++) {
            size_t window = i / k * k, other = window + rng_below(&rng, k);
            int64_t kept = shuffled.values[front + i];
            shuffled.values[front + i] = shuffled.values[front + other];
            shuffled.values[front + other] = kept;
        }
        struct growth growth = judge_drawn(&drawn), again = judge_drawn(&shuffled);
        cr_assert(growth.grows == again.grows && growth.rate == again.rate && growth.e2 == again.e2);
    }
}

/* ---- doses ---------------------------------------------------------------------------------------- */

Test(verdict_dose, bounds)
{
    cr_assert_eq(verdict_dose(100, 0), DOSE_PLATEAU);
    cr_assert_eq(verdict_dose(100, -50), DOSE_PLATEAU);
    cr_assert_eq(verdict_dose(100, 120), DOSE_PLATEAU);
    cr_assert_eq(verdict_dose(100, 121), DOSE_SLOWING);
    cr_assert_eq(verdict_dose(100, 179), DOSE_SLOWING);
    cr_assert_eq(verdict_dose(100, 180), DOSE_LINEAR);
    cr_assert_eq(verdict_dose(100, 220), DOSE_LINEAR);
    cr_assert_eq(verdict_dose(100, 221), DOSE_UNCLEAR);
    cr_assert_eq(verdict_dose(100, 349), DOSE_UNCLEAR);
    cr_assert_eq(verdict_dose(100, 350), DOSE_SUPERLINEAR);
    cr_assert_eq(verdict_dose(0, 10), DOSE_UNCLEAR);
    cr_assert_eq(verdict_dose(-5, 10), DOSE_UNCLEAR);
    cr_assert_eq(verdict_dose(2, 2), DOSE_PLATEAU);
    cr_assert_eq(verdict_dose(2, 3), DOSE_LINEAR, "one entry more or less");
    cr_assert_eq(verdict_dose(3, 4), DOSE_SLOWING);
    cr_assert_eq(verdict_dose(3, 5), DOSE_LINEAR);
    cr_assert_eq(verdict_dose(INT64_MAX, 3), DOSE_PLATEAU);
}

/* What a series is after so many cycles; `at` is its parameter. */
typedef double (*shape_fn)(double cycles, double at);

static double leaks_from(double cycles, double at)
{
    return cycles > at ? cycles - at : 0;
}

static double one_in(double cycles, double at)
{
    return floor((cycles + 37) / at); /* a phase */
}

static double fills_until(double cycles, double at)
{
    return cycles < at ? cycles : at;
}

static double root(double cycles, double at)
{
    return floor(at * sqrt(cycles));
}

/* What twice the cycles say of a shape, 30 rungs of 10 cycles each and 60. False: D2 sees no growth in the 30. */
static bool dose_of_shape(shape_fn shape, double at, enum dose *out)
{
    int64_t values[60];
    for (size_t i = 0; i < 60; i++)
        values[i] = (int64_t)shape(10.0 * (double)(i + 1), at);
    struct growth once = verdict_growth(values, 30, 10, 1, 0), twice = verdict_growth(values, 60, 10, 1, 0);
    *out = verdict_dose(once.e3 - once.e1, twice.e3 - twice.e1);
    return once.grows;
}

/* No leak at a steady rate is taken for anything else, whenever it begins and however rare it is; what only fills is not
 * taken for one unless it fills until the end of twice the cycles. */
Test(verdict_dose, shapes)
{
    enum dose dose;
    size_t slowing = 0, plateaus = 0;
    for (double at = 0; at < 300; at += 0.5)
        if (dose_of_shape(leaks_from, at, &dose))
            cr_assert(dose == DOSE_LINEAR || dose == DOSE_UNCLEAR, "a leak from cycle %g on: %d", at, dose);
    for (double at = 0.3; at < 300; at += 0.07)
        if (dose_of_shape(one_in, at, &dose))
            cr_assert(dose == DOSE_LINEAR, "one entry in %g cycles: %d", at, dose);
    for (double at = 10; at < 800; at++)
        if (dose_of_shape(fills_until, at, &dose)) {
            slowing += dose == DOSE_SLOWING;
            plateaus += dose == DOSE_PLATEAU;
            cr_assert_eq(dose == DOSE_LINEAR, at >= 10 + 1.8 * 200, "a cache of %g: %d", at, dose);
        }
    cr_assert_gt(slowing, 100u);
    cr_assert_gt(plateaus, 100u);
    for (double at = 2; at < 50; at++)
        if (dose_of_shape(root, at, &dose))
            cr_assert_eq(dose, DOSE_SLOWING, "a root of %g: %d", at, dose);
}
