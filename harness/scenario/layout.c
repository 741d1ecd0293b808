/* The numbers of a run and the shape of its pool: fields that are values, or functions of the parameters. */
#include "harness/scenario/scenario_internal.h"

#include <inttypes.h>
#include <stdio.h>

#define RUNGS_DEFAULT       30
#define MEASURED_CYCLES_MIN 300 /* rungs x cycles, so that a leak of one entry in three cycles is seen */
#define WARMUP_PERIODS      2
#define PERIOD_MAX          INT64_C(1000000)
#define CYCLES_MAX          INT64_C(1000000000000)
#define RUNGS_MIN           9 /* three windows of three */
#define RUNGS_MAX           10000

/* Pushes the field's value, calling it with p when it is a function; *line is the one to blame. False: no such
 * field, nothing pushed. */
static bool push_value(lua_State *L, const char *field, int p, int *line)
{
    if (load_field(L, field) == LUA_TNIL) {
        lua_pop(L, 1);
        return false;
    }
    *line = script_function_line(L, -1);
    if (lua_isfunction(L, -1)) {
        lua_pushvalue(L, p);
        lua_call(L, 1, 1);
    }
    return true;
}

static int64_t read_number(lua_State *L, const char *field, int p, int64_t otherwise, int64_t min, int64_t max)
{
    char found[80];
    int line, exact = 0;
    if (!push_value(L, field, p, &line))
        return otherwise;
    lua_Integer value = lua_type(L, -1) == LUA_TNUMBER ? lua_tointegerx(L, -1, &exact) : 0;
    if (!exact || value < min || value > max)
        return script_fail_at(L, line, "%s: expected an integer from %" PRId64 " to %" PRId64 ", found %s", field, min,
                              max, globals_describe(L, -1, found, sizeof(found)));
    lua_pop(L, 1);
    return value;
}

/* One setting of the pool; its value is at the top. */
static void read_setting(lua_State *L, int line, const char *name, struct plan_shape *shape)
{
    char found[80], number[32];
    struct problem why;
    const char *text = NULL;
    int exact = 0;
    if (lua_type(L, -1) == LUA_TSTRING)
        text = lua_tostring(L, -1);
    else if (lua_type(L, -1) == LUA_TNUMBER) {
        (void)snprintf(number, sizeof(number), "%" PRId64, (int64_t)lua_tointegerx(L, -1, &exact));
        text = exact ? number : NULL;
    }
    if (text == NULL)
        (void)script_fail_at(L, line, "pool: %s: expected an integer or a text, found %s", name,
                             globals_describe(L, -1, found, sizeof(found)));
    else if (plan_shape_set(shape, name, text, &why) != ERR_NONE)
        (void)script_fail_at(L, line, "%s", why.text);
}

static void read_shape(lua_State *L, int p, struct plan_shape *shape)
{
    const char *names[32];
    char found[80];
    struct problem why;
    int line;
    plan_shape_init(shape);
    if (!push_value(L, "pool", p, &line))
        return;
    if (!lua_istable(L, -1) || lua_rawlen(L, -1) > 0)
        (void)script_fail_at(L, line, "pool: expected settings like { min = 0, max = 4 }, found %s",
                             globals_describe(L, -1, found, sizeof(found)));
    size_t count = globals_names(L, -1, names, ARRAY_LEN(names));
    for (size_t i = 0; i < count; i++) {
        lua_getfield(L, -1, names[i]);
        read_setting(L, line, names[i], shape);
        lua_pop(L, 1);
    }
    if (plan_shape_check(shape, &why) != ERR_NONE)
        (void)script_fail_at(L, line, "%s", why.text);
    lua_pop(L, 1);
}

static int64_t read_timeout(lua_State *L)
{
    struct problem why;
    int64_t ns = 0;
    if (load_field(L, "timeout") != LUA_TNIL) {
        if (quantity_parse_duration(lua_tostring(L, -1), &ns, &why) != ERR_NONE)
            (void)script_fail_at(L, 0, "timeout: %s", why.text);
        if (ns == 0 || ns == INT64_MAX)
            (void)script_fail_at(L, 0, "timeout: expected a finite duration above 0, found \"%s\"",
                                 lua_tostring(L, -1));
    }
    lua_pop(L, 1);
    return ns;
}

/* True, false, or a function of p that says so. */
static bool read_threads(lua_State *L, int p)
{
    char found[80];
    int line;
    if (!push_value(L, "threads", p, &line))
        return false;
    if (!lua_isboolean(L, -1))
        (void)script_fail_at(L, line, "threads: expected true or false, found %s",
                             globals_describe(L, -1, found, sizeof(found)));
    bool threads = lua_toboolean(L, -1);
    lua_pop(L, 1);
    return threads;
}

/* Whole periods, so many that all rungs together have at least MEASURED_CYCLES_MIN cycles. */
static int64_t default_cycles(int64_t rungs, int64_t period)
{
    int64_t least = (MEASURED_CYCLES_MIN + rungs - 1) / rungs;
    return (least + period - 1) / period * period;
}

void layout_read(lua_State *L, int p, struct layout *out)
{
    read_shape(L, p, &out->shape);
    out->timeout_ns = read_timeout(L);
    out->threads = read_threads(L, p);
    out->period = read_number(L, "period", p, 1, 1, PERIOD_MAX);
    out->warmup = read_number(L, "warmup", p, WARMUP_PERIODS * out->period, 0, CYCLES_MAX);
    out->rungs = read_number(L, "rungs", p, RUNGS_DEFAULT, RUNGS_MIN, RUNGS_MAX);
    out->cycles = read_number(L, "cycles", p, default_cycles(out->rungs, out->period), 1, CYCLES_MAX);
    if (out->cycles % out->period != 0)
        (void)script_fail_at(L, 0,
                             "cycles: expected a multiple of the period (%" PRId64 "), found %" PRId64
                             ": otherwise rungs would be compared at different points of the rotation",
                             out->period, out->cycles);
}
