/* Shared by the files of this room only. */
#ifndef CHURN_VERDICT_INTERNAL_H
#define CHURN_VERDICT_INTERNAL_H

#include "harness/verdict/verdict.h"

/* D2 of one series of a run. A population that appeared late held nothing before. *out is zeroed on ERR_MEMORY.
 * series_growth also lets grow what rose late and goes on with twice the cycles (run->doses), at the rate that it has there;
 * series_growth_from looks at the rungs from `first` on, and at nothing else. */
enum err series_growth(const struct run *run, const struct series *series, struct growth *out) MUST_CHECK;
enum err series_growth_from(const struct run *run, const struct series *series, size_t first,
                            struct growth *out) MUST_CHECK;

/* An exact number whose growth is judged without being asked for: a level of the vocabulary. */
bool series_is_level(const struct series *series);

/* Counted in bytes or blocks: what every other growth brings along. */
bool is_memory(const char *metric);
bool is_descriptors(const char *metric);

/* What the scenario says of that series, or NULL. With a formula: values are there. */
const struct expected_metric *expectation_metric(const struct run *run, const char *name);
bool expectation_has_formula(const struct expected_metric *expected);

/* D3 of one metric; NULL and DOSE_UNCLEAR when no double dose was run, or had nothing to say of it. */
const struct dose_growth *dose_find(const struct run *run, const char *metric);
enum dose dose_of(const struct run *run, const char *metric);

/* Metrics and invariants that may grow or be violated beside the main finding. */
bool expectation_allows(const struct run *run, const char *name);

/* The stated budget of that series, or of its family (bytes_live for bytes_live.items); NULL: none, so that it is 0. */
const struct threshold *budget_of(const struct run *run, const char *metric);
double budget_per_cycle(const struct run *run, const char *metric);
void budget_print(const struct run *run, const char *metric, struct buffer *out); /* "over the budget of 0.5B/op" */
void since_print(const struct run *run, int64_t rung, struct buffer *out); /* "since rung 3 (after 96 operations)" */

/* How often per cycle, over the measured rungs; `counts` has one number a rung. */
double counts_per_cycle(const struct run *run, const int64_t *counts);

/* What growth is divided by: invalidations where the scenario invalidates, else gets, else cycles. */
struct rate_unit {
    const char *word; /* "per invalidation" */
    double per_cycle;
};
struct rate_unit rate_unit_of(const struct run *run);

/* "7 entries", "2.50 KiB". */
void amount_print(double amount, const char *unit, struct buffer *out);

/* "held by tombstones: 7 blocks, 392 bytes per invalidation": the population whose bytes grow most. Adds nothing when
 * none grows. */
enum err holder_print(const struct run *run, struct buffer *out) MUST_CHECK;

/* D5 inside a run: the tool's growth against the host's own. False: they differ, `out` says how. */
bool tool_agrees(const struct run *run, struct buffer *out);

/* D5 over runs. */
enum err agreement_judge(struct results *results) MUST_CHECK;

#endif
