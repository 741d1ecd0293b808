/*
 * baseline: the exact numbers that were committed, a file a scenario in results/baseline/, fit for `diff` and review.
 *
 * A number that is 0 throughout is left out, so that a new counter disturbs nobody. How long each run takes, which is only
 * for balancing shards, stands in a file of its own beside them (durations.tsv).
 */
#ifndef CHURN_RECORD_BASELINE_H
#define CHURN_RECORD_BASELINE_H

#include "harness/record/record.h"

#define BASELINE_FORMAT "churn-baseline/1"

struct baseline_number {
    char *name;
    int64_t last, peak; /* at the last measured rung; over all samples */
    double rate;        /* per rate_unit; 0: does not grow */
};

/* One run. */
struct baseline_entry {
    char *scenario;
    char *params; /* "keys=8 max=4", as run_params_text says it */
    char *pool, *backend;
    uint64_t seed;
    char *abi;     /* of the machine: bytes are only compared when it is the same */
    char *finding; /* "flat" */
    char *rate_unit;
    int64_t ops;
    int64_t ms;                      /* how long it takes; 0: not known */
    struct baseline_number *numbers; /* sorted by name */
    size_t number_count;
    bool seen; /* for whoever goes through all of them */
};

/* Zero-initialised is empty. OWNED: baseline_free. */
struct baseline {
    struct baseline_entry *entries;
    size_t count;
};

/* "keys=8 max=4"; OWNED text: free(). NULL: out of memory. */
char *run_params_text(const struct run *run);

/* Makes room for one more, zeroed. *out is BORROWED until the next one is added. */
enum err baseline_add(struct baseline *baseline, struct baseline_entry **out) MUST_CHECK;
enum err baseline_entry_add(struct baseline_entry *entry, const char *name, int64_t last, int64_t peak,
                            double rate) MUST_CHECK;
/* The entry of a run, or NULL. BORROWED. */
struct baseline_entry *baseline_find(const struct baseline *baseline, const char *scenario, const char *params,
                                     const char *pool, const char *backend, uint64_t seed);
void baseline_free(struct baseline *baseline);

/* Reads every .json of the folder; a folder that is not there is empty. ERR_INPUT names file and place. *out is OWNED. */
enum err baseline_load(const char *folder, struct baseline *out, struct problem *why) MUST_CHECK;
/* Writes the entries of one scenario, sorted: FOLDER/SCENARIO.json. None: the file goes. */
enum err baseline_save(const char *folder, const char *scenario, struct baseline *baseline,
                       struct problem *why) MUST_CHECK;
void baseline_sort(struct baseline *baseline); /* the order in which it is written */

/* FOLDER/durations.tsv: entries that have only a name and `ms`. A file that is not there is empty. ERR_INPUT names file
 * and line. *out is OWNED. durations_save writes, sorted, those whose `ms` is known. */
enum err durations_load(const char *folder, struct baseline *out, struct problem *why) MUST_CHECK;
enum err durations_save(const char *folder, struct baseline *baseline, struct problem *why) MUST_CHECK;

#endif
