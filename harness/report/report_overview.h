/*
 * report_overview: the runs of a results file in the order a person reads them. Internal to this room.
 *
 * All of it points into the results, which must outlive it.
 */
#ifndef CHURN_REPORT_OVERVIEW_H
#define CHURN_REPORT_OVERVIEW_H

#include "harness/record/record.h"

/* Runs that stand beside each other in `overview.runs`. */
struct run_slice {
    const struct run *const *runs;
    size_t count;
};

struct overview {
    const struct run **runs; /* all of them, sorted by run_compare */
    size_t run_count;

    /* One scenario with one set of parameters, on every pool and backend. */
    struct run_slice *panels;
    size_t panel_count;

    /* What needs a person: fail, broken and inconclusive, the worst first. The same words on several backends are one. */
    struct run_slice *troubles;
    size_t trouble_count;

    /* Every pool and every backend that occurs, in order of name; backends in the order native, asan, memcheck, others. */
    const char **pools;
    size_t pool_count;
    const char **backends;
    size_t backend_count;
};

/* ERR_MEMORY. overview_free accepts what a failed call left behind. */
enum err overview_make(struct overview *overview, const struct results *results) MUST_CHECK;
void overview_free(struct overview *overview);

/* The first run of a panel with that pool and backend (the lowest seed); NULL: none. */
const struct run *panel_run(const struct run_slice *panel, const char *pool, const char *backend);

/* The worst status of a slice, in the order fail, broken, inconclusive, pass, skip. */
enum status slice_status(const struct run_slice *slice);

/* The run of a slice that a person repeats first: the native one when there is one, it is the quickest. */
const struct run *slice_main(const struct run_slice *slice);

/* Lower is worse. */
int status_rank(enum status status);

/* A pass that shows a leak as the scenario predicted. */
bool run_is_reproduction(const struct run *run);

#endif
