/* A Lua state under limits: memory by its allocator, steps and processor time by a hook, errors by one protected
 * call. */
#include "harness/scenario/scenario_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Files are loaded under this name, so that messages begin "@:12:" whatever the path; the path replaces the @. */
#define CHUNK_MARK "@"

#define HOOK_EVERY 200

/* More calls inside each other than this are a recursion gone wrong. */
#define DEEP_CALLS 10000

struct script *script_of(lua_State *L)
{
    return *(struct script **)lua_getextraspace(L);
}

/* The innermost line of the script that is running; 0: none. Allocates nothing: the allocator asks too. */
static int running_line(lua_State *L)
{
    lua_Debug frame;
    for (int level = 0; lua_getstack(L, level, &frame) == 1; level++)
        if (lua_getinfo(L, "l", &frame) != 0 && frame.currentline > 0)
            return frame.currentline;
    return 0;
}

/* ---- limits -------------------------------------------------------------------------------------------- */

static void *allocate(void *ctx, void *ptr, size_t old_size, size_t size)
{
    struct script *script = ctx;
    size_t held = ptr != NULL ? old_size : 0; /* of a new block, old_size says what it is for */
    if (size == 0) {
        free(ptr);
        script->memory -= held;
        return NULL;
    }
    if (size > held && script->memory - held + size > SCRIPT_MEMORY_MAX) {
        lua_Debug frame;
        script->refused_line = script->lua != NULL ? running_line(script->lua) : 0;
        script->refused_deep = script->lua != NULL && lua_getstack(script->lua, DEEP_CALLS, &frame) == 1;
        return NULL;
    }
    void *moved = realloc(ptr, size);
    if (moved == NULL) {
        script->machine_is_full = true;
        return size <= held ? ptr : NULL; /* Lua relies on it that shrinking works */
    }
    script->memory = script->memory - held + size;
    return moved;
}

static int64_t now_ns(clockid_t clock)
{
    struct timespec now = {0};
    (void)clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* The cheap clock first: reading the processor time costs as much as a hundred steps, so most calls never do. But it
 * decides, so
 * that a machine under load or a suspended process is no endless loop. */
static bool out_of_time(struct script *script)
{
    if (script->cpu_limit_ns == 0)
        script->cpu_limit_ns = now_ns(CLOCK_THREAD_CPUTIME_ID) + SCRIPT_CPU_MAX_NS;
    return now_ns(CLOCK_MONOTONIC_COARSE) > script->wall_limit_ns &&
           now_ns(CLOCK_THREAD_CPUTIME_ID) > script->cpu_limit_ns;
}

static void on_steps(lua_State *L, lua_Debug *frame)
{
    (void)frame;
    struct script *script = script_of(L);
    script->steps += HOOK_EVERY;
    if (script->steps > SCRIPT_STEPS_MAX)
        (void)script_fail(L, "%s does not end: it ran %lld million steps; is this an endless loop?",
                          script->phase != NULL ? script->phase : "the script",
                          (long long)(SCRIPT_STEPS_MAX / 1000000));
    if (out_of_time(script))
        (void)script_fail(L, "%s does not end: it ran for %lld seconds; one call should take milliseconds",
                          script->phase != NULL ? script->phase : "the script",
                          (long long)(SCRIPT_CPU_MAX_NS / 1000000000));
}

/* ---- errors --------------------------------------------------------------------------------------------- */

static int fail(lua_State *L, int line, const char *format, va_list args) PRINTF_LIKE(3, 0);
static int fail(lua_State *L, int line, const char *format, va_list args)
{
    char text[sizeof(((struct problem *)0)->text)];
    (void)vsnprintf(text, sizeof(text), format, args);
    lua_pushfstring(L, CHUNK_MARK ":%d: %s", line, text);
    return lua_error(L);
}

int script_line(lua_State *L)
{
    int line = running_line(L);
    return line > 0 ? line : script_of(L)->line;
}

int script_fail(lua_State *L, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    return fail(L, script_line(L), format, args);
}

int script_fail_at(lua_State *L, int line, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    return fail(L, line > 0 ? line : script_of(L)->line, format, args);
}

int script_fail_memory(lua_State *L)
{
    script_of(L)->machine_is_full = true;
    lua_pushliteral(L, "out of memory");
    return lua_error(L);
}

int script_function_line(lua_State *L, int index)
{
    lua_Debug info;
    lua_pushvalue(L, index);
    if (!lua_isfunction(L, -1) || lua_iscfunction(L, -1)) {
        lua_pop(L, 1);
        return script_of(L)->line;
    }
    (void)lua_getinfo(L, ">S", &info);
    return info.linedefined;
}

/* Turns the error at the top into a problem that begins with the path. */
static enum err problem_from(struct script *script, int status, struct problem *why)
{
    if (script->machine_is_full)
        return problem_set(why, ERR_MEMORY, "%s: out of memory", script->path);
    if (status == LUA_ERRMEM) {
        int line = script->refused_line > 0 ? script->refused_line : script->line;
        return problem_set(why, ERR_INPUT, "%s:%d: the script wants more than %zu MiB of memory; %s", script->path,
                           line, SCRIPT_MEMORY_MAX / (1024 * 1024),
                           script->refused_deep ? "does a function call itself without end?" : "let it keep less");
    }
    size_t length = 0;
    const char *text = lua_type(script->lua, -1) == LUA_TSTRING ? lua_tolstring(script->lua, -1, &length) : NULL;
    if (text == NULL)
        return problem_set(why, ERR_INPUT, "%s:%d: the script failed without a text", script->path, script->line);

    bool placed = strncmp(text, CHUNK_MARK ":", 2) == 0;
    char printable[sizeof(((struct problem *)0)->text)];
    text_make_printable(text + placed, length - placed, printable, sizeof(printable));
    return problem_set(why, ERR_INPUT, "%s%s%s", script->path, placed ? "" : ": ", printable);
}

enum err script_run(struct script *script, lua_CFunction body, void *arg, struct problem *why)
{
    lua_State *L = script->lua;
    script->machine_is_full = script->refused_deep = false;
    script->refused_line = 0;
    script->steps = 0;
    script->wall_limit_ns = now_ns(CLOCK_MONOTONIC_COARSE) + SCRIPT_CPU_MAX_NS;
    script->cpu_limit_ns = 0;

    lua_settop(L, 0);
    lua_pushcfunction(L, body);
    lua_pushlightuserdata(L, arg);
    int status = lua_pcall(L, 1, 0, 0);
    enum err err = status == LUA_OK ? ERR_NONE : problem_from(script, status, why);
    lua_settop(L, 0);
    return err;
}

/* ---- open and close ------------------------------------------------------------------------------------- */

static int open_globals(lua_State *L)
{
    globals_open(L);
    return 0;
}

enum err script_open(struct script *script, const char *path, struct problem *why)
{
    *script = (struct script){.line = 1};
    script->path = strdup(path);
    if (script->path == NULL)
        return problem_set(why, ERR_MEMORY, "out of memory");
    lua_State *L = lua_newstate(allocate, script);
    if (L == NULL)
        return problem_set(why, ERR_MEMORY, "out of memory");
    script->lua = L;
    *(struct script **)lua_getextraspace(L) = script;
    lua_sethook(L, on_steps, LUA_MASKCOUNT, HOOK_EVERY);
    return script_run(script, open_globals, NULL, why);
}

void script_close(struct script *script)
{
    if (script->lua != NULL)
        lua_close(script->lua);
    free(script->path);
    *script = (struct script){0};
}
