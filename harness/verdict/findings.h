/* For judge.c only: everything that the numbers of one run say. */
#ifndef CHURN_VERDICT_FINDINGS_H
#define CHURN_VERDICT_FINDINGS_H

#include "harness/verdict/verdict_internal.h"

struct findings {
    struct run *run;           /* BORROWED; what is found goes into run->found */
    const struct results *all; /* the runs beside it, for ratios; BORROWED; NULL: it is judged alone */
    size_t judged;             /* series that were looked at */
    bool moved;                /* one of them is not the same at every rung */
    bool grown;                /* a metric that the scenario expects to grow does, at whatever rate */
    bool doubtful;             /* the shortfall counts whatever the scenario is about */
    bool as_predicted;         /* every formula of such a metric held at every rung, and there is one */
    char shortfall[400];       /* why this is no clean observation, whatever else it says; "" when it is one */
    enum err err;
};

/* Fills run->found (which is empty) from a run that reached its end, or crashed or hung on the way. */
enum err findings_collect(struct findings *findings, struct run *run, const struct results *all) MUST_CHECK;

/* Why this is no clean observation. The first reason stays: later ones are mostly its consequences. */
void findings_fall_short(struct findings *findings, const char *format, ...) PRINTF_LIKE(2, 3);

/* threshold.c: limits and ratios that are passed. */
void thresholds_collect(struct findings *findings);

/* examples.c: " (for example 302 in key k0; item 17 of key k3, closed after 40 operations)", nothing without any. */
void examples_print(const struct run *run, const char *metric, struct buffer *out);

/* Growth that only repeats what the scenario says: it is listed by :also; or, once what should grow does, it is memory, or
 * another count of the same things. */
bool findings_allow(struct findings *findings, const char *metric);

/* What the scenario wants to see: GROWS, VIOLATES, LOST, HANGS, CRASHES, or BOUNDED. */
enum finding findings_sought(const struct run *run);

/* Growth of the right metric at the wrong rate: no failure of the pool, but no reproduction either. */
bool found_is_mispredicted(const struct run *run, const struct found *found);

#endif
