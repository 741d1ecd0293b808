/* Results at their beginning, and several of them made one. */
#include "harness/cli/cli.h"

#include <lua.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* "valgrind-3.19.0" -> "3.19.0"; stays NULL without one. */
static enum err describe_valgrind(struct machine *machine)
{
    char program[] = "valgrind", flag[] = "--version";
    char *const argv[] = {program, flag, NULL};
    static const char prefix[] = "valgrind-";
    struct buffer text = {0};
    int status = -1;
    enum err err = ERR_NONE;
    if (capture(argv, 1, 10000, &text, &status, NULL) == ERR_NONE && status == 0 && text.length > 0) {
        text.data[strcspn(text.data, "\n")] = '\0';
        bool usual = strncmp(text.data, prefix, strlen(prefix)) == 0;
        err = run_set_text(&machine->valgrind, text.data + (usual ? strlen(prefix) : 0));
    }
    buffer_free(&text);
    return err;
}

enum err results_begin(const struct call *call, struct results **out, struct problem *why)
{
    struct results *results = results_make();
    enum err err = results ? results_describe(results, CHURN_VERSION, (size_t)call->argc, call->argv) : ERR_MEMORY;
    if (err == ERR_NONE)
        err = run_set_text(&results->machine.lua, LUA_VERSION_MAJOR "." LUA_VERSION_MINOR "." LUA_VERSION_RELEASE);
    if (err == ERR_NONE)
        err = run_set_text(&results->machine.libfaketime, backend_faketime(NULL));
    if (err == ERR_NONE)
        err = describe_valgrind(&results->machine);
    *out = results;
    if (err == ERR_NONE)
        return ERR_NONE;
    *out = NULL;
    results_free(results);
    return problem_set(why, err, "cannot describe this machine: %s",
                       err == ERR_MEMORY ? "out of memory" : "the clock or the kernel does not answer");
}

/* ---- joining ----------------------------------------------------------------------------------------------------- */

/* Moves all runs of a file, and remembers which file they came from by their count. */
static enum err take_runs(struct results *all, struct results *part, struct problem *why)
{
    enum err err = ERR_NONE;
    for (size_t i = 0; err == ERR_NONE && i < part->run_count; i++) {
        struct run *run = part->runs[i];
        part->runs[i] = NULL;
        if (results_add(all, run) != ERR_NONE)
            err = problem_set(why, ERR_MEMORY, "out of memory while joining results");
    }
    return err;
}

/* A join of one is that file as it is; of several, where and when it began is the first of them. */
static enum err describe_join(struct results **all, struct results *part, size_t index, struct problem *why)
{
    if (index == 0) {
        *all = part;
        return ERR_NONE;
    }
    enum err err = ERR_NONE;
    if (part->started && (*all)->started && strcmp(part->started, (*all)->started) < 0)
        err = run_set_text(&(*all)->started, part->started);
    if (err == ERR_NONE)
        err = take_runs(*all, part, why);
    results_free(part);
    return err;
}

static enum err load_part(const char *path, struct results **out, struct problem *why)
{
    struct stat info;
    char *file = NULL;
    bool is_folder = stat(path, &info) == 0 && S_ISDIR(info.st_mode);
    if (is_folder && asprintf(&file, "%s/results.json", path) < 0)
        return problem_set(why, ERR_MEMORY, "out of memory");
    enum err err = results_load(file ? file : path, out, why);
    free(file);
    return err;
}

static enum err refuse_duplicates(const struct results *results, struct problem *why)
{
    for (size_t i = 1; i < results->run_count; i++) {
        const struct run *run = results->runs[i];
        if (run_compare(results->runs[i - 1], run) == 0)
            return problem_set(why, ERR_INPUT,
                               "the run %.100s on %.100s under %.40s (seed %llu, the same parameters) is there twice; "
                               "results that are joined must not overlap",
                               run->scenario, run->pool, run->backend, (unsigned long long)run->seed);
    }
    return ERR_NONE;
}

enum err results_join(const struct words *paths, struct results **out, struct problem *why)
{
    struct results *all = NULL;
    enum err err = ERR_NONE;
    for (size_t i = 0; err == ERR_NONE && i < paths->count; i++) {
        struct results *part = NULL;
        err = load_part(paths->list[i], &part, why);
        if (err == ERR_NONE)
            err = describe_join(&all, part, i, why);
    }
    if (err == ERR_NONE) {
        results_sort(all);
        err = refuse_duplicates(all, why);
    }
    *out = err == ERR_NONE ? all : NULL;
    if (err != ERR_NONE)
        results_free(all);
    return err;
}
