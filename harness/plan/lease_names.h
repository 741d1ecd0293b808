/* Which lease names a plan file has used so far, so that an operation on one that no get named is the file's error, with
 * its line, and not the subject's. Memory grows with the number of different names only. */
#ifndef CHURN_PLAN_LEASE_NAMES_H
#define CHURN_PLAN_LEASE_NAMES_H

#include "harness/plan/plan.h"

struct lease_name;

/* `*names` starts as NULL. ERR_INPUT: the operation uses a name that no get before it named. */
enum err lease_names_check(struct lease_name **names, const struct plan_op *op, struct problem *why) MUST_CHECK;
void lease_names_free(struct lease_name **names);

#endif
