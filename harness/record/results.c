#include "harness/record/record.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "harness/record/record_internal.h"

struct results *results_make(void)
{
    return calloc(1, sizeof(struct results));
}

void results_free(struct results *results)
{
    if (!results)
        return;
    for (size_t i = 0; i < results->run_count; i++)
        run_free(results->runs[i]);
    for (size_t i = 0; i < results->command_count; i++)
        free(results->command[i]);
    free(results->runs);
    free(results->command);
    free(results->started);
    free(results->version);
    machine_fini(&results->machine);
    free(results);
}

enum err results_add_word(struct results *results, const char *word)
{
    char **command = reallocarray(results->command, results->command_count + 1, sizeof(*command));
    if (!command)
        return ERR_MEMORY;
    results->command = command;
    command[results->command_count] = strdup(word);
    if (!command[results->command_count])
        return ERR_MEMORY;
    results->command_count++;
    return ERR_NONE;
}

enum err results_describe(struct results *results, const char *version, size_t argc, char *const *argv)
{
    char started[32];
    time_t now = time(NULL);
    struct tm utc;
    if (!gmtime_r(&now, &utc) || strftime(started, sizeof(started), "%Y-%m-%dT%H:%M:%SZ", &utc) == 0)
        return ERR_SYSTEM;
    if (run_set_text(&results->started, started) != ERR_NONE || run_set_text(&results->version, version) != ERR_NONE)
        return ERR_MEMORY;
    for (size_t i = 0; i < argc; i++)
        if (results_add_word(results, argv[i]) != ERR_NONE)
            return ERR_MEMORY;
    return machine_describe(&results->machine);
}

enum err results_add(struct results *results, struct run *run)
{
    struct run **runs = reallocarray(results->runs, results->run_count + 1, sizeof(struct run *));
    if (!runs) {
        run_free(run);
        return ERR_MEMORY;
    }
    runs[results->run_count++] = run;
    results->runs = runs;
    return ERR_NONE;
}

/* ---- order ---------------------------------------------------------------------------------- */

static int compare_texts(const char *a, const char *b)
{
    return strcmp(a ? a : "", b ? b : "");
}

static bool whole_number(const char *text, int64_t *out)
{
    char *end;
    errno = 0;
    *out = strtoll(text, &end, 10);
    return errno == 0 && end != text && *end == '\0';
}

/* keys=8 comes before keys=64. */
static int compare_values(const char *a, const char *b)
{
    int64_t x, y;
    if (whole_number(a, &x) && whole_number(b, &y) && x != y)
        return x < y ? -1 : 1;
    return strcmp(a, b);
}

static int compare_params(const struct run *a, const struct run *b)
{
    for (size_t i = 0; i < a->param_count && i < b->param_count; i++) {
        int order = strcmp(a->params[i].name, b->params[i].name);
        if (order == 0)
            order = compare_values(a->params[i].value, b->params[i].value);
        if (order != 0)
            return order;
    }
    return (a->param_count > b->param_count) - (a->param_count < b->param_count);
}

int run_compare(const struct run *a, const struct run *b)
{
    int order = compare_texts(a->scenario, b->scenario);
    if (order == 0)
        order = compare_params(a, b);
    if (order == 0)
        order = compare_texts(a->pool, b->pool);
    if (order == 0)
        order = compare_texts(a->backend, b->backend);
    if (order == 0)
        order = (a->seed > b->seed) - (a->seed < b->seed);
    return order;
}

static int compare_pointers(const void *a, const void *b)
{
    struct run *const *x = a, *const *y = b;
    return run_compare(*x, *y);
}

void results_sort(struct results *results)
{
    if (results->run_count > 1)
        qsort(results->runs, results->run_count, sizeof(struct run *), compare_pointers);
}

/* ---- sums ----------------------------------------------------------------------------------- */

int64_t results_count_status(const struct results *results, enum status status)
{
    int64_t count = 0;
    for (size_t i = 0; i < results->run_count; i++)
        count += results->runs[i]->status == status;
    return count;
}

enum exit_code results_exit_code(const struct results *results)
{
    enum exit_code worst = EXIT_SKIPPED;
    bool any = false;
    for (size_t i = 0; i < results->run_count; i++) {
        const struct run *run = results->runs[i];
        if (run->status == STATUS_SKIP)
            continue;
        enum exit_code code = run->ending == ENDING_STOPPED ? EXIT_INTERRUPTED : status_exit_code(run->status);
        worst = any ? exit_code_worst(worst, code) : code;
        any = true;
    }
    return worst;
}
