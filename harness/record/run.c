#include "harness/record/record.h"

#include <stdlib.h>
#include <string.h>

#include "harness/record/record_internal.h"

struct run *run_make(void)
{
    struct run *run = calloc(1, sizeof(*run));
    if (!run)
        return NULL;
    run->pool_min = run->pool_max = RECORD_NONE;
    run->tool_bytes_growth = run->tool_blocks_growth = RECORD_NONE;
    run->own_bytes_growth = run->own_blocks_growth = RECORD_NONE;
    run->expectation.finding = FINDING_BOUNDED;
    run->finding = FINDING_UNKNOWN;
    run->status = STATUS_INCONCLUSIVE;
    return run;
}

/* Room for one more element: `items` grows in powers of two, so that adding n costs O(n). NULL: out of memory. */
static void *grown(void *items, size_t count, size_t size)
{
    if (count != 0 && (count & (count - 1)) != 0)
        return items;
    return reallocarray(items, count ? 2 * count : 1, size);
}

enum err run_set_text(char **field, const char *text)
{
    char *copy = text ? strdup(text) : NULL;
    if (text && !copy)
        return ERR_MEMORY;
    free(*field);
    *field = copy;
    return ERR_NONE;
}

/* ---- expectation ---------------------------------------------------------------------------- */

enum err expectation_add_metric(struct expectation *expectation, const char *name, enum relation relation,
                                struct expected_metric **out)
{
    struct expected_metric *metrics = grown(expectation->metrics, expectation->metric_count, sizeof(*metrics));
    if (!metrics)
        return ERR_MEMORY;
    expectation->metrics = metrics;
    struct expected_metric *added = &metrics[expectation->metric_count];
    *added = (struct expected_metric){.relation = relation, .name = strdup(name)};
    if (!added->name)
        return ERR_MEMORY;
    expectation->metric_count++;
    *out = added;
    return ERR_NONE;
}

enum err expectation_add_also(struct expectation *expectation, const char *name)
{
    char **also = grown(expectation->also, expectation->also_count, sizeof(*also));
    if (!also)
        return ERR_MEMORY;
    expectation->also = also;
    also[expectation->also_count] = strdup(name);
    if (!also[expectation->also_count])
        return ERR_MEMORY;
    expectation->also_count++;
    return ERR_NONE;
}

void expectation_free(struct expectation *expectation)
{
    for (size_t i = 0; i < expectation->metric_count; i++) {
        free(expectation->metrics[i].name);
        free(expectation->metrics[i].values);
    }
    for (size_t i = 0; i < expectation->also_count; i++)
        free(expectation->also[i]);
    free(expectation->metrics);
    free(expectation->also);
    free(expectation->violates);
    *expectation = (struct expectation){.finding = FINDING_BOUNDED};
}

/* ---- parameters, samples -------------------------------------------------------------------- */

enum err run_add_param(struct run *run, const char *name, const char *value)
{
    struct setting *params = grown(run->params, run->param_count, sizeof(*params));
    if (!params)
        return ERR_MEMORY;
    run->params = params;
    struct setting added = {.name = strdup(name), .value = strdup(value)};
    if (!added.name || !added.value) {
        free(added.name);
        free(added.value);
        return ERR_MEMORY;
    }
    params[run->param_count++] = added;
    return ERR_NONE;
}

/* Index of the first series whose name is not before `name`. */
static size_t series_place(const struct run *run, const char *name)
{
    size_t low = 0, high = run->series_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(run->series[middle].name, name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

struct series *run_series(const struct run *run, const char *name)
{
    size_t place = series_place(run, name);
    if (place == run->series_count || strcmp(run->series[place].name, name) != 0)
        return NULL;
    return &run->series[place];
}

enum err run_need_series(struct run *run, const char *name, struct series **out)
{
    *out = run_series(run, name);
    if (*out)
        return ERR_NONE;
    struct series *all = grown(run->series, run->series_count, sizeof(*all));
    if (!all)
        return ERR_MEMORY;
    run->series = all;

    struct series added = {.name = strdup(name), .before = RECORD_NONE, .after = RECORD_NONE};
    /* one more than needed: an empty run still has storage, and NULL means out of memory */
    added.values = reallocarray(NULL, run->rung_count + 1, sizeof(*added.values));
    if (!added.name || !added.values) {
        free(added.name);
        free(added.values);
        return ERR_MEMORY;
    }
    for (size_t i = 0; i < run->rung_count; i++)
        added.values[i] = RECORD_NONE;
    size_t place = series_place(run, name);
    memmove(&all[place + 1], &all[place], (run->series_count - place) * sizeof(*all));
    all[place] = added;
    run->series_count++;
    *out = &all[place];
    return ERR_NONE;
}

enum err run_sample(struct run *run, const char *name, size_t rung, int64_t value)
{
    struct series *series;
    enum err err = run_need_series(run, name, &series);
    if (err == ERR_NONE && rung < run->rung_count)
        series->values[rung] = value;
    return err;
}

enum err run_sample_before(struct run *run, const char *name, int64_t value)
{
    struct series *series;
    enum err err = run_need_series(run, name, &series);
    if (err == ERR_NONE)
        series->before = value;
    return err;
}

enum err run_sample_after(struct run *run, const char *name, int64_t value)
{
    struct series *series;
    enum err err = run_need_series(run, name, &series);
    if (err == ERR_NONE)
        series->after = value;
    return err;
}

/* Makes `values` hold `count` + 1 numbers, the last one `value`. */
static enum err append(int64_t **values, size_t count, int64_t value)
{
    int64_t *larger = reallocarray(*values, count + 1, sizeof(*larger));
    if (!larger)
        return ERR_MEMORY;
    larger[count] = value;
    *values = larger;
    return ERR_NONE;
}

enum err run_add_rung(struct run *run, int64_t ops, int64_t cycles, int64_t invalidations, int64_t gets, size_t *rung)
{
    size_t count = run->rung_count;
    if (append(&run->rung_ops, count, ops) != ERR_NONE || append(&run->rung_cycles, count, cycles) != ERR_NONE ||
        append(&run->rung_invalidations, count, invalidations) != ERR_NONE ||
        append(&run->rung_gets, count, gets) != ERR_NONE)
        return ERR_MEMORY;
    for (size_t i = 0; i < run->series_count; i++)
        if (append(&run->series[i].values, count, RECORD_NONE) != ERR_NONE)
            return ERR_MEMORY;
    run->rung_count++;
    *rung = count;
    return ERR_NONE;
}

/* ---- what was seen -------------------------------------------------------------------------- */

static void violation_fini(struct violation *violation)
{
    free(violation->invariant);
    free(violation->metric);
    free(violation->detail);
}

enum err run_add_violation(struct run *run, const char *invariant, const char *metric, const char *detail, int64_t rung,
                           int64_t op)
{
    struct violation *all = grown(run->violations, run->violation_count, sizeof(*all));
    if (!all)
        return ERR_MEMORY;
    run->violations = all;
    struct violation added = {.rung = rung, .op = op};
    if (run_set_text(&added.invariant, invariant) != ERR_NONE || run_set_text(&added.metric, metric) != ERR_NONE ||
        run_set_text(&added.detail, detail) != ERR_NONE) {
        violation_fini(&added);
        return ERR_MEMORY;
    }
    all[run->violation_count++] = added;
    return ERR_NONE;
}

enum err run_add_example(struct run *run, const char *metric, const char *words)
{
    struct example *all = grown(run->examples, run->example_count, sizeof(*all));
    if (!all)
        return ERR_MEMORY;
    run->examples = all;
    struct example added = {.metric = strdup(metric), .words = strdup(words)};
    if (!added.metric || !added.words) {
        free(added.metric);
        free(added.words);
        return ERR_MEMORY;
    }
    all[run->example_count++] = added;
    return ERR_NONE;
}

void run_clear_examples(struct run *run)
{
    for (size_t i = 0; i < run->example_count; i++) {
        free(run->examples[i].metric);
        free(run->examples[i].words);
    }
    free(run->examples);
    run->examples = NULL;
    run->example_count = 0;
}

enum err run_add_dose(struct run *run, const char *metric, int64_t single, int64_t twice)
{
    struct dose_growth *all = grown(run->doses, run->dose_count, sizeof(*all));
    if (!all)
        return ERR_MEMORY;
    run->doses = all;
    struct dose_growth added = {.metric = strdup(metric), .single = single, .twice = twice};
    if (!added.metric)
        return ERR_MEMORY;
    all[run->dose_count++] = added;
    return ERR_NONE;
}

static void found_fini(struct found *found)
{
    free(found->metric);
    free(found->rate_unit);
    free(found->detail);
}

enum err run_add_found(struct run *run, const struct found *found)
{
    struct found *all = grown(run->found, run->found_count, sizeof(*all));
    if (!all)
        return ERR_MEMORY;
    run->found = all;
    struct found added = *found;
    added.metric = added.rate_unit = added.detail = NULL;
    if (run_set_text(&added.metric, found->metric) != ERR_NONE ||
        run_set_text(&added.rate_unit, found->rate_unit) != ERR_NONE ||
        run_set_text(&added.detail, found->detail) != ERR_NONE) {
        found_fini(&added);
        return ERR_MEMORY;
    }
    all[run->found_count++] = added;
    return ERR_NONE;
}

void run_clear_judgement(struct run *run)
{
    for (size_t i = 0; i < run->found_count; i++)
        found_fini(&run->found[i]);
    free(run->found);
    free(run->metric);
    free(run->rate_unit);
    free(run->message);
    run->found = NULL;
    run->found_count = 0;
    run->metric = run->rate_unit = run->message = NULL;
    run->rate = 0;
    run->finding = FINDING_UNKNOWN;
    run->status = STATUS_INCONCLUSIVE;
}

static void free_samples(struct run *run)
{
    for (size_t i = 0; i < run->series_count; i++) {
        free(run->series[i].name);
        free(run->series[i].values);
    }
    for (size_t i = 0; i < run->violation_count; i++)
        violation_fini(&run->violations[i]);
    for (size_t i = 0; i < run->dose_count; i++)
        free(run->doses[i].metric);
    free(run->rung_ops);
    free(run->rung_cycles);
    free(run->rung_invalidations);
    free(run->rung_gets);
    free(run->series);
    free(run->violations);
    free(run->doses);
}

void run_free(struct run *run)
{
    if (!run)
        return;
    free(run->as);
    char *texts[] = {run->scenario,      run->file,
                     run->about,         run->pool,
                     run->backend,       run->repeat,
                     run->subject_name,  run->subject_version,
                     run->ending_detail, run->log,
                     run->twin_differs,  run->control,
                     run->stack,         run->baseline_differs};
    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        free(texts[i]);
    for (size_t i = 0; i < run->param_count; i++) {
        free(run->params[i].name);
        free(run->params[i].value);
    }
    free(run->params);
    free_samples(run);
    expectation_free(&run->expectation);
    thresholds_free(&run->thresholds);
    run_clear_examples(run);
    run_clear_judgement(run);
    free(run);
}
