/* Shared by the files of `churn noise` only. */
#ifndef CHURN_CLI_NOISE_H
#define CHURN_CLI_NOISE_H

#include "harness/cli/cli.h"
#include "harness/verdict/verdict.h"

enum noise_arm { NOISE_POOL, NOISE_CONTROL, NOISE_ARM_COUNT };

/* R processes of each arm, and what their slopes say. */
struct noise_batch {
    size_t processes;                   /* R */
    int64_t leak;                       /* planted in the first arm, bytes per operation; 0: none */
    uint64_t seed;                      /* of the first process; the next ones count up */
    struct run **runs[NOISE_ARM_COUNT]; /* OWNED; the second is NULL without a control arm */
    double *slopes;                     /* of metric m in process i: slopes[m * processes + i]; N2: the differences */
    struct noise *judged;               /* one a metric */
};

/* One measurement: what is asked, and what came of it. */
struct noise_session {
    const struct call *call;
    const char *path;                   /* of the scenario; BORROWED, as all that follow */
    const char *pools[NOISE_ARM_COUNT]; /* the second is NULL: no control arm */
    const struct backend *backend;
    char *build_folder;        /* OWNED */
    struct words files;        /* OWNED */
    struct scenario *scenario; /* OWNED */
    struct words metrics;      /* OWNED */
    size_t processes;
    int64_t dose;       /* times the scenario's rungs */
    double *thresholds; /* OWNED; one a metric */
    double *calibrated; /* OWNED; one a metric: the largest L of a clean pool. NULL: not calibrated */

    struct noise_batch batches[2]; /* the second confirms the first */
    size_t batch_count;
    struct noise_batch planted; /* the positive control; no processes: everything grows, so it was not needed */
    char skipped[400];          /* why it cannot be measured here */
};

/* Runs a batch of that many processes and judges it. ERR_SYSTEM: a process did not end well; ERR_INPUT with session->skipped: the pool cannot
 * do what the scenario asks. noise_batch_free accepts what a failed call left behind. */
enum err noise_batch_run(struct noise_session *session, uint64_t seed, size_t processes, int64_t leak,
                         struct noise_batch *out, struct problem *why) MUST_CHECK;
void noise_batch_free(struct noise_batch *batch);

/* D6, after the batches: where a metric does not grow a few processes more, with a leak of a known size. */
enum err noise_plant(struct noise_session *session, struct problem *why) MUST_CHECK;
/* It does not grow, and neither was the planted leak seen: nothing is known. */
bool noise_is_blind(const struct noise_session *session, size_t metric);

/* One short process says how many operations a rung has; sets session->dose. */
enum err noise_find_dose(struct noise_session *session, struct problem *why) MUST_CHECK;

/* Reads, or measures and writes, how far a clean pool seems to grow on this machine; sets session->calibrated. */
enum err noise_calibrate(struct noise_session *session, const char *path, struct problem *why) MUST_CHECK;

/* Growth in every batch, the second one among them. */
bool noise_grows(const struct noise_session *session, size_t metric);
/* ... that even the least of the lower bounds puts above ten thresholds. */
bool noise_is_plain(const struct noise_session *session, size_t metric);

void noise_print(const struct noise_session *session, struct buffer *out);
enum err noise_print_json(const struct noise_session *session, struct buffer *out, struct problem *why) MUST_CHECK;

#endif
