/* The order of the passes. Rounds of them until one changes nothing, for a smaller plan may let a pass do what it could not before. */
#include "harness/shrink/shrink_internal.h"

#include <stdlib.h>
#include <string.h>

bool shrink_may_leave_out(const struct plan_op *op)
{
    static const char schedule[] = "schedule ";
    if (op->verb == PLAN_META)
        return strncmp(op->text, schedule, sizeof(schedule) - 1) == 0;
    return op->verb != PLAN_POOL;
}

size_t shrink_size(const struct plan *plan)
{
    size_t size = 0;
    for (size_t i = 0; i < plan->count; i++)
        size += shrink_may_leave_out(&plan->ops[i]);
    return size;
}

void shrink_copy(struct shrink *shrink)
{
    memcpy(shrink->candidate.ops, shrink->plan->ops, shrink->plan->count * sizeof(*shrink->plan->ops));
    shrink->candidate.count = shrink->plan->count;
}

enum err shrink_try(struct shrink *shrink, bool *shows)
{
    *shows = false;
    enum err err = shrink->shows(shrink->ctx, &shrink->candidate, shows, shrink->why);
    if (err != ERR_NONE || !*shows)
        return err;
    memcpy(shrink->plan->ops, shrink->candidate.ops, shrink->candidate.count * sizeof(*shrink->plan->ops));
    shrink->plan->count = shrink->candidate.count;
    shrink->changed = true;
    return plan_find_owners(shrink->plan, shrink->owners, shrink->why);
}

/* Large parts first. The single operations come after all that may change a plan: when a round changes nothing, its last
 * pass has shown that none can be left out. */
static enum err one_round(struct shrink *shrink)
{
    enum err err = shrink_rename(shrink); /* first: a release that is left out must not leave its lease's name in use */
    for (enum part part = PART_STRETCH; err == ERR_NONE && part <= PART_OP; part++)
        err = shrink_remove(shrink, part);
    return err == ERR_NONE ? shrink_simplify(shrink) : err;
}

enum err shrink_plan(struct plan *plan, shrink_shows_fn shows, void *ctx, struct problem *why)
{
    struct shrink shrink = {.plan = plan, .shows = shows, .ctx = ctx, .why = why};
    enum err err = ERR_NONE;
    shrink.candidate.ops = calloc(plan->count + 1, sizeof(*plan->ops));
    shrink.owners = calloc(plan->count + 1, sizeof(*shrink.owners));
    if (shrink.candidate.ops == NULL || shrink.owners == NULL)
        err = problem_set(why, ERR_MEMORY, "out of memory while shrinking a plan");
    if (err == ERR_NONE)
        err = plan_find_owners(plan, shrink.owners, why);
    do {
        shrink.changed = false;
        if (err == ERR_NONE)
            err = one_round(&shrink);
    } while (err == ERR_NONE && shrink.changed);
    plan_free(&shrink.candidate);
    free(shrink.owners);
    return err;
}
