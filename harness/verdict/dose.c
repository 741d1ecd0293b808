/* D3: how growth answers twice the cycles. A leak doubles, a cache that was still filling does not. */
#include "harness/verdict/verdict_internal.h"

#include <string.h>

/* One entry in P cycles, whatever P is, has grown by n in some cycles and by 2n - 1 to 2n + 1 in twice as many. */
#define ROUNDING 1

enum dose verdict_dose(int64_t growth_single, int64_t growth_twice)
{
    if (growth_single <= 0)
        return DOSE_UNCLEAR;
    double ratio = (double)growth_twice / (double)growth_single;
    double off = (double)growth_twice - 2 * (double)growth_single;
    if ((ratio >= 1.8 && ratio <= 2.2) || (off >= -ROUNDING && off <= ROUNDING))
        return DOSE_LINEAR;
    if (ratio <= 1.2)
        return DOSE_PLATEAU;
    if (ratio >= 3.5)
        return DOSE_SUPERLINEAR;
    return ratio < 1.8 ? DOSE_SLOWING : DOSE_UNCLEAR;
}

const struct dose_growth *dose_find(const struct run *run, const char *metric)
{
    for (size_t i = 0; i < run->dose_count; i++)
        if (strcmp(run->doses[i].metric, metric) == 0)
            return &run->doses[i];
    return NULL;
}

enum dose dose_of(const struct run *run, const char *metric)
{
    const struct dose_growth *dose = dose_find(run, metric);
    return dose ? verdict_dose(dose->single, dose->twice) : DOSE_UNCLEAR;
}

static int64_t rise(int64_t from, int64_t to)
{
    int64_t difference;
    return __builtin_sub_overflow(to, from, &difference) ? INT64_MAX : difference;
}

/* Is it looked at, whatever its numbers are? */
static bool is_judged(const struct run *run, const struct series *series)
{
    return series_is_level(series) || budget_of(run, series->name) || expectation_metric(run, series->name);
}

/* What rose late is a leak when it goes on: when the rungs that the longer run has more grow by themselves, from above where
 * the first run ended, to above all that was seen in its second window. A jump and a cache that filled late do not go on, and what
 * swings ends where it was before. */
static enum err add_late(struct run *run, const struct run *twice, const struct series *other,
                         const struct growth *once)
{
    struct growth more;
    if (twice->rung_count < run->rung_count)
        return ERR_NONE;
    if (series_growth_from(twice, other, run->rung_count, &more) != ERR_NONE)
        return ERR_MEMORY;
    if (!more.grows || more.e1 <= once->e3 || more.e3 <= once->top)
        return ERR_NONE;
    return run_add_dose(run, other->name, rise(more.e1, more.e2), rise(more.e1, more.e3));
}

static enum err add_growth(struct run *run, const struct run *twice, const struct series *other,
                           const struct growth *once)
{
    struct growth more;
    if (series_growth_from(twice, other, 0, &more) != ERR_NONE)
        return ERR_MEMORY;
    return more.judged ? run_add_dose(run, other->name, rise(once->e1, once->e3), rise(more.e1, more.e3)) : ERR_NONE;
}

enum err verdict_add_dose(struct run *run, const struct run *twice)
{
    for (size_t i = 0; i < run->series_count; i++) {
        const struct series *series = &run->series[i], *other = run_series(twice, series->name);
        struct growth once;
        enum err err = ERR_NONE;
        if (!other || !is_judged(run, series))
            continue;
        if (series_growth_from(run, series, 0, &once) != ERR_NONE)
            return ERR_MEMORY;
        if (once.grows)
            err = add_growth(run, twice, other, &once);
        else if (once.late)
            err = add_late(run, twice, other, &once);
        if (err != ERR_NONE)
            return err;
    }
    return ERR_NONE;
}

static bool growth_wants_dose(const struct run *run, const struct found *found)
{
    const struct expected_metric *expected = expectation_metric(run, found->metric);
    bool companion = found->expected && !expected;
    return found->finding == FINDING_GROWS && !dose_find(run, found->metric) && !companion &&
           !expectation_has_formula(expected);
}

static enum err late_rise_wants_dose(const struct run *run, const struct series *series, bool *wants)
{
    struct growth growth = {0};
    const char *name = series->name;
    bool open = is_judged(run, series) && !dose_find(run, name) && !expectation_allows(run, name) &&
                !expectation_has_formula(expectation_metric(run, name));
    enum err err = open ? series_growth_from(run, series, 0, &growth) : ERR_NONE;
    *wants = growth.late;
    return err;
}

enum err verdict_wants_dose(const struct run *run, const char **metric)
{
    *metric = NULL;
    if (run->ending != ENDING_DONE)
        return ERR_NONE;
    for (size_t i = 0; i < run->found_count && !*metric; i++)
        if (growth_wants_dose(run, &run->found[i]))
            *metric = run->found[i].metric;
    for (size_t i = 0; i < run->series_count && !*metric && run->status != STATUS_FAIL; i++) {
        bool wants;
        if (late_rise_wants_dose(run, &run->series[i], &wants) != ERR_NONE)
            return ERR_MEMORY;
        *metric = wants ? run->series[i].name : NULL;
    }
    return ERR_NONE;
}
