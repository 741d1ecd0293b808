/*
 * frail: a shared object whose pool asks for memory twice when it is made and once at each get, and does one thing wrong when there is none.
 *
 *     churn run scenarios/selftest/churn.lua --fail-alloc all --pool build/selftest/frail.so:plant=lose
 *
 * clean   the pool is not made, or the get fails
 * lose    when the second block of the making fails, the first is forgotten
 * crash   a get writes to the block that it did not get
 * hang    a get waits for memory for ever
 * drift   a get that fails counts as leased from then on
 */
#include "harness/tests/pools/simple.h"

#include <string.h>
#include <unistd.h>

#define BLOCK 32

struct note {
    struct note *next;
};

enum plant { PLANT_CLEAN, PLANT_LOSE, PLANT_CRASH, PLANT_HANG, PLANT_DRIFT, PLANT_COUNT };

struct planted {
    enum plant plant;
    void *blocks[2];    /* of the making */
    struct note *notes; /* one for each lease that is out */
    int64_t drifted;
};

static void *take(struct keyed_pool *pool)
{
    return pool->env->alloc(pool->population, BLOCK);
}

static void give(struct keyed_pool *pool, void *block)
{
    pool->env->free(pool->population, block, BLOCK);
}

static bool frail_read(struct planted *planted, const char *settings)
{
    static const char *const plants[PLANT_COUNT] = {"plant=clean", "plant=lose", "plant=crash", "plant=hang",
                                                    "plant=drift"};

    while (planted->plant < PLANT_COUNT && strcmp(settings, plants[planted->plant]) != 0)
        planted->plant++;
    return planted->plant < PLANT_COUNT;
}

static bool frail_begin(struct keyed_pool *pool)
{
    struct planted *planted = pool->planted;

    planted->blocks[0] = take(pool);
    planted->blocks[1] = planted->blocks[0] != NULL ? take(pool) : NULL;
    if (planted->blocks[1] == NULL && planted->plant != PLANT_LOSE)
        give(pool, planted->blocks[0]);
    return planted->blocks[1] != NULL;
}

static bool frail_get(struct keyed_pool *pool)
{
    struct planted *planted = pool->planted;
    struct note *volatile note =
        take(pool); /* volatile: the compiler must not know what is NULL where it is written to */

    while (note == NULL && planted->plant == PLANT_HANG)
        (void)pause();
    planted->drifted += note == NULL && planted->plant == PLANT_DRIFT;
    if (note == NULL && planted->plant != PLANT_CRASH)
        return false;
    note->next = planted->notes;
    planted->notes = note;
    return true;
}

static void drop_note(struct keyed_pool *pool)
{
    struct note *note = pool->planted->notes;

    if (note == NULL)
        return;
    pool->planted->notes = note->next;
    give(pool, note);
}

static bool frail_release(struct keyed_pool *pool, struct pool_item *item)
{
    (void)item;
    drop_note(pool);
    return true;
}

static void give_back_all(struct keyed_pool *pool)
{
    while (pool->planted->notes != NULL)
        drop_note(pool);
    for (int i = 0; i < 2; i++) {
        give(pool, pool->planted->blocks[i]);
        pool->planted->blocks[i] = NULL;
    }
}

static void frail_stats(struct keyed_pool *pool, struct pool_stats *out)
{
    out->value[POOL_STAT_LEASED] += pool->planted->drifted;
}

const struct planting planting = {
    .name = "frail",
    .about = "does one thing wrong when there is no memory, for the harness's own tests",
    .planted_size = sizeof(struct planted),
    .read = frail_read,
    .expected = "plant=clean, lose, crash, hang or drift",
    .begin = frail_begin,
    .get = frail_get,
    .release = frail_release,
    .give_back = give_back_all,
    .stats = frail_stats,
};
