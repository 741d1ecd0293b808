/* The shape of a pool: the NAME=VALUE words of a `pool` line. A new setting is one row of the table. */
#include "harness/plan/plan.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

enum setting_kind { SETTING_COUNT, SETTING_DURATION, SETTING_BYTES, SETTING_ITEMS, SETTING_REUSE };

static const struct setting_def {
    const char *name;
    enum setting_kind kind;
    size_t offset;
    bool always_printed;
    const char *allowed;
} settings[] = {
    {"min", SETTING_COUNT, offsetof(struct plan_shape, min), true, "a count like 0"},
    {"max", SETTING_COUNT, offsetof(struct plan_shape, max), true, "a count of at least 1"},
    {"ttl", SETTING_DURATION, offsetof(struct plan_shape, ttl_ns), true, "a duration like 60s, or inf"},
    {"items", SETTING_ITEMS, offsetof(struct plan_shape, items), false, "bytes or tcp"},
    {"payload", SETTING_BYTES, offsetof(struct plan_shape, payload_bytes), false, "a size like 256B"},
    {"identities", SETTING_REUSE, offsetof(struct plan_shape, reuse_identities), false, "unique or reused"},
    {"fd_limit", SETTING_COUNT, offsetof(struct plan_shape, fd_limit), false, "a count like 64; 0 leaves it"},
};

/* Larger numbers are surely a mistake, and would overflow sums over keys. */
#define SHAPE_COUNT_MAX INT64_C(1000000000)
#define SHAPE_BYTES_MAX (INT64_C(1) << 40)

static const char *const items_words[PLAN_ITEMS_COUNT] = {[PLAN_ITEMS_BYTES] = "bytes", [PLAN_ITEMS_TCP] = "tcp"};
static const char *const reuse_words[2] = {"unique", "reused"};

static const struct plan_shape shape_default = {.max = 1, .ttl_ns = INT64_MAX};

const char *plan_shape_setting_name(size_t index)
{
    return index < ARRAY_LEN(settings) ? settings[index].name : NULL;
}

static int64_t *number_at(struct plan_shape *shape, const struct setting_def *def)
{
    return (int64_t *)(void *)((char *)shape + def->offset);
}

static bool parse_word(const char *value, const char *const *words, size_t count, size_t *out)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(words[i], value) == 0) {
            *out = i;
            return true;
        }
    }
    return false;
}

static bool parse_value(const struct setting_def *def, const char *value, struct plan_shape *out)
{
    int64_t number = 0;
    size_t word = 0;
    switch (def->kind) {
    case SETTING_COUNT:
        if (quantity_parse_count(value, &number, NULL) != ERR_NONE || number > SHAPE_COUNT_MAX)
            return false;
        break;
    case SETTING_DURATION:
        if (quantity_parse_duration(value, &number, NULL) != ERR_NONE)
            return false;
        break;
    case SETTING_BYTES:
        if (quantity_parse_bytes(value, &number, NULL) != ERR_NONE || number > SHAPE_BYTES_MAX)
            return false;
        break;
    case SETTING_ITEMS:
        if (!parse_word(value, items_words, PLAN_ITEMS_COUNT, &word))
            return false;
        out->items = (enum plan_items)word;
        return true;
    case SETTING_REUSE:
        if (!parse_word(value, reuse_words, ARRAY_LEN(reuse_words), &word))
            return false;
        out->reuse_identities = word == 1;
        return true;
    }
    *number_at(out, def) = number;
    return true;
}

static enum err unknown_setting(const char *name, struct problem *why)
{
    const char *names[ARRAY_LEN(settings)];
    char all[160] = "";
    for (size_t i = 0; i < ARRAY_LEN(settings); i++) {
        size_t used = strlen(all);
        names[i] = settings[i].name;
        (void)snprintf(all + used, sizeof(all) - used, "%s%s", i > 0 ? ", " : "", settings[i].name);
    }
    const char *near = text_closest(name, names, ARRAY_LEN(names));
    return problem_set(why, ERR_INPUT, "pool setting \"%s\" is unknown%s%s%s (there are %s)", name,
                       near != NULL ? "; did you mean " : "", near != NULL ? near : "", near != NULL ? "?" : "", all);
}

enum err plan_shape_set(struct plan_shape *shape, const char *name, const char *value, struct problem *why)
{
    for (size_t i = 0; i < ARRAY_LEN(settings); i++) {
        if (strcmp(settings[i].name, name) != 0)
            continue;
        if (parse_value(&settings[i], value, shape))
            return ERR_NONE;
        char found[64];
        text_make_printable(value, strlen(value), found, sizeof(found));
        return problem_set(why, ERR_INPUT, "pool setting %s: expected %s, found \"%s\"", name, settings[i].allowed,
                           found);
    }
    char printable[64];
    return unknown_setting(text_make_printable(name, strlen(name), printable, sizeof(printable)), why);
}

enum err plan_shape_check(const struct plan_shape *shape, struct problem *why)
{
    if (shape->max < 1)
        return problem_set(why, ERR_INPUT, "pool setting max: expected at least 1, found %" PRId64, shape->max);
    if (shape->min > shape->max)
        return problem_set(why, ERR_INPUT, "pool setting min: expected at most max (%" PRId64 "), found %" PRId64,
                           shape->max, shape->min);
    return ERR_NONE;
}

void plan_shape_init(struct plan_shape *shape)
{
    *shape = shape_default;
}

/* One NAME=VALUE word. `seen` has a bit for each setting that came before. */
static enum err parse_pair(char *pair, unsigned *seen, struct plan_shape *out, struct problem *why)
{
    char *equals = strchr(pair, '=');
    if (equals == NULL)
        return problem_set(why, ERR_INPUT, "expected NAME=VALUE words separated by one space, found \"%.60s\"", pair);
    *equals = '\0';
    for (size_t i = 0; i < ARRAY_LEN(settings); i++) {
        if (strcmp(settings[i].name, pair) != 0)
            continue;
        if (*seen & (1u << i))
            return problem_set(why, ERR_INPUT, "pool setting %s is given twice", pair);
        *seen |= 1u << i;
    }
    return plan_shape_set(out, pair, equals + 1, why);
}

enum err plan_shape_parse(const char *text, struct plan_shape *out, struct problem *why)
{
    char copy[sizeof(((struct plan_op *)0)->text)];
    size_t length = strlen(text);
    if (length >= sizeof(copy))
        return problem_set(why, ERR_INPUT, "pool: expected at most %zu bytes, found %zu", sizeof(copy) - 1, length);
    memcpy(copy, text, length + 1);

    plan_shape_init(out);
    unsigned seen = 0;
    for (char *at = copy, *end; at != NULL; at = end) {
        end = strchr(at, ' ');
        if (end != NULL)
            *end++ = '\0';
        enum err err = parse_pair(at, &seen, out, why);
        if (err != ERR_NONE)
            return err;
    }
    return plan_shape_check(out, why);
}

/* The value as text; false when it is the default and need not be said. */
static bool print_value(const struct plan_shape *shape, const struct setting_def *def, char *out, size_t size)
{
    struct plan_shape copy = *shape, plain = shape_default;
    if (def->kind == SETTING_ITEMS) {
        (void)snprintf(out, size, "%s", items_words[shape->items]);
        return shape->items != plain.items;
    }
    if (def->kind == SETTING_REUSE) {
        (void)snprintf(out, size, "%s", reuse_words[shape->reuse_identities]);
        return shape->reuse_identities != plain.reuse_identities;
    }
    int64_t number = *number_at(&copy, def);
    if (def->kind == SETTING_DURATION)
        quantity_print_duration(number, out, size);
    else
        (void)snprintf(out, size, "%" PRId64 "%s", number, def->kind == SETTING_BYTES ? "B" : "");
    return def->always_printed || number != *number_at(&plain, def);
}

void plan_shape_print(const struct plan_shape *shape, char *out, size_t size)
{
    size_t used = 0;
    out[0] = '\0';
    for (size_t i = 0; i < ARRAY_LEN(settings); i++) {
        char value[32];
        if (!print_value(shape, &settings[i], value, sizeof(value)) || used >= size)
            continue;
        int wide = snprintf(out + used, size - used, "%s%s=%s", used > 0 ? " " : "", settings[i].name, value);
        used += wide > 0 ? (size_t)wide : 0;
    }
}
