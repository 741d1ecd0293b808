/* What a run's exact numbers are, for the baseline, and how they differ from those that were committed. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/verdict/verdict_internal.h"

#define ROWS_SAID 6 /* in a message; the table has all */

/* ---- the numbers of a run ------------------------------------------------------------------- */

/* Exact, the same on every machine and under every tool. */
static bool is_kept(const struct series *series)
{
    const struct metric *metric = metric_find(series->name);
    return metric && metric->kind != METRIC_NOISY && metric->same_everywhere;
}

static int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b; /* RECORD_NONE is the least of all */
}

static enum err add_series(const struct run *run, const struct series *series, double per_cycle,
                           struct baseline_entry *entry)
{
    struct growth growth;
    int64_t last = RECORD_NONE, peak = larger(series->before, series->after);
    for (size_t i = 0; i < run->rung_count; i++) {
        peak = larger(peak, series->values[i]);
        last = series->values[i] != RECORD_NONE ? series->values[i] : last;
    }
    if (series_growth(run, series, &growth) != ERR_NONE)
        return ERR_MEMORY;
    double rate = growth.grows ? growth.rate / per_cycle : 0;
    last = last == RECORD_NONE ? 0 : last;
    peak = peak == RECORD_NONE ? 0 : peak;
    if (last == 0 && peak == 0)
        return ERR_NONE;
    return baseline_entry_add(entry, series->name, last, peak, rate);
}

bool verdict_has_baseline(const struct run *run)
{
    for (size_t i = 0; i < run->param_count; i++)
        if (strcmp(run->params[i].name, "threads") == 0)
            return false;
    return run->ending != ENDING_SKIPPED && run->ending != ENDING_STOPPED && run->ending != ENDING_RIG &&
           run->ending != ENDING_PROTOCOL;
}

enum err verdict_baseline_entry(const struct run *run, const char *abi, struct baseline *out)
{
    struct baseline_entry *entry;
    if (baseline_add(out, &entry) != ERR_NONE)
        return ERR_MEMORY;
    struct rate_unit unit = rate_unit_of(run);
    entry->params = run_params_text(run);
    entry->seed = run->seed;
    entry->ops = run->ops;
    entry->ms = run->wall_ns / 1000000 + 1;
    if (!entry->params || run_set_text(&entry->scenario, run->scenario ? run->scenario : "") != ERR_NONE ||
        run_set_text(&entry->pool, run->pool ? run->pool : "") != ERR_NONE ||
        run_set_text(&entry->backend, run->backend ? run->backend : "") != ERR_NONE ||
        run_set_text(&entry->abi, abi) != ERR_NONE || run_set_text(&entry->rate_unit, unit.word) != ERR_NONE ||
        run_set_text(&entry->finding, finding_name(run->finding)) != ERR_NONE)
        return ERR_MEMORY;
    for (size_t i = 0; i < run->series_count; i++)
        if (is_kept(&run->series[i]) && add_series(run, &run->series[i], unit.per_cycle, entry) != ERR_NONE)
            return ERR_MEMORY;
    return ERR_NONE;
}

/* ---- differences ---------------------------------------------------------------------------- */

static void say_row(const char *metric, const char *what, const char *was, const char *is, struct baseline_diff *diff)
{
    buffer_addf(&diff->table, "  %-32s %-5s %14s %14s\n", metric, what, was, is);
    if (diff->rows++ < ROWS_SAID)
        buffer_addf(&diff->text, "%s%s %s %s -> %s", diff->rows > 1 ? ", " : "", metric, what, was, is);
}

static void compare_integers(const char *metric, const char *what, int64_t was, int64_t is, struct baseline_diff *diff)
{
    char old[24], new[24];
    snprintf(old, sizeof(old), "%" PRId64, was);
    snprintf(new, sizeof(new), "%" PRId64, is);
    if (was != is)
        say_row(metric, what, old, new, diff);
}

/* A number that is not there is 0. */
static void compare_numbers(const struct baseline_number *was, const struct baseline_number *is,
                            struct baseline_diff *diff)
{
    static const struct baseline_number none = {0};
    const char *name = was ? was->name : is->name;
    const struct metric *metric = metric_find(name);
    char old[32], new[32];
    if (diff->other_abi && metric && strcmp(metric->unit, "bytes") == 0)
        return;
    was = was ? was : &none;
    is = is ? is : &none;
    compare_integers(name, "last", was->last, is->last, diff);
    compare_integers(name, "peak", was->peak, is->peak, diff);
    snprintf(old, sizeof(old), "%.12g", was->rate);
    snprintf(new, sizeof(new), "%.12g", is->rate);
    if (strcmp(old, new) != 0)
        say_row(name, "rate", old, new, diff);
}

static const struct baseline_number *number_of(const struct baseline_entry *entry, const char *name)
{
    for (size_t i = 0; i < entry->number_count; i++)
        if (strcmp(entry->numbers[i].name, name) == 0)
            return &entry->numbers[i];
    return NULL;
}

void verdict_baseline_compare(const struct baseline_entry *was, const struct baseline_entry *is,
                              struct baseline_diff *diff)
{
    *diff = (struct baseline_diff){0};
    diff->other_abi = strcmp(was->abi ? was->abi : "", is->abi ? is->abi : "") != 0;
    if (strcmp(was->finding ? was->finding : "", is->finding) != 0)
        say_row("finding", "", was->finding ? was->finding : "", is->finding, diff);
    compare_integers("operations", "", was->ops, is->ops, diff);
    for (size_t i = 0; i < was->number_count; i++)
        compare_numbers(&was->numbers[i], number_of(is, was->numbers[i].name), diff);
    for (size_t i = 0; i < is->number_count; i++)
        if (!number_of(was, is->numbers[i].name))
            compare_numbers(NULL, &is->numbers[i], diff);
    if (diff->rows > ROWS_SAID)
        buffer_addf(&diff->text, " and %zu more", diff->rows - ROWS_SAID);
}

void verdict_baseline_diff_free(struct baseline_diff *diff)
{
    buffer_free(&diff->table);
    buffer_free(&diff->text);
    *diff = (struct baseline_diff){0};
}
