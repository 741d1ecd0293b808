/* Small runs for the tests of the judge. */
#ifndef CHURN_TEST_VERDICT_SAMPLE_H
#define CHURN_TEST_VERDICT_SAMPLE_H

#include "harness/verdict/verdict.h"

/* A run that ended well: `rungs` rungs of 10 cycles, in each cycle one get and one invalidation, max 4 items per
 * key. */
struct run *sample_run(size_t rungs);

/* The sample of a series at rung `i`, when `cycles` cycles were done. */
typedef int64_t (*sample_fn)(size_t i, int64_t cycles);
void sample_series(struct run *run, const char *name, sample_fn fn);

int64_t sample_flat(size_t i, int64_t cycles);  /* 5 */
int64_t sample_one(size_t i, int64_t cycles);   /* 1 per cycle */
int64_t sample_three(size_t i, int64_t cycles); /* 3 per cycle */
int64_t sample_seven(size_t i, int64_t cycles); /* 7 per cycle */

/* The scenario expects that; with a formula when `fn` is not NULL. */
void sample_expect(struct run *run, enum finding finding, const char *metric, enum relation relation, sample_fn fn);

void sample_text(char **field, const char *text);
void sample_judge(struct run *run);

/* The finding of that kind and metric (NULL: any). NULL: there is none. */
const struct found *sample_found(const struct run *run, enum finding finding, const char *metric);

#endif
