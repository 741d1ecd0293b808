/* A scenario file: running it must call scenario { ... } once; the table's fields are checked against a list. */
#include "harness/scenario/scenario_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIELD_TEXT = 1, FIELD_NUMBER = 2, FIELD_TABLE = 4, FIELD_FUNCTION = 8, FIELD_BOOLEAN = 16 };

static const struct field {
    const char *name;
    int types;
    bool required;
} fields[] = {
    {"about", FIELD_TEXT, true},
    {"source", FIELD_TEXT, false},
    {"params", FIELD_TABLE, false},
    {"cases", FIELD_TABLE, false},
    {"pools", FIELD_TABLE, false},
    {"pool", FIELD_TABLE | FIELD_FUNCTION, false},
    {"period", FIELD_NUMBER | FIELD_FUNCTION, false},
    {"warmup", FIELD_NUMBER | FIELD_FUNCTION, false},
    {"rungs", FIELD_NUMBER | FIELD_FUNCTION, false},
    {"cycles", FIELD_NUMBER | FIELD_FUNCTION, false},
    {"timeout", FIELD_TEXT, false},
    {"threads", FIELD_BOOLEAN | FIELD_FUNCTION, false},
    {"setup", FIELD_FUNCTION, false},
    {"cycle", FIELD_FUNCTION, true},
    {"settle", FIELD_FUNCTION, false},
    {"teardown", FIELD_FUNCTION, false},
    {"after_shutdown", FIELD_FUNCTION, false},
    {"expect", FIELD_TABLE, false},
    {"budget", FIELD_TABLE, false},
    {"limit", FIELD_TABLE, false},
};

static const char *const default_pools[] = {"broadcast", "owner", "membership"};

/* The scenario table's place in the registry: this variable's address. */
static const char table_key = 0;

int load_field(lua_State *L, const char *name)
{
    (void)lua_rawgetp(L, LUA_REGISTRYINDEX, &table_key);
    int type = lua_getfield(L, -1, name);
    lua_remove(L, -2);
    return type;
}

/* ---- checks ------------------------------------------------------------------------------------------------ */

static int field_type(int lua_type_of_it)
{
    switch (lua_type_of_it) {
    case LUA_TSTRING:
        return FIELD_TEXT;
    case LUA_TNUMBER:
        return FIELD_NUMBER;
    case LUA_TTABLE:
        return FIELD_TABLE;
    case LUA_TFUNCTION:
        return FIELD_FUNCTION;
    case LUA_TBOOLEAN:
        return FIELD_BOOLEAN;
    default:
        return 0;
    }
}

static const char *types_text(int types)
{
    switch (types) {
    case FIELD_TEXT:
        return "a text";
    case FIELD_TABLE:
        return "a table";
    case FIELD_FUNCTION:
        return "a function";
    case FIELD_NUMBER | FIELD_FUNCTION:
        return "an integer or a function";
    case FIELD_BOOLEAN | FIELD_FUNCTION:
        return "true, false or a function";
    default:
        return "a table or a function";
    }
}

static void check_known(lua_State *L, int table)
{
    const char *names[64], *known[ARRAY_LEN(fields)];
    for (size_t i = 0; i < ARRAY_LEN(fields); i++)
        known[i] = fields[i].name;
    size_t count = globals_names(L, table, names, ARRAY_LEN(names));
    for (size_t i = 0; i < count; i++) {
        bool found = false;
        for (size_t k = 0; k < ARRAY_LEN(known); k++)
            found = found || strcmp(known[k], names[i]) == 0;
        if (!found)
            (void)globals_unknown(L, script_of(L)->line, "field", names[i], known, ARRAY_LEN(known));
    }
    if (lua_rawlen(L, table) > 0)
        (void)script_fail_at(L, 0, "scenario: expected fields like about = \"...\", found a value without a name");
}

static void check_types(lua_State *L, int table)
{
    char found[80];
    for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
        int type = lua_getfield(L, table, fields[i].name);
        if (type == LUA_TNIL && fields[i].required)
            (void)script_fail_at(L, 0, "field %s: expected %s, found nothing: every scenario needs it", fields[i].name,
                                 types_text(fields[i].types));
        if (type != LUA_TNIL && (field_type(type) & fields[i].types) == 0)
            (void)script_fail_at(L, 0, "field %s: expected %s, found %s", fields[i].name, types_text(fields[i].types),
                                 globals_describe(L, -1, found, sizeof(found)));
        lua_pop(L, 1);
    }
}

static void check_line(lua_State *L, const char *name)
{
    if (load_field(L, name) == LUA_TSTRING) {
        size_t length;
        const char *text = lua_tolstring(L, -1, &length);
        if (length == 0 || length > 200 || !text_is_printable(text, length))
            (void)script_fail_at(L, 0, "field %s: expected one line of 1 to 200 bytes of UTF-8", name);
    }
    lua_pop(L, 1);
}

/* Every entry 1, 2, ... of a list is of one type, and there is nothing else in it. */
static void check_list(lua_State *L, const char *name, int type, const char *expected)
{
    char found[80];
    const char *names[1];
    if (load_field(L, name) == LUA_TTABLE) {
        size_t count = lua_rawlen(L, -1);
        if (count == 0 || globals_names(L, -1, names, 1) > 0)
            (void)script_fail_at(L, 0, "field %s: expected %s", name, expected);
        for (size_t i = 1; i <= count; i++, lua_pop(L, 1))
            if (lua_rawgeti(L, -1, (lua_Integer)i) != type)
                (void)script_fail_at(L, 0, "field %s: expected %s, found %s", name, expected,
                                     globals_describe(L, -1, found, sizeof(found)));
    }
    lua_pop(L, 1);
}

/* ---- scenario { ... } ---------------------------------------------------------------------------------------- */

static int take_scenario(lua_State *L)
{
    char found[80];
    if (lua_rawgetp(L, LUA_REGISTRYINDEX, &table_key) != LUA_TNIL)
        return script_fail(L, "expected one call of scenario in a file, found a second");
    lua_settop(L, 1);
    if (!lua_istable(L, 1))
        return script_fail(L, "scenario: expected a table, as in scenario { about = \"...\", cycle = ... }, found %s",
                           globals_describe(L, 1, found, sizeof(found)));
    script_of(L)->line = script_line(L);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &table_key);
    return 0;
}

void load_open(lua_State *L)
{
    lua_pushcfunction(L, take_scenario);
    lua_setfield(L, -2, "scenario");
}

size_t load_case(lua_State *L, size_t index, struct params *out)
{
    (void)load_field(L, "params");
    params_read(L, lua_gettop(L), out);
    size_t count = 1;
    if (load_field(L, "cases") == LUA_TTABLE) {
        count = lua_rawlen(L, -1);
        if (index < count) {
            lua_rawgeti(L, -1, (lua_Integer)index + 1);
            params_read_case(L, lua_gettop(L), index, out);
            lua_pop(L, 1);
        }
    }
    lua_pop(L, 2);
    return count;
}

/* ---- the file ---------------------------------------------------------------------------------------------------- */

static int run_file(lua_State *L)
{
    const struct buffer *file = lua_touserdata(L, 1);
    const char *text = file->data != NULL ? file->data : "";
    if (text[0] == LUA_SIGNATURE[0])
        return script_fail(L, "expected a text, found compiled Lua");
    if (luaL_loadbufferx(L, text, file->length, "=@", "t") != LUA_OK)
        return lua_error(L);
    lua_call(L, 0, 0);

    if (lua_rawgetp(L, LUA_REGISTRYINDEX, &table_key) == LUA_TNIL)
        return script_fail(L, "expected a call scenario { ... }, found none");
    int table = lua_gettop(L);
    check_known(L, table);
    check_types(L, table);
    check_line(L, "about");
    check_line(L, "source");
    check_list(L, "pools", LUA_TSTRING, "a list of pools like { \"broadcast\", \"owner\" }");
    check_list(L, "cases", LUA_TTABLE, "a list of parameter sets like { { keys = 1 }, { keys = 8 } }");
    expect_check(L);
    thresholds_check(L);
    return 0;
}

enum err load_script(struct script *script, const char *path, struct problem *why)
{
    struct buffer file = {0};
    enum err err = script_open(script, path, why);
    if (err == ERR_NONE)
        err = file_read_whole(path, SCRIPT_FILE_MAX, &file, why);
    if (err == ERR_NONE)
        err = script_run(script, run_file, &file, why);
    buffer_free(&file);
    return err;
}

/* ---- the public face
 * ------------------------------------------------------------------------------------------------ */

struct scenario {
    char *name, *file, *about, *source;
    char **pools;
    size_t pool_count;
    struct params *cases; /* each with the defaults filled in */
    size_t case_count;
};

static void must(lua_State *L, bool ok)
{
    if (!ok)
        (void)script_fail_memory(L);
}

static void copy_pools(lua_State *L, struct scenario *scenario)
{
    bool listed = load_field(L, "pools") == LUA_TTABLE;
    size_t count = listed ? lua_rawlen(L, -1) : ARRAY_LEN(default_pools);
    scenario->pools = calloc(count, sizeof(*scenario->pools));
    must(L, scenario->pools != NULL);
    for (size_t i = 0; i < count; i++) {
        if (listed)
            lua_rawgeti(L, -1, (lua_Integer)i + 1);
        else
            lua_pushstring(L, default_pools[i]);
        scenario->pools[i] = strdup(lua_tostring(L, -1));
        must(L, scenario->pools[i] != NULL);
        scenario->pool_count++;
        lua_pop(L, 1);
    }
    lua_pop(L, 1);
}

static void copy_cases(lua_State *L, struct scenario *scenario)
{
    struct params first;
    size_t count = load_case(L, 0, &first);
    scenario->cases = calloc(count, sizeof(*scenario->cases));
    must(L, scenario->cases != NULL);
    scenario->case_count = count;
    for (size_t i = 0; i < count; i++)
        (void)load_case(L, i, &scenario->cases[i]);
}

static int copy_scenario(lua_State *L)
{
    struct scenario *scenario = lua_touserdata(L, 1);
    (void)load_field(L, "about");
    (void)load_field(L, "source");
    must(L, run_set_text(&scenario->about, lua_tostring(L, -2)) == ERR_NONE);
    must(L, run_set_text(&scenario->source, lua_tostring(L, -1)) == ERR_NONE);
    copy_pools(L, scenario);
    copy_cases(L, scenario);
    return 0;
}

char *load_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *base = slash != NULL ? slash + 1 : path;
    size_t length = strlen(base);
    if (length > 4 && strcmp(base + length - 4, ".lua") == 0)
        length -= 4;
    return strndup(base, length);
}

enum err scenario_load(const char *path, struct scenario **out, struct problem *why)
{
    *out = NULL;
    struct script script;
    struct scenario *scenario = calloc(1, sizeof(*scenario));
    if (scenario == NULL)
        return problem_set(why, ERR_MEMORY, "out of memory");
    enum err err = load_script(&script, path, why);
    if (err == ERR_NONE)
        err = script_run(&script, copy_scenario, scenario, why);
    if (err == ERR_NONE) {
        scenario->name = load_name(path);
        scenario->file = strdup(path);
        if (scenario->name == NULL || scenario->file == NULL)
            err = problem_set(why, ERR_MEMORY, "out of memory");
    }
    script_close(&script);
    if (err != ERR_NONE)
        scenario_free(scenario);
    else
        *out = scenario;
    return err;
}

void scenario_free(struct scenario *scenario)
{
    if (scenario == NULL)
        return;
    for (size_t i = 0; i < scenario->pool_count; i++)
        free(scenario->pools[i]);
    free(scenario->pools);
    free(scenario->cases);
    free(scenario->name);
    free(scenario->file);
    free(scenario->about);
    free(scenario->source);
    free(scenario);
}

const char *scenario_name(const struct scenario *scenario)
{
    return scenario->name;
}

const char *scenario_file(const struct scenario *scenario)
{
    return scenario->file;
}

const char *scenario_about(const struct scenario *scenario)
{
    return scenario->about;
}

const char *scenario_source(const struct scenario *scenario)
{
    return scenario->source;
}

const char *scenario_pool(const struct scenario *scenario, size_t index)
{
    return index < scenario->pool_count ? scenario->pools[index] : NULL;
}

size_t scenario_case_count(const struct scenario *scenario)
{
    return scenario->case_count;
}

bool scenario_has_param(const struct scenario *scenario, const char *name)
{
    return params_find(&scenario->cases[0], name) != NULL;
}

/* The parameters of a case with the overrides that fit; those that do not are reported by scenario_plan_open. */
static void case_params(const struct scenario *scenario, size_t index, const struct setting *overrides, size_t count,
                        struct params *out)
{
    *out = scenario->cases[index];
    for (size_t i = 0; i < count; i++)
        if (params_set(out, overrides[i].name, overrides[i].value, NULL) != ERR_NONE)
            continue;
}

bool scenario_case_repeats(const struct scenario *scenario, size_t index, const struct setting *overrides, size_t count)
{
    struct params mine, other;
    case_params(scenario, index, overrides, count, &mine);
    for (size_t i = 0; i < index; i++) {
        case_params(scenario, i, overrides, count, &other);
        if (params_equal(&mine, &other))
            return true;
    }
    return false;
}
