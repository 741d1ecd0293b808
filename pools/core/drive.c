/*
 * The one place that decides what happens next to a key. Every change of state ends here: choose a step under the lock,
 * carry it out without the lock, note the outcome, and again until there is nothing to do. So an item that became idle
 * always meets the waiter that came a moment before, whichever thread brought it.
 */
#include "pools/core/core.h"

#include <utlist.h>

enum step_kind { STEP_NONE, STEP_ANSWER, STEP_CREATE, STEP_CLOSE };

struct step {
    enum step_kind kind;
    struct slot *slot;        /* create, close */
    struct pool_lease *lease; /* answer; NULL: nobody to tell */
    struct pool_item *item;   /* create: what came out */
    enum pool_result result;  /* answer: what to say; create, close: what came out */
};

static struct step answer(struct pool_lease *lease, enum pool_result result)
{
    return (struct step){.kind = STEP_ANSWER, .lease = lease, .result = result};
}

static struct step close_first_doomed(struct key_pool *key)
{
    struct slot *slot = key->doomed;
    DL_DELETE2(key->doomed, slot, queue_prev, queue_next);
    return (struct step){.kind = STEP_CLOSE, .slot = slot};
}

static bool wants_creation(const struct keyed_pool *pool, const struct key_pool *key)
{
    if (key->size >= pool->max)
        return false;
    return key->waiting > key->count[SLOT_CREATING] || (key->size < pool->min && !key->fill_stopped);
}

static struct step start_creation(struct keyed_pool *pool, struct key_pool *key)
{
    bool wanted = key->waiting > key->count[SLOT_CREATING];
    struct slot *slot = slot_make(pool, key);
    if (slot) {
        slot->wanted = wanted;
        return (struct step){.kind = STEP_CREATE, .slot = slot};
    }
    key->fill_stopped = true;
    return key->waiters ? answer(waiter_pop(pool, key), POOL_NO_MEMORY) : (struct step){.kind = STEP_NONE};
}

static struct step choose_when_down(struct keyed_pool *pool, struct key_pool *key)
{
    if (key->waiters && pool->decide.closes_waiters(pool, key))
        return answer(waiter_pop(pool, key), POOL_CLOSED);
    if (key->idle)
        slot_doom(pool, key->idle, RETIRE_GIVEN_UP);
    if (key->doomed)
        return close_first_doomed(key);
    if (!key->slots && !key->drained) {
        key->drained = true;
        if (pool->down)
            pool->undrained--;
    }
    return (struct step){.kind = STEP_NONE};
}

static struct step choose(struct keyed_pool *pool, struct key_pool *key)
{
    if (key->down)
        return choose_when_down(pool, key);
    if (key->failures > 0 && key->waiters) {
        key->failures--;
        return answer(waiter_pop(pool, key), POOL_FAILED); /* the next waiter gets an attempt of its own */
    }
    key->failures = 0;
    while (key->waiters && key->idle) {
        if (pool->decide.is_valid(pool, key->idle))
            return answer(pool->decide.deliver(pool, key, key->idle), POOL_OK);
        slot_doom(pool, key->idle, RETIRE_INVALID_IDLE);
    }
    if (key->doomed) /* before creating: a closed connection makes room for a new one */
        return close_first_doomed(key);
    if (wants_creation(pool, key))
        return start_creation(pool, key);
    return (struct step){.kind = STEP_NONE};
}

static void carry_out(struct keyed_pool *pool, const struct key_pool *key, struct step *step)
{
    switch (step->kind) {
    case STEP_ANSWER:
        if (step->lease)
            pool->env->lease_done(pool->env->ctx, step->lease, step->result);
        break;
    case STEP_CREATE:
        step->result = pool->env->create(pool->env->ctx, key->name, step->slot, &step->item);
        break;
    case STEP_CLOSE:
        step->result = pool->decide.close_item(pool, step->slot);
        break;
    case STEP_NONE:
        break;
    }
}

static void slot_end(struct keyed_pool *pool, struct slot *slot, enum pool_result result)
{
    if (!pool->decide.frees_room(pool, slot, result))
        slot->counted = false; /* the slot goes, its place in key->size stays */
    slot_free(pool, slot);
}

void creation_end(struct keyed_pool *pool, struct slot *slot, enum pool_result result, struct pool_item *item)
{
    struct key_pool *key = slot->key;
    if (result == POOL_OK && slot_adopt(pool, slot, item) == POOL_OK) {
        if (pool->decide.on_created(pool, slot) == FATE_ABANDON)
            slot_abandon(pool, slot);
        else
            slot_set_idle(slot);
        return;
    }
    key->failures++;
    key->fill_stopped = true;
    if (result == POOL_OK) {
        slot_doom(pool, slot, RETIRE_NOT_ADOPTED);
        return;
    }
    slot_end(pool, slot, result);
}

/* False: nobody looks further. */
static bool note_outcome(struct keyed_pool *pool, struct key_pool *key, const struct step *step)
{
    if (step->kind == STEP_CREATE && step->result != POOL_PENDING)
        creation_end(pool, step->slot, step->result, step->item);
    if (step->kind != STEP_CLOSE)
        return true;
    enum retire_reason reason = step->slot->reason;
    slot_end(pool, step->slot, step->result);
    return pool->decide.drives_on(pool, key, reason);
}

void key_drive(struct keyed_pool *pool, struct key_pool *key)
{
    bool more = true;
    pool->drivers++;
    key->drivers++;
    while (more) {
        struct step step = choose(pool, key);
        if (step.kind == STEP_NONE)
            break;
        pool_unlock(pool);
        carry_out(pool, key, &step);
        pool_lock(pool);
        more = note_outcome(pool, key, &step);
    }
    key->drivers--;
    pool->drivers--;
}

void pool_touch(struct keyed_pool *pool, struct key_pool *key)
{
    if (key->touched)
        return;
    key->touched = true;
    DL_APPEND2(pool->touched, key, touched_prev, touched_next);
}

void pool_drive_touched(struct keyed_pool *pool)
{
    pool->drivers++;
    while (pool->touched) {
        struct key_pool *key = pool->touched;
        DL_DELETE2(pool->touched, key, touched_prev, touched_next);
        key->touched = false;
        key_drive(pool, key);
    }
    pool->drivers--;
}
