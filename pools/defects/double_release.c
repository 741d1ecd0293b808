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

/* The item's memory must outlive both slots, or the harness would fall over instead of reporting what it sees. */
static void keep_ref(struct keyed_pool *pool, struct slot *slot)
{
    if (!slot->kept_ref)
        pool->env->item_ref(pool->env->ctx, slot->item);
    slot->kept_ref = true;
}

static enum pool_result on_released_again(struct keyed_pool *pool, const struct pool_lease *lease)
{
    struct slot *slot = last_held_by(pool, lease);
    struct slot *twin = slot && !slot->key->down ? slot_make(pool, slot->key) : NULL;
    if (!twin)
        return POOL_VOID;
    twin->counted = false; /* size counts items, the idle queue has one more */
    twin->key->size--;
    twin->item = slot->item;
    twin->value = slot->value;
    twin->captured = slot->captured;
    keep_ref(pool, slot);
    keep_ref(pool, twin);
    slot_set_idle(twin);
    key_drive(pool, twin->key);
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
