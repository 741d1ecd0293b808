/*
 * report: results for people and machines, one file per sink, all from `struct results` alone.
 */
#ifndef CHURN_REPORT_H
#define CHURN_REPORT_H

#include "harness/record/record.h"

struct report_options {
    bool color;
    bool verbose;
    int width; /* columns of the terminal, 0: unknown */
};

struct report {
    const char *name;      /* "terminal", "json" */
    const char *file_name; /* "results.json"; NULL: meant for the screen */
    const char *about;
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
