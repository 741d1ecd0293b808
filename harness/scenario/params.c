/* Parameters: defaults from the scenario, changed by a case, changed by --set. The default's type decides what a
 * value may be. */
#include "harness/scenario/scenario_internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const type_words[] = {
    [PARAM_INTEGER] = "an integer like 8 or 10k",
    [PARAM_BOOLEAN] = "true or false",
    [PARAM_BYTES] = "a size like 64KiB",
    [PARAM_DURATION] = "a duration like 60s",
};

static bool parse_integer(const char *text, int64_t *out)
{
    bool negative = text[0] == '-';
    if (quantity_parse_count(text + negative, out, NULL) != ERR_NONE)
        return false;
    *out = negative ? -*out : *out;
    return true;
}

static bool parse_boolean(const char *text, int64_t *out)
{
    *out = strcmp(text, "true") == 0;
    return *out || strcmp(text, "false") == 0;
}

/* Back as well, for step_clock(p.jump). */
static bool parse_duration(const char *text, int64_t *out)
{
    return (text[0] == '-' ? quantity_parse_signed_duration : quantity_parse_duration)(text, out, NULL) == ERR_NONE;
}

static bool parse(enum param_type type, const char *text, int64_t *out)
{
    switch (type) {
    case PARAM_INTEGER:
        return parse_integer(text, out);
    case PARAM_BOOLEAN:
        return parse_boolean(text, out);
    case PARAM_BYTES:
        return quantity_parse_bytes(text, out, NULL) == ERR_NONE;
    case PARAM_DURATION:
        return parse_duration(text, out);
    }
    return false;
}

/* Sets the value when `text` is one of the parameter's type. */
static bool set_text(struct param *param, const char *text)
{
    int64_t value;
    if (strlen(text) >= sizeof(param->text) || !parse(param->type, text, &value))
        return false;
    param->value = value;
    if (param->type == PARAM_INTEGER)
        (void)snprintf(param->text, sizeof(param->text), "%" PRId64, value);
    else
        memcpy(param->text, text, strlen(text) + 1);
    return true;
}

struct param *params_find(struct params *params, const char *name)
{
    for (size_t i = 0; i < params->count; i++)
        if (strcmp(params->items[i].name, name) == 0)
            return &params->items[i];
    return NULL;
}

bool params_equal(const struct params *a, const struct params *b)
{
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++)
        if (a->items[i].value != b->items[i].value || strcmp(a->items[i].name, b->items[i].name) != 0)
            return false;
    return true;
}

static size_t list_names(const struct params *params, const char **names)
{
    for (size_t i = 0; i < params->count; i++)
        names[i] = params->items[i].name;
    return params->count;
}

enum err params_set(struct params *params, const char *name, const char *value, struct problem *why)
{
    char shown[64];
    struct param *param = params_find(params, name);
    if (param != NULL && set_text(param, value))
        return ERR_NONE;
    if (param != NULL)
        return problem_set(why, ERR_INPUT, "parameter %s: expected %s, found \"%s\"", name, type_words[param->type],
                           text_make_printable(value, strlen(value), shown, sizeof(shown)));

    const char *names[SCENARIO_PARAM_MAX] = {NULL};
    size_t count = list_names(params, names);
    const char *near = text_closest(name, names, count);
    struct buffer all = {0};
    for (size_t i = 0; i < count; i++)
        buffer_addf(&all, "%s%s", i > 0 ? ", " : "", names[i]);
    enum err err = problem_set(why, ERR_INPUT, "parameter \"%s\" is unknown%s%s%s (there %s %s)",
                               text_make_printable(name, strlen(name), shown, sizeof(shown)),
                               near != NULL ? "; did you mean " : "", near != NULL ? near : "", near != NULL ? "?" : "",
                               count == 1 ? "is" : "are", count > 0 && !all.failed ? all.data : "none");
    buffer_free(&all);
    return err;
}

/* ---- from Lua, inside script_run ---------------------------------------------------------------------------- */

/* The value at the top as text: what --set would say for it. NULL: of no type that a parameter may have. */
static const char *value_text(lua_State *L, char *out, size_t size)
{
    int exact = 0;
    switch (lua_type(L, -1)) {
    case LUA_TBOOLEAN:
        (void)snprintf(out, size, "%s", lua_toboolean(L, -1) ? "true" : "false");
        return out;
    case LUA_TNUMBER:
        (void)snprintf(out, size, "%" PRId64, (int64_t)lua_tointegerx(L, -1, &exact));
        return exact ? out : NULL;
    case LUA_TSTRING:
        return lua_tostring(L, -1);
    default:
        return NULL;
    }
}

/* What a default says about its parameter's type. */
static bool guess_type(struct param *param, int lua_type_of_it, const char *text)
{
    static const enum param_type of_texts[] = {PARAM_DURATION, PARAM_INTEGER, PARAM_BYTES};
    if (lua_type_of_it != LUA_TSTRING) {
        param->type = lua_type_of_it == LUA_TBOOLEAN ? PARAM_BOOLEAN : PARAM_INTEGER;
        return set_text(param, text);
    }
    for (size_t i = 0; i < ARRAY_LEN(of_texts); i++) {
        param->type = of_texts[i];
        if (set_text(param, text))
            return true;
    }
    return false;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct param *)a)->name, ((const struct param *)b)->name);
}

void params_read(lua_State *L, int index, struct params *out)
{
    char text[40], found[80];
    const char *names[SCENARIO_PARAM_MAX + 1];
    *out = (struct params){0};
    if (lua_isnil(L, index))
        return;
    size_t count = globals_names(L, index, names, ARRAY_LEN(names));
    if (count > SCENARIO_PARAM_MAX)
        (void)script_fail_at(L, 0, "params: expected at most %d, found more", SCENARIO_PARAM_MAX);
    for (size_t i = 0; i < count; i++)
        if (strcmp(names[i], "threads") == 0 || strcmp(names[i], "schedule") == 0)
            (void)script_fail_at(L, 0, "params: %s is a name that churn itself uses (--%s)", names[i], names[i]);
    for (size_t i = 0; i < count; i++) {
        struct param *param = &out->items[out->count++];
        size_t length = strlen(names[i]);
        if (!name_is_valid(names[i], length))
            (void)script_fail_at(L, 0, "params: expected names of A-Z a-z 0-9 _ . -, found \"%s\"", names[i]);
        memcpy(param->name, names[i], length + 1);
        int type = lua_getfield(L, index, names[i]);
        const char *value = value_text(L, text, sizeof(text));
        if (value == NULL || !guess_type(param, type, value))
            (void)script_fail_at(
                L, 0,
                "params: %s: expected an integer, true, false, or a quantity like \"64KiB\", \"60s\" or "
                "\"10k\"; found %s",
                names[i], globals_describe(L, -1, found, sizeof(found)));
        lua_pop(L, 1);
    }
    qsort(out->items, out->count, sizeof(out->items[0]), by_name);
}

void params_read_case(lua_State *L, int index, size_t number, struct params *params)
{
    char text[40], found[80];
    const char *names[SCENARIO_PARAM_MAX + 1], *known[SCENARIO_PARAM_MAX];
    size_t count = globals_names(L, index, names, ARRAY_LEN(names));
    for (size_t i = 0; i < count; i++) {
        struct param *param = params_find(params, names[i]);
        if (param == NULL)
            (void)globals_unknown(L, script_of(L)->line, "cases: parameter", names[i], known,
                                  list_names(params, known));
        lua_getfield(L, index, names[i]);
        const char *value = value_text(L, text, sizeof(text));
        if (value == NULL || (param != NULL && !set_text(param, value)))
            (void)script_fail_at(L, 0, "case %zu: %s: expected %s, found %s", number + 1, names[i],
                                 param != NULL ? type_words[param->type] : "?",
                                 globals_describe(L, -1, found, sizeof(found)));
        lua_pop(L, 1);
    }
}

/* A quantity stays a text, so that it can be handed on: advance(p.ttl). */
void params_push(lua_State *L, const struct params *params)
{
    lua_createtable(L, 0, (int)params->count);
    for (size_t i = 0; i < params->count; i++) {
        const struct param *param = &params->items[i];
        if (param->type == PARAM_INTEGER)
            lua_pushinteger(L, param->value);
        else if (param->type == PARAM_BOOLEAN)
            lua_pushboolean(L, param->value != 0);
        else
            lua_pushstring(L, param->text);
        lua_setfield(L, -2, param->name);
    }
    globals_make_strict(L, "parameter");
}
