#include "harness/tests/test_verdict_sample.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

struct run *sample_run(size_t rungs)
{
    struct run *run = run_make();
    cr_assert_not_null(run);
    sample_text(&run->scenario, "sample");
    sample_text(&run->pool, "broadcast");
    sample_text(&run->backend, "native");
    sample_text(&run->control, ""); /* a planted leak was caught */
    run->cycles_per_rung = 10;
    run->period = 1;
    run->pool_max = 4;
    for (size_t i = 0; i < rungs; i++) {
        size_t rung;
        int64_t cycles = 10 * (int64_t)(i + 1);
        cr_assert_eq(run_add_rung(run, 3 * cycles, cycles, cycles, cycles, &rung), ERR_NONE);
    }
    run->ops = 30 * (int64_t)rungs;
    return run;
}

void sample_series(struct run *run, const char *name, sample_fn fn)
{
    for (size_t i = 0; i < run->rung_count; i++)
        cr_assert_eq(run_sample(run, name, i, fn(i, run->rung_cycles[i])), ERR_NONE);
}

int64_t sample_flat(size_t i, int64_t cycles)
{
    (void)i;
    (void)cycles;
    return 5;
}

int64_t sample_one(size_t i, int64_t cycles)
{
    (void)i;
    return cycles;
}

int64_t sample_three(size_t i, int64_t cycles)
{
    (void)i;
    return 3 * cycles;
}

int64_t sample_seven(size_t i, int64_t cycles)
{
    (void)i;
    return 7 * cycles;
}

void sample_expect(struct run *run, enum finding finding, const char *metric, enum relation relation, sample_fn fn)
{
    struct expected_metric *expected;
    run->expectation.finding = finding;
    if (!metric)
        return;
    cr_assert_eq(expectation_add_metric(&run->expectation, metric, relation, &expected), ERR_NONE);
    if (!fn)
        return;
    expected->predicted = true;
    expected->values = calloc(run->rung_count + 1, sizeof(int64_t));
    for (size_t i = 0; i < run->rung_count; i++)
        expected->values[i] = fn(i, run->rung_cycles[i]);
}

void sample_text(char **field, const char *text)
{
    cr_assert_eq(run_set_text(field, text), ERR_NONE);
}

void sample_judge(struct run *run)
{
    cr_assert_eq(verdict_judge_run(run), ERR_NONE);
    cr_assert_not_null(run->message);
}

const struct found *sample_found(const struct run *run, enum finding finding, const char *metric)
{
    for (size_t i = 0; i < run->found_count; i++) {
        const struct found *found = &run->found[i];
        if (found->finding == finding && (!metric || (found->metric && strcmp(found->metric, metric) == 0)))
            return found;
    }
    return NULL;
}
