/* events.c: what the subject answers goes to the ledger, samples and violations to the run. */
#include "harness/driver/driver_internal.h"

#include <stdio.h>
#include <string.h>

enum err drive_violation(void *ctx, const char *invariant, const char *metric, const char *detail)
{
    struct drive *drive = ctx;
    struct run *run = drive->run;

    if (run->violation_count >= VIOLATIONS_MAX) {
        drive->violations_dropped++;
        return ERR_NONE;
    }
    return run_add_violation(run, invariant, metric, detail, (int64_t)run->rung_count - 1, drive->counts.ops);
}

static enum err keep_sample(struct drive *drive, const struct subject_event *event, struct problem *why)
{
    struct sample *sample = &drive->samples[drive->sample_count];

    if (drive->sample_count == SAMPLES_MAX)
        return problem_set(why, ERR_INPUT, "more than %d counters in a rung", SAMPLES_MAX);
    snprintf(sample->name, sizeof(sample->name), "%s", event->text);
    sample->value = event->value;
    drive->sample_count++;
    return ERR_NONE;
}

/* Nothing more need be answered, so nothing is waited for. Who was measured can do what the scenario asks: to get out then would
 * hide whatever was found. */
static enum err take_unsupported(struct drive *drive, const struct subject_event *event, struct problem *why)
{
    size_t rungs = drive->run->rung_count;

    if (rungs > 0)
        return problem_set(why, ERR_INPUT, "too late to be unsupported: %zu %s measured already", rungs,
                           rungs == 1 ? "rung was" : "rungs were");
    text_make_printable(event->text, strlen(event->text), drive->unsupported, sizeof(drive->unsupported));
    return problem_set(why, ERR_STOPPED, "unsupported");
}

enum err drive_event(void *ctx, const struct subject_event *event, struct problem *why)
{
    struct drive *drive = ctx;

    switch (event->kind) {
    case SUBJECT_SAMPLE:
        return keep_sample(drive, event, why);
    case SUBJECT_DONE_SHUTDOWN:
        drive->shutdown_done = true;
        return ERR_NONE;
    case SUBJECT_EXAMPLE:
        return drive_keep_example(drive, event, why);
    case SUBJECT_UNSUPPORTED:
        return take_unsupported(drive, event, why);
    default:
        return ledger_answered(drive->ledger, event, why);
    }
}
