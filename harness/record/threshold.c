/*
 * What may not be passed, as text: "tombstones=0/op", "peak_rss=64MiB", "bytes_live=1.1". The text is what is stored, and
 * read again when a results file is loaded, so that no digit is lost on the way.
 */
#include "harness/record/record.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const kinds[THRESHOLD_COUNT] = {"budget", "limit", "ratio"};
static const char *const pers[PER_COUNT] = {"op", "invalidation", "cycle"};

/* Names people say, and the series they mean. */
static const struct {
    const char *said, *meant;
} aliases[] = {{"peak_rss", "peak_rss_bytes"}, {"rss", "rss_bytes"}, {"pss", "pss_bytes"}, {"heap", "heap_bytes"}};

const char *threshold_kind_name(enum threshold_kind kind)
{
    return (size_t)kind < THRESHOLD_COUNT ? kinds[kind] : "?";
}

bool threshold_kind_from_name(const char *name, enum threshold_kind *out)
{
    for (size_t i = 0; i < THRESHOLD_COUNT; i++)
        if (strcmp(kinds[i], name) == 0) {
            *out = (enum threshold_kind)i;
            return true;
        }
    return false;
}

const char *threshold_per_name(enum threshold_per per)
{
    return (size_t)per < PER_COUNT ? pers[per] : "?";
}

/* ---- the metric ----------------------------------------------------------------------------- */

/* A name that is nobody's may be a counter that only a foreign pool has, unless it looks like a slip. */
static enum err take_metric(const char *text, size_t length, char **out, struct problem *why)
{
    char name[NAME_MAX_LEN + 1];
    const char *known[128];
    size_t count = 0;
    if (!name_is_valid(text, length))
        return problem_set(why, ERR_INPUT, "expected METRIC=VALUE, found \"%.80s\"", text);
    snprintf(name, sizeof(name), "%.*s", (int)length, text);
    for (size_t i = 0; i < ARRAY_LEN(aliases); i++)
        if (strcmp(aliases[i].said, name) == 0)
            snprintf(name, sizeof(name), "%s", aliases[i].meant);
    for (size_t i = 0; i < metric_count() && count < ARRAY_LEN(known); i++)
        known[count++] = metric_at(i)->name;
    const char *near = metric_find(name) ? NULL : text_closest(name, known, count);
    if (near)
        return problem_set(why, ERR_INPUT, "there is no metric \"%s\" (did you mean %s?)", name, near);
    *out = strdup(name);
    return *out ? ERR_NONE : problem_set(why, ERR_MEMORY, "out of memory");
}

/* ---- the value ------------------------------------------------------------------------------ */

static const char *value_example(enum threshold_kind kind, const char *unit)
{
    if (kind == THRESHOLD_RATIO)
        return "a factor, like 1.1";
    if (strcmp(unit, "bytes") == 0)
        return "bytes with a unit, like 0.5B or 64KiB";
    return strcmp(unit, "ns") == 0 ? "a time with a unit, like 50us" : "a number, like 0, 0.25 or 10k";
}

/* How much one of that unit is. */
static bool unit_factor(const char *of, const char *unit, double *factor)
{
    char one[16];
    int64_t value = 0;
    snprintf(one, sizeof(one), "1%s", unit);
    enum err err = strcmp(of, "bytes") == 0 ? quantity_parse_bytes(one, &value, NULL)
                   : strcmp(of, "ns") == 0  ? quantity_parse_duration(one, &value, NULL)
                                            : quantity_parse_count(one, &value, NULL);
    *factor = (double)value;
    return err == ERR_NONE;
}

/* "0.5B": digits with at most one point between them, and a unit of the metric; 0 needs none. */
static enum err take_value(enum threshold_kind kind, const char *of, const char *text, double *out, struct problem *why)
{
    static const char digits[] = "0123456789";
    size_t whole = strspn(text, digits), length = whole;
    double factor = 1;
    if (whole > 0 && text[whole] == '.' && strspn(text + whole + 1, digits) > 0)
        length = whole + 1 + strspn(text + whole + 1, digits);
    bool valid = whole > 0 && length <= 18 && strlen(text + length) <= 3;
    *out = valid ? strtod(text, NULL) : 0;
    if (valid && kind == THRESHOLD_RATIO)
        valid = text[length] == '\0' && *out > 0;
    else if (valid && (text[length] != '\0' || *out > 0))
        valid = unit_factor(of, text + length, &factor);
    *out *= factor;
    if (valid && isfinite(*out))
        return ERR_NONE;
    return problem_set(why, ERR_INPUT, "expected %s, found \"%.40s\"", value_example(kind, of), text);
}

static bool take_per(const char *text, enum threshold_per *out)
{
    for (size_t i = 0; text && i < PER_COUNT; i++)
        if (strcmp(pers[i], text) == 0) {
            *out = (enum threshold_per)i;
            return true;
        }
    return false;
}

/* ---- the whole ------------------------------------------------------------------------------ */

enum err threshold_parse(enum threshold_kind kind, const char *text, struct threshold *out, struct problem *why)
{
    const char *equals = strchr(text, '=');
    char value[64];
    *out = (struct threshold){.kind = kind};
    if (!equals || strlen(equals + 1) >= sizeof(value))
        return problem_set(why, ERR_INPUT, "expected METRIC=VALUE, found \"%.80s\"", text);
    enum err err = take_metric(text, (size_t)(equals - text), &out->metric, why);
    if (err != ERR_NONE)
        return err;
    const struct metric *metric = metric_find(out->metric);
    snprintf(value, sizeof(value), "%s", equals + 1);
    char *slash = strchr(value, '/');
    if (slash)
        *slash = '\0';
    if (kind == THRESHOLD_BUDGET ? !take_per(slash ? slash + 1 : NULL, &out->per) : slash != NULL)
        err =
            problem_set(why, ERR_INPUT,
                        kind == THRESHOLD_BUDGET ? "expected VALUE/op, VALUE/invalidation or VALUE/cycle, found \"%s\""
                                                 : "expected a value without \"/\", found \"%s\"",
                        equals + 1);
    if (err == ERR_NONE)
        err = take_value(kind, metric ? metric->unit : "units", value, &out->value, why);
    if (err == ERR_NONE && !(out->text = strdup(text)))
        err = problem_set(why, ERR_MEMORY, "out of memory");
    if (err != ERR_NONE)
        threshold_free(out);
    return err;
}

void threshold_free(struct threshold *threshold)
{
    free(threshold->metric);
    free(threshold->text);
    free(threshold->control);
    *threshold = (struct threshold){0};
}

static enum err threshold_copy(const struct threshold *from, struct threshold *out)
{
    *out = *from;
    out->metric = out->text = out->control = NULL;
    if (run_set_text(&out->metric, from->metric) == ERR_NONE && run_set_text(&out->text, from->text) == ERR_NONE &&
        run_set_text(&out->control, from->control) == ERR_NONE)
        return ERR_NONE;
    threshold_free(out);
    return ERR_MEMORY;
}

enum err thresholds_add(struct thresholds *all, const struct threshold *threshold)
{
    struct threshold copy;
    if (threshold_copy(threshold, &copy) != ERR_NONE)
        return ERR_MEMORY;
    for (size_t i = 0; i < all->count; i++)
        if (all->list[i].kind == copy.kind && strcmp(all->list[i].metric, copy.metric) == 0) {
            threshold_free(&all->list[i]);
            all->list[i] = copy;
            return ERR_NONE;
        }
    struct threshold *list = reallocarray(all->list, all->count + 1, sizeof(*list));
    if (!list) {
        threshold_free(&copy);
        return ERR_MEMORY;
    }
    all->list = list;
    list[all->count++] = copy;
    return ERR_NONE;
}

void thresholds_free(struct thresholds *all)
{
    for (size_t i = 0; i < all->count; i++)
        threshold_free(&all->list[i]);
    free(all->list);
    *all = (struct thresholds){0};
}
