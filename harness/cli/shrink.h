/* shrink.h: what `churn shrink` asks of each smaller plan. */
#ifndef CHURN_CLI_SHRINK_H
#define CHURN_CLI_SHRINK_H

#include <pthread.h>

#include "harness/cli/cli.h"
#include "harness/driver/driver.h"
#include "harness/plan/plan.h"

/* What is looked for, and how. */
struct shrink_oracle {
    struct driver_request request;
    const char *name;    /* of the plan as it was given, for messages; BORROWED */
    const char *output;  /* where the smaller one will be, for the command that repeats it; BORROWED */
    const char *finding; /* the one of the plan's findings that is to stay; NULL: the main one. BORROWED */
    const char *control; /* a pool that must be clean; NULL: none. BORROWED */
    int64_t tries;       /* runs of one plan, until one shows it */

    struct run *target; /* OWNED; the plan as it was given */
    struct found aim;   /* what is looked for: its finding and metric; BORROWED from `target` */
    const char *about;  /* what has to break the invariant: "shutdown"; NULL: anything. BORROWED from `finding` */
    struct run *last;   /* OWNED; the last run that showed it, and so of the smallest plan; NULL: none yet */

    pthread_mutex_t lock; /* guards the two below, which another thread shows */
    size_t runs;
    size_t left; /* operations of the smallest plan so far */
};

/* Runs the plan as it was given and remembers what it shows, then once more. *skipped: it cannot be run; `why` says why not.
 * ERR_SYSTEM: it shows nothing, or not what is looked for, or not each time, or the rig failed. Sets the time limit of what follows, unless the user did. */
enum err shrink_oracle_aim(struct shrink_oracle *oracle, const struct plan *plan, bool *skipped,
                           struct problem *why) MUST_CHECK;

/* Adds what the last run that showed it says of it. There must be one. */
void shrink_oracle_add_words(const struct shrink_oracle *oracle, struct buffer *out);

/* A shrink_shows_fn; `oracle` is one. ERR_STOPPED: the user wants to stop. */
enum err shrink_oracle_shows(void *oracle, const struct plan *plan, bool *shows, struct problem *why) MUST_CHECK;

/* Runs the plan once more with the time limit `limit_ns`: ERR_SYSTEM when what is called a hang is only slow. */
enum err shrink_oracle_confirm_hang(struct shrink_oracle *oracle, const struct plan *plan, int64_t limit_ns,
                                    struct problem *why) MUST_CHECK;

void shrink_oracle_free(struct shrink_oracle *oracle);

#endif
