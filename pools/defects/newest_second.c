/* Taking the first out of the queue moves the last into its place: the newest caller is served second, and those in the
 * middle wait. */
#include "pools/core/core.h"

#include <utlist.h>

static struct pool_lease *deliver(struct keyed_pool *pool, struct key_pool *key, struct slot *slot)
{
    struct pool_lease *lease = pool_decisions_right.deliver(pool, key, slot);
    if (key->waiters) {
        struct waiter *last = key->waiters->prev;
        DL_DELETE(key->waiters, last);
        DL_PREPEND(key->waiters, last);
    }
    return lease;
}

static void apply(struct pool_decisions *decisions)
{
    decisions->deliver = deliver;
}

static const struct pool_defect defect_newest_second = {
    .name = "newest_second",
    .source = "true-async/php-async #235, PR 236",
    .about = "the newest of those who wait is served second",
    .apply = apply,
};

POOL_DEFECT(defect_newest_second)
