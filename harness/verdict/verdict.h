/*
 * verdict: from series to finding to status. Pure functions over a `struct run`; no I/O, no clock, no pool.
 *
 * The rules (D0-D6, the invariants I1-I8) and why they are what they are: docs/verdicts.md.
 */
#ifndef CHURN_VERDICT_H
#define CHURN_VERDICT_H

#include "harness/record/record.h"

/* D2: three equal windows of rungs, the minimum of each. */
struct growth {
    bool judged;        /* false: too few rungs, or a sample is missing */
    bool grows;         /* e1 < e2 < e3 and rate > budget */
    bool flat;          /* all samples equal */
    int64_t e1, e2, e3; /* window minima */
    double rate;        /* per cycle: (e3 - e1) / (2 k c) */
    size_t window;      /* k, rungs per window */
};

/* `values` has `count` samples, one per rung, `cycles_per_rung` cycles apart; a window is at least one period long (a
 * period of 0 or 1 asks nothing). Rungs that do not fill a window are dropped at the front. `budget`: units per cycle.
 */
struct growth verdict_growth(const int64_t *values, size_t count, int64_t cycles_per_rung, int64_t period,
                             double budget);

/* D3: how growth answers twice the cycles. UNCLEAR: between the bounds, or there was none to begin with. */
enum dose { DOSE_PLATEAU, DOSE_LINEAR, DOSE_SUPERLINEAR, DOSE_UNCLEAR };
enum dose verdict_dose(int64_t growth_single, int64_t growth_twice);

/* Stores in run->doses how far every judged series grew in `run` and in `twice`, the same run with twice the cycles. */
enum err verdict_add_dose(struct run *run, const struct run *twice) MUST_CHECK;

/* True when a judged run wants D3: something grows that no formula predicted. *metric (BORROWED from run) is the first.
 */
bool verdict_wants_dose(const struct run *run, const char **metric);

/* D0: sets run->twin_differs to the exact series in which the two runs differ, by comma; "" when there is none. */
enum err verdict_compare_twin(struct run *run, const struct run *twin) MUST_CHECK;

/* Checks the invariants that samples can show and adds what does not hold to run->violations, once each (the driver and
 * its ledger add theirs before). */
enum err verdict_check_invariants(struct run *run) MUST_CHECK;

/* Judges one run by itself: checks the invariants, sets found[], finding, metric, rate, status and message. Calling it
 * again gives the same. */
enum err verdict_judge_run(struct run *run) MUST_CHECK;

/* Judges all runs, then compares runs of the same scenario, parameters, pool and seed over the backends (D5): every
 * exact series, block and byte must be equal, otherwise each of them is `broken`. */
enum err verdict_judge(struct results *results) MUST_CHECK;

#endif
