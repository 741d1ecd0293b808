/*
 * threads.c: a scenario on several threads.
 *
 * The plan is the scenario's own with `thread` lines between: cycle i goes to one of T threads, everything else (set-up, settle,
 * teardown) to the main thread, which waits for the others at rungs. Who is served first is up to the system (or a schedule drawn
 * from the seed), so a total or a level that depends on it cannot be predicted; what can is still held to its formula.
 */
#include "harness/driver/driver_internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct threaded {
    struct plan_source source; /* first: the public type */
    struct plan_source *inner; /* OWNED: the scenario's, and with it `plan` */
    const struct scenario_plan *plan;
    const char *schedule;
    uint64_t seed;
    int64_t threads, current; /* who gets what follows */
    int64_t started;          /* so many threads were named; -1: not even the pool line was */
    struct plan_op held;      /* comes after a thread line */
    bool holds;
};

static struct threaded *from_source(struct plan_source *source)
{
    return (struct threaded *)(void *)source;
}

/* Every thread is named once before anything is measured, so that all of them are there from the first rung on. */
static bool start_next(struct threaded *self, struct plan_op *out)
{
    if (self->started < 0 || self->started > self->threads)
        return false;
    if (self->started == 0 && self->schedule) {
        *out = (struct plan_op){.verb = PLAN_META};
        (void)snprintf(out->text, sizeof(out->text), "schedule %s:%" PRIu64, self->schedule, self->seed);
        self->schedule = NULL;
        return true;
    }
    self->started++;
    *out = (struct plan_op){.verb = PLAN_THREAD, .count = self->started > self->threads ? 0 : self->started};
    return true;
}

/* Cycles rotate, so that a thread does not always get the same keys. */
static int64_t thread_of(const struct threaded *self, const struct plan_op *op)
{
    int64_t cycle = scenario_plan_cycle(self->plan);

    if (cycle < 0 || op->verb == PLAN_META)
        return 0;
    return 1 + (cycle + cycle / self->threads) % self->threads;
}

static enum err threaded_next(struct plan_source *source, struct plan_op *out, bool *done, struct problem *why)
{
    struct threaded *self = from_source(source);

    *done = false;
    if (start_next(self, out))
        return ERR_NONE;
    if (self->holds) {
        self->holds = false;
        *out = self->held;
        return ERR_NONE;
    }
    enum err err = self->inner->next(self->inner, out, done, why);
    if (err != ERR_NONE || *done)
        return err;
    int64_t thread = thread_of(self, out);
    if (thread != self->current) {
        self->held = *out;
        self->holds = true;
        self->current = thread;
        *out = (struct plan_op){.verb = PLAN_THREAD, .count = thread};
    }
    if (out->verb == PLAN_POOL)
        self->started = 0;
    return ERR_NONE;
}

static void threaded_free(struct plan_source *source)
{
    struct threaded *self = from_source(source);

    self->inner->free(self->inner);
    free(self);
}

enum err drive_add_threads(struct drive *drive, struct problem *why)
{
    struct threaded *self = calloc(1, sizeof(*self));

    if (!self)
        return problem_set(why, ERR_MEMORY, "out of memory");
    self->source = (struct plan_source){threaded_next, threaded_free};
    self->inner = drive->source;
    self->plan = drive->plan;
    self->schedule = drive->request->schedule;
    self->seed = drive->request->scenario.seed;
    self->threads = drive->request->threads;
    self->started = -1;
    drive->source = &self->source;
    return ERR_NONE;
}

const char *driver_schedule_check(const char *schedule)
{
    static const char expected[] = "pct:D with D from 1 to 64, as in pct:3";
    char *end = NULL;
    long changes = strncmp(schedule, "pct:", 4) == 0 && schedule[4] >= '1' && schedule[4] <= '9'
                       ? strtol(schedule + 4, &end, 10)
                       : 0;

    return end && *end == '\0' && changes <= 64 ? NULL : expected;
}

/* ---- expectations ---- */

/* Levels that depend on who comes first: two threads that want the same key at once need two items, where one after the other
 * one would do. The invariants bound each of them at every rung (I1, I2, I4), so it may move, and need not keep to a formula. */
static bool depends_on_order(const char *name)
{
    static const char *const levels[] = {"open",    "holds",     "idle",       "size",       "free",        "members",
                                         "closing", "idle_dead", "finalizers", "bytes_live", "blocks_live", "fds"};
    static const char *const populations[] = {"items",  "payloads", "slots",   "finalizers",
                                              "owners", "members",  "captured"};
    const struct metric *metric = metric_find(name);
    const char *dot = strchr(name, '.');

    if (!metric || metric->kind == METRIC_TOTAL)
        return true;
    for (size_t i = 0; dot && i < ARRAY_LEN(populations); i++)
        if (strcmp(dot + 1, populations[i]) == 0)
            return true;
    for (size_t i = 0; !dot && i < ARRAY_LEN(levels); i++)
        if (strcmp(name, levels[i]) == 0)
            return true;
    return false;
}

static bool is_listed(const struct expectation *expectation, const char *name)
{
    for (size_t i = 0; i < expectation->also_count; i++)
        if (strcmp(expectation->also[i], name) == 0)
            return true;
    return false;
}

static enum err add_also(struct expectation *expectation, const char *name)
{
    if (is_listed(expectation, name))
        return ERR_NONE;
    char **also = reallocarray(expectation->also, expectation->also_count + 1, sizeof(*also));
    if (!also)
        return ERR_MEMORY;
    expectation->also = also;
    also[expectation->also_count] = strdup(name);
    return also[expectation->also_count] ? (expectation->also_count++, ERR_NONE) : ERR_MEMORY;
}

/* At the end of the run, when it is known which series there are. */
enum err drive_relax_expectation(struct drive *drive)
{
    struct run *run = drive->run;
    struct expectation *expectation = &run->expectation;
    enum err err = ERR_NONE;

    for (size_t i = 0; i < expectation->metric_count; i++) {
        struct expected_metric *metric = &expectation->metrics[i];
        if (!depends_on_order(metric->name))
            continue;
        metric->predicted = false;
        free(metric->values);
        metric->values = NULL;
    }
    for (size_t i = 0; err == ERR_NONE && i < run->series_count; i++) {
        const struct metric *metric = metric_find(run->series[i].name);
        if (metric && metric->kind == METRIC_LEVEL && depends_on_order(run->series[i].name))
            err = add_also(expectation, run->series[i].name);
    }
    return err;
}
