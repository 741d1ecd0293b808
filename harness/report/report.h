/*
 * report: results for people and machines, one file per sink, all from `struct results` alone.
 */
#ifndef CHURN_REPORT_H
#define CHURN_REPORT_H

#include "harness/record/record.h"

/* Zeroed is what a file wants; only sinks for the screen look at it. */
struct report_options {
    bool color;
    bool verbose;
    bool utf8;          /* the screen shows UTF-8; otherwise everything is ASCII */
    int width;          /* columns of the terminal, 0: unknown, no limit */
    const char *folder; /* where the files of this run are, to tell the reader; NULL: nowhere. BORROWED */
};

struct report {
    const char *name;      /* "terminal", "json" */
    const char *file_name; /* "results.json"; NULL: meant for the screen */
    const char *about;
    /* Appends to `out`. Must get along with anything a results file may hold: no samples, missing texts, strange bytes. */
    enum err (*write)(const struct results *results, const struct report_options *options, struct buffer *out,
                      struct problem *why);
};

#define REPORT_REGISTER(REPORT)                                                                                        \
    __attribute__((constructor)) static void register_##REPORT(void)                                                   \
    {                                                                                                                  \
        report_registry_add(&REPORT);                                                                                  \
    }
void report_registry_add(const struct report *report);
const struct report *report_find(const char *name);
size_t report_count(void);
const struct report *report_at(size_t index); /* sorted by name */

#endif
