/* One record and one finalizer for every key that was ever asked for. */
#include "pools/core/core.h"

static bool may_forget(struct keyed_pool *pool, const struct key_pool *key)
{
    (void)pool;
    (void)key;
    return false;
}

static void apply(struct pool_decisions *decisions)
{
    decisions->may_forget = may_forget;
}

static const struct pool_defect defect_keys_kept = {
    .name = "keys_kept",
    .source = "pgbouncer PR 1491, ZKeyedPool",
    .about = "a key that nobody uses is never forgotten",
    .only = "owner",
    .apply = apply,
};

POOL_DEFECT(defect_keys_kept)
