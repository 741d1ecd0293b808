/*
 * What a script sees: a white list. Left out, and why:
 *   io, os, require, load, dofile, debug, string.dump, collectgarbage   reach outside, or below the language
 *   pcall, coroutine                                                     could catch the limits and go on
 *   setmetatable, getmetatable                                           finalizers run at times nobody can foretell
 *   string.find, match, gmatch, gsub                                     can run for years inside one step
 *   next, table.sort, table.move                                         order by hash seed; order by clock; endless
 * and what is here in another form: pairs goes in the order of the keys, tostring and string.format show no
 * addresses, error and assert
 * always say the line. So the same script emits the same operations in every process.
 */
#include "harness/scenario/scenario_internal.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <lualib.h>

#define NAMES_MAX 128

static const char *const base_names[] = {"ipairs", "select", "tonumber", "type", NULL};
static const char *const string_names[] = {"byte", "char", "len", "lower", "upper", "rep", "reverse", "sub", NULL};
static const char *const table_names[] = {"concat", "insert", "pack", "remove", "unpack", NULL};
static const char *const math_names[] = {"abs",        "ceil", "floor",      "fmod", "huge", "max",
                                         "maxinteger", "min",  "mininteger", "modf", "pi",   "sqrt",
                                         "tointeger",  "type", "ult",        NULL};
static const char *const utf8_names[] = {"char", "codepoint", "codes", "len", "offset", NULL};

/* ---- names that are not there ---------------------------------------------------------------------------- */

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

size_t globals_names(lua_State *L, int index, const char **names, size_t max)
{
    size_t count = 0;
    index = lua_absindex(L, index);
    lua_pushnil(L);
    while (lua_next(L, index) != 0) {
        lua_pop(L, 1);
        if (lua_type(L, -1) == LUA_TSTRING && count < max)
            names[count++] = lua_tostring(L, -1);
    }
    qsort(names, count, sizeof(*names), by_text);
    return count;
}

/* "A, B, C", cut with "..." where out is full. */
static void join(const char **names, size_t count, char *out, size_t size)
{
    size_t used = 0;
    out[0] = '\0';
    for (size_t i = 0; i < count; i++) {
        if (used + strlen(names[i]) + strlen(", ...") >= size) {
            (void)snprintf(out + used, size - used, "...");
            return;
        }
        used += (size_t)snprintf(out + used, size - used, "%s%s", names[i], i + 1 < count ? ", " : "");
    }
}

int globals_unknown(lua_State *L, int line, const char *what, const char *name, const char **names, size_t count)
{
    char shown[80], all[500];
    text_make_printable(name, strlen(name), shown, sizeof(shown));
    line = line > 0 ? line : script_line(L);
    const char *near = text_closest(name, names, count);
    if (near != NULL)
        return script_fail_at(L, line, "%s \"%s\" is unknown; did you mean %s?", what, shown, near);
    join(names, count, all, sizeof(all));
    return script_fail_at(L, line, "%s \"%s\" is unknown (there are %s)", what, shown, count > 0 ? all : "none");
}

/* __index of a strict table; the first upvalue is what its members are called. */
static int missing_member(lua_State *L)
{
    const char *names[NAMES_MAX];
    size_t count = globals_names(L, 1, names, NAMES_MAX);
    char shown[80];
    const char *name =
        lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2) : globals_describe(L, 2, shown, sizeof(shown));
    return globals_unknown(L, 0, lua_tostring(L, lua_upvalueindex(1)), name, names, count);
}

void globals_make_strict(lua_State *L, const char *what)
{
    lua_createtable(L, 0, 1);
    lua_pushstring(L, what);
    lua_pushcclosure(L, missing_member, 1);
    lua_setfield(L, -2, "__index");
    lua_setmetatable(L, -2);
}

const char *globals_describe(lua_State *L, int index, char *out, size_t size)
{
    char text[48];
    switch (lua_type(L, index)) {
    case LUA_TNONE:
    case LUA_TNIL:
        (void)snprintf(out, size, "nothing");
        break;
    case LUA_TBOOLEAN:
        (void)snprintf(out, size, "%s", lua_toboolean(L, index) ? "true" : "false");
        break;
    case LUA_TNUMBER:
        if (lua_isinteger(L, index))
            (void)snprintf(out, size, "%lld", (long long)lua_tointeger(L, index));
        else if (isnan(lua_tonumber(L, index)))
            (void)snprintf(out, size, "no number (nan)");
        else
            (void)snprintf(out, size, "%.14g", (double)lua_tonumber(L, index));
        break;
    case LUA_TSTRING:
        text_make_printable(lua_tostring(L, index), lua_rawlen(L, index), text, sizeof(text));
        (void)snprintf(out, size, "\"%s\"", text);
        break;
    case LUA_TUSERDATA:
        (void)snprintf(out, size, "%s", luaL_testudata(L, index, "lease") != NULL ? "a lease" : "an expectation");
        break;
    default:
        (void)snprintf(out, size, "a %s", luaL_typename(L, index));
        break;
    }
    return out;
}

/* ---- functions that Lua's own would make different in each process -------------------------------------------- */

/* The text of a value without addresses. Pushes it. */
static void push_text(lua_State *L, int index)
{
    int type = lua_type(L, index);
    if (type == LUA_TTABLE || type == LUA_TFUNCTION)
        lua_pushstring(L, lua_typename(L, type));
    else
        (void)luaL_tolstring(L, index, NULL);
}

static int plain_tostring(lua_State *L)
{
    luaL_checkany(L, 1);
    push_text(L, 1);
    return 1;
}

/* string.format; Lua's own is the first upvalue. */
static int plain_format(lua_State *L)
{
    const char *format = luaL_checkstring(L, 1);
    for (const char *at = strchr(format, '%'); at != NULL; at = strchr(at, '%')) {
        at += 1 + strspn(at + 1, "-+ #0123456789.");
        if (*at == 'p')
            return script_fail(L, "string.format: %%p shows an address, which differs from run to run");
        at += *at == '%';
    }
    int count = lua_gettop(L);
    for (int i = 2; i <= count; i++) {
        if (lua_type(L, i) != LUA_TTABLE && lua_type(L, i) != LUA_TFUNCTION)
            continue;
        push_text(L, i);
        lua_replace(L, i);
    }
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    lua_call(L, count, 1);
    return 1;
}

static int placed_error(lua_State *L)
{
    lua_settop(L, 2);
    push_text(L, 1);
    lua_Debug caller;
    bool blame_caller =
        lua_tointeger(L, 2) == 2 && lua_getstack(L, 2, &caller) == 1 && lua_getinfo(L, "l", &caller) != 0;
    return script_fail_at(L, blame_caller && caller.currentline > 0 ? caller.currentline : script_line(L), "%s",
                          lua_tostring(L, -1));
}

static int placed_assert(lua_State *L)
{
    luaL_checkany(L, 1);
    if (lua_toboolean(L, 1))
        return lua_gettop(L);
    if (lua_isnoneornil(L, 2))
        return script_fail(L, "assertion failed");
    push_text(L, 2);
    return script_fail(L, "%s", lua_tostring(L, -1));
}

/* ---- pairs, in the order of the keys
 * ------------------------------------------------------------------------------ */

/* By bytes, whatever the locale. */
static bool text_is_less(lua_State *L, int a, int b)
{
    size_t a_length, b_length;
    const char *a_text = lua_tolstring(L, a, &a_length), *b_text = lua_tolstring(L, b, &b_length);
    int order = memcmp(a_text, b_text, a_length < b_length ? a_length : b_length);
    return order < 0 || (order == 0 && a_length < b_length);
}

/* Numbers, then texts, then false and true: a total order, so that sorting gives one result. */
static int key_is_less(lua_State *L)
{
    int a = lua_type(L, 1), b = lua_type(L, 2);
    bool less;
    if (a != b)
        less = a == LUA_TNUMBER || (a == LUA_TSTRING && b == LUA_TBOOLEAN);
    else if (a == LUA_TBOOLEAN)
        less = !lua_toboolean(L, 1) && lua_toboolean(L, 2);
    else if (a == LUA_TSTRING)
        less = text_is_less(L, 1, 2);
    else
        less = lua_compare(L, 1, 2, LUA_OPLT);
    lua_pushboolean(L, less);
    return 1;
}

/* Upvalues: the table, its sorted keys, how many were given out. */
static int next_in_order(lua_State *L)
{
    lua_Integer at = lua_tointeger(L, lua_upvalueindex(3));
    do {
        lua_settop(L, 0);
        if (lua_rawgeti(L, lua_upvalueindex(2), ++at) == LUA_TNIL)
            return 1;
        lua_pushvalue(L, 1);
    } while (lua_rawget(L, lua_upvalueindex(1)) == LUA_TNIL); /* taken out meanwhile */
    lua_pushinteger(L, at);
    lua_replace(L, lua_upvalueindex(3));
    return 2;
}

/* pairs(t); Lua's table.sort is the first upvalue. */
static int ordered_pairs(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    lua_newtable(L);
    lua_Integer count = 0;
    lua_pushnil(L);
    while (lua_next(L, 1) != 0) {
        lua_pop(L, 1);
        int type = lua_type(L, -1);
        if (type != LUA_TNUMBER && type != LUA_TSTRING && type != LUA_TBOOLEAN)
            return script_fail(L, "pairs: expected keys that are numbers, texts or booleans, found a %s",
                               lua_typename(L, type));
        lua_pushvalue(L, -1);
        lua_rawseti(L, 2, ++count);
    }
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_pushvalue(L, 2);
    lua_pushcfunction(L, key_is_less);
    lua_call(L, 2, 0);

    lua_pushinteger(L, 0);
    lua_pushcclosure(L, next_in_order, 3);
    return 1;
}

/* ---- the white list
 * ------------------------------------------------------------------------------------------------- */

/* Copies the named members of the table at `from` into the table at the top. */
static void copy_members(lua_State *L, int from, const char *const *names)
{
    for (size_t i = 0; names[i] != NULL; i++) {
        lua_getfield(L, from, names[i]);
        lua_setfield(L, -2, names[i]);
    }
}

/* Opens a library of Lua and puts a copy with only `names` into the globals at index `globals`. The copy and the whole
 * library stay on the stack. */
static void open_library(lua_State *L, int globals, lua_CFunction open, const char *name, const char *const *names)
{
    lua_pushcfunction(L, open);
    lua_call(L, 0, 1);
    lua_newtable(L);
    copy_members(L, lua_gettop(L) - 1, names);
    char what[32];
    (void)snprintf(what, sizeof(what), "%s function", name);
    globals_make_strict(L, what);
    lua_pushvalue(L, -1);
    lua_setfield(L, globals, name);
}

static void open_base(lua_State *L, int globals)
{
    lua_pushcfunction(L, luaopen_base); /* fills the old table of globals, which is dropped afterwards */
    lua_call(L, 0, 1);
    lua_pushvalue(L, globals);
    copy_members(L, lua_gettop(L) - 1, base_names);
    lua_pop(L, 2);
    static const luaL_Reg own[] = {
        {"tostring", plain_tostring}, {"error", placed_error}, {"assert", placed_assert}, {NULL, NULL}};
    lua_pushvalue(L, globals);
    luaL_setfuncs(L, own, 0);
    lua_pop(L, 1);
}

static void open_string(lua_State *L, int globals)
{
    open_library(L, globals, luaopen_string, "string", string_names);
    lua_getfield(L, -2, "format");
    lua_pushcclosure(L, plain_format, 1);
    lua_setfield(L, -2, "format");
    /* ("x"):rep(3) looks its methods up in the metatable of texts: they must be the same few. */
    lua_pushliteral(L, "");
    (void)lua_getmetatable(L, -1);
    lua_pushvalue(L, -3);
    lua_setfield(L, -2, "__index");
    lua_pop(L, 4);
}

static void open_table(lua_State *L, int globals)
{
    open_library(L, globals, luaopen_table, "table", table_names);
    lua_getfield(L, -2, "sort");
    lua_pushcclosure(L, ordered_pairs, 1);
    lua_setfield(L, globals, "pairs");
    lua_pop(L, 2);
}

void globals_open(lua_State *L)
{
    lua_newtable(L);
    int globals = lua_gettop(L);
    open_base(L, globals);
    open_string(L, globals);
    open_table(L, globals);
    open_library(L, globals, luaopen_math, "math", math_names);
    open_library(L, globals, luaopen_utf8, "utf8", utf8_names);
    lua_settop(L, globals);
    ops_open(L);
    expect_open(L);
    load_open(L);
    globals_make_strict(L, "name");
    lua_rawseti(L, LUA_REGISTRYINDEX, LUA_RIDX_GLOBALS);
}
