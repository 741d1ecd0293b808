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

enum dose dose_of(const struct run *run, const char *metric)
{
    for (size_t i = 0; i < run->dose_count; i++)
        if (strcmp(run->doses[i].metric, metric) == 0)
            return verdict_dose(run->doses[i].single, run->doses[i].twice);
    return DOSE_UNCLEAR;
}

static int64_t rise(const struct growth *growth)
{
    int64_t difference;
    return __builtin_sub_overflow(growth->e3, growth->e1, &difference) ? INT64_MAX : difference;
}

enum err verdict_add_dose(struct run *run, const struct run *twice)
{
    for (size_t i = 0; i < run->series_count; i++) {
        const struct series *series = &run->series[i], *other = run_series(twice, series->name);
        struct growth once, more;
        if (!other || (!series_is_level(series) && !expectation_metric(run, series->name)))
            continue;
        if (series_growth(run, series, &once) != ERR_NONE || series_growth(twice, other, &more) != ERR_NONE)
            return ERR_MEMORY;
        if (once.grows && more.judged && run_add_dose(run, series->name, rise(&once), rise(&more)) != ERR_NONE)
            return ERR_MEMORY;
    }
    return ERR_NONE;
}

static bool was_dosed(const struct run *run, const char *metric)
{
    for (size_t i = 0; i < run->dose_count; i++)
        if (strcmp(run->doses[i].metric, metric) == 0)
            return true;
    return false;
}

bool verdict_wants_dose(const struct run *run, const char **metric)
{
    for (size_t i = 0; i < run->found_count; i++) {
        const struct found *found = &run->found[i];
        if (found->finding != FINDING_GROWS || run->ending != ENDING_DONE || was_dosed(run, found->metric))
            continue;
        const struct expected_metric *expected = expectation_metric(run, found->metric);
        bool companion = found->expected && !expected;
        if (companion || expectation_has_formula(expected))
            continue;
        *metric = found->metric;
        return true;
    }
    return false;
}
