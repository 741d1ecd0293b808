/* get, release, invalidate ...: what a script calls to emit an operation. A new operation is one row of the table. */
#include "harness/scenario/scenario_internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define LEASE_TYPE "lease"

enum arg { ARG_NONE, ARG_LEASE, ARG_VALUE, ARG_KEY, ARG_SCOPE, ARG_SCOPE_MAYBE, ARG_COUNT, ARG_DURATION, ARG_STEP };

#define ARGS_MAX 2

static const struct op_def {
    const char *name;
    enum plan_verb verb;
    const char *usage;
    enum arg args[ARGS_MAX];
} ops[] = {
    {"get", PLAN_GET, "get(key [, scope])", {ARG_KEY, ARG_SCOPE_MAYBE}},
    {"release", PLAN_RELEASE, "release(lease)", {ARG_LEASE}},
    {"cancel", PLAN_CANCEL, "cancel(lease)", {ARG_LEASE}},
    {"invalidate", PLAN_INVALIDATE, "invalidate(lease)", {ARG_LEASE}},
    {"invalidate_value", PLAN_INVALIDATE_VALUE, "invalidate_value(name)", {ARG_VALUE}},
    {"share", PLAN_SHARE, "share(lease, key)", {ARG_LEASE, ARG_KEY}},
    {"fail", PLAN_FAIL, "fail(key, count)", {ARG_KEY, ARG_COUNT}},
    {"fail_close", PLAN_FAIL_CLOSE, "fail_close(key, count)", {ARG_KEY, ARG_COUNT}},
    {"slow", PLAN_SLOW, "slow(key, \"5s\")", {ARG_KEY, ARG_DURATION}},
    {"kill", PLAN_KILL, "kill(lease)", {ARG_LEASE}},
    {"advance", PLAN_ADVANCE, "advance(\"61s\")", {ARG_DURATION}},
    {"step_clock", PLAN_STEP_CLOCK, "step_clock(\"-1h\")", {ARG_STEP}},
    {"close_scope", PLAN_CLOSE_SCOPE, "close_scope(scope)", {ARG_SCOPE}},
};

/* ---- arguments ------------------------------------------------------------------------------------------- */

static int wrong_arg(lua_State *L, const struct op_def *def, int index, const char *expected)
{
    char found[80];
    return script_fail(L, "%s: expected %s, found %s", def->usage, expected,
                       globals_describe(L, index, found, sizeof(found)));
}

/* An integer i becomes PREFIX and i; a text must be a name. */
static void read_name(lua_State *L, const struct op_def *def, int index, const char *prefix, const char *expected,
                      char out[NAME_MAX_LEN + 1])
{
    int exact = 0;
    if (lua_type(L, index) == LUA_TNUMBER) {
        lua_Integer number = lua_tointegerx(L, index, &exact);
        if (!exact)
            (void)wrong_arg(L, def, index, expected);
        (void)snprintf(out, NAME_MAX_LEN + 1, "%s%" PRId64, prefix, (int64_t)number);
        return;
    }
    size_t length = 0;
    const char *text = lua_type(L, index) == LUA_TSTRING ? lua_tolstring(L, index, &length) : NULL;
    if (text == NULL || !name_is_valid(text, length))
        (void)wrong_arg(L, def, index, expected);
    else
        memcpy(out, text, length + 1);
}

static struct lease read_lease(lua_State *L, const struct op_def *def, int index, char out[NAME_MAX_LEN + 1])
{
    const struct lease *lease = luaL_testudata(L, index, LEASE_TYPE);
    if (lease == NULL) {
        (void)wrong_arg(L, def, index, "a lease (what get returned)");
        return (struct lease){0};
    }
    (void)snprintf(out, NAME_MAX_LEN + 1, "l%" PRIu32, lease->number + 1);
    if (!names_holds(&script_of(L)->emitter->names, *lease))
        (void)script_fail(L,
                          "%s: this lease is over since an earlier cycle, and its name %s was given to another one; "
                          "use a lease only until the end of the cycle that releases it",
                          def->usage, out);
    return *lease;
}

typedef enum err (*quantity_fn)(const char *text, int64_t *out, struct problem *why);

static int64_t read_quantity(lua_State *L, const struct op_def *def, int index, quantity_fn parse, const char *expected,
                             struct plan_op *op)
{
    int64_t value = 0;
    const char *text = lua_type(L, index) == LUA_TSTRING ? lua_tostring(L, index) : NULL;
    if (text == NULL || strlen(text) > 32 || parse(text, &value, NULL) != ERR_NONE || value == INT64_MAX)
        (void)wrong_arg(L, def, index, expected);
    else
        memcpy(op->text, text, strlen(text) + 1);
    return value;
}

static int64_t read_count(lua_State *L, const struct op_def *def, int index, struct plan_op *op)
{
    static const char expected[] = "a count like 3 or \"1k\"";
    if (lua_type(L, index) != LUA_TNUMBER)
        return read_quantity(L, def, index, quantity_parse_count, expected, op);
    int exact = 0;
    lua_Integer count = lua_tointegerx(L, index, &exact);
    if (!exact || count < 0)
        (void)wrong_arg(L, def, index, expected);
    return count;
}

/* Reads one argument into the operation; a lease is also returned through *lease. */
static void read_arg(lua_State *L, const struct op_def *def, enum arg arg, int index, struct plan_op *op,
                     struct lease *lease)
{
    switch (arg) {
    case ARG_NONE:
        break;
    case ARG_LEASE:
        *lease = read_lease(L, def, index, op->lease);
        break;
    case ARG_VALUE:
        read_name(L, def, index, "v", "the name of a value: an integer, or 1 to 64 of A-Z a-z 0-9 _ . -", op->lease);
        break;
    case ARG_KEY:
        read_name(L, def, index, "k", "a key: an integer, or 1 to 64 of A-Z a-z 0-9 _ . -", op->key);
        break;
    case ARG_SCOPE_MAYBE:
        if (lua_isnoneornil(L, index))
            break;
        /* fall through */
    case ARG_SCOPE:
        read_name(L, def, index, "s", "a scope: an integer, or 1 to 64 of A-Z a-z 0-9 _ . -", op->scope);
        break;
    case ARG_COUNT:
        op->count = read_count(L, def, index, op);
        break;
    case ARG_DURATION:
        op->duration_ns =
            read_quantity(L, def, index, quantity_parse_duration, "a duration as a text, like \"61s\"", op);
        break;
    case ARG_STEP:
        op->duration_ns = read_quantity(L, def, index, quantity_parse_signed_duration,
                                        "a duration as a text, like \"1h\" or \"-1h\"", op);
        break;
    }
}

/* ---- emitting ---------------------------------------------------------------------------------------------- */

static struct emitter *emitter_of(lua_State *L, const char *name)
{
    struct script *script = script_of(L);
    if (script->phase == NULL || script->emitter == NULL)
        (void)script_fail(L,
                          "%s: expected to be called by setup, cycle, settle, teardown or after_shutdown; "
                          "nothing runs outside them",
                          name);
    return script->emitter;
}

static int fail_with(lua_State *L, enum err err, const char *name)
{
    if (err == ERR_MEMORY)
        return script_fail_memory(L);
    return script_fail(L, "%s: more than %d leases are out at once; release some", name, SCRIPT_LEASES_MAX);
}

/* What an operation means for the names of leases. A get pushes its lease; returns how many values were pushed. */
static int apply_names(lua_State *L, const struct op_def *def, struct names *names, struct lease lease,
                       struct plan_op *op)
{
    enum err err = ERR_NONE;
    int results = 0;
    if (def->verb == PLAN_GET) {
        struct lease *made = lua_newuserdatauv(L, sizeof(*made), 0);
        luaL_setmetatable(L, LEASE_TYPE);
        err = names_take(names, op->scope, made);
        (void)snprintf(op->lease, sizeof(op->lease), "l%" PRIu32, made->number + 1);
        results = 1;
    } else if (def->verb == PLAN_RELEASE || def->verb == PLAN_CANCEL) {
        err = names_give_back(names, lease);
    } else if (def->verb == PLAN_CLOSE_SCOPE) {
        err = names_close_scope(names, op->scope);
    }
    return err == ERR_NONE ? results : fail_with(L, err, def->name);
}

/* Every operation; the first upvalue is its row. */
static int emit(lua_State *L)
{
    const struct op_def *def = lua_touserdata(L, lua_upvalueindex(1));
    struct emitter *emitter = emitter_of(L, def->name);
    if (emitter->emitted == SCRIPT_OPS_MAX)
        return script_fail(L, "%s emits more than %d operations in one call; let one cycle do less and run more cycles",
                           script_of(L)->phase, SCRIPT_OPS_MAX);

    struct plan_op op = {.verb = def->verb};
    struct lease lease = {0};
    int given = lua_gettop(L), taken = 0;
    while (taken < ARGS_MAX && def->args[taken] != ARG_NONE)
        taken++;
    if (given > taken)
        return script_fail(L, "%s: expected %d argument%s, found %d", def->usage, taken, taken == 1 ? "" : "s", given);
    for (int i = 0; i < taken; i++)
        read_arg(L, def, def->args[i], i + 1, &op, &lease);

    int results = apply_names(L, def, &emitter->names, lease, &op);
    if (queue_put(&emitter->queue, &op) != ERR_NONE)
        return script_fail_memory(L);
    emitter->emitted++;
    return results;
}

static int lease_tostring(lua_State *L)
{
    const struct lease *lease = luaL_checkudata(L, 1, LEASE_TYPE);
    lua_pushfstring(L, "l%d", (int)lease->number + 1);
    return 1;
}

/* ---- random numbers ------------------------------------------------------------------------------------------ */

static lua_Integer random_below(lua_State *L, const char *name, lua_Integer bound)
{
    if (bound < 1)
        return script_fail(L, "%s: expected a bound of at least 1", name);
    return (lua_Integer)rng_below(&emitter_of(L, name)->rng, (uint64_t)bound);
}

static lua_Integer check_integer(lua_State *L, int index, const char *usage)
{
    int exact = 0;
    char found[80];
    lua_Integer value = lua_type(L, index) == LUA_TNUMBER ? lua_tointegerx(L, index, &exact) : 0;
    if (!exact)
        return script_fail(L, "%s: expected an integer, found %s", usage,
                           globals_describe(L, index, found, sizeof(found)));
    return value;
}

/* random(n): 0 .. n-1 */
static int random_number(lua_State *L)
{
    lua_pushinteger(L, random_below(L, "random(n)", check_integer(L, 1, "random(n)")));
    return 1;
}

/* math.random as in Lua, but from the seed: () a float in [0, 1), (n) 1 .. n, (m, n) m .. n */
static int math_random(lua_State *L)
{
    static const char name[] = "math.random";
    if (lua_gettop(L) == 0) {
        uint64_t bits = rng_next(&emitter_of(L, name)->rng) >> 11;
        lua_pushnumber(L, (lua_Number)bits / (lua_Number)(UINT64_C(1) << 53));
        return 1;
    }
    lua_Integer low = 1, high = check_integer(L, 1, name);
    if (lua_gettop(L) > 1) {
        low = high;
        high = check_integer(L, 2, name);
    }
    lua_Integer width;
    if (high < low || __builtin_sub_overflow(high, low, &width) || width == LUA_MAXINTEGER)
        return script_fail(L, "%s: expected a range that is neither empty nor wider than an integer", name);
    lua_pushinteger(L, low + random_below(L, name, width + 1));
    return 1;
}

/* ---- the globals ------------------------------------------------------------------------------------------------ */

void ops_open(lua_State *L)
{
    for (size_t i = 0; i < ARRAY_LEN(ops); i++) {
        lua_pushlightuserdata(L, (void *)(uintptr_t)&ops[i]);
        lua_pushcclosure(L, emit, 1);
        lua_setfield(L, -2, ops[i].name);
    }
    lua_pushcfunction(L, random_number);
    lua_setfield(L, -2, "random");
    lua_getfield(L, -1, "math");
    lua_pushcfunction(L, math_random);
    lua_setfield(L, -2, "random");
    lua_pop(L, 1);

    luaL_newmetatable(L, LEASE_TYPE);
    lua_pushcfunction(L, lease_tostring);
    lua_setfield(L, -2, "__tostring");
    lua_pop(L, 1);
}
