/*
 * verdict: from series to finding to status. Pure functions over a `struct run`; no I/O, no clock, no pool.
 *
 * The rules (D0-D6, the invariants I1-I8) and why they are what they are: docs/verdicts.md.
 */
#ifndef CHURN_VERDICT_H
#define CHURN_VERDICT_H

#include "harness/record/baseline.h"
#include "harness/record/record.h"

/* D2: three equal windows of rungs, the minimum of each. */
struct growth {
    bool judged; /* false: too few rungs, or a sample is missing */
    bool grows;  /* e1 < e2 < e3 and rate > budget */
    bool flat;   /* all samples equal */
    bool late;   /* e1 >= e2 < e3: perhaps a leak that began after the first window; twice the cycles tell (D3) */
    int64_t e1, e2, e3; /* window minima */
    int64_t top;        /* the largest value of the second window */
    double rate;        /* per cycle: (e3 - e1) / (2 k c) */
    size_t window;      /* k, rungs per window */
};

/* `values` has `count` samples, one per rung, `cycles_per_rung` cycles apart; a window is at least one period long (a
 * period of 0 or 1 asks nothing). Rungs that do not fill a window are dropped at the front. `budget`: units per cycle.
 */
struct growth verdict_growth(const int64_t *values, size_t count, int64_t cycles_per_rung, int64_t period,
                             double budget);

/* D3: how growth answers twice the cycles. SLOWING: by more, but by less than a leak would. UNCLEAR: between linear and
 * superlinear (a leak that started late), or there was no growth to begin with. */
enum dose { DOSE_PLATEAU, DOSE_SLOWING, DOSE_LINEAR, DOSE_SUPERLINEAR, DOSE_UNCLEAR };
enum dose verdict_dose(int64_t growth_single, int64_t growth_twice);

/* Stores in run->doses how far every judged series grew in `run` and in `twice`, the same run with twice the cycles. Of
 * one that rose late only when it goes on in `twice`: how far in what that run has more, from the first window to the
 * second and to the third. */
enum err verdict_add_dose(struct run *run, const struct run *twice) MUST_CHECK;

/* Whether a judged run wants D3: something grows that no formula predicted, or rose late in a run that has not failed.
 * *metric (BORROWED from run) is the first such series; NULL: none. */
enum err verdict_wants_dose(const struct run *run, const char **metric) MUST_CHECK;

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

/* ---- noisy numbers (N1-N3): resident memory of fresh processes --------------------------------------------------- */

/* Theil-Sen: the median of the slopes between every two samples, per operation. The first half of the samples is
 * dropped. `ops` never falls; pairs without an operation between them say nothing. ERR_INPUT: fewer than three samples
 * are left, one is missing, or nothing was done between them. */
enum err verdict_slope(const int64_t *values, const int64_t *ops, size_t count, double *slope) MUST_CHECK;

/* Student's t with a whole number of degrees of freedom (>= 1): the probability of more than t, and the t that is
 * exceeded with probability `tail` (0 < tail <= 0.5). */
double verdict_t_tail(double t, size_t degrees);
double verdict_t_value(double tail, size_t degrees);

/* What is asked of one metric: N1 when `slopes` are those of fresh processes; N2 when they are paired differences with a
 * control arm. */
struct noise_test {
    const double *slopes; /* bytes per operation, one a process */
    size_t count;         /* >= 2 */
    double threshold;     /* tau, or 0.25 */
    double resolution;    /* two steps of the metric, in bytes per operation: less is not seen even without noise */
};

struct noise {
    double mean, sd;
    double lower;      /* the lower 99 % bound of the mean, L */
    double p;          /* of a mean that high when the true one is the threshold */
    double detectable; /* a true growth that is found 9 times in 10 */
    double level;      /* N3: what p must be below; 0.01 for a test by itself */
    bool grows;        /* p < level: for a test by itself the same as lower > threshold */
};

/* Judges the tests of one measurement together (Holm at 1 %); out[] has `count` elements. */
enum err verdict_noise(const struct noise_test *tests, size_t count, struct noise *out) MUST_CHECK;

/* The least growth that matters, in bytes per operation, when no calibration says more; and with a control arm. */
#define NOISE_TAU_LEAST  0.5
#define NOISE_TAU_PAIRED 0.25

/* ---- baseline ------------------------------------------------------------------------------- */

/* How a run differs from what was committed. OWNED: verdict_baseline_diff_free. */
struct baseline_diff {
    size_t rows;
    bool other_abi;      /* bytes were not compared */
    struct buffer table; /* a line a number: metric, what, old, new */
    struct buffer text;  /* the same on one line, cut: for run->baseline_differs */
};

/* False: its numbers say nothing (threads take turns as they like; it was skipped, stopped, or the rig failed). */
bool verdict_has_baseline(const struct run *run);
/* Adds the exact numbers of a judged run. */
enum err verdict_baseline_entry(const struct run *run, const char *abi, struct baseline *out) MUST_CHECK;
void verdict_baseline_compare(const struct baseline_entry *was, const struct baseline_entry *is,
                              struct baseline_diff *diff);
void verdict_baseline_diff_free(struct baseline_diff *diff);

/* ---- comparing ------------------------------------------------------------------------------ */

enum comparison {
    COMPARISON_FIXED,  /* a problem that is gone */
    COMPARISON_NEW,    /* a problem that was not there */
    COMPARISON_WORSE,  /* one that was there: a worse finding, or growth at a higher rate */
    COMPARISON_BETTER, /* the same with less */
    COMPARISON_UNCHANGED,
    COMPARISON_MISSING, /* HEAD says nothing about it */
    COMPARISON_COUNT
};
const char *comparison_name(enum comparison comparison);

/* Passed or failed: the others prove nothing. */
bool verdict_says_something(const struct run *run);
/* The rate at which a metric of a judged run grows; 0: it does not. */
double verdict_rate_of(const struct run *run, const char *metric);
/* Of two judged runs of the same name; NULL: not there. */
enum comparison verdict_compare_runs(const struct run *base, const struct run *head);

/* What a fix does. Texts are BORROWED from the runs. */
struct arms {
    bool reproduced; /* the arm with the leak grows; otherwise nothing can be said */
    bool known;      /* and the other arm says something */
    const char *metric, *unit;
    double before, after;      /* its rate in both */
    double removed;            /* percent of the growth */
    const struct found *other; /* what is wrong with the fixed arm that the other does not have; NULL: nothing */
};
struct arms verdict_compare_arms(const struct run *buggy, const struct run *fixed);

#endif
