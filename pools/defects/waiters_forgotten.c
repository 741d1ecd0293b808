/*
 * There is one place to wait, and who comes later takes it: cheatfate/asyncpg overwrote the future of the first caller with that
 * of the second. Here the others are forgotten at the moment when the last one is served; they wait for ever.
 */
#include "pools/core/core.h"

static struct pool_lease *deliver(struct keyed_pool *pool, struct key_pool *key, struct slot *slot)
{
    while (key->waiting > 1)
        (void)waiter_pop(pool, key);
    return pool_decisions_right.deliver(pool, key, slot);
}

static void apply(struct pool_decisions *decisions)
{
    decisions->deliver = deliver;
}

static const struct pool_defect defect_waiters_forgotten = {
    .name = "waiters_forgotten",
    .source = "cheatfate/asyncpg #6",
    .about = "of several callers that wait only the last is served, and the others are forgotten",
    .apply = apply,
};

POOL_DEFECT(defect_waiters_forgotten)
