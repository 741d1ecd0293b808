/*
 * driver: runs one plan against one subject and fills a `struct run`.
 *
 * It sends operations, keeps the ledger of leases and items (what the harness knows without asking), samples at rungs,
 * and records how the subject ended. A crash, a hang or an exit in the pool is a finding about that run; samples taken so
 * far are kept. One run uses one thread; runs are independent.
 */
#ifndef CHURN_DRIVER_H
#define CHURN_DRIVER_H

#include <stdatomic.h>

#include "harness/backend/backend.h"
#include "harness/record/record.h"
#include "harness/scenario/scenario.h"

struct driver_request {
    const char *scenario_path;
    struct scenario_request scenario; /* pool, case, overrides, seed, dose */
    const struct backend *backend;
    const char *build_folder;
    int64_t timeout_ns;      /* 0: the scenario's, or 60 s; times backend->slowdown */
    const atomic_bool *stop; /* set on any thread: the run ends soon; may be NULL */
    /* Told after each measured rung of each process: its number from 1, how many there will be (0: not known), and how
     * many operations were sent since the rung before. On the run's thread. NULL: nobody. */
    void (*on_rung)(void *ctx, size_t rung, size_t rungs, int64_t ops);
    void *on_rung_ctx;

    /* With threads > 0 the scenario's cycles are done by that many threads of the subject at once; a scenario that does
     * not say that its cycles stand by themselves is skipped. schedule: "pct:3" (NULL: as the system likes), with the
     * seed of the scenario. */
    unsigned threads;
    const char *schedule;
    /* Runs again with the next seed until one does not pass, or so many operations were sent, or so much time has
     * passed; run->tried says how many there were. 0: once. */
    int64_t least_ops, least_ns;

    /* The allocation of that number that the pool asks for, its making included, fails in the subject; 0: none does. */
    int64_t fail_alloc;

    /* So many bytes are kept by our host for each operation, where only the kernel sees them; 0: none. */
    int64_t leak;

    bool check_each; /* the invariants after every operation, not only at rungs. Not with threads */

    const struct thresholds *thresholds; /* the command line's, before the scenario's; NULL: none. BORROWED */
    /* A growth that fails is run once more under memcheck, for run->stack; nothing is said when memcheck is not here. */
    bool explain;
};

/* NULL: fine; otherwise what is expected of a schedule, a string literal. */
const char *driver_schedule_check(const char *schedule);

/* One run with what the judge needs beside it: the run itself, its twin (D0, when `twin`), the double dose (D3, when
 * something grows that no formula predicts). The run is always filled as far as it got; problems of the subject are in
 * run->ending. It was judged on the way; judge it again when all runs are there. ERR_INPUT: the scenario is wrong.
 * *out is OWNED: run_free. */
enum err driver_run(const struct driver_request *request, bool twin, struct run **out, struct problem *why) MUST_CHECK;

/* One run as it comes, of request->scenario.dose times the rungs: no twin, no double dose, not judged (N1). The same
 * rules for what is returned. */
enum err driver_measure(const struct driver_request *request, struct run **out, struct problem *why) MUST_CHECK;

/* Replays a plan file; no expectation, and not judged. Of the request only pool, seed, backend, build folder, time limit, stop flag and
 * check_each count. Its rungs: those before the first operation are "before", those after the shutdown "after". */
enum err driver_replay(const char *plan_path, const struct driver_request *request, struct run **out,
                       struct problem *why) MUST_CHECK;

/* The same for a plan from anywhere. `source` is TAKEN; `name` is what the run is called. */
enum err driver_replay_source(struct plan_source *source, const char *name, const struct driver_request *request,
                              struct run **out, struct problem *why) MUST_CHECK;

/* D6: runs a pool that leaks one entry in three cycles and loses a block (with `fail_alloc`, whatever its number, only where an
 * allocation failed; under a backend that finds races two threads write unguarded instead), and looks whether all that is seen. Beside
 * that only backend, build folder, time limit and stop flag count. *why_not: "" when it was seen, otherwise the reason, OWNED: free().
 * ERR_STOPPED: it was stopped, nothing is known. */
enum err driver_control(const struct driver_request *request, char **why_not, struct problem *why) MUST_CHECK;

#endif
