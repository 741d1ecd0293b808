/*
 * check.c: the invariants after every operation, not only at rungs (D1, --check-each), so that a violation names the
 * operation that did it.
 *
 * Between two operations the subject is asked for a sample as at a rung. It is looked at and forgotten: no series has it.
 */
#include "harness/driver/driver_internal.h"

#include <stdio.h>
#include <string.h>

#include "harness/verdict/verdict.h"

/* A run of one rung, which is now. What was there before the first get is still the measure of some. */
static enum err make_moment(const struct drive *drive, const struct ledger_counts *counts, struct run **out)
{
    struct run *moment = *out = run_make();
    size_t rung = 0;
    enum err err = moment ? run_add_rung(moment, drive->counts.ops, 0, 0, 0, &rung) : ERR_MEMORY;

    for (size_t i = 0; err == ERR_NONE && i < drive->sample_count; i++)
        err = run_sample(moment, drive->samples[i].name, rung, drive->samples[i].value);
    for (size_t i = 0; err == ERR_NONE && i < drive->run->series_count; i++)
        err = run_sample_before(moment, drive->run->series[i].name, drive->run->series[i].before);
    /* below 0 where threads borrow on their own: then the subject has counted them */
    if (err == ERR_NONE && counts->leases_out >= 0)
        err = run_sample(moment, "leases_out", rung, counts->leases_out);
    if (err == ERR_NONE && counts->gets_waiting >= 0)
        err = run_sample(moment, "gets_waiting", rung, counts->gets_waiting);
    if (moment)
        moment->pool_max = drive->run->pool_max;
    return err == ERR_NONE ? verdict_check_invariants(moment) : err;
}

static bool is_known(const struct run *run, const struct violation *violation)
{
    for (size_t i = 0; i < run->violation_count; i++)
        if (strcmp(run->violations[i].invariant, violation->invariant) == 0 && run->violations[i].metric &&
            strcmp(run->violations[i].metric, violation->metric) == 0)
            return true;
    return false;
}

/* What holds no longer, since that operation. */
static enum err keep_new(struct drive *drive, const struct run *moment, const struct plan_op *op)
{
    struct buffer line = {0};
    char detail[400];
    enum err err = ERR_NONE;

    plan_op_print(op, &line);
    for (size_t i = 0; err == ERR_NONE && !line.failed && i < moment->violation_count; i++) {
        const struct violation *violation = &moment->violations[i];
        if (violation->rung != 0 || is_known(drive->run, violation))
            continue;
        snprintf(detail, sizeof(detail), "%s, since `%.*s`", violation->detail, (int)strcspn(line.data, "\n"),
                 line.data);
        err = drive_violation(drive, violation->invariant, violation->metric, detail);
    }
    if (line.failed)
        err = ERR_MEMORY;
    buffer_free(&line);
    return err;
}

enum err drive_check(struct drive *drive, const struct plan_op *op, struct problem *why)
{
    const struct plan_op look = {.verb = PLAN_RUNG};
    struct run *moment = NULL;

    drive->sample_count = 0;
    enum err err = subject_send(drive->subject, &look, why);
    if (err == ERR_NONE)
        err = subject_wait(drive->subject, why);
    if (err != ERR_NONE || subject_ending(drive->subject).state != SUBJECT_ALIVE)
        return err;
    struct ledger_counts counts = ledger_settle(drive->ledger);
    err = make_moment(drive, &counts, &moment);
    if (err == ERR_NONE)
        err = keep_new(drive, moment, op);
    run_free(moment);
    return err == ERR_NONE ? ERR_NONE : problem_set(why, err, "out of memory between two operations");
}
