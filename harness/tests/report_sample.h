/* Results made by hand, as a run of churn would leave them; what every test of a report starts from. */
#ifndef CHURN_TESTS_REPORT_SAMPLE_H
#define CHURN_TESTS_REPORT_SAMPLE_H

#include "harness/report/report.h"

/* Everything as expected: three pools, three backends, the tombstone leak with 8 and with 64 keys, saw-teeth, bytes. 24 runs. */
struct results *sample_good(void);

/* sample_good and one run of each kind of trouble, with texts no sink may trust. */
struct results *sample_troubled(void);

/* 150 runs of 25 scenarios. */
struct results *sample_large(void);

/* What is in every hostile text: markup, quotes, a line break, control characters, broken UTF-8, a mention. */
#define SAMPLE_HOSTILE "<script>alert('x')</script> & \"q\" | `c` @you #1 %\n::error::\x01\xff end"

/* The text of a sink, or a failed test. OWNED: free. */
char *sample_write(const struct results *results, const char *report);

/* Runs a command with `text` on its stdin; its output (both streams, cut to `size`) goes to `out`. The exit status; 127: not found. */
int sample_pipe(const char *text, const char *command, char *out, size_t size);

#endif
