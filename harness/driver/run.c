/* run.c: one plan against one fresh subject. */
#include "harness/driver/driver_internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TIMEOUT_DEFAULT (60 * NS_PER_SEC)

/* ---- starting ---- */

static int64_t time_limit(const struct drive *drive)
{
    int64_t limit = drive->request->timeout_ns, scaled;

    if (limit == 0 && drive->plan)
        limit = scenario_plan_timeout_ns(drive->plan);
    if (limit == 0)
        limit = TIMEOUT_DEFAULT;
    return __builtin_mul_overflow(limit, drive->request->backend->slowdown * drive->time_factor, &scaled) ? INT64_MAX
                                                                                                          : scaled;
}

/* The rig's problem, not the scenario's: the run says so itself, and other runs go on. */
static enum err end_by_rig(struct drive *drive, enum ending ending, enum err err, struct problem *why)
{
    if (err == ERR_NONE || err == ERR_MEMORY)
        return err;
    err = drive_end_as(drive->run, ending, 0, "%s", why->text);
    return err == ERR_NONE ? ERR_NONE : problem_set(why, err, "out of memory");
}

static enum err start(struct drive *drive, struct problem *why)
{
    const struct driver_request *request = drive->request;
    const char *pool = request->scenario.pool;
    enum err err = request->backend->command(request->build_folder, pool, &drive->command, why);

    if (err != ERR_NONE)
        return end_by_rig(drive, err == ERR_INPUT ? ENDING_SKIPPED : ENDING_RIG, err, why);
    if (drive->explains && drive->plan)
        err = drive_ask_growth(drive, why);
    if (err != ERR_NONE)
        return err;
    const struct subject_launch launch = {.argv = drive->command.argv,
                                          .extra_env = drive->command.extra_env,
                                          .timeout_ns = time_limit(drive),
                                          .stop = request->stop};
    drive->started_ns = clock_now_ns();
    err = subject_open(&launch, drive_event, drive, &drive->subject, why);
    return end_by_rig(drive, ENDING_RIG, err, why);
}

static enum err note_greeting(struct drive *drive, struct problem *why)
{
    const struct subject_greeting *greeting = subject_greeting(drive->subject);
    enum err err = run_set_text(&drive->run->subject_name, greeting->name);

    if (err == ERR_NONE)
        err = run_set_text(&drive->run->subject_version, greeting->version);
    if (greeting->says_cancelled)
        ledger_expect_cancelled(drive->ledger);
    return err == ERR_NONE ? ERR_NONE : problem_set(why, err, "out of memory");
}

/* ---- running ---- */

static bool is_alive(const struct drive *drive)
{
    return subject_ending(drive->subject).state == SUBJECT_ALIVE && drive->unsupported[0] == '\0';
}

/* The pool line and notes are for every subject; all else must be among what it said it can do. Of one that does not say
 * which gets it gave up nobody can tell whether a late answer is for that get or for the next one of the name. */
static bool can_do(struct drive *drive, const struct plan_op *op)
{
    bool moves_clock = op->verb == PLAN_ADVANCE || op->verb == PLAN_STEP_CLOCK;
    const struct subject_greeting *greeting = subject_greeting(drive->subject);
    bool can = greeting->ops & 1u << op->verb;
    bool silent = op->verb == PLAN_CANCEL && !greeting->says_cancelled;

    if (op->verb == PLAN_META || op->verb == PLAN_POOL || (can && !silent))
        return true;
    snprintf(drive->unsupported, sizeof(drive->unsupported), "%s%s", plan_verb_name(op->verb),
             can ? " (its first line has no \"cancelled\":true: docs/formats.md, section 3)" : "");
    drive->clock_missing = moves_clock && greeting->clock == SUBJECT_CLOCK_REAL && !backend_faketime(NULL);
    return false;
}

static void note_shape(struct drive *drive, const struct plan_op *op)
{
    struct plan_shape shape;

    if (op->verb != PLAN_POOL || plan_shape_parse(op->text, &shape, NULL) != ERR_NONE)
        return;
    drive->run->pool_min = shape.min;
    drive->run->pool_max = shape.max;
}

/* A note that only our own host understands, and only when it was asked for. */
static enum err order(struct drive *drive, const char *what, int64_t number, struct problem *why)
{
    struct plan_op op = {.verb = PLAN_META};

    if (number == 0)
        return ERR_NONE;
    (void)snprintf(op.text, sizeof(op.text), "%s %" PRId64, what, number);
    return subject_send(drive->subject, &op, why);
}

static enum err do_op(struct drive *drive, const struct plan_op *op, struct problem *why)
{
    bool schedule = op->verb == PLAN_META && strncmp(op->text, "schedule ", strlen("schedule ")) == 0;

    if (!can_do(drive, op) || (op->verb == PLAN_META && !schedule))
        return ERR_NONE;
    note_shape(drive, op);
    plan_counts_add(&drive->counts, op);
    drive->ends_with_rung = op->verb == PLAN_RUNG;
    if (op->verb == PLAN_SHUTDOWN)
        drive->shutdown_sent = true;
    enum err err = ledger_sent(drive->ledger, op);
    if (err != ERR_NONE)
        return problem_set(why, err, "out of memory in the ledger");
    if (op->verb == PLAN_RUNG)
        return drive_rung(drive, op, why);
    if (op->verb == PLAN_POOL)
        err = order(drive, "fail-alloc", drive->request->fail_alloc, why);
    if (op->verb == PLAN_POOL && err == ERR_NONE)
        err = order(drive, "leak", drive->request->leak, why);
    if (err == ERR_NONE)
        err = subject_send(drive->subject, op, why);
    if (err == ERR_NONE && drive->request->check_each && op->verb != PLAN_META && op->verb != PLAN_POOL)
        err = drive_check(drive, op, why);
    return err;
}

/* That it said `unsupported` ended the exchange, and is no error. */
static enum err unless_unsupported(const struct drive *drive, enum err err)
{
    return err == ERR_STOPPED && drive->unsupported[0] ? ERR_NONE : err;
}

static enum err do_plan(struct drive *drive, struct problem *why)
{
    struct plan_op op;
    bool done = false;
    enum err err = ERR_NONE;

    while (err == ERR_NONE && is_alive(drive)) {
        err = drive->source->next(drive->source, &op, &done, why);
        if (err != ERR_NONE || done)
            break;
        err = unless_unsupported(drive, do_op(drive, &op, why));
    }
    /* Only at a rung is it certain what was answered: without one after the shutdown nobody would know what came of it. */
    op = (struct plan_op){.verb = PLAN_RUNG};
    if (err == ERR_NONE && is_alive(drive) && drive->shutdown_sent && !drive->ends_with_rung)
        err = unless_unsupported(drive, do_op(drive, &op, why));
    return err;
}

static enum err skip(struct drive *drive, struct problem *why)
{
    subject_close(drive->subject);
    drive->subject = NULL;
    enum err err = drive_end_as(drive->run, ENDING_SKIPPED, drive->clock_missing ? SKIPPED_HERE : SKIPPED_BY_POOL,
                                "the subject does not support: %s", drive->unsupported);
    return err == ERR_NONE ? ERR_NONE : problem_set(why, err, "out of memory");
}

static enum err finish(struct drive *drive, struct problem *why)
{
    enum err err = ERR_NONE;

    ledger_close(drive->ledger);
    if (!drive->unsupported[0])
        err = unless_unsupported(drive, subject_finish(drive->subject, why));
    if (err != ERR_NONE)
        return err;
    return drive->unsupported[0] ? skip(drive, why) : drive_note_ending(drive, why);
}

/* D5: how far the tool's own count and the host's count of itself moved between the same two rungs. */
static void note_tool_growth(struct run *run)
{
    static const char *const names[4] = {"tool_bytes", "tool_blocks", "own_bytes", "own_blocks"};
    int64_t *growth[4] = {&run->tool_bytes_growth, &run->tool_blocks_growth, &run->own_bytes_growth,
                          &run->own_blocks_growth};
    const struct series *series[4];
    size_t first = SIZE_MAX, last = 0;

    for (size_t i = 0; i < 4; i++)
        series[i] = run_series(run, names[i]);
    for (size_t rung = 0; series[0] && series[1] && series[2] && series[3] && rung < run->rung_count; rung++) {
        bool there = true;
        for (size_t i = 0; i < 4; i++)
            there = there && series[i]->values[rung] != RECORD_NONE;
        first = there && first == SIZE_MAX ? rung : first;
        last = there ? rung : last;
    }
    for (size_t i = 0; first < last && i < 4; i++)
        *growth[i] = series[i]->values[last] - series[i]->values[first];
}

enum err drive_run(struct drive *drive, const char *file, struct problem *why)
{
    enum err err;

    drive->run = run_make();
    drive->ledger = ledger_make(drive_violation, drive);
    if (!drive->run || !drive->ledger)
        return problem_set(why, ERR_MEMORY, "out of memory while preparing a run");
    err = drive_describe(drive, file, why);
    if (err == ERR_NONE && drive->request->threads > 0 && drive->plan && !scenario_plan_may_thread(drive->plan))
        return drive_end_as(drive->run, ENDING_SKIPPED, SKIPPED_HERE,
                            "its cycles do not stand by themselves (the scenario does not say threads = true)");
    if (err == ERR_NONE)
        err = start(drive, why);
    if (err != ERR_NONE || !drive->subject)
        return err;
    if (is_alive(drive))
        err = note_greeting(drive, why);
    if (err == ERR_NONE)
        err = do_plan(drive, why);
    if (err == ERR_NONE)
        err = finish(drive, why);
    drive->run->ops = drive->counts.ops;
    drive->run->wall_ns = clock_now_ns() - drive->started_ns;
    note_tool_growth(drive->run);
    if (err == ERR_NONE && drive->request->threads > 0 && drive_relax_expectation(drive) != ERR_NONE)
        err = problem_set(why, ERR_MEMORY, "out of memory at the end of a run");
    return err;
}
