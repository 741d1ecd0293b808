/* budget = { tombstones = "0/op", bytes_live = "0.5B/op" }, limit = { peak_rss = "64MiB", fds = 100 } */
#include "harness/scenario/scenario_internal.h"

#include <stdio.h>
#include <string.h>

#define METRICS_MAX 64

/* The entry `name` of the table at `index`, as a threshold. `out` is OWNED by the caller. */
static void take_entry(lua_State *L, int index, enum threshold_kind kind, const char *name, struct threshold *out)
{
    char text[200], found[80];
    struct problem why = {0};
    const char *field = threshold_kind_name(kind);
    int type = lua_getfield(L, index, name);
    if (type != LUA_TSTRING && !lua_isinteger(L, -1))
        (void)script_fail_at(L, 0, "field %s: %s: expected a text or an integer, found %s", field, name,
                             globals_describe(L, -1, found, sizeof(found)));
    snprintf(text, sizeof(text), "%s=%s", name, lua_tostring(L, -1));
    enum err err = threshold_parse(kind, text, out, &why);
    lua_pop(L, 1);
    if (err == ERR_MEMORY)
        (void)script_fail_memory(L);
    if (err != ERR_NONE)
        (void)script_fail_at(L, 0, "field %s: %s: %s", field, name, why.text);
}

static void read_kind(lua_State *L, enum threshold_kind kind, struct thresholds *out)
{
    const char *names[METRICS_MAX];
    if (load_field(L, threshold_kind_name(kind)) != LUA_TTABLE) {
        lua_pop(L, 1);
        return;
    }
    int table = lua_gettop(L);
    size_t count = globals_names(L, table, names, METRICS_MAX);
    if (lua_rawlen(L, table) > 0)
        (void)script_fail_at(L, 0, "field %s: expected METRIC = VALUE, found a value without a name",
                             threshold_kind_name(kind));
    for (size_t i = 0; i < count; i++) {
        struct threshold threshold;
        take_entry(L, table, kind, names[i], &threshold);
        enum err err = out ? thresholds_add(out, &threshold) : ERR_NONE;
        threshold_free(&threshold);
        if (err != ERR_NONE)
            (void)script_fail_memory(L);
    }
    lua_pop(L, 1);
}

void thresholds_read(lua_State *L, struct thresholds *out)
{
    read_kind(L, THRESHOLD_BUDGET, out);
    read_kind(L, THRESHOLD_LIMIT, out);
}

void thresholds_check(lua_State *L)
{
    thresholds_read(L, NULL);
}
