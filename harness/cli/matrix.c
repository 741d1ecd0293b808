/* Scenarios x cases x pools x backends -> jobs. Everything that can be wrong on the command line or in a script's first steps is found here,
 * before anything runs. */
#include "harness/cli/cli.h"

#include <stdlib.h>
#include <string.h>

#define STEPS_TRIED 20000 /* operations of a script that are made for trial */

/* One case with its parameters in force; cases that --set made equal are one. */
struct target_case {
    size_t index;
    struct settings params; /* OWNED */
};

/* One scenario file. */
struct target {
    const char *path; /* BORROWED from matrix.files */
    struct scenario *scenario;
    struct settings overrides; /* the list is OWNED, its texts are not */
    struct target_case *cases;
    size_t case_count;
};

static enum err no_memory(struct problem *why)
{
    return problem_set(why, ERR_MEMORY, "out of memory while preparing the runs");
}

static void settings_free(struct settings *settings)
{
    for (size_t i = 0; i < settings->count; i++) {
        free(settings->list[i].name);
        free(settings->list[i].value);
    }
    free(settings->list);
    *settings = (struct settings){0};
}

static enum err settings_copy(struct settings *out, const struct setting *list, size_t count)
{
    *out = (struct settings){.list = calloc(count + 1, sizeof *out->list)};
    while (out->list && out->count < count) {
        const struct setting copy = {strdup(list[out->count].name), strdup(list[out->count].value)};
        out->list[out->count++] = copy;
        if (!copy.name || !copy.value) {
            settings_free(out);
            return ERR_MEMORY;
        }
    }
    return out->list ? ERR_NONE : ERR_MEMORY;
}

static bool settings_same(const struct settings *a, const struct settings *b)
{
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++)
        if (strcmp(a->list[i].name, b->list[i].name) != 0 || strcmp(a->list[i].value, b->list[i].value) != 0)
            return false;
    return true;
}

/* ---- backends -------------------------------------------------------------------------------------------- */

static enum err refuse_backend(const char *name, struct problem *why)
{
    struct words names = {0};
    struct buffer list = {0};
    char more[100];
    for (size_t i = 0; i < backend_count(); i++) {
        buffer_addf(&list, "%s%s", i > 0 ? ", " : "", backend_at(i)->name);
        if (words_add_text(&names, backend_at(i)->name) != ERR_NONE)
            break;
    }
    enum err err = problem_set(why, ERR_INPUT, "there is no backend \"%.60s\"%s; the backends are %s", name,
                               suggestion(name, &names, more, sizeof more), list.data ? list.data : "(none)");
    words_free(&names);
    buffer_free(&list);
    return err;
}

/* What is missing on this machine is no error: its runs are skipped, with the reason. */
static enum err find_backends(struct matrix *matrix, const struct options *options, struct problem *why)
{
    static const char usual[] = "native";
    size_t count = options->backends.count > 0 ? options->backends.count : 1;
    matrix->backends = calloc(count, sizeof *matrix->backends);
    matrix->unavailable = calloc(count, sizeof *matrix->unavailable);
    if (!matrix->backends || !matrix->unavailable)
        return no_memory(why);
    for (; matrix->backend_count < count; matrix->backend_count++) {
        struct problem missing = {0};
        size_t i = matrix->backend_count;
        const char *name = options->backends.count > 0 ? options->backends.list[i] : usual;
        matrix->backends[i] = backend_find(name);
        if (!matrix->backends[i])
            return refuse_backend(name, why);
        if (matrix->backends[i]->available(matrix->build_folder, &missing))
            continue;
        if (asprintf(&matrix->unavailable[i], "%s cannot run here: %s", name, missing.text) < 0) {
            matrix->unavailable[i] = NULL;
            return no_memory(why);
        }
    }
    return ERR_NONE;
}

/* D0 needs one twin of each case: under native, else under the first backend that is here. */
static size_t twin_backend(const struct matrix *matrix)
{
    size_t first = SIZE_MAX;
    for (size_t i = 0; i < matrix->backend_count; i++) {
        if (matrix->unavailable[i])
            continue;
        if (strcmp(matrix->backends[i]->name, "native") == 0)
            return i;
        if (first == SIZE_MAX)
            first = i;
    }
    return first;
}

/* ---- pools ----------------------------------------------------------------------------------------------- */

enum err matrix_check_pool(struct matrix *matrix, const char *pool, struct problem *why)
{
    struct words abouts = {0};
    enum err err = ERR_NONE;
    if (matrix->pool_names.count == 0 && !backend_foreign_command(pool))
        err = pools_list(matrix->build_folder, &matrix->pool_names, &abouts, why);
    words_free(&abouts);
    return err == ERR_NONE ? pool_check(matrix->build_folder, &matrix->pool_names, pool, why) : err;
}

static enum err check_pools(struct matrix *matrix, const struct words *pools, struct problem *why)
{
    enum err err = ERR_NONE;
    for (size_t i = 0; err == ERR_NONE && i < pools->count; i++)
        err = matrix_check_pool(matrix, pools->list[i], why);
    return err;
}

/* The pools of --pool, or those the scenario names. BORROWED. NULL: there are no more. */
static const char *pool_of(const struct options *options, const struct target *target, size_t index)
{
    if (options->pools.count > 0)
        return index < options->pools.count ? options->pools.list[index] : NULL;
    return scenario_pool(target->scenario, index);
}

static enum err check_all_pools(struct matrix *matrix, const struct options *options, struct problem *why)
{
    struct words pools = {0};
    const char *pool;
    enum err err = ERR_NONE;
    for (size_t t = 0; t < matrix->target_count; t++)
        for (size_t i = 0; err == ERR_NONE && (pool = pool_of(options, &matrix->targets[t], i)) != NULL; i++)
            if (!words_have(&pools, pool) && words_add_text(&pools, pool) != ERR_NONE)
                err = no_memory(why);
    if (err == ERR_NONE)
        err = check_pools(matrix, &pools, why);
    words_free(&pools);
    if (err == ERR_NONE && options->as) {
        char *list[] = {options->as};
        const struct words model = {.list = list, .count = 1};
        err = check_pools(matrix, &model, why);
        if (err == ERR_INPUT)
            problem_prefix(why, "--as");
    }
    return err;
}

/* ---- scenarios -------------------------------------------------------------------------------------------- */

static enum err load_target(struct target *target, const char *path, const struct options *options, struct problem *why)
{
    target->path = path;
    enum err err = scenario_load(path, &target->scenario, why);
    if (err != ERR_NONE)
        return err;
    target->cases = calloc(scenario_case_count(target->scenario), sizeof *target->cases);
    target->overrides.list = calloc(options->settings.count + 1, sizeof *target->overrides.list);
    if (!target->cases || !target->overrides.list)
        return no_memory(why);
    for (size_t i = 0; i < options->settings.count; i++)
        if (scenario_has_param(target->scenario, options->settings.list[i].name))
            target->overrides.list[target->overrides.count++] = options->settings.list[i];
    return ERR_NONE;
}

/* Set-up, warm-up and the first cycles, up to the first measured rung: most of a script's mistakes are there. */
static enum err try_steps(struct scenario_plan *plan, struct expectation *expectation, struct problem *why)
{
    struct plan_source *source = scenario_plan_source(plan);
    size_t rungs = 0;
    bool done = false;
    enum err err = ERR_NONE;
    for (size_t i = 0; err == ERR_NONE && !done && rungs < 2 && i < STEPS_TRIED; i++) {
        struct plan_op op;
        err = source->next(source, &op, &done, why);
        rungs += err == ERR_NONE && !done && op.verb == PLAN_RUNG; /* the first one is before the set-up */
    }
    return err == ERR_NONE && rungs == 2 ? scenario_plan_predict(plan, expectation, 0, why) : err;
}

/* Tries the script with one pool: its first steps, its parameters, its expectation. */
static enum err try_case(const struct target *target, const struct options *options, size_t case_index,
                         const char *pool, struct settings *params, struct problem *why)
{
    const struct scenario_request request = {.case_index = case_index,
                                             .overrides = target->overrides.list,
                                             .override_count = target->overrides.count,
                                             .pool = pool,
                                             .as = options->as,
                                             .seed = options->seed,
                                             .dose = 1};
    struct scenario_plan *plan = NULL;
    struct expectation expectation = {0};
    size_t count = 0;
    enum err err = scenario_plan_open(target->path, &request, &plan, why);
    if (err != ERR_NONE)
        return err;
    err = scenario_plan_expectation(plan, &expectation, why);
    if (err == ERR_NONE)
        err = try_steps(plan, &expectation, why);
    expectation_free(&expectation);
    const struct setting *list = scenario_plan_params(plan, &count);
    if (err == ERR_NONE && settings_copy(params, list, count) != ERR_NONE)
        err = no_memory(why);
    struct plan_source *source = scenario_plan_source(plan);
    source->free(source);
    return err;
}

static bool is_known_case(const struct target *target, const struct settings *params)
{
    for (size_t i = 0; i < target->case_count; i++)
        if (settings_same(&target->cases[i].params, params))
            return true;
    return false;
}

static enum err try_target(struct target *target, const struct options *options, struct problem *why)
{
    const char *pool;
    for (size_t c = 0; c < scenario_case_count(target->scenario); c++) {
        struct settings params = {0};
        for (size_t p = 0; (pool = pool_of(options, target, p)) != NULL; p++) {
            settings_free(&params);
            enum err err = try_case(target, options, c, pool, &params, why);
            if (err != ERR_NONE)
                return err;
        }
        if (is_known_case(target, &params))
            settings_free(&params);
        else
            target->cases[target->case_count++] = (struct target_case){c, params};
    }
    return ERR_NONE;
}

/* --set is for those scenarios that have the parameter, but one must. */
static enum err check_settings(const struct matrix *matrix, const struct options *options, struct problem *why)
{
    for (size_t i = 0; i < options->settings.count; i++) {
        const char *name = options->settings.list[i].name;
        struct words known = {0};
        char more[100];
        bool found = false;
        for (size_t t = 0; t < matrix->target_count && !found; t++) {
            const struct target *target = &matrix->targets[t];
            found = scenario_has_param(target->scenario, name);
            for (size_t p = 0; target->case_count > 0 && p < target->cases[0].params.count; p++)
                if (words_add_text(&known, target->cases[0].params.list[p].name) != ERR_NONE)
                    break;
        }
        if (!found)
            problem_set(why, ERR_INPUT, "--set %s: no scenario here has such a parameter%s", name,
                        suggestion(name, &known, more, sizeof more));
        words_free(&known);
        if (!found)
            return ERR_INPUT;
    }
    return ERR_NONE;
}

static enum err load_targets(struct matrix *matrix, const struct options *options, struct problem *why)
{
    enum err err = scenarios_find(&options->operands, &matrix->files, why);
    if (err != ERR_NONE)
        return err;
    matrix->targets = calloc(matrix->files.count + 1, sizeof *matrix->targets);
    if (!matrix->targets)
        return no_memory(why);
    for (size_t i = 0; err == ERR_NONE && i < matrix->files.count; i++) {
        struct target *target = &matrix->targets[matrix->target_count++];
        err = load_target(target, matrix->files.list[i], options, why);
    }
    if (err == ERR_NONE)
        err = check_all_pools(matrix, options, why);
    for (size_t i = 0; err == ERR_NONE && i < matrix->target_count; i++)
        err = try_target(&matrix->targets[i], options, why);
    return err == ERR_NONE ? check_settings(matrix, options, why) : err;
}

/* ---- jobs ------------------------------------------------------------------------------------------------- */

static enum err add_job(struct matrix *matrix, struct job job, size_t backend, size_t twin, struct problem *why)
{
    const struct backend *tool = matrix->backends[backend];
    job.backend = tool;
    job.twin = backend == twin;
    if (matrix->unavailable[backend])
        job.skip = strdup(matrix->unavailable[backend]);
    else if (backend_foreign_command(job.pool) && !tool->runs_foreign) {
        if (asprintf(&job.skip, "%s cannot look into a foreign program; it runs under native only", tool->name) < 0)
            job.skip = NULL;
    } else {
        matrix->jobs[matrix->job_count++] = job;
        return ERR_NONE;
    }
    if (!job.skip)
        return no_memory(why);
    matrix->jobs[matrix->job_count++] = job;
    return ERR_NONE;
}

static size_t count_jobs(const struct matrix *matrix, const struct options *options)
{
    size_t count = 0;
    for (size_t t = 0; t < matrix->target_count; t++) {
        size_t pools = 0;
        while (pool_of(options, &matrix->targets[t], pools))
            pools++;
        count += pools * matrix->targets[t].case_count * matrix->backend_count;
    }
    return count;
}

static enum err list_jobs(struct matrix *matrix, const struct options *options, struct problem *why)
{
    size_t twin = options->no_twin ? SIZE_MAX : twin_backend(matrix), group = 0;
    const char *pool;
    enum err err = ERR_NONE;
    matrix->jobs = calloc(count_jobs(matrix, options) + 1, sizeof *matrix->jobs);
    if (!matrix->jobs)
        return no_memory(why);
    for (size_t t = 0; t < matrix->target_count; t++) {
        const struct target *target = &matrix->targets[t];
        for (size_t c = 0; c < target->case_count; c++, group++)
            for (size_t p = 0; (pool = pool_of(options, target, p)) != NULL; p++) {
                const struct job job = {.path = target->path,
                                        .about = scenario_about(target->scenario),
                                        .case_index = target->cases[c].index,
                                        .overrides = &target->overrides,
                                        .params = &target->cases[c].params,
                                        .pool = pool,
                                        .group = options->control ? group : group++};
                for (size_t b = 0; err == ERR_NONE && b < matrix->backend_count; b++)
                    err = add_job(matrix, job, b, twin, why);
            }
    }
    return err;
}

enum err matrix_make(struct matrix *matrix, const struct options *options, struct problem *why)
{
    *matrix = (struct matrix){0};
    enum err err = backend_build_folder(&matrix->build_folder, why);
    if (err == ERR_NONE)
        err = find_backends(matrix, options, why);
    if (err == ERR_NONE)
        err = load_targets(matrix, options, why);
    if (err == ERR_NONE)
        err = list_jobs(matrix, options, why);
    return err == ERR_NONE && options->shards > 1 ? shard_keep(matrix, options, why) : err;
}

/* Reads a plan to its end, so that a wrong line is found before anything runs. What comes from stdin can be read only once. */
static enum err try_plan(const char *path, struct problem *why)
{
    struct plan_source *source = NULL;
    bool done = strcmp(path, "-") == 0;
    if (done)
        return ERR_NONE;
    enum err err = plan_file_open(path, &source, why);
    while (err == ERR_NONE && !done) {
        struct plan_op op;
        err = source->next(source, &op, &done, why);
    }
    if (source)
        source->free(source);
    return err;
}

enum err matrix_make_replay(struct matrix *matrix, const struct options *options, struct problem *why)
{
    *matrix = (struct matrix){0};
    enum err err = backend_build_folder(&matrix->build_folder, why);
    if (err == ERR_NONE)
        err = find_backends(matrix, options, why);
    if (err == ERR_NONE)
        err = check_pools(matrix, &options->pools, why);
    if (err == ERR_NONE)
        err = try_plan(options->operands.list[0], why);
    if (err != ERR_NONE)
        return err;
    matrix->jobs = calloc(options->pools.count * matrix->backend_count + 1, sizeof *matrix->jobs);
    if (!matrix->jobs)
        return no_memory(why);
    for (size_t p = 0; p < options->pools.count; p++)
        for (size_t b = 0; err == ERR_NONE && b < matrix->backend_count; b++) {
            const struct job job = {
                .path = options->operands.list[0], .is_plan = true, .pool = options->pools.list[p], .group = p};
            err = add_job(matrix, job, b, SIZE_MAX, why);
        }
    return err;
}

void matrix_free(struct matrix *matrix)
{
    for (size_t t = 0; t < matrix->target_count; t++) {
        struct target *target = &matrix->targets[t];
        for (size_t c = 0; c < target->case_count; c++)
            settings_free(&target->cases[c].params);
        free(target->cases);
        free(target->overrides.list);
        scenario_free(target->scenario);
    }
    for (size_t i = 0; i < matrix->job_count; i++) {
        free(matrix->jobs[i].skip);
        run_free(matrix->jobs[i].run);
        fail_alloc_free(matrix->jobs[i].points);
    }
    for (size_t i = 0; i < matrix->control_count; i++)
        free(matrix->controls[i].control);
    for (size_t i = 0; matrix->unavailable && i < matrix->backend_count; i++)
        free(matrix->unavailable[i]);
    free(matrix->jobs);
    free(matrix->controls);
    free(matrix->targets);
    free(matrix->unavailable);
    free(matrix->backends);
    free(matrix->build_folder);
    words_free(&matrix->files);
    words_free(&matrix->pool_names);
    *matrix = (struct matrix){0};
}
