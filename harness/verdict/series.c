/* How one series of a run is looked at: its growth, what is expected of it, in which unit its rate is told. */
#include "harness/verdict/verdict_internal.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool series_is_level(const struct series *series)
{
    const struct metric *metric = metric_find(series->name);
    return metric && metric->kind == METRIC_LEVEL;
}

static bool has_unit(const char *name, const char *unit)
{
    const struct metric *metric = metric_find(name);
    return metric && strcmp(metric->unit, unit) == 0;
}

bool is_memory(const char *metric)
{
    return has_unit(metric, "bytes") || has_unit(metric, "blocks");
}

bool is_descriptors(const char *metric)
{
    return has_unit(metric, "descriptors");
}

enum err series_growth_from(const struct run *run, const struct series *series, size_t first, struct growth *out)
{
    size_t count = run->rung_count;
    *out = (struct growth){0};
    int64_t *values = calloc(count + 1, sizeof(*values));
    if (!values)
        return ERR_MEMORY;
    bool population = strchr(series->name, '.') != NULL;
    bool seen = false;
    for (size_t i = 0; i < count; i++) {
        seen = seen || series->values[i] != RECORD_NONE;
        values[i] = population && !seen ? 0 : series->values[i];
    }
    *out = verdict_growth(values + first, count - first, run->cycles_per_rung, run->period,
                          budget_per_cycle(run, series->name));
    free(values);
    return ERR_NONE;
}

enum err series_growth(const struct run *run, const struct series *series, struct growth *out)
{
    if (series_growth_from(run, series, 0, out) != ERR_NONE)
        return ERR_MEMORY;
    const struct dose_growth *dose = out->late ? dose_find(run, series->name) : NULL;
    if (dose) {
        out->rate = (double)dose->twice / (2 * (double)out->window * (double)run->cycles_per_rung);
        out->grows = out->rate > budget_per_cycle(run, series->name);
    }
    return ERR_NONE;
}

const struct expected_metric *expectation_metric(const struct run *run, const char *name)
{
    for (size_t i = 0; i < run->expectation.metric_count; i++)
        if (strcmp(run->expectation.metrics[i].name, name) == 0)
            return &run->expectation.metrics[i];
    return NULL;
}

bool expectation_has_formula(const struct expected_metric *expected)
{
    return expected && expected->predicted && expected->values;
}

double counts_per_cycle(const struct run *run, const int64_t *counts)
{
    if (run->rung_count < 2)
        return 0;
    size_t last = run->rung_count - 1;
    if (run->rung_cycles[last] <= run->rung_cycles[0])
        return 0;
    double cycles = (double)run->rung_cycles[last] - (double)run->rung_cycles[0];
    return ((double)counts[last] - (double)counts[0]) / cycles;
}

struct rate_unit rate_unit_of(const struct run *run)
{
    double invalidations = counts_per_cycle(run, run->rung_invalidations);
    double gets = counts_per_cycle(run, run->rung_gets);
    if (invalidations > 0)
        return (struct rate_unit){"per invalidation", invalidations};
    if (gets > 0)
        return (struct rate_unit){"per get", gets};
    return (struct rate_unit){"per cycle", 1};
}

void amount_print(double amount, const char *unit, struct buffer *out)
{
    char text[32];
    size_t length = strlen(unit);
    if (strcmp(unit, "bytes") == 0 && amount >= 1024 && amount < 9e18) {
        quantity_print_bytes((int64_t)llround(amount), text, sizeof(text));
        buffer_add_text(out, text);
    } else if (amount == 1 && length > 2) { /* "1 entry", "1 block", but "1 ns" */
        bool entries = length > 3 && strcmp(unit + length - 3, "ies") == 0;
        buffer_addf(out, "1 %.*s%s", (int)(length - (entries ? 3 : 1)), unit, entries ? "y" : "");
    } else {
        bool whole = amount == (double)llround(amount) && amount > -1e15 && amount < 1e15;
        buffer_addf(out, whole ? "%.0f %s" : "%.4g %s", amount, unit);
    }
}

enum err holder_print(const struct run *run, struct buffer *out)
{
    static const char bytes_of[] = "bytes_live.";
    const char *holder = NULL;
    struct growth most = {0}, blocks = {0};
    for (size_t i = 0; i < run->series_count; i++) {
        struct growth growth;
        if (strncmp(run->series[i].name, bytes_of, strlen(bytes_of)) != 0)
            continue;
        if (series_growth(run, &run->series[i], &growth) != ERR_NONE)
            return ERR_MEMORY;
        if (growth.grows && growth.rate > most.rate) {
            holder = run->series[i].name + strlen(bytes_of);
            most = growth;
        }
    }
    if (!holder)
        return ERR_NONE;
    char name[sizeof("blocks_live.") + NAME_MAX_LEN + 1];
    snprintf(name, sizeof(name), "blocks_live.%.*s", NAME_MAX_LEN, holder);
    const struct series *of_blocks = run_series(run, name);
    if (of_blocks && series_growth(run, of_blocks, &blocks) != ERR_NONE)
        return ERR_MEMORY;

    struct rate_unit unit = rate_unit_of(run);
    buffer_addf(out, "held by %s: ", holder);
    if (blocks.rate > 0) {
        amount_print(blocks.rate / unit.per_cycle, "blocks", out);
        buffer_add_text(out, ", ");
    }
    amount_print(most.rate / unit.per_cycle, "bytes", out);
    buffer_addf(out, " %s", unit.word);
    return ERR_NONE;
}
