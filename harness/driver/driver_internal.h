/* driver_internal.h: one run while it runs. */
#ifndef CHURN_DRIVER_INTERNAL_H
#define CHURN_DRIVER_INTERNAL_H

#include "harness/driver/driver.h"
#include "harness/driver/ledger.h"
#include "harness/subject/subject.h"

#define SAMPLES_MAX    1024 /* counters of one rung */
#define VIOLATIONS_MAX 100  /* kept of one run; the others are counted */
#define EXAMPLES_MAX   100  /* kept of one rung */

struct sample {
    char name[NAME_MAX_LEN + 1];
    int64_t value;
};

enum rung_kind { RUNG_BEFORE, RUNG_MEASURED, RUNG_AFTER };

struct drive {
    const struct driver_request *request;
    bool explains;              /* for run->stack: the host is told between which rungs */
    struct scenario_plan *plan; /* NULL for a replay */
    struct plan_source *source;
    struct plan_counts counts; /* what was sent */
    struct backend_command command;
    struct subject *subject;
    struct ledger *ledger;
    struct run *run;
    int64_t started_ns;
    int64_t time_factor; /* of the time limit */

    struct sample samples[SAMPLES_MAX]; /* of the rung being answered */
    size_t sample_count;
    bool shutdown_sent, shutdown_done;
    bool ends_with_rung;
    int64_t ops_told; /* request->on_rung */
    int64_t violations_dropped;
    char unsupported[400]; /* what the subject cannot do; "" */
    bool clock_missing;    /* that is for want of libfaketime */
};

/* ---- events.c ---- */
enum err drive_event(void *drive, const struct subject_event *event, struct problem *why) MUST_CHECK;
enum err drive_violation(void *drive, const char *invariant, const char *metric, const char *detail) MUST_CHECK;

/* ---- examples.c ---- */

/* Asks for examples, where the subject gives them and the next rung may be the last that is measured. */
enum err drive_ask_examples(struct drive *drive, struct problem *why) MUST_CHECK;
enum err drive_keep_example(struct drive *drive, const struct subject_event *event, struct problem *why) MUST_CHECK;

/* ---- threads.c ---- */

/* Wraps drive->source (TAKEN): each cycle goes to a thread, all else to the main one. */
enum err drive_add_threads(struct drive *drive, struct problem *why) MUST_CHECK;
/* Of what the scenario expects, leaves out what depends on who comes first. */
enum err drive_relax_expectation(struct drive *drive) MUST_CHECK;

/* ---- rungs.c ---- */

/* Sends the rung, waits for its answer and stores every sample. Nothing is stored when the subject ends meanwhile. */
enum err drive_rung(struct drive *drive, const struct plan_op *op, struct problem *why) MUST_CHECK;

/* ---- check.c ---- */

/* Asks for a sample and checks the invariants that it can show. What is new is a violation, since `op`, which was sent last. */
enum err drive_check(struct drive *drive, const struct plan_op *op, struct problem *why) MUST_CHECK;

/* ---- ending.c ---- */

/* How the subject ended becomes run->ending; its stderr and the tool's logs become run->log. */
enum err drive_note_ending(struct drive *drive, struct problem *why) MUST_CHECK;
enum err drive_end_as(struct run *run, enum ending ending, int code, const char *format, ...) MUST_CHECK
    PRINTF_LIKE(4, 5);

/* ---- explain.c ---- */

/* Tells the host, through its environment, between which rungs growth is to be listed. */
enum err drive_ask_growth(struct drive *drive, struct problem *why) MUST_CHECK;
bool drive_wants_stack(const struct driver_request *request, const struct run *run);

/* ---- describe.c ---- */

/* What was asked, and the command that asks for it again. */
enum err drive_describe(struct drive *drive, const char *file, struct problem *why) MUST_CHECK;

/* ---- run.c ---- */

/* Runs `drive->source` to its end, or the subject's. `file` is what was asked for. */
enum err drive_run(struct drive *drive, const char *file, struct problem *why) MUST_CHECK;

#endif
