/*
 * What a scenario expects of a pool: grows, bounded, violates, lost, hangs, crashes, and the methods also, exactly,
 * at_most.
 * An expectation is a userdata that scripts can only pass around; its lists are tables in its two user values:
 *   1  metrics: { { name, relation, formula }, ... }     2  also: { name, ... }
 */
#include "harness/scenario/scenario_internal.h"

#include <stdio.h>
#include <string.h>

#define EXPECT_TYPE "expectation"

enum { METRICS = 1, ALSO = 2 };               /* user values */
enum { NAME = 1, RELATION = 2, FORMULA = 3 }; /* members of a metric */

struct expect {
    enum finding finding;
    char violates[4];
};

/* Beyond this a double is no exact integer; no counter gets there, but an integer formula that overflows does. */
#define PREDICTION_MAX (INT64_C(1) << 53)

/* ---- the words of it ------------------------------------------------------------------------------------------ */

static bool is_invariant(const char *name)
{
    return name[0] == 'I' && name[1] >= '1' && name[1] <= '8' && name[2] == '\0';
}

static void check_metric(lua_State *L, const char *name)
{
    if (metric_find(name) != NULL)
        return;
    const char *names[128];
    size_t count = 0;
    for (; count < metric_count() && count < ARRAY_LEN(names); count++)
        names[count] = metric_at(count)->name;
    (void)globals_unknown(L, 0, "metric", name, names, count);
}

static const char *check_text(lua_State *L, int index, const char *usage, const char *expected)
{
    char found[80];
    if (lua_type(L, index) != LUA_TSTRING)
        (void)script_fail(L, "%s: expected %s, found %s", usage, expected,
                          globals_describe(L, index, found, sizeof(found)));
    return lua_tostring(L, index);
}

/* Pushes a new expectation with empty lists. */
static struct expect *push_expect(lua_State *L, enum finding finding)
{
    struct expect *expect = lua_newuserdatauv(L, sizeof(*expect), 2);
    *expect = (struct expect){.finding = finding};
    luaL_setmetatable(L, EXPECT_TYPE);
    lua_newtable(L);
    lua_setiuservalue(L, -2, METRICS);
    lua_newtable(L);
    lua_setiuservalue(L, -2, ALSO);
    return expect;
}

/* ---- lists ------------------------------------------------------------------------------------------------------ */

/* Copies the list in user value `which` of the expectation at `from` to the one at `to`. */
static void copy_list(lua_State *L, int from, int to, int which)
{
    lua_getiuservalue(L, from, which);
    lua_getiuservalue(L, to, which);
    for (lua_Integer i = 1; lua_rawgeti(L, -2, i) != LUA_TNIL; i++)
        lua_rawseti(L, -2, i);
    lua_pop(L, 3);
}

/* A method gives a new expectation, so that one may stand for several pools. Pushes the copy of the one at index 1. */
static void push_copy(lua_State *L, const char *method)
{
    const struct expect *old = luaL_testudata(L, 1, EXPECT_TYPE);
    if (old == NULL) {
        (void)script_fail(L, "call it with a colon, as in bounded():%s(...)", method);
        return;
    }
    struct expect *copy = push_expect(L, old->finding);
    memcpy(copy->violates, old->violates, sizeof(copy->violates));
    int to = lua_gettop(L);
    copy_list(L, 1, to, METRICS);
    copy_list(L, 1, to, ALSO);
}

/* Appends the value at the top (popped) to a list of the expectation at `expectation`. */
static void append(lua_State *L, int expectation, int which)
{
    lua_getiuservalue(L, expectation, which);
    lua_insert(L, -2);
    lua_rawseti(L, -2, (lua_Integer)lua_rawlen(L, -2) + 1);
    lua_pop(L, 1);
}

static bool is_formula(lua_State *L, int index)
{
    return lua_isfunction(L, index) || lua_type(L, index) == LUA_TNUMBER;
}

/* Appends a metric; its formula is at the top and popped: a function, a number, or nil (none, for grows only). */
static void add_metric(lua_State *L, int expectation, const char *name, enum relation relation)
{
    char found[80];
    check_metric(L, name);
    bool none = lua_isnil(L, -1) && relation == RELATION_GROWS;
    if (!none && !is_formula(L, -1))
        (void)script_fail(L, "%s of %s: expected a formula: a function of (p, n), or a number; found %s",
                          relation_name(relation), name, globals_describe(L, -1, found, sizeof(found)));
    lua_createtable(L, 3, 0);
    lua_pushstring(L, name);
    lua_rawseti(L, -2, NAME);
    lua_pushinteger(L, relation);
    lua_rawseti(L, -2, RELATION);
    lua_insert(L, -2);
    lua_rawseti(L, -2, FORMULA);
    append(L, expectation, METRICS);
}

/* The members of { metric = formula, ... } in the order of their names; of { "metric", ... } (grows only) as they
 * stand. */
static void add_table(lua_State *L, int table, int expectation, enum relation relation, const char *usage)
{
    const char *names[64];
    size_t named = globals_names(L, table, names, ARRAY_LEN(names));
    for (size_t i = 0; i < named; i++) {
        lua_getfield(L, table, names[i]);
        if (lua_type(L, -1) == LUA_TBOOLEAN && lua_toboolean(L, -1)) {
            lua_pop(L, 1);
            lua_pushnil(L);
        }
        add_metric(L, expectation, names[i], relation);
    }
    size_t listed = lua_rawlen(L, table);
    for (size_t i = 1; i <= listed; i++) {
        lua_rawgeti(L, table, (lua_Integer)i);
        const char *name = check_text(L, -1, usage, "the name of a metric");
        lua_pushnil(L);
        add_metric(L, expectation, name, relation);
        lua_pop(L, 1);
    }
    if (named + listed == 0)
        (void)script_fail(L, "%s: expected at least one metric, found an empty table", usage);
}

/* ---- constructors
 * ------------------------------------------------------------------------------------------------- */

/* grows("metric" [, formula])   grows { metric = formula, ... } */
static int make_grows(lua_State *L)
{
    static const char usage[] = "grows(metric [, formula]) or grows { metric = formula }";
    lua_settop(L, 2);
    (void)push_expect(L, FINDING_GROWS);
    if (lua_istable(L, 1)) {
        add_table(L, 1, 3, RELATION_GROWS, usage);
        return 1;
    }
    const char *name = check_text(L, 1, usage, "the name of a metric");
    lua_pushvalue(L, 2);
    add_metric(L, 3, name, RELATION_GROWS);
    return 1;
}

/* bounded()   bounded { metric = cap, ... } */
static int make_bounded(lua_State *L)
{
    static const char usage[] = "bounded() or bounded { metric = cap }";
    char found[80];
    lua_settop(L, 1);
    (void)push_expect(L, FINDING_BOUNDED);
    if (lua_istable(L, 1))
        add_table(L, 1, 2, RELATION_AT_MOST, usage);
    else if (!lua_isnil(L, 1))
        return script_fail(L, "%s: found %s", usage, globals_describe(L, 1, found, sizeof(found)));
    return 1;
}

static int make_violates(lua_State *L)
{
    static const char usage[] = "violates(\"I6\")";
    const char *name = check_text(L, 1, usage, "an invariant, I1 to I8");
    if (!is_invariant(name))
        return script_fail(L, "%s: expected an invariant, I1 to I8, found \"%s\"", usage, name);
    struct expect *expect = push_expect(L, FINDING_VIOLATES);
    memcpy(expect->violates, name, strlen(name) + 1);
    return 1;
}

/* lost, hangs, crashes: the finding is the first upvalue. */
static int make_plain(lua_State *L)
{
    (void)push_expect(L, (enum finding)lua_tointeger(L, lua_upvalueindex(1)));
    return 1;
}

/* ---- methods
 * -------------------------------------------------------------------------------------------------------- */

/* A leak that an invariant shows is often memory that is lost at the end. */
static bool is_ending(const char *name)
{
    return strcmp(name, "lost") == 0 || strcmp(name, "hangs") == 0 || strcmp(name, "crashes") == 0;
}

/* :also("I1", "open", "lost", ...) */
static int method_also(lua_State *L)
{
    int given = lua_gettop(L);
    push_copy(L, "also");
    for (int i = 2; i <= given; i++) {
        const char *name = check_text(L, i, "also(...)", "the name of a metric or of an invariant");
        if (!is_invariant(name) && !is_ending(name))
            check_metric(L, name);
        lua_pushvalue(L, i);
        append(L, given + 1, ALSO);
    }
    return 1;
}

/* :exactly { metric = formula } and :at_most { metric = formula }; the relation is the first upvalue. */
static int method_relation(lua_State *L)
{
    enum relation relation = (enum relation)lua_tointeger(L, lua_upvalueindex(1));
    const char *method = relation_name(relation);
    char found[80];
    lua_settop(L, 2);
    push_copy(L, method);
    if (!lua_istable(L, 2))
        return script_fail(L, "%s: expected a table like { created = function(p, n) ... end }, found %s", method,
                           globals_describe(L, 2, found, sizeof(found)));
    add_table(L, 2, 3, relation, method);
    return 1;
}

static void add_methods(lua_State *L)
{
    luaL_newmetatable(L, EXPECT_TYPE);
    lua_newtable(L);
    lua_pushcfunction(L, method_also);
    lua_setfield(L, -2, "also");
    lua_pushinteger(L, RELATION_EXACT);
    lua_pushcclosure(L, method_relation, 1);
    lua_setfield(L, -2, "exactly");
    lua_pushinteger(L, RELATION_AT_MOST);
    lua_pushcclosure(L, method_relation, 1);
    lua_setfield(L, -2, "at_most");
    globals_make_strict(L, "method of an expectation");
    lua_setfield(L, -2, "__index");
    lua_pop(L, 1);
}

void expect_open(lua_State *L)
{
    static const luaL_Reg constructors[] = {
        {"grows", make_grows}, {"bounded", make_bounded}, {"violates", make_violates}, {NULL, NULL}};
    static const enum finding plain[] = {FINDING_LOST, FINDING_HANGS, FINDING_CRASHES};

    luaL_setfuncs(L, constructors, 0);
    for (size_t i = 0; i < ARRAY_LEN(plain); i++) {
        lua_pushinteger(L, plain[i]);
        lua_pushcclosure(L, make_plain, 1);
        lua_setfield(L, -2, finding_name(plain[i]));
    }
    add_methods(L);
}

/* ---- the field `expect`
 * ----------------------------------------------------------------------------------------------- */

static size_t name_length(const char *pool)
{
    return strcspn(pool, ":");
}

/* A name that is nearly, but not quite, one of the scenario's pools would silently mean "default". */
static void check_pool_name(lua_State *L, const char *key)
{
    const char *names[64] = {"default"};
    size_t count = 1;
    if (load_field(L, "pools") == LUA_TTABLE)
        for (lua_Integer i = 1; count < ARRAY_LEN(names) && lua_rawgeti(L, -1, i) == LUA_TSTRING; i++, lua_pop(L, 1))
            names[count++] = lua_tostring(L, -1);
    if (count == 1) {
        static const char *const usual[] = {"broadcast", "owner", "membership"};
        for (size_t i = 0; i < ARRAY_LEN(usual); i++)
            names[count++] = usual[i];
    }
    for (size_t i = 0; i < count; i++)
        if (name_length(names[i]) == name_length(key) && strncmp(names[i], key, name_length(key)) == 0)
            return;
    const char *near = text_closest(key, names, count);
    if (near != NULL)
        (void)script_fail_at(L, 0, "expect: \"%s\" is no pool of this scenario; did you mean %s?", key, near);
}

/* The value at the top is an expectation. */
static void check_expectation(lua_State *L, int line, const char *pool)
{
    char found[80];
    if (luaL_testudata(L, -1, EXPECT_TYPE) == NULL)
        (void)script_fail_at(L, line, "expect: %s: expected grows, bounded, violates, lost, hangs or crashes, found %s",
                             pool, globals_describe(L, -1, found, sizeof(found)));
}

void expect_check(lua_State *L)
{
    const char *names[64];
    if (load_field(L, "expect") == LUA_TNIL)
        return;
    int table = lua_gettop(L);
    size_t count = globals_names(L, table, names, ARRAY_LEN(names));
    if (lua_rawlen(L, table) > 0)
        (void)script_fail_at(L, 0, "expect: expected entries like owner = bounded(), found a list");
    for (size_t i = 0; i < count; i++) {
        check_pool_name(L, names[i]);
        if (lua_getfield(L, table, names[i]) != LUA_TFUNCTION)
            check_expectation(L, 0, names[i]);
        lua_settop(L, table);
    }
    lua_settop(L, table - 1);
}

/* Pushes the entry of the table at the top that applies to the pool, or nil. */
static void push_entry(lua_State *L, const char *pool)
{
    if (lua_getfield(L, -1, pool) != LUA_TNIL)
        return;
    lua_pushlstring(L, pool, name_length(pool));
    if (lua_gettable(L, -3) == LUA_TNIL)
        (void)lua_getfield(L, -3, "default");
}

void expect_push(lua_State *L, const char *pool, int p)
{
    if (load_field(L, "expect") == LUA_TTABLE)
        push_entry(L, pool);
    if (lua_isnil(L, -1)) {
        (void)push_expect(L, FINDING_BOUNDED);
        return;
    }
    int line = script_function_line(L, -1);
    if (lua_isfunction(L, -1)) { /* what is expected depends on the parameters */
        lua_pushvalue(L, p);
        lua_call(L, 1, 1);
    }
    check_expectation(L, line, pool);
}

/* ---- from Lua to the record
 * ------------------------------------------------------------------------------------------- */

static void must(lua_State *L, enum err err)
{
    if (err != ERR_NONE)
        (void)script_fail_memory(L);
}

void expect_read(lua_State *L, int expectation, struct expectation *out)
{
    const struct expect *expect = luaL_checkudata(L, expectation, EXPECT_TYPE);
    out->finding = expect->finding;
    if (expect->violates[0] != '\0')
        must(L, run_set_text(&out->violates, expect->violates));

    lua_getiuservalue(L, expectation, METRICS);
    for (lua_Integer i = 1; lua_rawgeti(L, -1, i) == LUA_TTABLE; i++) {
        lua_rawgeti(L, -1, NAME);
        lua_rawgeti(L, -2, RELATION);
        struct expected_metric *added = NULL;
        must(L, expectation_add_metric(out, lua_tostring(L, -2), (enum relation)lua_tointeger(L, -1), &added));
        added->predicted = lua_rawgeti(L, -3, FORMULA) != LUA_TNIL;
        lua_pop(L, 4);
    }
    lua_pop(L, 2);

    lua_getiuservalue(L, expectation, ALSO);
    for (lua_Integer i = 1; lua_rawgeti(L, -1, i) == LUA_TSTRING; i++, lua_pop(L, 1))
        must(L, expectation_add_also(out, lua_tostring(L, -1)));
    lua_pop(L, 2);
}

int64_t expect_predict(lua_State *L, int expectation, size_t index, int p, int n)
{
    lua_getiuservalue(L, expectation, METRICS);
    lua_rawgeti(L, -1, (lua_Integer)index + 1);
    lua_rawgeti(L, -1, NAME);
    const char *name = lua_tostring(L, -1);
    int line = 0;
    if (lua_rawgeti(L, -2, FORMULA) == LUA_TFUNCTION) {
        line = script_function_line(L, -1);
        lua_pushvalue(L, p);
        lua_pushvalue(L, n);
        lua_call(L, 2, 1);
    }
    int exact = 0;
    char found[80];
    lua_Integer value = lua_type(L, -1) == LUA_TNUMBER ? lua_tointegerx(L, -1, &exact) : 0;
    bool may_be_negative = strcmp(name, "free") == 0; /* callers that wait count as less than nothing */
    if (!exact || value > PREDICTION_MAX || value < (may_be_negative ? -PREDICTION_MAX : 0))
        return script_fail_at(L, line, "the formula for %s gives %s; expected a whole number from 0 to 2^53", name,
                              globals_describe(L, -1, found, sizeof(found)));
    lua_pop(L, 4);
    return value;
}
