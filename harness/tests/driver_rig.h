/* Runs a plan or a scenario, given as text, through the driver. */
#ifndef CHURN_TESTS_DRIVER_RIG_H
#define CHURN_TESTS_DRIVER_RIG_H

#include "harness/driver/driver.h"

#define SCRIPT "exec:harness/tests/subjects/subject.sh "
#define SAFETY INT64_C(120000000000) /* ends a test that has gone wrong; no test waits for it */
#define SHORT  INT64_C(400000000)    /* for subjects that would hang for ever */
#define PLAN   "churn-plan 1\npool min=0 max=4 ttl=inf\n"

/* A file that lasts until the test unlinks it. */
struct temporary {
    char path[64];
};

void driver_rig_write(struct temporary *file, const char *suffix, const char *text);

/* Whatever else is wanted (backend, time limit, threads ...) is in `asked`; its backend is native when there is none. The run is OWNED: run_free. */
struct run *driver_rig_replay(const char *plan, const char *pool, const struct driver_request *asked);
/* The same for a scenario, with its twin when that is wanted. NULL: that backend is not here. */
struct run *driver_rig_run(const char *scenario, const char *pool, bool twin, const struct driver_request *asked);

/* Fails the test when there is none. */
int64_t driver_rig_value(const struct run *run, const char *name, size_t rung);

#endif
