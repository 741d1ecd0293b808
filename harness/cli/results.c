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

/* A run and where it came from. */
struct origin {
    const struct run *run;
    const char *path;
};

static int order_origins(const void *a, const void *b)
{
    const struct origin *x = a, *y = b;
    return run_compare(x->run, y->run);
}

static enum err refuse_twice(const struct origin *a, const struct origin *b, struct problem *why)
{
    return problem_set(
        why, ERR_INPUT,
        "the run of %.60s on %.60s under %.30s is in %.150s and in %.150s; results that are joined must not "
        "overlap",
        a->run->scenario, a->run->pool, a->run->backend, a->path, b->path);
}

static enum err refuse_duplicates(struct results *const *parts, const struct words *paths, struct problem *why)
{
    size_t total = 0, count = 0;
    enum err err = ERR_NONE;
    for (size_t p = 0; p < paths->count; p++)
        total += parts[p]->run_count;
    struct origin *origins = calloc(total + 1, sizeof *origins);
    if (!origins)
        return problem_set(why, ERR_MEMORY, "out of memory while joining results");
    for (size_t p = 0; p < paths->count; p++)
        for (size_t i = 0; i < parts[p]->run_count; i++)
            origins[count++] = (struct origin){parts[p]->runs[i], paths->list[p]};
    qsort(origins, count, sizeof *origins, order_origins);
    for (size_t i = 1; err == ERR_NONE && i < count; i++)
        if (order_origins(&origins[i - 1], &origins[i]) == 0)
            err = refuse_twice(&origins[i - 1], &origins[i], why);
    free(origins);
    return err;
}

/* ---- shards ------------------------------------------------------------------------------------------------------ */

/* "--shard" "2/4", or "--shard=2/4", among the words of the command that made the results. *at: the word that has the numbers. */
static bool find_shard(const struct results *part, size_t *at, long *shard, long *shards)
{
    static const char name[] = "--shard";
    size_t length = strlen(name);
    for (size_t w = 0; w < part->command_count; w++) {
        const char *text = part->command[w], *value = NULL;
        *at = w;
        if (strncmp(text, "--shard=", length + 1) == 0)
            value = text + length + 1;
        else if (strcmp(text, name) == 0 && w + 1 < part->command_count)
            value = part->command[ *at = w + 1];
        if (value && sscanf(value, "%ld/%ld", shard, shards) == 2)
            return true;
    }
    return false;
}

static bool has_shard(struct results *const *parts, size_t count, long wanted)
{
    long shard, shards;
    size_t at;
    for (size_t p = 0; p < count; p++)
        if (find_shard(parts[p], &at, &shard, &shards) && shard == wanted)
            return true;
    return false;
}

/* All of a division, of one division, and made by one version. */
static enum err refuse_gaps(struct results *const *parts, const struct words *paths, struct problem *why)
{
    long shard, shards, of = 0;
    size_t at;
    for (size_t p = 0; p < paths->count; p++) {
        const char *version = parts[p]->version ? parts[p]->version : "?";
        const char *first = parts[0]->version ? parts[0]->version : "?";
        if (strcmp(version, first) != 0)
            return problem_set(why, ERR_INPUT, "%.150s was made by churn %.20s, %.150s by churn %.20s", paths->list[0],
                               first, paths->list[p], version);
        if (!find_shard(parts[p], &at, &shard, &shards))
            continue;
        if (of > 0 && shards != of)
            return problem_set(why, ERR_INPUT, "%.150s is part %ld of %ld; another of the files is one of %ld parts",
                               paths->list[p], shard, shards, of);
        of = shards;
    }
    for (shard = 1; shard <= of; shard++)
        if (!has_shard(parts, paths->count, shard))
            return problem_set(why, ERR_INPUT, "part %ld of %ld is missing: expected the results of --shard %ld/%ld",
                               shard, of, shard, of);
    return ERR_NONE;
}

/* What is whole again was not asked for in parts. */
static void forget_shard(struct results *results)
{
    long shard, shards;
    size_t at;
    if (!find_shard(results, &at, &shard, &shards))
        return;
    size_t first = results->command[at][0] == '-' ? at : at - 1;
    for (size_t w = first; w <= at; w++)
        free(results->command[w]);
    memmove(&results->command[first], &results->command[at + 1],
            (results->command_count - at - 1) * sizeof *results->command);
    results->command_count -= at + 1 - first;
}

/* ---- joining parts ----------------------------------------------------------------------------------------------- */

/* Everything moves into the first part; it began when the earliest of them did. */
static enum err join_parts(struct results *const *parts, size_t count, struct problem *why)
{
    struct results *all = parts[0];
    for (size_t p = 1; p < count; p++) {
        struct results *part = parts[p];
        if (part->started && all->started && strcmp(part->started, all->started) < 0 &&
            run_set_text(&all->started, part->started) != ERR_NONE)
            return problem_set(why, ERR_MEMORY, "out of memory while joining results");
        while (part->run_count > 0)
            if (results_add(all, part->runs[--part->run_count]) != ERR_NONE)
                return problem_set(why, ERR_MEMORY, "out of memory while joining results");
    }
    results_sort(all);
    return ERR_NONE;
}

/* A results file, or the folder that holds one. */
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

static enum err join(const struct words *paths, bool whole, struct results **out, struct problem *why)
{
    struct results **parts = calloc(paths->count + 1, sizeof(struct results *));
    enum err err = parts ? ERR_NONE : problem_set(why, ERR_MEMORY, "out of memory while joining results");
    *out = NULL;
    for (size_t p = 0; err == ERR_NONE && p < paths->count; p++)
        err = load_part(paths->list[p], &parts[p], why);
    if (err == ERR_NONE)
        err = refuse_duplicates(parts, paths, why);
    if (err == ERR_NONE && whole)
        err = refuse_gaps(parts, paths, why);
    if (err == ERR_NONE)
        err = join_parts(parts, paths->count, why);
    if (err == ERR_NONE) {
        *out = parts[0];
        parts[0] = NULL;
        if (whole)
            forget_shard(*out);
    }
    for (size_t p = 0; parts && p < paths->count; p++)
        results_free(parts[p]);
    free(parts);
    return err;
}

enum err results_join(const struct words *paths, struct results **out, struct problem *why)
{
    return join(paths, false, out, why);
}

enum err results_merge(const struct words *paths, struct results **out, struct problem *why)
{
    return join(paths, true, out, why);
}
