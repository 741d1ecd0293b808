/*
 * control.c: the positive control (D6). Who finds nothing proves nothing before it has found something: LeakSanitizer can be
 * off without a word (under ptrace), Valgrind can lack its client requests, ThreadSanitizer can be told to report nothing,
 * and a judge can look at the wrong numbers.
 */
#include "harness/driver/driver_internal.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/verdict/verdict.h"

#define FAILS  6  /* with --fail-alloc: its population, itself, three items, and then the first entry */
#define WARMUP 2  /* cycles before the first measured rung; the block is lost in the first of them */
#define RUNGS  36 /* of one cycle: three windows of 12, so that one entry in three cycles is a rate of exactly 1/3 */

/* ---- its plan ---- */

static const char *const BEFORE[] = {"pool min=0 max=1", "rung"};
static const char *const RACE[] = {"thread 1",   "get r1 race", "thread 2",   "get r2 race", "thread 1",
                                   "release r1", "thread 2",    "release r2", "thread 0"};
static const char *const CYCLE[] = {"get a k0", "release a", "rung"};
static const char *const AFTER[] = {"shutdown", "rung"};

struct control_source {
    struct plan_source source; /* first: it is one */
    bool races;
    size_t at;
};

/* The line at a place of the plan; NULL at its end. */
static const char *control_line(bool races, size_t at)
{
    const size_t warmup = (size_t)WARMUP * 2, measured = (size_t)RUNGS * 3, racing = races ? ARRAY_LEN(RACE) : 0;

    if (at < ARRAY_LEN(BEFORE))
        return BEFORE[at];
    at -= ARRAY_LEN(BEFORE);
    if (at < racing)
        return RACE[at];
    at -= racing;
    if (at < warmup)
        return CYCLE[at % 2];
    at -= warmup;
    if (at < measured)
        return CYCLE[at % 3];
    at -= measured;
    return at < ARRAY_LEN(AFTER) ? AFTER[at] : NULL;
}

static enum err control_next(struct plan_source *self, struct plan_op *out, bool *done, struct problem *why)
{
    struct control_source *control = (struct control_source *)(void *)self;
    const char *line = control_line(control->races, control->at);

    *done = line == NULL;
    if (*done)
        return ERR_NONE;
    control->at++;
    return plan_op_parse(line, strlen(line), out, why);
}

static void control_free(struct plan_source *self)
{
    free(self);
}

/* ---- what must be seen ---- */

static const struct found *find_growth(const struct run *run, const char *metric)
{
    for (size_t i = 0; i < run->found_count; i++)
        if (run->found[i].finding == FINDING_GROWS && run->found[i].metric && strcmp(run->found[i].metric, metric) == 0)
            return &run->found[i];
    return NULL;
}

/* Lost blocks make the host, and LeakSanitizer, exit with a status of their own. */
static bool ended_well(const struct run *run)
{
    return run->ending == ENDING_DONE || (run->ending == ENDING_EXITED && run->ending_code == ENDING_CODE_LOST);
}

static char *miss(const struct backend *backend, const struct run *run, bool fails)
{
    const struct found *growth = find_growth(run, "blocks_live");
    char *text = NULL;
    int length;

    if (!ended_well(run))
        length = asprintf(&text, "the control run did not end well: %s",
                          run->ending_detail ? run->ending_detail : ending_name(run->ending));
    else if (backend->finds_races && run->tool_errors == 0)
        length = asprintf(&text, "two threads that wrote to the same memory unguarded were not reported");
    else if (!backend->finds_races && run->tool_errors > 0)
        length = asprintf(&text, "the tool reports memory errors where there are none");
    else if (!growth)
        length = asprintf(&text, "one entry left behind in three cycles was not seen");
    else if (fabs(growth->rate - 1.0 / 3) > 1e-9)
        length = asprintf(&text, "one entry left behind in three cycles was seen as %.3f a cycle", growth->rate);
    else if (run->lost_bytes <= 0)
        length =
            asprintf(&text, "%s was not reported%s", fails ? "a block lost where an allocation failed" : "a lost block",
                     strcmp(run->backend, "asan") == 0 ? "; is LeakSanitizer off?" : "");
    else
        length = asprintf(&text, "%s", "");
    return length < 0 ? NULL : text;
}

static const char *control_pool_of(const struct backend *backend, bool fails)
{
    if (backend->finds_races)
        return "control:lost=counted,race";
    if (fails)
        return backend->finds_lost ? "control:lost=uncounted,frail" : "control:lost=counted,frail";
    return backend->finds_lost ? "control:lost=uncounted" : "control:lost=counted";
}

enum err driver_control(const struct driver_request *request, char **why_not, struct problem *why)
{
    const bool fails = request->fail_alloc > 0 && !request->backend->finds_races;
    struct driver_request asked = *request;
    struct control_source *control = calloc(1, sizeof(*control));
    struct run *run = NULL;

    *why_not = NULL;
    if (!control)
        return problem_set(why, ERR_MEMORY, "out of memory");
    control->source = (struct plan_source){.next = control_next, .free = control_free};
    control->races = request->backend->finds_races;
    asked.scenario = (struct scenario_request){.pool = control_pool_of(request->backend, fails)};
    asked.fail_alloc = fails ? FAILS : 0;
    enum err err = driver_replay_source(&control->source, "control", &asked, &run, why);
    if (err == ERR_NONE && run->ending == ENDING_STOPPED)
        err = problem_set(why, ERR_STOPPED, "interrupted");
    if (err == ERR_NONE)
        err = verdict_judge_run(run);
    if (err == ERR_NONE && (*why_not = miss(request->backend, run, fails)) == NULL)
        err = ERR_MEMORY;
    if (err == ERR_MEMORY)
        problem_set(why, err, "out of memory during the control run");
    run_free(run);
    return err;
}
