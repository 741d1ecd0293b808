/*
 * Reads one run of a results file back. It may have been edited by hand or written by another version: nothing in it is
 * believed before its type and length were checked (json_take.c).
 */
#include "harness/record/record_internal.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/record/json_take.h"

/* ---- the parts of a run --------------------------------------------------------------------- */

static void read_params(struct reader *reader, json_t *params, struct run *run)
{
    const char *name;
    json_t *value;
    json_object_foreach(params, name, value)
    {
        char digits[32];
        const char *text = json_string_value(value);
        if (json_is_integer(value)) {
            snprintf(digits, sizeof(digits), "%" JSON_INTEGER_FORMAT, json_integer_value(value));
            text = digits;
        } else if (json_is_boolean(value)) {
            text = json_is_true(value) ? "true" : "false";
        }
        if (!text)
            take_complain(reader, "params: \"%.64s\" is %s", name, take_type_word(value));
        else
            take_check(reader, run_add_param(run, name, text));
    }
}

static uint64_t take_seed(struct reader *reader, const json_t *object)
{
    json_t *value = take_member(reader, object, "seed");
    const char *digits = json_string_value(value);
    if (digits && digits[0] != '\0' && digits[strspn(digits, "0123456789")] == '\0') {
        errno = 0;
        uint64_t seed = strtoull(digits, NULL, 10);
        if (errno == 0)
            return seed;
    }
    if (!json_is_integer(value) || json_integer_value(value) < 0)
        take_complain(reader, "\"seed\": expected a number from 0 to %" PRIu64, UINT64_MAX);
    return (uint64_t)json_integer_value(value);
}

/* Counted since the start of a run: they never fall. */
static void take_rising(struct reader *reader, const json_t *object, const char *name, size_t count, int64_t **out)
{
    take_counts(reader, object, name, count, out);
    for (size_t i = 0; reader->err == ERR_NONE && i < count; i++)
        if ((*out)[i] < (i > 0 ? (*out)[i - 1] : 0))
            take_complain(reader, "\"%s\": expected numbers from 0 that do not fall, found %" PRId64 " at place %zu",
                          name, (*out)[i], i + 1);
}

static int64_t take_from_0(struct reader *reader, const json_t *object, const char *name)
{
    int64_t value = take_integer(reader, object, name, false);
    if (reader->err == ERR_NONE && value < 0)
        take_complain(reader, "\"%s\": expected a number from 0, found %" PRId64, name, value);
    return value;
}

static void read_rungs(struct reader *reader, const json_t *object, struct run *run)
{
    json_t *rungs = take_container(reader, object, "rungs", JSON_OBJECT);
    size_t mark = take_enter(reader, ".rungs");
    size_t count = json_array_size(json_object_get(rungs, "ops"));
    take_rising(reader, rungs, "ops", count, &run->rung_ops);
    take_rising(reader, rungs, "cycles", count, &run->rung_cycles);
    take_rising(reader, rungs, "invalidations", count, &run->rung_invalidations);
    take_rising(reader, rungs, "gets", count, &run->rung_gets);
    if (reader->err == ERR_NONE)
        run->rung_count = count;
    take_leave(reader, mark);
}

static void read_series(struct reader *reader, const json_t *object, struct run *run)
{
    json_t *all = take_container(reader, object, "series", JSON_OBJECT), *array;
    const char *name;
    json_object_foreach(all, name, array)
    {
        struct series *series = NULL;
        size_t mark = take_enter(reader, ".series.%.64s", name);
        if (!json_is_array(array))
            take_complain(reader, "expected an array, found %s", take_type_word(array));
        if (reader->err == ERR_NONE)
            take_check(reader, run_need_series(run, name, &series));
        if (reader->err == ERR_NONE)
            take_integers_of(reader, array, run->rung_count, true, series->values);
        take_leave(reader, mark);
    }
}

static void read_edge(struct reader *reader, const json_t *object, const char *which, struct run *run)
{
    json_t *all = take_container(reader, object, which, JSON_OBJECT), *value;
    const char *name;
    json_object_foreach(all, name, value)
    {
        size_t mark = take_enter(reader, ".%s.%.64s", which, name);
        struct series *series = run_series(run, name);
        int64_t sample = take_integer_of(reader, value, true);
        if (!series)
            take_complain(reader, "there is no series of that name");
        else if (which[0] == 'a')
            series->after = sample;
        else
            series->before = sample;
        take_leave(reader, mark);
    }
}

static void read_expected_metric(struct reader *reader, const json_t *object, struct run *run)
{
    struct expected_metric *metric = NULL;
    enum relation relation = RELATION_GROWS;
    take_is_object(reader, object);
    const char *name = take_peek(reader, object, "name", false);
    TAKE_WORD(reader, object, "relation", relation_from_name, &relation);
    json_t *values = take_member(reader, object, "values");
    if (reader->err != ERR_NONE)
        return;
    take_check(reader, expectation_add_metric(&run->expectation, name, relation, &metric));
    if (reader->err != ERR_NONE || json_is_null(values))
        return;
    if (!json_is_array(values)) {
        take_complain(reader, "\"values\": expected an array or null, found %s", take_type_word(values));
        return;
    }
    metric->predicted = true;
    metric->values = calloc(run->rung_count + 1, sizeof(*metric->values));
    if (!metric->values)
        take_check(reader, ERR_MEMORY);
    else
        take_integers_of(reader, values, run->rung_count, true, metric->values);
}

static void read_expectation(struct reader *reader, const json_t *object, struct run *run)
{
    json_t *all = take_container(reader, object, "expectation", JSON_OBJECT);
    size_t outer = take_enter(reader, ".expectation"), index;
    TAKE_WORD(reader, all, "finding", finding_from_name, &run->expectation.finding);
    take_text(reader, all, "violates", &run->expectation.violates);
    json_t *metrics = take_container(reader, all, "metrics", JSON_ARRAY),
           *also = take_container(reader, all, "also", JSON_ARRAY);
    json_t *value;
    json_array_foreach(metrics, index, value)
    {
        size_t mark = take_enter(reader, ".metrics[%zu]", index);
        read_expected_metric(reader, value, run);
        take_leave(reader, mark);
    }
    json_array_foreach(also, index, value)
    {
        if (!json_is_string(value))
            take_complain(reader, "also[%zu]: expected text, found %s", index, take_type_word(value));
        else if (reader->err == ERR_NONE)
            take_check(reader, expectation_add_also(&run->expectation, json_string_value(value)));
    }
    take_leave(reader, outer);
}

static void read_threshold(struct reader *reader, const json_t *object, struct run *run)
{
    struct threshold threshold = {0};
    struct problem why = {0};
    enum threshold_kind kind = THRESHOLD_BUDGET;
    take_is_object(reader, object);
    TAKE_WORD(reader, object, "kind", threshold_kind_from_name, &kind);
    const char *text = take_peek(reader, object, "text", false);
    bool from_command = take_bool(reader, object, "from_command");
    (void)take_peek(reader, object, "control", true);
    if (reader->err != ERR_NONE)
        return;
    if (threshold_parse(kind, text, &threshold, &why) != ERR_NONE) {
        take_complain(reader, "\"text\": %s", why.text);
        return;
    }
    threshold.from_command = from_command;
    take_text(reader, object, "control", &threshold.control);
    if (reader->err == ERR_NONE)
        take_check(reader, thresholds_add(&run->thresholds, &threshold));
    threshold_free(&threshold);
}

static void read_thresholds(struct reader *reader, const json_t *object, struct run *run)
{
    json_t *value;
    size_t index;
    if (!json_object_get(object, "thresholds"))
        return;
    json_t *all = take_container(reader, object, "thresholds", JSON_ARRAY);
    json_array_foreach(all, index, value)
    {
        size_t mark = take_enter(reader, ".thresholds[%zu]", index);
        read_threshold(reader, value, run);
        take_leave(reader, mark);
    }
}

static void read_examples(struct reader *reader, const json_t *object, struct run *run)
{
    const char *metric;
    json_t *array, *words;
    size_t index;
    if (!json_object_get(object, "examples"))
        return;
    json_t *all = take_container(reader, object, "examples", JSON_OBJECT);
    json_object_foreach(all, metric, array)
    {
        size_t mark = take_enter(reader, ".examples.%.64s", metric);
        if (!json_is_array(array))
            take_complain(reader, "expected an array, found %s", take_type_word(array));
        json_array_foreach(array, index, words)
        {
            if (!json_is_string(words))
                take_complain(reader, "expected text, found %s", take_type_word(words));
            else if (reader->err == ERR_NONE)
                take_check(reader, run_add_example(run, metric, json_string_value(words)));
        }
        take_leave(reader, mark);
    }
}

static void read_violations(struct reader *reader, const json_t *object, struct run *run)
{
    json_t *all = take_container(reader, object, "violations", JSON_ARRAY), *value;
    size_t index;
    json_array_foreach(all, index, value)
    {
        size_t mark = take_enter(reader, ".violations[%zu]", index);
        take_is_object(reader, value);
        const char *invariant = take_peek(reader, value, "invariant", false);
        const char *metric = take_peek(reader, value, "metric", true);
        const char *detail = take_peek(reader, value, "detail", true);
        int64_t rung = take_integer(reader, value, "rung", false), op = take_integer(reader, value, "op", false);
        if (reader->err == ERR_NONE)
            take_check(reader, run_add_violation(run, invariant, metric, detail, rung, op));
        take_leave(reader, mark);
    }
}

static void read_findings(struct reader *reader, const json_t *object, struct run *run)
{
    json_t *all = take_container(reader, object, "findings", JSON_ARRAY), *value;
    size_t index;
    json_array_foreach(all, index, value)
    {
        struct found found = {0};
        size_t mark = take_enter(reader, ".findings[%zu]", index);
        take_is_object(reader, value);
        TAKE_WORD(reader, value, "finding", finding_from_name, &found.finding);
        take_text(reader, value, "metric", &found.metric);
        found.rate = take_real(reader, value, "rate");
        take_text(reader, value, "rate_unit", &found.rate_unit);
        take_text(reader, value, "detail", &found.detail);
        found.rung = take_integer(reader, value, "rung", false);
        found.expected = take_bool(reader, value, "expected");
        if (reader->err == ERR_NONE)
            take_check(reader, run_add_found(run, &found));
        free(found.metric);
        free(found.rate_unit);
        free(found.detail);
        take_leave(reader, mark);
    }
}

static void read_doses(struct reader *reader, const json_t *object, struct run *run)
{
    json_t *all = take_container(reader, object, "doses", JSON_OBJECT), *value;
    const char *name;
    json_object_foreach(all, name, value)
    {
        int64_t growth[2] = {0};
        size_t mark = take_enter(reader, ".doses.%.64s", name);
        if (json_array_size(value) != ARRAY_LEN(growth))
            take_complain(reader, "expected two numbers");
        else
            take_integers_of(reader, value, ARRAY_LEN(growth), false, growth);
        if (reader->err == ERR_NONE)
            take_check(reader, run_add_dose(run, name, growth[0], growth[1]));
        take_leave(reader, mark);
    }
}

static void read_small_objects(struct reader *reader, const json_t *object, struct run *run)
{
    json_t *subject = take_container(reader, object, "subject", JSON_OBJECT);
    take_text(reader, subject, "name", &run->subject_name);
    take_text(reader, subject, "version", &run->subject_version);

    json_t *shape = take_container(reader, object, "shape", JSON_OBJECT);
    run->pool_min = take_integer(reader, shape, "min", true);
    run->pool_max = take_integer(reader, shape, "max", true);

    json_t *ending = take_container(reader, object, "ending", JSON_OBJECT);
    TAKE_WORD(reader, ending, "how", ending_from_name, &run->ending);
    run->ending_code = (int)take_integer(reader, ending, "code", false);
    take_text(reader, ending, "detail", &run->ending_detail);

    json_t *tool = take_container(reader, object, "tool", JSON_OBJECT);
    run->tool_errors = take_integer(reader, tool, "errors", false);
    run->lost_bytes = take_integer(reader, tool, "lost_bytes", false);
    run->tool_bytes_growth = take_integer(reader, tool, "bytes_growth", true);
    run->tool_blocks_growth = take_integer(reader, tool, "blocks_growth", true);
    run->own_bytes_growth = take_integer(reader, tool, "own_bytes_growth", true);
    run->own_blocks_growth = take_integer(reader, tool, "own_blocks_growth", true);
}

static void read_tried(struct reader *reader, const json_t *object, struct tried *tried)
{
    json_t *found = json_object_get(object, "tried") ? take_container(reader, object, "tried", JSON_OBJECT) : NULL;

    if (!found)
        return;
    tried->seeds = take_from_0(reader, found, "seeds");
    tried->ops = take_from_0(reader, found, "ops");
    tried->wall_ns = take_from_0(reader, found, "wall_ns");
}

void json_read_run(struct reader *reader, const json_t *object, struct run *run)
{
    take_is_object(reader, object);
    take_text(reader, object, "scenario", &run->scenario);
    take_text(reader, object, "file", &run->file);
    take_text(reader, object, "about", &run->about);
    read_params(reader, take_container(reader, object, "params", JSON_OBJECT), run);
    take_text(reader, object, "pool", &run->pool);
    if (json_object_get(object, "as"))
        take_text(reader, object, "as", &run->as);
    take_text(reader, object, "backend", &run->backend);
    run->seed = take_seed(reader, object);
    take_text(reader, object, "repeat", &run->repeat);
    read_small_objects(reader, object, run);
    take_text(reader, object, "log", &run->log);
    run->ops = take_integer(reader, object, "ops", false);
    run->wall_ns = take_integer(reader, object, "wall_ns", false);
    run->peak_rss_bytes = take_integer(reader, object, "peak_rss_bytes", false);
    read_tried(reader, object, &run->tried);
    run->cycles_per_rung = take_from_0(reader, object, "cycles_per_rung");
    run->period = take_from_0(reader, object, "period");
    read_rungs(reader, object, run);
    read_series(reader, object, run);
    read_edge(reader, object, "before", run);
    read_edge(reader, object, "after", run);
    read_expectation(reader, object, run);
    read_thresholds(reader, object, run);
    read_violations(reader, object, run);
    read_examples(reader, object, run);
    read_doses(reader, object, run);
    take_text(reader, object, "twin_differs", &run->twin_differs);
    take_text(reader, object, "control", &run->control);
    take_optional_text(reader, object, "stack", &run->stack);
    take_optional_text(reader, object, "baseline_differs", &run->baseline_differs);

    (void)take_peek(reader, object, "expected", false); /* the expectation says it again */
    TAKE_WORD(reader, object, "status", status_from_name, &run->status);
    TAKE_WORD(reader, object, "finding", finding_from_name, &run->finding);
    take_text(reader, object, "metric", &run->metric);
    run->rate = take_real(reader, object, "rate");
    take_text(reader, object, "rate_unit", &run->rate_unit);
    take_text(reader, object, "message", &run->message);
    read_findings(reader, object, run);
}
