/*
 * What the files of this room share. One `struct script` is one Lua state under limits; everything that touches Lua
 * runs inside
 * script_run, so that no error of a script, no lack of memory and no endless loop gets past it.
 *
 * The C functions that scripts call end in longjmp when they fail: they own nothing while they call into Lua.
 */
#ifndef CHURN_SCENARIO_INTERNAL_H
#define CHURN_SCENARIO_INTERNAL_H

#include <lauxlib.h>
#include <lua.h>

#include "harness/scenario/scenario.h"

#define SCRIPT_FILE_MAX    (1024 * 1024)              /* bytes of a scenario file */
#define SCRIPT_MEMORY_MAX  ((size_t)64 * 1024 * 1024) /* bytes Lua may hold at once */
#define SCRIPT_STEPS_MAX   INT64_C(50000000)          /* VM instructions of one call: one cycle, one set-up */
#define SCRIPT_CPU_MAX_NS  INT64_C(2000000000)        /* of one call: what steps do not count, such as string.rep */
#define SCRIPT_OPS_MAX     1000000                    /* operations of one call */
#define SCRIPT_LEASES_MAX  1000000                    /* leases that are out at once */
#define SCENARIO_PARAM_MAX 32

/* ---- sandbox.c: a Lua state under limits ----------------------------------------------------------------- */

struct emitter;

struct script {
    lua_State *lua;
    char *path; /* of the scenario; OWNED */

    size_t memory;           /* bytes Lua holds now */
    int refused_line;        /* where it asked for more than SCRIPT_MEMORY_MAX; 0: not known */
    bool refused_deep;       /* ... with very many calls inside each other */
    bool machine_is_full;    /* malloc failed */
    int64_t steps;           /* of the present call */
    int64_t wall_limit_ns;   /* before this time on the wall nobody asks ... */
    int64_t cpu_limit_ns;    /* ... whether the thread's processor time is past this; 0: not set yet */
    int line;                /* of `scenario {`; where problems are put that have no better place */
    const char *phase;       /* "cycle": the function whose operations are being collected; NULL: none */
    struct emitter *emitter; /* takes the operations; BORROWED; NULL while nothing is collected */
};

/* Opens a state with the globals a scenario may use. *script is initialised in any case: script_close. */
enum err script_open(struct script *script, const char *path, struct problem *why) MUST_CHECK;
void script_close(struct script *script);

/* Calls body(L) with `arg` as a light userdata at index 1, under the limits, and turns what goes wrong into a
 * problem. */
enum err script_run(struct script *script, lua_CFunction body, void *arg, struct problem *why) MUST_CHECK;

/* Inside body and what it calls: the script of this state. */
struct script *script_of(lua_State *L);

/* Raise an error: at the line of the script that is running (or of `scenario {`), or at a given line. Do not return. */
int script_fail(lua_State *L, const char *format, ...) PRINTF_LIKE(2, 3);
int script_fail_at(lua_State *L, int line, const char *format, ...) PRINTF_LIKE(3, 4);
int script_fail_memory(lua_State *L);

/* The line that is running. */
int script_line(lua_State *L);

/* The line where the function at `index` begins; the line of `scenario {` when it is no Lua function. */
int script_function_line(lua_State *L, int index);

/* ---- globals.c: what a script sees -------------------------------------------------------------------------- */

void globals_open(lua_State *L);

/* Raises `WHAT "NAME" is unknown; did you mean OTHER?` or `... (there are A, B, C)` at `line`, 0: where the script
 * is. */
int globals_unknown(lua_State *L, int line, const char *what, const char *name, const char **names, size_t count);

/* The text keys of the table at `index`, sorted. BORROWED while the table stays. Returns how many, at most `max`. */
size_t globals_names(lua_State *L, int index, const char **names, size_t max);

/* Reading a key of the table at the top that is not there becomes globals_unknown with `what`. Pops nothing. */
void globals_make_strict(lua_State *L, const char *what);

/* What a value is, for "found ...": `the text "abc"`, `the number 3.5`, `a table`, `nothing`. In out[size]. */
const char *globals_describe(lua_State *L, int index, char *out, size_t size);

/* ---- params.c ------------------------------------------------------------------------------------------------ */

enum param_type { PARAM_INTEGER, PARAM_BOOLEAN, PARAM_BYTES, PARAM_DURATION };

struct param {
    char name[NAME_MAX_LEN + 1];
    enum param_type type;
    int64_t value;
    char text[40]; /* as shown and as the script sees a quantity: "64KiB" */
};

struct params {
    struct param items[SCENARIO_PARAM_MAX]; /* sorted by name */
    size_t count;
};

/* Raising, inside script_run: the defaults from the table at `index`; one case over them. */
void params_read(lua_State *L, int index, struct params *out);
void params_read_case(lua_State *L, int index, size_t number, struct params *params);
void params_push(lua_State *L, const struct params *params); /* the `p` of a scenario */

struct param *params_find(struct params *params, const char *name);
bool params_equal(const struct params *a, const struct params *b);
/* --set NAME=VALUE: the value must be of the default's type. */
enum err params_set(struct params *params, const char *name, const char *value, struct problem *why) MUST_CHECK;

/* ---- load.c: the file and its table ------------------------------------------------------------------------------ */

/* Opens the script, runs the file and checks the fields. script_close in any case. */
enum err load_script(struct script *script, const char *path, struct problem *why) MUST_CHECK;

void load_open(lua_State *L); /* adds `scenario` to the globals at the top */

/* Pushes a field of the scenario table and returns its Lua type. */
int load_field(lua_State *L, const char *name);

/* The file's name without its folder and without .lua. OWNED by the caller; NULL: out of memory. */
char *load_name(const char *path);

/* The parameters of a case, without overrides; returns how many cases there are (>= 1). */
size_t load_case(lua_State *L, size_t index, struct params *out);

/* ---- layout.c: numbers and the shape, from fields that may be functions of p
 * --------------------------------------- */

struct layout {
    struct plan_shape shape;
    int64_t period, warmup, rungs, cycles; /* cycles: of one rung */
    int64_t timeout_ns;                    /* 0: not stated */
    bool threads;                          /* every cycle stands by itself */
};

/* `params` at index `p`. */
void layout_read(lua_State *L, int p, struct layout *out);

/* ---- names.c: which name a lease gets
 * ---------------------------------------------------------------------------------- */

struct lease_slot;

struct names {
    struct lease_slot *slots;
    size_t count, capacity;
    size_t lowest;  /* no free name is below */
    uint32_t *over; /* names given back since the last names_end_call */
    size_t over_count, over_capacity;
};

/* What a script holds: the name l<number+1>, and which of its uses. */
struct lease {
    uint32_t number;
    uint32_t use;
};

enum err names_take(struct names *names, const char *scope,
                    struct lease *out) MUST_CHECK;               /* ERR_MEMORY, ERR_INPUT: too many */
bool names_holds(const struct names *names, struct lease lease); /* false: the name was given to another lease since */
enum err names_give_back(struct names *names, struct lease lease) MUST_CHECK;
enum err names_close_scope(struct names *names, const char *scope) MUST_CHECK; /* gives back all its leases */
void names_end_call(struct names *names); /* what was given back may be taken again */
void names_free(struct names *names);

/* ---- queue.c: operations of one call, packed
 * ------------------------------------------------------------------------------ */

struct queue {
    struct buffer bytes;
    size_t taken; /* bytes that were read already */
};

enum err queue_put(struct queue *queue, const struct plan_op *op) MUST_CHECK; /* ERR_MEMORY */
bool queue_take(struct queue *queue, struct plan_op *out);                    /* false: empty */
void queue_free(struct queue *queue);

/* ---- ops.c: get, release, ...
 * ------------------------------------------------------------------------------------------------ */

struct emitter {
    struct queue queue;
    struct names names;
    struct rng rng;
    size_t emitted; /* by the present call */
};

void ops_open(lua_State *L); /* adds the operations and random() to the globals at the top */

/* ---- expect.c: grows, bounded, ...
 * ------------------------------------------------------------------------------------------- */

void expect_open(lua_State *L); /* adds the constructors to the globals at the top */

/* Checks the field `expect`, so that a mistake shows before anything runs. */
void expect_check(lua_State *L);

/* Pushes the expectation for a pool: the whole text, then the name, then "default", then bounded(). `p` is the index
 * of the
 * parameters, for an entry that is a function of them. */
void expect_push(lua_State *L, const char *pool, int p);

/* ERR_MEMORY is raised. */
void expect_read(lua_State *L, int expectation, struct expectation *out);

/* The value that the formula of the metric `index` gives now. */
int64_t expect_predict(lua_State *L, int expectation, size_t index, int p, int n);

/* ---- thresholds.c: budget = { ... }, limit = { ... }
 * --------------------------------------------------------------------------- */

/* Checks both fields, so that a mistake shows before anything runs. */
void thresholds_check(lua_State *L);
/* Adds what they say. ERR_MEMORY is raised. */
void thresholds_read(lua_State *L, struct thresholds *out);

#endif
