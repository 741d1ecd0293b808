/* Thousands of random runs, judged here and recomputed by scripts/verdict-oracle, which was written from the words of
 * docs/verdicts.md in another language. */
#include "harness/tests/test_verdict_sample.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define RUNS 3000

static int64_t pick(struct rng *rng, uint64_t bound)
{
    return (int64_t)rng_below(rng, bound);
}

static bool one_in(struct rng *rng, uint64_t n)
{
    return rng_below(rng, n) == 0;
}

/* A leak, a cache that fills, a jump, noise, or several of them at once. */
static int64_t draw_value(struct rng *rng, int shape, int64_t i, int64_t count)
{
    switch (shape) {
    case 0:
        return 40;
    case 1:
        return i;
    case 2:
        return i / 3;
    case 3:
        return i < count / 2 ? i : count / 2;
    case 4:
        return i > count / 2 ? 1000 : 0;
    case 5:
        return pick(rng, 6);
    case 6:
        return i + pick(rng, 9);
    default:
        return -7 * i * (count - i);
    }
}

static void draw_series(struct rng *rng, struct run *run, const char *name)
{
    int shape = (int)rng_below(rng, 8);
    int64_t factor = 1 + pick(rng, 5), missing = one_in(rng, 40) ? pick(rng, 30) : -1;
    for (size_t i = 0; i < run->rung_count; i++) {
        int64_t value = factor * draw_value(rng, one_in(rng, 2) ? shape : 0, (int64_t)i, (int64_t)run->rung_count);
        value = one_in(rng, 2) ? value : factor * draw_value(rng, shape, (int64_t)i, (int64_t)run->rung_count);
        cr_assert_eq(run_sample(run, name, i, (int64_t)i == missing ? RECORD_NONE : value), ERR_NONE);
    }
}

static void draw_formula(struct rng *rng, struct run *run, const char *name, struct expected_metric *expected)
{
    const struct series *series = run_series(run, name);
    if (one_in(rng, 3))
        return;
    expected->predicted = true;
    expected->values = calloc(run->rung_count + 1, sizeof(int64_t));
    for (size_t i = 0; i < run->rung_count; i++)
        expected->values[i] = series ? series->values[i] : (int64_t)i;
    if (run->rung_count > 0 && one_in(rng, 3))
        expected->values[pick(rng, run->rung_count)] = one_in(rng, 4) ? RECORD_NONE : pick(rng, 100);
}

static void draw_expectation(struct rng *rng, struct run *run)
{
    static const enum finding findings[] = {FINDING_BOUNDED, FINDING_GROWS, FINDING_GROWS,   FINDING_BOUNDED,
                                            FINDING_LOST,    FINDING_HANGS, FINDING_CRASHES, FINDING_VIOLATES};
    static const char *const names[] = {"tombstones", "created", "open", "fds", "nobody_knows"};
    static const char *const also[] = {"I4", "bytes_live", "idle", "hangs", "I1", "bytes_live.slots"};
    run->expectation.finding = findings[rng_below(rng, ARRAY_LEN(findings))];
    if (run->expectation.finding == FINDING_VIOLATES && !one_in(rng, 4))
        sample_text(&run->expectation.violates, one_in(rng, 2) ? "I1" : "I6");
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        struct expected_metric *expected;
        if (!one_in(rng, 3))
            continue;
        enum relation relation = (enum relation)rng_below(rng, RELATION_COUNT);
        cr_assert_eq(expectation_add_metric(&run->expectation, names[i], relation, &expected), ERR_NONE);
        draw_formula(rng, run, names[i], expected);
    }
    for (size_t i = 0; i < ARRAY_LEN(also); i++)
        if (one_in(rng, 4))
            cr_assert_eq(expectation_add_also(&run->expectation, also[i]), ERR_NONE);
}

static void draw_events(struct rng *rng, struct run *run)
{
    if (one_in(rng, 6))
        run->ending = (enum ending)rng_below(rng, ENDING_COUNT);
    run->ending_code = one_in(rng, 2) ? ENDING_CODE_LOST : 3;
    run->lost_bytes = one_in(rng, 10);
    run->tool_errors = one_in(rng, 12);
    if (one_in(rng, 6))
        cr_assert_eq(run_add_violation(run, one_in(rng, 2) ? "I1" : "I5", "item 3", "detail", 1, 2), ERR_NONE);
    if (one_in(rng, 8))
        sample_text(&run->twin_differs, one_in(rng, 2) ? "" : "open");
    if (one_in(rng, 8))
        sample_text(&run->control, one_in(rng, 2) ? NULL : "not caught");
    for (size_t i = 0; i < run->series_count; i++)
        if (one_in(rng, 6))
            cr_assert_eq(run_add_dose(run, run->series[i].name, pick(rng, 50), pick(rng, 150)), ERR_NONE);
}

static struct run *draw_run(struct rng *rng)
{
    static const char *const names[] = {
        "tombstones",  "created",   "open", "fds",   "bytes_live",         "bytes_live.slots", "idle",
        "gets_failed", "rss_bytes", "free", "holds", "tombstones_foreign", "gets_leased"};
    struct run *run = sample_run(one_in(rng, 6) ? rng_below(rng, 6) : rng_below(rng, 40));
    bool invalidates = one_in(rng, 2), gets = one_in(rng, 2);
    run->cycles_per_rung = 1 + pick(rng, 30);
    run->period = one_in(rng, 5) ? pick(rng, 200) : 1;
    run->pool_max = RECORD_NONE;
    for (size_t i = 0; i < run->rung_count; i++) {
        run->rung_cycles[i] = 17 + (int64_t)i * run->cycles_per_rung;
        run->rung_invalidations[i] = invalidates ? 3 * run->rung_cycles[i] : 0;
        run->rung_gets[i] = gets ? 7 * run->rung_cycles[i] : 0;
        if (one_in(rng, 1000))
            run->rung_ops[run->rung_count - 1] = run->rung_ops[0];
    }
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (!one_in(rng, 3))
            draw_series(rng, run, names[i]);
    const struct series *population = run_series(run, "bytes_live.slots");
    for (int64_t i = pick(rng, 12); population && i-- > 0;)
        if (i < (int64_t)run->rung_count)
            population->values[i] = RECORD_NONE; /* it appeared late */
    draw_expectation(rng, run);
    draw_events(rng, run);
    return run;
}

static int ask(const char *script, const char *path, char *said, size_t size)
{
    char command[256];
    snprintf(command, sizeof(command), "scripts/%s %s 2>&1", script, path);
    FILE *oracle = popen(command, "r");
    cr_assert_not_null(oracle);
    size_t length = fread(said, 1, size - 1, oracle);
    said[length] = '\0';
    return pclose(oracle);
}

static void judge_and_save(struct results *results, const char *path)
{
    struct problem why = {0};
    for (size_t i = 0; i < results->run_count; i++)
        results->runs[i]->seed = i; /* nothing to compare between backends */
    cr_assert_eq(verdict_judge(results), ERR_NONE);
    cr_assert_eq(results_save(results, path, &why), ERR_NONE, "%s", why.text);
}

static struct results *draw_results(uint64_t seed, size_t count)
{
    char *words[] = {(char[]){"test"}};
    struct rng rng;
    struct results *results = results_make();
    rng_init(&rng, seed);
    cr_assert_eq(results_describe(results, "test", ARRAY_LEN(words), words), ERR_NONE);
    for (size_t i = 0; i < count; i++)
        cr_assert_eq(results_add(results, draw_run(&rng)), ERR_NONE);
    return results;
}

Test(oracle, agrees_on_random_runs, .timeout = 120)
{
    char path[] = "/tmp/churn-oracle-XXXXXX", said[4000];
    if (system("command -v python3 >/dev/null") != 0)
        cr_skip_test("python3 is not here: nothing recomputes the judge's numbers");
    int fd = mkstemp(path);
    cr_assert_geq(fd, 0);
    close(fd);
    struct results *results = draw_results(9306, RUNS);
    judge_and_save(results, path);
    cr_assert_eq(ask("verdict-oracle", path, said, sizeof(said)), 0, "%s", said);
    cr_assert_eq(ask("check-results", path, said, sizeof(said)), 0, "%s", said);
    for (int i = 0; i < STATUS_COUNT; i++)
        cr_assert_geq(results_count_status(results, (enum status)i), RUNS / 100, "too few runs are %s to be a test",
                      status_name((enum status)i));

    /* and it does see a difference */
    for (size_t i = 0; i < results->run_count; i++)
        if (results->runs[i]->status == STATUS_PASS) {
            results->runs[i]->status = STATUS_FAIL;
            break;
        }
    struct problem why;
    cr_assert_eq(results_save(results, path, &why), ERR_NONE);
    cr_assert_neq(ask("verdict-oracle", path, said, sizeof(said)), 0, "%s", said);
    unlink(path);
    results_free(results);
}
