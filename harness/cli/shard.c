/* Which jobs are this shard's: deterministic, and balanced by how long they took before. */
#include <stdlib.h>
#include <string.h>

#include "harness/cli/cli.h"
#include "harness/record/baseline.h"

#define BASELINE_FOLDER "results/baseline"
#define UNKNOWN_MS      300 /* of a run that nobody has a record of, natively */

/* Jobs that must stay together. */
struct bundle {
    size_t group;
    int64_t ms;
};

static enum err no_memory(struct problem *why)
{
    return problem_set(why, ERR_MEMORY, "out of memory while dividing the runs into shards");
}

/* A results file of an earlier run, as if it were a baseline without numbers. */
static enum err load_results(const char *path, struct baseline *out, struct problem *why)
{
    struct words files = {0};
    struct results *results = NULL;
    enum err err = words_add_text(&files, path) == ERR_NONE ? ERR_NONE : no_memory(why);
    if (err == ERR_NONE)
        err = results_join(&files, &results, why);
    for (size_t i = 0; err == ERR_NONE && i < results->run_count; i++) {
        const struct run *run = results->runs[i];
        struct baseline_entry *entry;
        if (baseline_add(out, &entry) != ERR_NONE ||
            run_set_text(&entry->scenario, run->scenario ? run->scenario : "") != ERR_NONE ||
            run_set_text(&entry->pool, run->pool ? run->pool : "") != ERR_NONE ||
            run_set_text(&entry->backend, run->backend ? run->backend : "") != ERR_NONE ||
            !(entry->params = run_params_text(run)))
            err = no_memory(why);
        else
            entry->ms = run->wall_ns / 1000000;
    }
    results_free(results);
    words_free(&files);
    return err;
}

/* "scenarios/zio-9306.lua" is of the scenario zio-9306. */
static bool is_of_scenario(const struct job *job, const char *scenario)
{
    const char *slash = strrchr(job->path, '/'), *base = slash ? slash + 1 : job->path;
    size_t length = strlen(scenario);
    return strncmp(base, scenario, length) == 0 && strcmp(base + length, ".lua") == 0;
}

static bool has_params(const struct job *job, const char *params)
{
    for (size_t i = 0; job->params && i < job->params->count; i++) {
        size_t name = strlen(job->params->list[i].name), value = strlen(job->params->list[i].value);
        params += i > 0 && *params == ' ';
        if (strncmp(params, job->params->list[i].name, name) != 0 || params[name] != '=' ||
            strncmp(params + name + 1, job->params->list[i].value, value) != 0)
            return false;
        params += name + 1 + value;
    }
    return *params == '\0';
}

/* The record of another backend is scaled by how much slower this one is. */
static int64_t duration_of(const struct job *job, const struct baseline *record)
{
    int64_t best = -1;
    if (job->skip)
        return 0;
    for (size_t i = 0; i < record->count; i++) {
        const struct baseline_entry *entry = &record->entries[i];
        const struct backend *tool = backend_find(entry->backend);
        if (!is_of_scenario(job, entry->scenario) || strcmp(entry->pool, job->pool) != 0 || !tool ||
            !has_params(job, entry->params))
            continue;
        if (tool == job->backend)
            return entry->ms + 1;
        best = entry->ms * job->backend->slowdown / tool->slowdown + 1;
    }
    return best >= 0 ? best : (int64_t)UNKNOWN_MS * job->backend->slowdown;
}

/* The longest first; equals in the order of the matrix, which is the same everywhere. */
static int order_bundles(const void *a, const void *b)
{
    const struct bundle *x = a, *y = b;
    if (x->ms != y->ms)
        return x->ms < y->ms ? 1 : -1;
    return (x->group > y->group) - (x->group < y->group);
}

/* owner[group] becomes the shard, from 0. */
static void divide(struct bundle *bundles, size_t count, int64_t *loads, size_t shards, size_t *owner)
{
    qsort(bundles, count, sizeof *bundles, order_bundles);
    for (size_t i = 0; i < count; i++) {
        size_t least = 0;
        for (size_t s = 1; s < shards; s++)
            if (loads[s] < loads[least])
                least = s;
        loads[least] += bundles[i].ms + 1; /* so that bundles without a duration are spread as well */
        owner[bundles[i].group] = least;
    }
}

static void keep(struct matrix *matrix, const size_t *owner, size_t shard)
{
    size_t kept = 0;
    for (size_t i = 0; i < matrix->job_count; i++) {
        if (owner[matrix->jobs[i].group] == shard)
            matrix->jobs[kept++] = matrix->jobs[i];
        else
            free(matrix->jobs[i].skip);
    }
    matrix->job_count = kept;
}

enum err shard_keep(struct matrix *matrix, const struct options *options, struct problem *why)
{
    struct baseline record = {0};
    size_t groups = matrix->job_count > 0 ? matrix->jobs[matrix->job_count - 1].group + 1 : 0;
    const char *folder = options->baseline ? options->baseline : BASELINE_FOLDER;
    struct bundle *bundles = calloc(groups + 1, sizeof *bundles);
    size_t *owner = calloc(groups + 1, sizeof *owner);
    int64_t *loads = calloc((size_t)options->shards, sizeof *loads);
    enum err err = bundles && owner && loads ? ERR_NONE : no_memory(why);
    if (err == ERR_NONE)
        err =
            options->durations ? load_results(options->durations, &record, why) : durations_load(folder, &record, why);
    if (err == ERR_NONE) {
        for (size_t i = 0; i < groups; i++)
            bundles[i].group = i;
        for (size_t i = 0; i < matrix->job_count; i++)
            bundles[matrix->jobs[i].group].ms += duration_of(&matrix->jobs[i], &record);
        divide(bundles, groups, loads, (size_t)options->shards, owner);
        keep(matrix, owner, (size_t)options->shard - 1);
    }
    baseline_free(&record);
    free(bundles);
    free(owner);
    free(loads);
    return err;
}
