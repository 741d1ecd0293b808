/*
 * A scenario as a source of operations. The plan is made step by step (set-up, one cycle, one rung, ...), each step
 * only when the one before
 * was taken, so that a plan of any length needs constant memory.
 */
#include "harness/scenario/scenario_internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EMPTY_STEPS_MAX 1000000

enum stage { STAGE_HEAD, STAGE_SETUP, STAGE_CYCLES, STAGE_TEARDOWN, STAGE_SHUTDOWN, STAGE_DONE };

struct scenario_plan {
    struct plan_source source; /* first: the public type */
    struct script script;
    struct emitter emitter;
    char *name, *pool;
    uint64_t seed;
    struct params params;
    struct setting settings[SCENARIO_PARAM_MAX]; /* point into params */
    struct layout layout;
    struct plan_counts counts; /* of what was taken */

    enum stage stage;
    int64_t cycle;       /* the next one; i of cycle(p, i) */
    int64_t rung_cycles; /* measured since the last rung */
    int64_t rungs;       /* measured */
    bool in_cycle;       /* what is in the queue belongs to the cycle before the next one */
};

/* Places in the registry: the addresses of these. */
static const char params_key = 0, expectation_key = 0;

static struct scenario_plan *from_source(struct plan_source *source)
{
    return (struct scenario_plan *)(void *)source;
}

/* ---- steps ---------------------------------------------------------------------------------------------------- */

static enum err out_of_memory(struct problem *why)
{
    return problem_set(why, ERR_MEMORY, "out of memory");
}

static enum err put(struct scenario_plan *plan, enum plan_verb verb, struct problem *why)
{
    struct plan_op op = {.verb = verb};
    return queue_put(&plan->emitter.queue, &op) == ERR_NONE ? ERR_NONE : out_of_memory(why);
}

static enum err put_meta(struct scenario_plan *plan, struct problem *why, const char *format, ...) PRINTF_LIKE(3, 4);
static enum err put_meta(struct scenario_plan *plan, struct problem *why, const char *format, ...)
{
    struct plan_op op = {.verb = PLAN_META};
    va_list args;
    va_start(args, format);
    (void)vsnprintf(op.text, sizeof(op.text), format, args);
    va_end(args);
    return queue_put(&plan->emitter.queue, &op) == ERR_NONE ? ERR_NONE : out_of_memory(why);
}

static enum err put_head(struct scenario_plan *plan, struct problem *why)
{
    enum err err = put_meta(plan, why, "scenario %.200s", plan->name);
    if (err == ERR_NONE)
        err = put_meta(plan, why, "seed %" PRIu64, plan->seed);
    for (size_t i = 0; err == ERR_NONE && i < plan->params.count; i++)
        err = put_meta(plan, why, "set %s=%s", plan->settings[i].name, plan->settings[i].value);

    struct plan_op pool = {.verb = PLAN_POOL};
    plan_shape_print(&plan->layout.shape, pool.text, sizeof(pool.text));
    if (err == ERR_NONE && queue_put(&plan->emitter.queue, &pool) != ERR_NONE)
        err = out_of_memory(why);
    return err == ERR_NONE ? put(plan, PLAN_RUNG, why) : err;
}

/* script_run body: calls the function named by script->phase with p and, for a cycle, its number. */
static int call_phase(lua_State *L)
{
    const struct scenario_plan *plan = lua_touserdata(L, 1);
    if (load_field(L, plan->script.phase) == LUA_TNIL)
        return 0;
    (void)lua_rawgetp(L, LUA_REGISTRYINDEX, &params_key);
    lua_pushinteger(L, plan->cycle);
    lua_call(L, 2, 0);
    return 0;
}

static enum err run_phase(struct scenario_plan *plan, const char *phase, struct problem *why)
{
    plan->emitter.emitted = 0;
    plan->script.phase = phase;
    enum err err = script_run(&plan->script, call_phase, plan, why);
    plan->script.phase = NULL;
    names_end_call(&plan->emitter.names);
    return err;
}

static enum err run_cycle(struct scenario_plan *plan, struct problem *why)
{
    enum err err = run_phase(plan, "cycle", why);
    plan->cycle++;
    plan->in_cycle = true;
    plan->counts.cycles++;
    if (plan->cycle > plan->layout.warmup)
        plan->rung_cycles++;
    return err;
}

static enum err run_rung(struct scenario_plan *plan, struct problem *why)
{
    enum err err = run_phase(plan, "settle", why);
    plan->rung_cycles = 0;
    plan->rungs++;
    if (plan->rungs == plan->layout.rungs)
        plan->stage = STAGE_TEARDOWN;
    return err == ERR_NONE ? put(plan, PLAN_RUNG, why) : err;
}

static enum err run_shutdown(struct scenario_plan *plan, struct problem *why)
{
    enum err err = run_phase(plan, "after_shutdown", why);
    plan->stage = STAGE_DONE;
    return err == ERR_NONE ? put(plan, PLAN_RUNG, why) : err;
}

/* One step: fills the queue, perhaps with nothing. */
static enum err step(struct scenario_plan *plan, struct problem *why)
{
    enum err err;
    plan->in_cycle = false;
    switch (plan->stage) {
    case STAGE_HEAD:
        plan->stage = STAGE_SETUP;
        return put_head(plan, why);
    case STAGE_SETUP:
        plan->stage = STAGE_CYCLES;
        return run_phase(plan, "setup", why);
    case STAGE_CYCLES:
        if (plan->cycle < plan->layout.warmup || plan->rung_cycles < plan->layout.cycles)
            return run_cycle(plan, why);
        return run_rung(plan, why);
    case STAGE_TEARDOWN:
        plan->stage = STAGE_SHUTDOWN;
        err = run_phase(plan, "teardown", why);
        return err == ERR_NONE ? put(plan, PLAN_SHUTDOWN, why) : err;
    case STAGE_SHUTDOWN:
        return run_shutdown(plan, why);
    case STAGE_DONE:
        break;
    }
    return ERR_NONE;
}

static enum err plan_next(struct plan_source *source, struct plan_op *out, bool *done, struct problem *why)
{
    struct scenario_plan *plan = from_source(source);
    int64_t empty_steps = 0;
    *done = false;
    while (!queue_take(&plan->emitter.queue, out)) {
        if (plan->stage == STAGE_DONE) {
            *done = true;
            return ERR_NONE;
        }
        if (++empty_steps > EMPTY_STEPS_MAX)
            return problem_set(why, ERR_INPUT, "%s:%d: cycle emitted no operation in %d calls", plan->script.path,
                               plan->script.line, EMPTY_STEPS_MAX);
        enum err err = step(plan, why);
        if (err != ERR_NONE)
            return err;
    }
    plan_counts_add(&plan->counts, out);
    return ERR_NONE;
}

static void source_free(struct plan_source *source)
{
    struct scenario_plan *plan = from_source(source);
    script_close(&plan->script);
    queue_free(&plan->emitter.queue);
    names_free(&plan->emitter.names);
    free(plan->name);
    free(plan->pool);
    free(plan);
}

/* ---- open
 * ----------------------------------------------------------------------------------------------------------- */

struct reading {
    size_t case_index;
    struct scenario_plan *plan;
};

static int read_case(lua_State *L)
{
    const struct reading *reading = lua_touserdata(L, 1);
    size_t count = load_case(L, reading->case_index, &reading->plan->params);
    if (reading->case_index >= count)
        return script_fail_at(L, 0, "case %zu is asked for, but there are only %zu", reading->case_index + 1, count);
    return 0;
}

/* With the parameters in force: p, the layout and the expectation. */
static int read_layout(lua_State *L)
{
    struct scenario_plan *plan = lua_touserdata(L, 1);
    params_push(L, &plan->params);
    lua_pushvalue(L, -1);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &params_key);
    int p = lua_gettop(L);
    layout_read(L, p, &plan->layout);
    expect_push(L, plan->pool, p);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &expectation_key);
    return 0;
}

static enum err apply_overrides(struct scenario_plan *plan, const struct scenario_request *request, struct problem *why)
{
    for (size_t i = 0; i < request->override_count; i++) {
        enum err err = params_set(&plan->params, request->overrides[i].name, request->overrides[i].value, why);
        if (err != ERR_NONE) {
            problem_prefix(why, "%s", plan->script.path);
            return err;
        }
    }
    for (size_t i = 0; i < plan->params.count; i++)
        plan->settings[i] = (struct setting){plan->params.items[i].name, plan->params.items[i].text};
    return ERR_NONE;
}

static enum err open_plan(struct scenario_plan *plan, const char *path, const struct scenario_request *request,
                          struct problem *why)
{
    struct reading reading = {request->case_index, plan};
    enum err err = load_script(&plan->script, path, why);
    plan->name = load_name(path);
    const char *pool = request->as != NULL ? request->as : request->pool;
    plan->pool = strdup(pool != NULL ? pool : "");
    if (err == ERR_NONE && (plan->name == NULL || plan->pool == NULL))
        err = out_of_memory(why);
    if (err == ERR_NONE)
        err = script_run(&plan->script, read_case, &reading, why);
    if (err == ERR_NONE)
        err = apply_overrides(plan, request, why);
    if (err == ERR_NONE)
        err = script_run(&plan->script, read_layout, plan, why);
    return err;
}

enum err scenario_plan_open(const char *path, const struct scenario_request *request, struct scenario_plan **out,
                            struct problem *why)
{
    *out = NULL;
    struct scenario_plan *plan = calloc(1, sizeof(*plan));
    if (plan == NULL)
        return out_of_memory(why);
    plan->source = (struct plan_source){plan_next, source_free};
    plan->seed = request->seed;
    rng_init(&plan->emitter.rng, request->seed);

    enum err err = open_plan(plan, path, request, why);
    if (err != ERR_NONE) {
        source_free(&plan->source);
        return err;
    }
    plan->script.emitter = &plan->emitter;
    if (request->dose > 1)
        plan->layout.rungs *= request->dose;
    if (err == ERR_NONE && request->brief) {
        plan->layout.warmup = plan->layout.period;
        plan->layout.rungs = 2;
        plan->layout.cycles = plan->layout.period;
    }
    *out = plan;
    return ERR_NONE;
}

/* A plan as short as can be that still calls every function: one period of cycles and one rung. */
static enum err collect_verbs(struct scenario_plan *plan, uint32_t *verbs, struct problem *why)
{
    plan->layout.warmup = 0;
    plan->layout.rungs = 1;
    plan->layout.cycles = plan->layout.period;
    for (;;) {
        struct plan_op op;
        bool done;
        enum err err = plan_next(&plan->source, &op, &done, why);
        if (err != ERR_NONE || done)
            return err;
        *verbs |= UINT32_C(1) << op.verb;
    }
}

enum err scenario_verbs(const char *path, const struct scenario_request *request, uint32_t *verbs, struct problem *why)
{
    struct scenario_plan *plan;
    *verbs = 0;
    enum err err = scenario_plan_open(path, request, &plan, why);
    if (err != ERR_NONE)
        return err;
    err = collect_verbs(plan, verbs, why);
    source_free(&plan->source);
    return err;
}

/* ---- expectations
 * ------------------------------------------------------------------------------------------------------ */

static int read_expectation(lua_State *L)
{
    struct expectation *out = lua_touserdata(L, 1);
    (void)lua_rawgetp(L, LUA_REGISTRYINDEX, &expectation_key);
    expect_read(L, lua_gettop(L), out);
    return 0;
}

enum err scenario_plan_expectation(struct scenario_plan *plan, struct expectation *out, struct problem *why)
{
    *out = (struct expectation){.finding = FINDING_BOUNDED};
    enum err err = script_run(&plan->script, read_expectation, out, why);
    if (err != ERR_NONE) {
        expectation_free(out);
        *out = (struct expectation){.finding = FINDING_BOUNDED};
    }
    return err;
}

static int read_thresholds(lua_State *L)
{
    thresholds_read(L, lua_touserdata(L, 1));
    return 0;
}

enum err scenario_plan_thresholds(struct scenario_plan *plan, struct thresholds *out, struct problem *why)
{
    return script_run(&plan->script, read_thresholds, out, why);
}

/* The `n` of formulas: what was taken from the plan up to now. */
static void push_counts(lua_State *L, const struct plan_counts *counts, size_t rung)
{
    const int64_t *by_verb = counts->by_verb;
    const struct {
        const char *name;
        int64_t value;
    } members[] = {
        {"ops", counts->ops},
        {"cycles", counts->cycles},
        {"rung", (int64_t)rung + 1},
        {"gets", by_verb[PLAN_GET]},
        {"releases", by_verb[PLAN_RELEASE]},
        {"cancels", by_verb[PLAN_CANCEL]},
        {"invalidations", by_verb[PLAN_INVALIDATE] + by_verb[PLAN_INVALIDATE_VALUE]},
        {"values", by_verb[PLAN_INVALIDATE_VALUE]},
        {"shares", by_verb[PLAN_SHARE]},
        {"kills", by_verb[PLAN_KILL]},
        {"advances", by_verb[PLAN_ADVANCE]},
        {"clock_steps", by_verb[PLAN_STEP_CLOCK]},
    };
    lua_createtable(L, 0, ARRAY_LEN(members));
    for (size_t i = 0; i < ARRAY_LEN(members); i++) {
        lua_pushinteger(L, members[i].value);
        lua_setfield(L, -2, members[i].name);
    }
    globals_make_strict(L, "count");
}

struct prediction {
    const struct scenario_plan *plan;
    struct expectation *expectation;
    size_t rung;
};

static int predict_all(lua_State *L)
{
    const struct prediction *prediction = lua_touserdata(L, 1);
    (void)lua_rawgetp(L, LUA_REGISTRYINDEX, &expectation_key);   /* 2 */
    (void)lua_rawgetp(L, LUA_REGISTRYINDEX, &params_key);        /* 3 */
    push_counts(L, &prediction->plan->counts, prediction->rung); /* 4 */
    for (size_t i = 0; i < prediction->expectation->metric_count; i++) {
        struct expected_metric *metric = &prediction->expectation->metrics[i];
        if (metric->predicted)
            metric->values[prediction->rung] = expect_predict(L, 2, i, 3, 4);
    }
    return 0;
}

/* Room for one value a rung, RECORD_NONE until it is known. */
static enum err make_values(struct expected_metric *metric, size_t rungs)
{
    if (!metric->predicted || metric->values != NULL)
        return ERR_NONE;
    metric->values = calloc(rungs, sizeof(*metric->values));
    if (metric->values == NULL)
        return ERR_MEMORY;
    for (size_t i = 0; i < rungs; i++)
        metric->values[i] = RECORD_NONE;
    return ERR_NONE;
}

enum err scenario_plan_predict(struct scenario_plan *plan, struct expectation *expectation, size_t rung,
                               struct problem *why)
{
    size_t rungs = scenario_plan_rungs(plan);
    if (rung >= rungs)
        return problem_set(why, ERR_SYSTEM, "rung %zu of %zu is asked for", rung, rungs);
    for (size_t i = 0; i < expectation->metric_count; i++)
        if (make_values(&expectation->metrics[i], rungs) != ERR_NONE)
            return out_of_memory(why);
    struct prediction prediction = {plan, expectation, rung};
    return script_run(&plan->script, predict_all, &prediction, why);
}

/* ---- what the plan says of itself
 * ---------------------------------------------------------------------------------------- */

struct plan_source *scenario_plan_source(struct scenario_plan *plan)
{
    return &plan->source;
}

const struct setting *scenario_plan_params(const struct scenario_plan *plan, size_t *count)
{
    *count = plan->params.count;
    return plan->settings;
}

const struct plan_shape *scenario_plan_shape(const struct scenario_plan *plan)
{
    return &plan->layout.shape;
}

int64_t scenario_plan_cycles_per_rung(const struct scenario_plan *plan)
{
    return plan->layout.cycles;
}

int64_t scenario_plan_period(const struct scenario_plan *plan)
{
    return plan->layout.period;
}

size_t scenario_plan_rungs(const struct scenario_plan *plan)
{
    return (size_t)plan->layout.rungs;
}

int64_t scenario_plan_timeout_ns(const struct scenario_plan *plan)
{
    return plan->layout.timeout_ns;
}

bool scenario_plan_may_thread(const struct scenario_plan *plan)
{
    return plan->layout.threads;
}

int64_t scenario_plan_cycle(const struct scenario_plan *plan)
{
    return plan->in_cycle ? plan->cycle - 1 : -1;
}

const struct plan_counts *scenario_plan_counts(const struct scenario_plan *plan)
{
    return &plan->counts;
}
