#include "harness/record/baseline.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/record/json_take.h"
#include "harness/record/record_internal.h"

#define BASELINE_FILE_LIMIT ((size_t)64 << 20)

char *run_params_text(const struct run *run)
{
    struct buffer text = {0};
    buffer_add_text(&text, "");
    for (size_t i = 0; i < run->param_count; i++)
        buffer_addf(&text, "%s%s=%s", i > 0 ? " " : "", run->params[i].name, run->params[i].value);
    if (!text.failed && !text.data)
        return strdup("");
    if (text.failed)
        buffer_free(&text);
    return text.data;
}

enum err baseline_add(struct baseline *baseline, struct baseline_entry **out)
{
    struct baseline_entry *entries = reallocarray(baseline->entries, baseline->count + 1, sizeof(*entries));
    if (!entries)
        return ERR_MEMORY;
    baseline->entries = entries;
    *out = &entries[baseline->count++];
    **out = (struct baseline_entry){0};
    return ERR_NONE;
}

enum err baseline_entry_add(struct baseline_entry *entry, const char *name, int64_t last, int64_t peak, double rate)
{
    struct baseline_number *numbers = reallocarray(entry->numbers, entry->number_count + 1, sizeof(*numbers));
    if (!numbers)
        return ERR_MEMORY;
    entry->numbers = numbers;
    numbers[entry->number_count] = (struct baseline_number){strdup(name), last, peak, rate};
    return numbers[entry->number_count++].name ? ERR_NONE : ERR_MEMORY;
}

static bool same(const char *a, const char *b)
{
    return strcmp(a ? a : "", b ? b : "") == 0;
}

struct baseline_entry *baseline_find(const struct baseline *baseline, const char *scenario, const char *params,
                                     const char *pool, const char *backend, uint64_t seed)
{
    for (size_t i = 0; i < baseline->count; i++) {
        struct baseline_entry *entry = &baseline->entries[i];
        if (same(entry->scenario, scenario) && same(entry->params, params) && same(entry->pool, pool) &&
            same(entry->backend, backend) && entry->seed == seed)
            return entry;
    }
    return NULL;
}

static void entry_fini(struct baseline_entry *entry)
{
    char *texts[] = {entry->scenario, entry->params,  entry->pool,     entry->backend,
                     entry->abi,      entry->finding, entry->rate_unit};
    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        free(texts[i]);
    for (size_t i = 0; i < entry->number_count; i++)
        free(entry->numbers[i].name);
    free(entry->numbers);
}

void baseline_free(struct baseline *baseline)
{
    for (size_t i = 0; i < baseline->count; i++)
        entry_fini(&baseline->entries[i]);
    free(baseline->entries);
    *baseline = (struct baseline){0};
}

/* ---- writing -------------------------------------------------------------------------------- */

/* Numbers in a text come in their own order: keys=8 before keys=64. */
static int order_entries(const void *a, const void *b)
{
    const struct baseline_entry *x = a, *y = b;
    int order = strcmp(x->scenario, y->scenario);
    if (order == 0)
        order = strverscmp(x->params, y->params);
    if (order == 0)
        order = strcmp(x->pool, y->pool);
    if (order == 0)
        order = strcmp(x->backend, y->backend);
    return order != 0 ? order : (x->seed > y->seed) - (x->seed < y->seed);
}

void baseline_sort(struct baseline *baseline)
{
    if (baseline->count > 1)
        qsort(baseline->entries, baseline->count, sizeof(*baseline->entries), order_entries);
}

static int order_numbers(const void *a, const void *b)
{
    return strcmp(((const struct baseline_number *)a)->name, ((const struct baseline_number *)b)->name);
}

/* A line for each number, always in the same order. */
static void print_entry(struct baseline_entry *entry, struct buffer *out)
{
    if (entry->number_count > 1)
        qsort(entry->numbers, entry->number_count, sizeof(*entry->numbers), order_numbers);
    json_print_text(out, "    {\"params\": ", entry->params);
    json_print_text(out, ", \"pool\": ", entry->pool);
    json_print_text(out, ", \"backend\": ", entry->backend);
    buffer_addf(out, ", \"seed\": \"%" PRIu64 "\",\n", entry->seed);
    json_print_text(out, "     \"finding\": ", entry->finding);
    json_print_text(out, ", \"rate_unit\": ", entry->rate_unit);
    buffer_addf(out, ", \"ops\": %" PRId64 ",\n     \"numbers\": {", entry->ops);
    for (size_t i = 0; i < entry->number_count; i++) {
        const struct baseline_number *number = &entry->numbers[i];
        json_print_text(out, i > 0 ? ",\n       " : "\n       ", number->name);
        buffer_addf(out, ": {\"last\": %" PRId64 ", \"peak\": %" PRId64 ", \"rate\": %.12g}", number->last,
                    number->peak, number->rate);
    }
    buffer_add_text(out, "}}");
}

static void print_scenario(const char *scenario, struct baseline *baseline, struct buffer *out)
{
    const char *between = "\n", *abi = NULL;
    for (size_t i = 0; i < baseline->count && !abi; i++)
        if (same(baseline->entries[i].scenario, scenario))
            abi = baseline->entries[i].abi;
    buffer_addf(out, "{\n  \"format\": \"%s\",\n", BASELINE_FORMAT);
    json_print_text(out, "  \"scenario\": ", scenario);
    json_print_text(out, ",\n  \"abi\": ", abi);
    buffer_add_text(out, ",\n  \"runs\": [");
    for (size_t i = 0; i < baseline->count; i++) {
        if (!same(baseline->entries[i].scenario, scenario))
            continue;
        buffer_add_text(out, between);
        print_entry(&baseline->entries[i], out);
        between = ",\n";
    }
    buffer_add_text(out, "\n  ]\n}\n");
}

enum err baseline_save(const char *folder, const char *scenario, struct baseline *baseline, struct problem *why)
{
    struct buffer text = {0};
    char *path = NULL;
    bool any = false;
    for (size_t i = 0; i < baseline->count; i++)
        any = any || same(baseline->entries[i].scenario, scenario);
    if (asprintf(&path, "%s/%s.json", folder, scenario) < 0)
        return problem_set(why, ERR_MEMORY, "out of memory while writing the baseline");
    enum err err = folder_make(folder, why);
    baseline_sort(baseline);
    if (err == ERR_NONE && !any) {
        (void)unlink(path);
    } else if (err == ERR_NONE) {
        print_scenario(scenario, baseline, &text);
        err = text.failed ? problem_set(why, ERR_MEMORY, "out of memory while writing the baseline")
                          : file_write_whole(path, text.data, text.length, why);
    }
    buffer_free(&text);
    free(path);
    return err;
}

/* ---- reading -------------------------------------------------------------------------------- */

static void read_numbers(struct reader *reader, json_t *numbers, struct baseline_entry *entry)
{
    const char *name;
    json_t *value;
    json_object_foreach(numbers, name, value)
    {
        size_t mark = take_enter(reader, ".numbers.%.64s", name);
        int64_t last = take_integer(reader, value, "last", false), peak = take_integer(reader, value, "peak", false);
        double rate = take_real(reader, value, "rate");
        if (reader->err == ERR_NONE)
            take_check(reader, baseline_entry_add(entry, name, last, peak, rate));
        take_leave(reader, mark);
    }
}

static void read_entry(struct reader *reader, json_t *object, const char *scenario, const char *abi,
                       struct baseline_entry *entry)
{
    take_is_object(reader, object);
    take_text(reader, object, "params", &entry->params);
    take_text(reader, object, "pool", &entry->pool);
    take_text(reader, object, "backend", &entry->backend);
    take_text(reader, object, "finding", &entry->finding);
    take_text(reader, object, "rate_unit", &entry->rate_unit);
    const char *seed = take_peek(reader, object, "seed", false);
    entry->seed = seed ? strtoull(seed, NULL, 10) : 0;
    entry->ops = take_integer(reader, object, "ops", false);
    take_check(reader, run_set_text(&entry->scenario, scenario));
    take_check(reader, run_set_text(&entry->abi, abi));
    read_numbers(reader, take_container(reader, object, "numbers", JSON_OBJECT), entry);
    if (reader->err == ERR_NONE && (!entry->params || !entry->pool || !entry->backend))
        take_complain(reader, "expected text for params, pool and backend, found null");
}

static void read_file(struct reader *reader, const json_t *whole, struct baseline *out)
{
    json_t *object;
    size_t index;
    const char *format = json_string_value(json_object_get(whole, "format"));
    if (!format || strcmp(format, BASELINE_FORMAT) != 0)
        take_complain(reader, "expected \"format\": \"%s\", found \"%.40s\"", BASELINE_FORMAT, format ? format : "");
    const char *scenario = take_peek(reader, whole, "scenario", false), *abi = take_peek(reader, whole, "abi", true);
    json_t *runs = take_container(reader, whole, "runs", JSON_ARRAY);
    json_array_foreach(runs, index, object)
    {
        struct baseline_entry *entry = NULL;
        size_t mark = take_enter(reader, ".runs[%zu]", index);
        if (reader->err == ERR_NONE)
            take_check(reader, baseline_add(out, &entry));
        if (reader->err == ERR_NONE)
            read_entry(reader, object, scenario, abi, entry);
        take_leave(reader, mark);
    }
}

static enum err load_file(const char *path, struct baseline *out, struct problem *why)
{
    struct buffer text = {0};
    json_error_t error = {0};
    json_t *whole = NULL;
    enum err err = file_read_whole(path, BASELINE_FILE_LIMIT, &text, why);
    if (err == ERR_NONE) {
        whole = json_loadb(text.data ? text.data : "", text.length, JSON_REJECT_DUPLICATES, &error);
        if (!whole)
            err =
                problem_set(why, ERR_INPUT, "%s:%d:%d: expected JSON: %s", path, error.line, error.column, error.text);
    }
    if (err == ERR_NONE) {
        struct reader reader = {.file = path, .why = why};
        read_file(&reader, whole, out);
        err = reader.err;
    }
    json_decref(whole);
    buffer_free(&text);
    return err;
}

enum err baseline_load(const char *folder, struct baseline *out, struct problem *why)
{
    DIR *entries = opendir(folder);
    enum err err = ERR_NONE;
    *out = (struct baseline){0};
    if (!entries && errno != ENOENT)
        return problem_set(why, ERR_INPUT, "cannot read the baseline %.300s: %s", folder, strerror(errno));
    for (const struct dirent *entry; entries && err == ERR_NONE && (entry = readdir(entries)) != NULL;) {
        size_t length = strlen(entry->d_name);
        char *path = NULL;
        if (entry->d_name[0] == '.' || length < 6 || strcmp(entry->d_name + length - 5, ".json") != 0)
            continue;
        if (asprintf(&path, "%s/%s", folder, entry->d_name) < 0)
            err = problem_set(why, ERR_MEMORY, "out of memory while reading the baseline");
        else
            err = load_file(path, out, why);
        free(path);
    }
    if (entries)
        closedir(entries);
    if (err != ERR_NONE)
        baseline_free(out);
    return err;
}
