/*
 * D0 and D5: the same run must give the same numbers, in a second process and under every tool. Where it does not, the
 * numbers are not to be trusted, whatever they say.
 */
#include "harness/verdict/verdict_internal.h"

#include <inttypes.h>
#include <string.h>

/* What of a series must be equal. */
enum likeness { LIKE_NOTHING, LIKE_CHANGES, LIKE_VALUES };

/* Between backends: tools hold file descriptors and threads of their own, so that only the change can agree. */
static enum likeness between_backends(const char *name)
{
    const struct metric *metric = metric_find(name);
    if (!metric)
        return LIKE_NOTHING;
    if (metric->same_everywhere)
        return LIKE_VALUES;
    return metric->kind == METRIC_LEVEL ? LIKE_CHANGES : LIKE_NOTHING;
}

/* Between two processes under the same backend. The run time of another language opens files and starts threads when it
 * likes. */
static enum likeness between_twins(const struct run *run, const char *name)
{
    const struct metric *metric = metric_find(name);
    bool foreign = strncmp(run->pool, "exec:", strlen("exec:")) == 0;
    if (!metric || metric->kind == METRIC_NOISY)
        return LIKE_NOTHING;
    return metric->same_everywhere || (metric->kind == METRIC_LEVEL && !foreign) ? LIKE_VALUES : LIKE_NOTHING;
}

/* The sample at a rung, before (-1) or after (rung_count), relative to the first rung where only changes count. */
static int64_t look(const struct run *run, const struct series *series, int64_t rung, enum likeness likeness)
{
    int64_t value = RECORD_NONE, change;
    if (!series)
        return RECORD_NONE;
    if (rung < 0)
        value = series->before;
    else
        value = (size_t)rung < run->rung_count ? series->values[rung] : series->after;
    if (likeness != LIKE_CHANGES || value == RECORD_NONE)
        return value;
    /* a tool may open files until the first rung and close them at its end */
    if (rung <= 0 || (size_t)rung >= run->rung_count || series->values[0] == RECORD_NONE)
        return 0;
    return __builtin_sub_overflow(value, series->values[0], &change) ? INT64_MAX : change;
}

static void say_place(int64_t rung, size_t rung_count, struct buffer *out)
{
    if (rung < 0)
        buffer_add_text(out, " before the first get");
    else if ((size_t)rung >= rung_count)
        buffer_add_text(out, " after shutdown");
    else
        buffer_addf(out, " at rung %" PRId64, rung + 1);
}

static void say_value(int64_t value, struct buffer *out)
{
    if (value == RECORD_NONE)
        buffer_add_text(out, "missing");
    else
        buffer_addf(out, "%" PRId64, value);
}

/* True when the series of that name differs between the runs; says where. Both have the same number of rungs. */
static bool series_differs(const struct run *a, const struct run *b, const char *name, enum likeness likeness,
                           struct buffer *out)
{
    const struct series *in_a = run_series(a, name), *in_b = run_series(b, name);
    for (int64_t rung = -1; likeness != LIKE_NOTHING && rung <= (int64_t)a->rung_count; rung++) {
        int64_t value_a = look(a, in_a, rung, likeness), value_b = look(b, in_b, rung, likeness);
        if (value_a == value_b)
            continue;
        buffer_addf(out, likeness == LIKE_CHANGES ? "%s has changed by " : "%s is ", name);
        say_value(value_a, out);
        buffer_add_text(out, " and ");
        say_value(value_b, out);
        say_place(rung, a->rung_count, out);
        return true;
    }
    return false;
}

/* ---- D0 ------------------------------------------------------------------------------------- */

static void add_name(struct buffer *names, const char *name)
{
    buffer_addf(names, "%s%s", names->length > 0 ? ", " : "", name);
}

/* Series of `a` that differ in `b`, or, with `only_new`, that `a` does not even have. */
static void add_differing(const struct run *a, const struct run *b, bool only_new, struct buffer *names)
{
    struct buffer ignored = {0};
    const struct run *source = only_new ? b : a;
    for (size_t i = 0; i < source->series_count; i++) {
        const char *name = source->series[i].name;
        if ((!only_new || !run_series(a, name)) && series_differs(a, b, name, between_twins(a, name), &ignored))
            add_name(names, name);
    }
    buffer_free(&ignored);
}

enum err verdict_compare_twin(struct run *run, const struct run *twin)
{
    struct buffer names = {0};
    if (run->ending != twin->ending)
        add_name(&names, "the ending");
    else if (run->rung_count != twin->rung_count)
        add_name(&names, "the number of rungs");
    else {
        add_differing(run, twin, false, &names);
        add_differing(run, twin, true, &names);
    }
    enum err err = names.failed ? ERR_MEMORY : run_set_text(&run->twin_differs, names.data ? names.data : "");
    buffer_free(&names);
    return err;
}

/* ---- D5 ------------------------------------------------------------------------------------- */

static bool growth_agrees(int64_t tool, int64_t own, const char *what, struct buffer *out)
{
    if (tool == RECORD_NONE || own == RECORD_NONE || tool == own)
        return true;
    buffer_addf(out, "%s grew by %" PRId64 " by the tool's count and by %" PRId64 " by the host's own", what, tool,
                own);
    return false;
}

bool tool_agrees(const struct run *run, struct buffer *out)
{
    return growth_agrees(run->tool_blocks_growth, run->own_blocks_growth, "blocks", out) &&
           growth_agrees(run->tool_bytes_growth, run->own_bytes_growth, "bytes", out);
}

static bool same_text(const char *a, const char *b)
{
    return strcmp(a ? a : "", b ? b : "") == 0;
}

static bool same_but_backend(const struct run *a, const struct run *b)
{
    if (!same_text(a->scenario, b->scenario) || !same_text(a->pool, b->pool) || a->seed != b->seed ||
        a->param_count != b->param_count || same_text(a->backend, b->backend))
        return false;
    for (size_t i = 0; i < a->param_count; i++)
        if (!same_text(a->params[i].name, b->params[i].name) || !same_text(a->params[i].value, b->params[i].value))
            return false;
    return true;
}

/* Which thread comes first is different each time. */
static bool has_threads(const struct run *run)
{
    for (size_t i = 0; i < run->param_count; i++)
        if (strcmp(run->params[i].name, "threads") == 0)
            return true;
    return false;
}

/* A pool that crashed, or in which a tool found an error, did not do the same under each tool: nothing to compare. */
static bool is_comparable(const struct run *run)
{
    return !has_threads(run) && run->ending == ENDING_DONE && run->tool_errors == 0 && run->rung_count > 0;
}

static bool runs_differ(const struct run *a, const struct run *b, struct buffer *out)
{
    if (a->rung_count != b->rung_count) {
        buffer_addf(out, "%zu and %zu rungs", a->rung_count, b->rung_count);
        return true;
    }
    for (size_t i = 0; i < a->series_count; i++)
        if (series_differs(a, b, a->series[i].name, between_backends(a->series[i].name), out))
            return true;
    for (size_t i = 0; i < b->series_count; i++)
        if (!run_series(a, b->series[i].name) &&
            series_differs(a, b, b->series[i].name, between_backends(b->series[i].name), out))
            return true;
    return false;
}

/* Compares every later run of the group with run `first`; `out` says the first difference. */
static bool group_differs(const struct results *results, size_t first, struct buffer *out)
{
    const struct run *run = results->runs[first];
    for (size_t i = first + 1; i < results->run_count; i++) {
        const struct run *other = results->runs[i];
        if (!is_comparable(other) || !same_but_backend(run, other))
            continue;
        struct buffer difference = {0};
        bool differ = runs_differ(run, other, &difference);
        if (differ)
            buffer_addf(out, "%s and %s disagree: %s", run->backend, other->backend,
                        difference.data ? difference.data : "");
        out->failed = out->failed || difference.failed;
        buffer_free(&difference);
        if (differ)
            return true;
    }
    return false;
}

static enum err mark_broken(struct results *results, size_t first, const char *message)
{
    const struct run *run = results->runs[first];
    for (size_t i = first; i < results->run_count; i++) {
        struct run *other = results->runs[i];
        if (!is_comparable(other) || (i != first && !same_but_backend(run, other)))
            continue;
        other->status = STATUS_BROKEN;
        if (run_set_text(&other->message, message) != ERR_NONE)
            return ERR_MEMORY;
    }
    return ERR_NONE;
}

static bool is_first_of_group(const struct results *results, size_t index)
{
    for (size_t i = 0; i < index; i++)
        if (is_comparable(results->runs[i]) && same_but_backend(results->runs[i], results->runs[index]))
            return false;
    return is_comparable(results->runs[index]);
}

enum err agreement_judge(struct results *results)
{
    enum err err = ERR_NONE;
    for (size_t i = 0; i < results->run_count && err == ERR_NONE; i++) {
        struct buffer message = {0};
        if (is_first_of_group(results, i) && group_differs(results, i, &message))
            err = message.failed ? ERR_MEMORY : mark_broken(results, i, message.data);
        buffer_free(&message);
    }
    return err;
}
