/* What the files of `churn gate` have in common. */
#ifndef CHURN_CLI_GATE_H
#define CHURN_CLI_GATE_H

#include "harness/cli/cli.h"
#include "harness/verdict/verdict.h"

struct gate {
    const struct options *options;
    const char *folder;
    struct baseline baseline; /* as committed */
    struct baseline now;      /* of this run, one entry for each run that has numbers */
    struct buffer table;
    size_t compared, differing, unknown, missing, skipped, unstable, other_abi;
    bool stopped;
};

/* Always ERR_MEMORY. */
enum err gate_no_memory(struct problem *why);

/* The run that an entry of the baseline is about; NULL: there is none. BORROWED. */
struct run *gate_run_of(const struct results *results, const struct baseline_entry *entry);

/* Is there no such run, and should there have been one? Options that choose among runs make every absence a wish. An update from stored
 * results takes out of the baseline only what belongs to a scenario that is among them. */
bool gate_is_due(const struct gate *gate, const struct results *results, const struct baseline_entry *entry);

/* Could this pool do it when the numbers were committed, and says now that it cannot? What this machine lacks is not its doing. `run`
 * may be NULL. */
bool gate_has_given_up(const struct run *run);

/* --update-baseline: writes what was measured to the folder. Every scenario that is there before or after is written: an unchanged one
 * gets the same bytes. */
enum err gate_update(struct gate *gate, const struct results *results, struct problem *why) MUST_CHECK;

#endif
