/* rungs.c: one sample of everything at a quiescent point. */
#include "harness/driver/driver_internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "harness/probe/probe.h"

/* Where samples of this rung go. */
struct place {
    enum rung_kind kind;
    size_t rung;
};

static enum err store(struct drive *drive, struct place place, const char *name, int64_t value)
{
    switch (place.kind) {
    case RUNG_BEFORE:
        return run_sample_before(drive->run, name, value);
    case RUNG_AFTER:
        return run_sample_after(drive->run, name, value);
    default:
        return run_sample(drive->run, name, place.rung, value);
    }
}

static enum err store_counters(struct drive *drive, struct place place)
{
    enum err err = ERR_NONE;

    for (size_t i = 0; err == ERR_NONE && i < drive->sample_count; i++)
        err = store(drive, place, drive->samples[i].name, drive->samples[i].value);
    return err;
}

static enum err store_probes(struct drive *drive, struct place place)
{
    enum err err = ERR_NONE;
    int64_t value;

    for (size_t i = 0; err == ERR_NONE && i < probe_count(); i++)
        if (probe_at(i)->read(subject_pid(drive->subject), &value))
            err = store(drive, place, probe_at(i)->name, value);
    return err == ERR_NONE ? store(drive, place, "wall_ns", clock_now_ns() - drive->started_ns) : err;
}

static enum err store_ledger(struct drive *drive, struct place place, const struct ledger_counts *counts)
{
    const struct sample samples[] = {
        {"leases_out", counts->leases_out},   {"gets_waiting", counts->gets_waiting},
        {"gets_leased", counts->gets_leased}, {"gets_failed", counts->gets_failed},
        {"gets_closed", counts->gets_closed}, {"destroyed_unused", counts->destroyed_unused},
        {"items_seen", counts->items_seen},
    };
    enum err err = ERR_NONE;

    for (size_t i = 0; err == ERR_NONE && i < ARRAY_LEN(samples); i++)
        if (samples[i].value >= 0)
            err = store(drive, place, samples[i].name, samples[i].value);
    return err;
}

/* What the subject counts in place of the ledger, when its threads borrow on their own. */
static void take_counts(const struct drive *drive, struct ledger_counts *counts)
{
    for (size_t i = 0; i < drive->sample_count; i++) {
        if (strcmp(drive->samples[i].name, "leases_out") == 0)
            counts->leases_out = drive->samples[i].value;
        if (strcmp(drive->samples[i].name, "gets_waiting") == 0)
            counts->gets_waiting = drive->samples[i].value;
    }
}

/* The rest of I6, and that the pool counts as the ledger does (I2), is seen in the samples (verdict_check_invariants). */
static enum err check_shutdown(struct drive *drive, const struct ledger_counts *counts)
{
    if (!drive->shutdown_sent || drive->shutdown_done || counts->leases_out != 0)
        return ERR_NONE;
    return drive_violation(drive, "I6", "shutdown", "the shutdown is not complete though every lease came back");
}

/* A rung before anything was asked is the sample "before"; a plan without one has none. */
static bool is_first_of_all(const struct drive *drive)
{
    return drive->counts.by_verb[PLAN_RUNG] == 1 && drive->counts.ops == 0;
}

static enum err open_rung(struct drive *drive, struct place *place)
{
    const struct plan_counts *counts = &drive->counts;
    int64_t cycles = drive->plan ? scenario_plan_counts(drive->plan)->cycles : (int64_t)drive->run->rung_count + 1;
    int64_t invalidations = counts->by_verb[PLAN_INVALIDATE] + counts->by_verb[PLAN_INVALIDATE_VALUE];

    if (drive->shutdown_sent)
        place->kind = RUNG_AFTER;
    else if (is_first_of_all(drive))
        place->kind = RUNG_BEFORE;
    else
        place->kind = RUNG_MEASURED;
    if (place->kind != RUNG_MEASURED)
        return ERR_NONE;
    return run_add_rung(drive->run, counts->ops, cycles, invalidations, counts->by_verb[PLAN_GET], &place->rung);
}

static void tell_rung(struct drive *drive)
{
    if (!drive->request->on_rung)
        return;
    drive->request->on_rung(drive->request->on_rung_ctx, drive->run->rung_count,
                            drive->plan ? scenario_plan_rungs(drive->plan) : 0, drive->counts.ops - drive->ops_told);
    drive->ops_told = drive->counts.ops;
}

enum err drive_rung(struct drive *drive, const struct plan_op *op, struct problem *why)
{
    struct place place = {RUNG_MEASURED, 0};
    struct ledger_counts counts;

    drive->sample_count = 0;
    enum err err = drive_ask_examples(drive, why);
    if (err == ERR_NONE)
        err = subject_send(drive->subject, op, why);
    if (err == ERR_NONE)
        err = subject_wait(drive->subject, why);
    if (err != ERR_NONE || subject_ending(drive->subject).state != SUBJECT_ALIVE)
        return err;
    counts = ledger_settle(drive->ledger);
    err = open_rung(drive, &place);
    if (err == ERR_NONE)
        err = store_probes(drive, place); /* first: what follows takes processor time */
    if (err == ERR_NONE)
        err = store_counters(drive, place);
    if (err == ERR_NONE)
        err = store_ledger(drive, place, &counts);
    if (counts.leases_out < 0)
        take_counts(drive, &counts);
    if (err == ERR_NONE)
        err = check_shutdown(drive, &counts);
    if (err != ERR_NONE)
        return problem_set(why, err, "out of memory at a rung");
    if (place.kind == RUNG_MEASURED)
        tell_rung(drive);
    if (place.kind == RUNG_MEASURED && drive->plan)
        err = scenario_plan_predict(drive->plan, &drive->run->expectation, place.rung, why);
    return err;
}
