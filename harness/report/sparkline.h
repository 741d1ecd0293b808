/* sparkline: a series in one line of a table. Internal to this room. */
#ifndef CHURN_REPORT_SPARKLINE_H
#define CHURN_REPORT_SPARKLINE_H

#include "harness/record/record.h"

/* The series that tells a run's story: what was found, else `hint` (what grows in a neighbour; may be NULL), else what the
 * scenario speaks of, else bytes. NULL: the run has no samples. BORROWED from the run. */
const struct series *sparkline_choose(const struct run *run, const char *hint);

/* At most `width` characters between the smallest and the largest sample: eight heights, a blank where samples are missing. A
 * character stands for the largest of its rungs, so that a peak is never hidden. `series` NULL adds nothing. */
void sparkline_add(struct buffer *out, const struct series *series, size_t rung_count, size_t width, bool utf8);

#endif
