/*
 * durations.c: how long each run of a baseline takes, in a file beside the numbers: FOLDER/durations.tsv.
 *
 * Times differ from run to run. In a file of their own they disturb no review of the numbers, and a baseline without the
 * file only balances its shards worse.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/record/baseline.h"

#define DURATIONS_LIMIT ((size_t)16 << 20)
#define COLUMNS         6

static enum err no_memory(struct problem *why)
{
    return problem_set(why, ERR_MEMORY, "out of memory while reading or writing durations");
}

static char *path_in(const char *folder)
{
    char *path = NULL;
    return asprintf(&path, "%s/durations.tsv", folder) < 0 ? NULL : path;
}

/* ---- reading -------------------------------------------------------------------------------- */

static bool read_number(const char *text, uint64_t limit, uint64_t *out)
{
    char *end;
    errno = 0;
    *out = strtoull(text, &end, 10);
    return *text >= '0' && *text <= '9' && *end == '\0' && errno == 0 && *out <= limit;
}

/* Cuts the line in place. ERR_INPUT: it has not the columns that it should have. */
static enum err read_line(char *line, struct baseline *out)
{
    char *columns[COLUMNS] = {0}, *word;
    size_t count = 0;
    uint64_t ms, seed;
    struct baseline_entry *entry;
    while ((word = strsep(&line, "\t")) != NULL)
        if (count++ < COLUMNS)
            columns[count - 1] = word;
    if (count != COLUMNS || !read_number(columns[0], INT64_MAX / 1000, &ms) ||
        !read_number(columns[5], UINT64_MAX, &seed))
        return ERR_INPUT;
    if (baseline_add(out, &entry) != ERR_NONE)
        return ERR_MEMORY;
    entry->ms = (int64_t)ms;
    entry->seed = seed;
    char **texts[] = {&entry->scenario, &entry->params, &entry->pool, &entry->backend};
    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        if (run_set_text(texts[i], columns[1 + i]) != ERR_NONE)
            return ERR_MEMORY;
    return ERR_NONE;
}

static enum err read_lines(char *text, const char *path, struct baseline *out, struct problem *why)
{
    enum err err = ERR_NONE;
    char *line;
    for (size_t number = 1; err == ERR_NONE && (line = strsep(&text, "\n")) != NULL; number++) {
        if (line[0] != '#' && line[0] != '\0')
            err = read_line(line, out);
        if (err == ERR_INPUT)
            err =
                problem_set(why, err,
                            "%s:%zu: expected milliseconds, scenario, parameters, pool, backend and seed between tabs "
                            "(`churn gate --update-baseline` writes the file anew when it is deleted)",
                            path, number);
    }
    return err == ERR_MEMORY ? no_memory(why) : err;
}

enum err durations_load(const char *folder, struct baseline *out, struct problem *why)
{
    struct buffer text = {0};
    char *path = path_in(folder);
    enum err err = path ? ERR_NONE : no_memory(why);
    *out = (struct baseline){0};
    if (path && access(path, F_OK) == 0) {
        err = file_read_whole(path, DURATIONS_LIMIT, &text, why);
        if (err == ERR_NONE && text.data)
            err = read_lines(text.data, path, out, why);
    }
    free(path);
    buffer_free(&text);
    if (err != ERR_NONE)
        baseline_free(out);
    return err;
}

/* ---- writing -------------------------------------------------------------------------------- */

static bool fits(const struct baseline_entry *entry)
{
    const char *texts[] = {entry->scenario, entry->params, entry->pool, entry->backend};
    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        if (strpbrk(texts[i], "\t\n"))
            return false;
    return entry->ms > 0;
}

enum err durations_save(const char *folder, struct baseline *baseline, struct problem *why)
{
    struct buffer text = {0};
    char *path = path_in(folder);
    enum err err = path ? folder_make(folder, why) : no_memory(why);
    baseline_sort(baseline);
    buffer_add_text(&text,
                    "# milliseconds\tscenario\tparameters\tpool\tbackend\tseed: only for the balance of shards\n");
    for (size_t i = 0; i < baseline->count; i++) {
        const struct baseline_entry *entry = &baseline->entries[i];
        if (fits(entry))
            buffer_addf(&text, "%" PRId64 "\t%s\t%s\t%s\t%s\t%" PRIu64 "\n", entry->ms, entry->scenario, entry->params,
                        entry->pool, entry->backend, entry->seed);
    }
    if (err == ERR_NONE)
        err = text.failed ? no_memory(why) : file_write_whole(path, text.data, text.length, why);
    buffer_free(&text);
    free(path);
    return err;
}
