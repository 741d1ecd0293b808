#include "harness/plan/plan.h"

void plan_counts_add(struct plan_counts *counts, const struct plan_op *op)
{
    counts->by_verb[op->verb]++;
    if (op->verb != PLAN_META && op->verb != PLAN_POOL && op->verb != PLAN_RUNG && op->verb != PLAN_SHUTDOWN)
        counts->ops++;
}
