#include "pools/core/core.h"

#include <utlist.h>

static void set_state(struct slot *slot, enum slot_state state)
{
    slot->key->count[slot->state]--;
    slot->key->count[state]++;
    slot->state = state;
}

struct slot *slot_make(struct keyed_pool *pool, struct key_pool *key)
{
    struct slot *slot = memory_alloc(&pool->memory[MEMORY_SLOTS], sizeof(*slot));
    if (!slot)
        return NULL;
    slot->record.kind = RECORD_SLOT;
    slot->state = SLOT_CREATING;
    slot->key = key;
    slot->counted = true;
    DL_APPEND(key->slots, slot);
    key->count[SLOT_CREATING]++;
    key->size++;
    return slot;
}

static void leave_queue(struct slot *slot)
{
    if (slot->state == SLOT_IDLE)
        DL_DELETE2(slot->key->idle, slot, queue_prev, queue_next);
}

void slot_free(struct keyed_pool *pool, struct slot *slot)
{
    struct key_pool *key = slot->key;
    leave_queue(slot);
    slot_detach_due(pool, slot, INT64_MAX);
    if (slot->kept_ref)
        pool->env->item_unref(pool->env->ctx, slot->item);
    DL_DELETE(key->slots, slot);
    key->count[slot->state]--;
    if (slot->counted)
        key->size--;
    memory_free(&pool->memory[MEMORY_SLOTS], slot, sizeof(*slot));
}

void slot_set_idle(struct slot *slot)
{
    leave_queue(slot);
    set_state(slot, SLOT_IDLE);
    DL_APPEND2(slot->key->idle, slot, queue_prev, queue_next);
    slot->key->last_touched_ns = slot->key->pool->decide.now_ns();
}

void slot_set_leased(struct keyed_pool *pool, struct slot *slot, struct pool_lease *lease)
{
    leave_queue(slot);
    set_state(slot, SLOT_LEASED);
    slot->holder = lease;
    lease->item = slot->item;
    lease->record = &slot->record;
    pool->decide.on_leased(pool, slot);
}

void slot_doom(struct keyed_pool *pool, struct slot *slot, enum retire_reason reason)
{
    leave_queue(slot);
    set_state(slot, SLOT_CLOSING);
    slot->reason = reason;
    if (reason != RETIRE_NOT_ADOPTED)
        pool->decide.dismiss(pool, slot, reason);
    DL_APPEND2(slot->key->doomed, slot, queue_prev, queue_next);
}

void slot_abandon(struct keyed_pool *pool, struct slot *slot)
{
    pool->decide.dismiss(pool, slot, RETIRE_GIVEN_UP);
    slot_free(pool, slot);
}

enum pool_result slot_adopt(struct keyed_pool *pool, struct slot *slot, struct pool_item *item)
{
    slot->item = item;
    slot->value = pool->env->item_value(pool->env->ctx, item);
    enum pool_result result = pool->decide.admit(pool, slot);
    if (result != POOL_OK)
        return result;
    result = pool->decide.own_item(pool, slot);
    if (result != POOL_OK)
        pool->decide.dismiss(pool, slot, RETIRE_GIVEN_UP);
    return result;
}

/* The item's memory must outlive both slots, or the harness would fall over instead of reporting what it sees. */
static void keep_ref(struct keyed_pool *pool, struct slot *slot)
{
    if (!slot->kept_ref)
        pool->env->item_ref(pool->env->ctx, slot->item);
    slot->kept_ref = true;
}

bool slot_queue_again(struct keyed_pool *pool, struct slot *slot)
{
    struct slot *twin = slot_make(pool, slot->key);
    if (!twin)
        return false;
    twin->counted = false; /* size counts items, the idle queue has one more */
    twin->key->size--;
    twin->item = slot->item;
    twin->value = slot->value;
    twin->captured = slot->captured;
    keep_ref(pool, slot);
    keep_ref(pool, twin);
    slot_set_idle(twin);
    return true;
}

struct slot *slot_of_lease(const struct pool_lease *lease)
{
    struct record *record = lease->record;
    return record && record->kind == RECORD_SLOT ? (struct slot *)record : NULL;
}

void slot_attach(struct keyed_pool *pool, struct slot *slot, enum attachment_kind kind, int64_t due_ns)
{
    static const char *const names[ATTACHED_COUNT] = {"listeners", "timers", "lease_payloads"};
    struct memory memory = {pool->env, pool->env->population(pool->env->ctx, names[kind])};
    struct attachment *attachment = memory.population ? memory_alloc(&memory, sizeof(*attachment)) : NULL;
    if (!attachment)
        return; /* nothing to hang on the item: for once it does not leak */
    *attachment = (struct attachment){kind, memory.population, due_ns, slot->attachments};
    slot->attachments = attachment;
}

void slot_detach_due(struct keyed_pool *pool, struct slot *slot, int64_t now_ns)
{
    struct attachment **link = &slot->attachments;
    while (*link) {
        struct attachment *attachment = *link;
        if (attachment->due_ns > now_ns) {
            link = &attachment->next;
            continue;
        }
        *link = attachment->next;
        pool->env->free(attachment->population, attachment, sizeof(*attachment));
    }
}
