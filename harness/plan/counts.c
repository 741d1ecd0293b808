#include "harness/plan/plan.h"

void plan_counts_add(struct plan_counts *counts, const struct plan_op *op)
{
    counts->by_verb[op->verb]++;
    switch (op->verb) {
    case PLAN_META:
    case PLAN_POOL:
    case PLAN_RUNG:
    case PLAN_SHUTDOWN:
    case PLAN_THREAD:
        return;
    default:
        counts->ops++;
    }
}
