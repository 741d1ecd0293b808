/* Results as JSON (docs/results.schema.json). Integers stay integers: jansson holds 64 bits. */
#include "harness/record/record_internal.h"

#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Enough that printing, reading and printing again gives the same digits, and 1/10 stays 0.1. */
#define DUMP_FLAGS (JSON_ENCODE_ANY | JSON_REAL_PRECISION(15))
#define INDENT     2

/* ---- making values: NULL stands for "out of memory" and is passed up ------------------------ */

/* Text that is no UTF-8 (a log may hold anything, a parameter any byte) gets \xNN for the bytes that are none: jansson
 * refuses them, which would look like a lack of memory. */
static void add_clean(struct buffer *clean, const char *text)
{
    size_t length = strlen(text), taken;
    for (size_t at = 0; at < length; at += taken ? taken : 1) {
        taken = text_utf8_sequence(text + at, length - at);
        if (taken > 0)
            buffer_add(clean, text + at, taken);
        else
            buffer_addf(clean, "\\x%02X", (unsigned char)text[at]);
    }
}

static json_t *make_text(const char *text)
{
    if (!text)
        return json_null();
    struct buffer clean = {0};
    add_clean(&clean, text);
    json_t *value = clean.failed ? NULL : json_string(clean.data ? clean.data : "");
    buffer_free(&clean);
    return value;
}

static json_t *make_integer(int64_t value)
{
    return value == RECORD_NONE ? json_null() : json_integer(value);
}

static json_t *make_real(double value)
{
    return json_real(isfinite(value) ? value : 0);
}

/* Sets object[name]; steals `value`. Once something failed, *object is NULL and stays so. */
static void put(json_t **object, const char *name, json_t *value)
{
    if (!*object) {
        json_decref(value);
        return;
    }
    if (json_object_set_new(*object, name, value) != 0) {
        json_decref(*object);
        *object = NULL;
    }
}

/* The same for a name that others chose. */
static void put_named(json_t **object, const char *name, json_t *value)
{
    struct buffer clean = {0};
    add_clean(&clean, name);
    put(object, clean.failed ? "" : clean.data ? clean.data : "", clean.failed ? NULL : value);
    if (clean.failed)
        json_decref(value);
    buffer_free(&clean);
}

static void push(json_t **array, json_t *value)
{
    if (!*array) {
        json_decref(value);
        return;
    }
    if (json_array_append_new(*array, value) != 0) {
        json_decref(*array);
        *array = NULL;
    }
}

static json_t *make_integers(const int64_t *values, size_t count)
{
    json_t *array = json_array();
    for (size_t i = 0; i < count; i++)
        push(&array, make_integer(values ? values[i] : RECORD_NONE));
    return array;
}

static json_t *make_texts(char *const *texts, size_t count)
{
    json_t *array = json_array();
    for (size_t i = 0; i < count; i++)
        push(&array, make_text(texts[i]));
    return array;
}

/* ---- the parts of a run --------------------------------------------------------------------- */

/* A parameter that reads as a whole number or a truth value is one. */
static json_t *make_param(const char *text)
{
    char again[32];
    int64_t value = strtoll(text, NULL, 10);
    snprintf(again, sizeof(again), "%" PRId64, value);
    if (strcmp(again, text) == 0)
        return json_integer(value);
    if (strcmp(text, "true") == 0 || strcmp(text, "false") == 0)
        return json_boolean(text[0] == 't');
    return make_text(text);
}

static json_t *make_params(const struct run *run)
{
    json_t *object = json_object();
    for (size_t i = 0; i < run->param_count; i++)
        put_named(&object, run->params[i].name, make_param(run->params[i].value));
    return object;
}

/* JSON's integers are signed here; a seed above that is written in digits as text. */
static json_t *make_seed(uint64_t seed)
{
    char digits[32];
    if (seed <= INT64_MAX)
        return json_integer((json_int_t)seed);
    snprintf(digits, sizeof(digits), "%" PRIu64, seed);
    return json_string(digits);
}

static json_t *make_subject(const struct run *run)
{
    json_t *object = json_object();
    put(&object, "name", make_text(run->subject_name));
    put(&object, "version", make_text(run->subject_version));
    return object;
}

static json_t *make_shape(const struct run *run)
{
    json_t *object = json_object();
    put(&object, "min", make_integer(run->pool_min));
    put(&object, "max", make_integer(run->pool_max));
    return object;
}

static json_t *make_ending(const struct run *run)
{
    json_t *object = json_object();
    put(&object, "how", json_string(ending_name(run->ending)));
    put(&object, "code", json_integer(run->ending_code));
    put(&object, "detail", make_text(run->ending_detail));
    return object;
}

static json_t *make_rungs(const struct run *run)
{
    json_t *object = json_object();
    put(&object, "ops", make_integers(run->rung_ops, run->rung_count));
    put(&object, "cycles", make_integers(run->rung_cycles, run->rung_count));
    put(&object, "invalidations", make_integers(run->rung_invalidations, run->rung_count));
    put(&object, "gets", make_integers(run->rung_gets, run->rung_count));
    return object;
}

static json_t *make_series(const struct run *run)
{
    json_t *object = json_object();
    for (size_t i = 0; i < run->series_count; i++)
        put_named(&object, run->series[i].name, make_integers(run->series[i].values, run->rung_count));
    return object;
}

/* The samples outside the rungs, those that are there. */
static json_t *make_edge(const struct run *run, bool after)
{
    json_t *object = json_object();
    for (size_t i = 0; i < run->series_count; i++) {
        int64_t value = after ? run->series[i].after : run->series[i].before;
        if (value != RECORD_NONE)
            put_named(&object, run->series[i].name, json_integer(value));
    }
    return object;
}

static json_t *make_violations(const struct run *run)
{
    json_t *array = json_array();
    for (size_t i = 0; i < run->violation_count; i++) {
        const struct violation *violation = &run->violations[i];
        json_t *object = json_object();
        put(&object, "invariant", make_text(violation->invariant));
        put(&object, "metric", make_text(violation->metric));
        put(&object, "detail", make_text(violation->detail));
        put(&object, "rung", json_integer(violation->rung));
        put(&object, "op", json_integer(violation->op));
        push(&array, object);
    }
    return array;
}

static json_t *make_expectation(const struct expectation *expectation, size_t rung_count)
{
    json_t *object = json_object(), *metrics = json_array();
    for (size_t i = 0; i < expectation->metric_count; i++) {
        const struct expected_metric *expected = &expectation->metrics[i];
        json_t *metric = json_object();
        put(&metric, "name", make_text(expected->name));
        put(&metric, "relation", json_string(relation_name(expected->relation)));
        put(&metric, "values", expected->predicted ? make_integers(expected->values, rung_count) : json_null());
        push(&metrics, metric);
    }
    put(&object, "finding", json_string(finding_name(expectation->finding)));
    put(&object, "violates", make_text(expectation->violates));
    put(&object, "metrics", metrics);
    put(&object, "also", make_texts(expectation->also, expectation->also_count));
    return object;
}

/* {"tombstones": ["302 in key k0", ...]}: examples of one metric stand together. */
static json_t *make_examples(const struct run *run)
{
    json_t *object = json_object();
    for (size_t i = 0; i < run->example_count; i++) {
        const struct example *example = &run->examples[i];
        json_t *array = object ? json_object_get(object, example->metric) : NULL;
        if (!array)
            put(&object, example->metric, array = json_array());
        if (object && json_array_append_new(array, make_text(example->words)) != 0) {
            json_decref(object);
            object = NULL;
        }
    }
    return object;
}

static json_t *make_thresholds(const struct thresholds *thresholds)
{
    json_t *array = json_array();
    for (size_t i = 0; i < thresholds->count; i++) {
        const struct threshold *threshold = &thresholds->list[i];
        json_t *object = json_object();
        put(&object, "kind", json_string(threshold_kind_name(threshold->kind)));
        put(&object, "text", make_text(threshold->text));
        put(&object, "control", make_text(threshold->control));
        put(&object, "from_command", json_boolean(threshold->from_command));
        push(&array, object);
    }
    return array;
}

static json_t *make_doses(const struct run *run)
{
    json_t *object = json_object();
    for (size_t i = 0; i < run->dose_count; i++) {
        int64_t growth[] = {run->doses[i].single, run->doses[i].twice};
        put_named(&object, run->doses[i].metric, make_integers(growth, ARRAY_LEN(growth)));
    }
    return object;
}

static json_t *make_tool(const struct run *run)
{
    json_t *object = json_object();
    put(&object, "errors", json_integer(run->tool_errors));
    put(&object, "lost_bytes", json_integer(run->lost_bytes));
    put(&object, "bytes_growth", make_integer(run->tool_bytes_growth));
    put(&object, "blocks_growth", make_integer(run->tool_blocks_growth));
    put(&object, "own_bytes_growth", make_integer(run->own_bytes_growth));
    put(&object, "own_blocks_growth", make_integer(run->own_blocks_growth));
    return object;
}

static json_t *make_findings(const struct run *run)
{
    json_t *array = json_array();
    for (size_t i = 0; i < run->found_count; i++) {
        const struct found *found = &run->found[i];
        json_t *object = json_object();
        put(&object, "finding", json_string(finding_name(found->finding)));
        put(&object, "metric", make_text(found->metric));
        put(&object, "rate", make_real(found->rate));
        put(&object, "rate_unit", make_text(found->rate_unit));
        put(&object, "detail", make_text(found->detail));
        put(&object, "rung", json_integer(found->rung));
        put(&object, "expected", json_boolean(found->expected));
        push(&array, object);
    }
    return array;
}

static json_t *make_tried(const struct tried *tried)
{
    json_t *object = json_object();
    put(&object, "seeds", json_integer(tried->seeds));
    put(&object, "ops", json_integer(tried->ops));
    put(&object, "wall_ns", json_integer(tried->wall_ns));
    return object;
}

static json_t *make_run(const struct run *run)
{
    json_t *object = json_object();
    put(&object, "scenario", make_text(run->scenario));
    put(&object, "file", make_text(run->file));
    put(&object, "about", make_text(run->about));
    put(&object, "params", make_params(run));
    put(&object, "pool", make_text(run->pool));
    if (run->as)
        put(&object, "as", make_text(run->as));
    put(&object, "shape", make_shape(run));
    put(&object, "backend", make_text(run->backend));
    put(&object, "seed", make_seed(run->seed));
    put(&object, "subject", make_subject(run));
    put(&object, "status", json_string(status_name(run->status)));
    put(&object, "finding", json_string(finding_name(run->finding)));
    put(&object, "metric", make_text(run->metric));
    put(&object, "rate", make_real(run->rate));
    put(&object, "rate_unit", make_text(run->rate_unit));
    put(&object, "expected", json_string(finding_name(run->expectation.finding)));
    put(&object, "message", make_text(run->message));
    put(&object, "repeat", make_text(run->repeat));
    put(&object, "ending", make_ending(run));
    put(&object, "log", make_text(run->log));
    put(&object, "ops", json_integer(run->ops));
    put(&object, "wall_ns", json_integer(run->wall_ns));
    put(&object, "peak_rss_bytes", json_integer(run->peak_rss_bytes));
    if (run->tried.seeds > 0)
        put(&object, "tried", make_tried(&run->tried));
    put(&object, "cycles_per_rung", json_integer(run->cycles_per_rung));
    put(&object, "period", json_integer(run->period));
    put(&object, "rungs", make_rungs(run));
    put(&object, "series", make_series(run));
    put(&object, "before", make_edge(run, false));
    put(&object, "after", make_edge(run, true));
    put(&object, "expectation", make_expectation(&run->expectation, run->rung_count));
    if (run->thresholds.count > 0)
        put(&object, "thresholds", make_thresholds(&run->thresholds));
    put(&object, "violations", make_violations(run));
    if (run->example_count > 0)
        put(&object, "examples", make_examples(run));
    put(&object, "findings", make_findings(run));
    put(&object, "twin_differs", make_text(run->twin_differs));
    put(&object, "doses", make_doses(run));
    put(&object, "tool", make_tool(run));
    put(&object, "control", make_text(run->control));
    if (run->stack)
        put(&object, "stack", make_text(run->stack));
    if (run->baseline_differs)
        put(&object, "baseline_differs", make_text(run->baseline_differs));
    return object;
}

/* ---- the whole ------------------------------------------------------------------------------ */

static json_t *make_machine(const struct machine *machine)
{
    json_t *object = json_object();
    put(&object, "system", make_text(machine->system));
    put(&object, "kernel", make_text(machine->kernel));
    put(&object, "processor", make_text(machine->processor));
    if (machine->abi)
        put(&object, "abi", make_text(machine->abi));
    put(&object, "cores", json_integer(machine->cores));
    put(&object, "memory_bytes", json_integer(machine->memory_bytes));
    put(&object, "compiler", make_text(machine->compiler));
    put(&object, "valgrind", make_text(machine->valgrind));
    put(&object, "libfaketime", make_text(machine->libfaketime));
    put(&object, "lua", make_text(machine->lua));
    return object;
}

static json_t *make_summary(const struct results *results)
{
    json_t *summary = json_object();
    for (int i = 0; i < STATUS_COUNT; i++)
        put(&summary, status_name((enum status)i), json_integer(results_count_status(results, (enum status)i)));
    return summary;
}

static int add_bytes(const char *bytes, size_t length, void *buffer)
{
    buffer_add(buffer, bytes, length);
    return 0;
}

void json_print_text(struct buffer *out, const char *before, const char *text)
{
    json_t *value = make_text(text);
    buffer_add_text(out, before);
    if (!value || json_dump_callback(value, add_bytes, out, DUMP_FLAGS) != 0)
        out->failed = true;
    json_decref(value);
}

static bool is_small(json_t *value)
{
    const char *name;
    json_t *member;
    size_t index;
    json_object_foreach(value, name, member)
    {
        if (json_is_object(member) || json_is_array(member))
            return false;
    }
    json_array_foreach(value, index, member)
    {
        if (json_is_object(member) || json_is_array(member))
            return false;
    }
    return true;
}

/* A container of numbers and words takes one line, any other one line a member: fit for people and for `diff`. */
static void print_value(json_t *value, int depth, struct buffer *out)
{
    const char *name, *between = "\n";
    json_t *member;
    size_t index;
    if (is_small(value)) {
        if (json_dump_callback(value, add_bytes, out, DUMP_FLAGS) != 0)
            out->failed = true;
        return;
    }
    buffer_add_text(out, json_is_array(value) ? "[" : "{");
    json_object_foreach(value, name, member)
    {
        json_t *key = json_string(name);
        buffer_addf(out, "%s%*s", between, (depth + 1) * INDENT, "");
        if (!key || json_dump_callback(key, add_bytes, out, DUMP_FLAGS) != 0)
            out->failed = true;
        json_decref(key);
        buffer_add_text(out, ": ");
        print_value(member, depth + 1, out);
        between = ",\n";
    }
    json_array_foreach(value, index, member)
    {
        buffer_addf(out, "%s%*s", between, (depth + 1) * INDENT, "");
        print_value(member, depth + 1, out);
        between = ",\n";
    }
    buffer_addf(out, "\n%*s%s", depth * INDENT, "", json_is_array(value) ? "]" : "}");
}

/* Prints `value` (STOLEN; NULL: out of memory). */
static void print_and_drop(json_t *value, int depth, struct buffer *out)
{
    if (value)
        print_value(value, depth, out);
    else
        out->failed = true;
    json_decref(value);
}

static void print_member(const char *name, json_t *value, struct buffer *out)
{
    buffer_addf(out, "  \"%s\": ", name);
    print_and_drop(value, 1, out);
    buffer_add_text(out, ",\n");
}

/* Run by run, as it is read: of many thousands only one is in memory as JSON. */
enum err results_print(const struct results *results, struct buffer *out)
{
    buffer_add_text(out, "{\n");
    print_member("format", json_string(RECORD_FORMAT), out);
    print_member("churn", make_text(results->version), out);
    print_member("started", make_text(results->started), out);
    print_member("machine", make_machine(&results->machine), out);
    print_member("command", make_texts(results->command, results->command_count), out);
    buffer_add_text(out, "  \"runs\": [");
    for (size_t i = 0; i < results->run_count && !out->failed; i++) {
        buffer_add_text(out, i > 0 ? ",\n    " : "\n    ");
        print_and_drop(make_run(results->runs[i]), 2, out);
    }
    buffer_add_text(out, results->run_count > 0 ? "\n  ],\n  \"summary\": " : "],\n  \"summary\": ");
    print_and_drop(make_summary(results), 1, out);
    buffer_add_text(out, "\n}\n");
    return out->failed ? ERR_MEMORY : ERR_NONE;
}

enum err results_save(const struct results *results, const char *path, struct problem *why)
{
    struct buffer text = {0};
    enum err err = results_print(results, &text);
    if (err != ERR_NONE)
        err = problem_set(why, err, "%s: out of memory while writing results", path);
    else
        err = file_write_whole(path, text.data, text.length, why);
    buffer_free(&text);
    return err;
}
