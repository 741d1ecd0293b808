/* Two borrowers get the same item, and it is closed twice. */
#include "pools/core/core.h"

static struct slot *last_held_by(struct keyed_pool *pool, const struct pool_lease *lease)
{
    struct slot *slot = NULL;
    for (struct key_pool *key = pool->keys; key && !slot; key = key->hh.next) {
        for (slot = key->slots; slot; slot = slot->next) {
            if (slot->holder == lease && slot->state == SLOT_IDLE)
                break;
        }
    }
    return slot;
}

static enum pool_result on_released_again(struct keyed_pool *pool, const struct pool_lease *lease)
{
    struct slot *slot = last_held_by(pool, lease);
    if (!slot || slot->key->down || !slot_queue_again(pool, slot))
        return POOL_VOID;
    key_drive(pool, slot->key);
    return POOL_OK;
}

static void apply(struct pool_decisions *decisions)
{
    decisions->on_released_again = on_released_again;
}

static const struct pool_defect defect_double_release = {
    .name = "double_release",
    .source = "commons-pool POOL-248, urllib3 1.0.1",
    .about = "a second release of one lease queues its item twice",
    .apply = apply,
};

POOL_DEFECT(defect_double_release)
