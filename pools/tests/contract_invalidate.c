/* The contract, part two: an invalidated item is never lent again, is closed once, and its room is used. */
#include "pools/tests/rig.h"

CONTRACT(a_leased_item_that_was_invalidated_is_closed_when_it_comes_back)
{
    struct rig rig; /* HikariCP #2157 */
    struct loan a = {0};
    rig_open(&rig, ops, (struct shape){.max = 2, .ttl_ns = NEVER});
    lend(&rig, &a, "k");
    uint64_t first = loan_identity(&a);
    EXPECT_RESULT(loan_invalidate(&a), POOL_OK);
    EXPECT_COUNT(&rig, WORLD_DESTROYED, 0);
    EXPECT_RESULT(loan_release(&a), POOL_OK);
    EXPECT_COUNT(&rig, WORLD_DESTROYED, 1);
    EXPECT_STAT(&rig, POOL_STAT_SIZE, 0);
    rig_check(&rig);
    lend(&rig, &a, "k");
    cr_expect_neq(loan_identity(&a), first);
    rig_close(&rig);
}

static void add_up(void *ctx, const char *key, const struct pool_stats *stats)
{
    struct pool_stats *sum = ctx;
    cr_expect(strcmp(key, "k") == 0 || strcmp(key, "j") == 0 || strcmp(key, "i") == 0, "%s", key);
    for (size_t i = 0; i < POOL_STAT_COUNT; i++)
        sum->value[i] += stats->value[i];
}

/* set_ops belong to no key, and owner's members stand in one index. */
CONTRACT(what_the_keys_count_is_what_the_pool_counts)
{
    struct rig rig;
    struct loan a = {0}, b = {0}, c = {0};
    struct pool_stats sum = {{0}};
    if (!ops->stats_by_key)
        cr_skip_test("%s tells nothing of its keys", ops->name);
    rig_open(&rig, ops, (struct shape){.max = 1, .ttl_ns = NEVER});
    lend(&rig, &a, "k");
    lend(&rig, &b, "j");
    EXPECT_RESULT(loan_get(&rig, &c, "j"), POOL_PENDING);
    churn_once(&rig, &(struct loan){0}, "i");
    int64_t set_ops = rig_stat(&rig, POOL_STAT_SET_OPS);
    ops->stats_by_key(rig.pool, add_up, &sum);
    cr_expect_eq(sum.value[POOL_STAT_LEASED], 2);
    for (int i = 0; i < POOL_STAT_COUNT; i++)
        if (i != POOL_STAT_SET_OPS && (i != POOL_STAT_MEMBERS || strcmp(ops->name, "owner") != 0))
            EXPECT_STAT(&rig, (enum pool_stat)i, sum.value[i]);
    EXPECT_STAT(&rig, POOL_STAT_SET_OPS, set_ops);
    EXPECT_RESULT(loan_cancel(&c), POOL_OK);
    loan_release(&a);
    loan_release(&b);
    loan_drop(&a);
    loan_drop(&b);
    rig_close(&rig);
}

CONTRACT(it_is_replaced_below_min)
{
    struct rig rig;
    struct loan a = {0};
    rig_open(&rig, ops, (struct shape){.min = 2, .max = 2, .ttl_ns = NEVER});
    churn_once(&rig, &a, "k");
    EXPECT_COUNT(&rig, WORLD_CREATED, 3);
    EXPECT_COUNT(&rig, WORLD_DESTROYED, 1);
    EXPECT_STAT(&rig, POOL_STAT_SIZE, 2);
    rig_check(&rig);
    rig_close(&rig);
}

CONTRACT(an_idle_item_that_was_invalidated_is_not_lent)
{
    struct rig rig;
    struct loan a = {0};
    rig_open(&rig, ops, (struct shape){.max = 1, .ttl_ns = NEVER});
    lend(&rig, &a, "k");
    uint64_t first = loan_identity(&a);
    loan_release(&a);
    EXPECT_RESULT(loan_invalidate(&a), POOL_OK);
    cr_expect_leq(world_count(rig.world, WORLD_DESTROYED), 1);
    lend(&rig, &a, "k");
    cr_expect_neq(loan_identity(&a), first);
    EXPECT_COUNT(&rig, WORLD_DESTROYED, 1);
    EXPECT_STAT(&rig, POOL_STAT_IDLE_DEAD, 0);
    rig_check(&rig);
    rig_close(&rig);
}

CONTRACT(all_idle_items_invalid_is_no_endless_loop)
{
    struct rig rig; /* zio PR 6834: created 4, destroyed 2 */
    struct loan a = {0}, b = {0};
    rig_open(&rig, ops, (struct shape){.min = 2, .max = 2, .ttl_ns = NEVER});
    lend(&rig, &a, "k");
    lend(&rig, &b, "k");
    loan_release(&a);
    loan_release(&b);
    loan_invalidate(&a);
    loan_invalidate(&b);
    loan_drop(&b);
    lend(&rig, &a, "k");
    EXPECT_COUNT(&rig, WORLD_CREATED, 4);
    EXPECT_COUNT(&rig, WORLD_DESTROYED, 2);
    rig_check(&rig);
    rig_close(&rig);
}

CONTRACT(invalidating_twice_closes_once)
{
    struct rig rig;
    struct loan a = {0}, b = {0};
    rig_open(&rig, ops, (struct shape){.max = 1, .ttl_ns = NEVER});
    lend(&rig, &b, "other");
    lend(&rig, &a, "k");
    EXPECT_RESULT(loan_invalidate(&a), POOL_OK);
    EXPECT_RESULT(loan_invalidate(&a), POOL_OK);
    loan_release(&a);
    EXPECT_COUNT(&rig, WORLD_DESTROYED, 1);
    EXPECT_RESULT(loan_invalidate(&a), POOL_OK); /* again, after its owner is done with it */
    loan_drop(&a);
    lend(&rig, &a, "k");
    loan_release(&a);
    EXPECT_COUNT(&rig, WORLD_DESTROYED, 1);
    rig_check(&rig);
    loan_drop(&a);
    rig_close(&rig);
}

CONTRACT(a_foreign_value_harms_nothing)
{
    struct rig rig;
    struct loan a = {0};
    rig_open(&rig, ops, (struct shape){.max = 1, .ttl_ns = NEVER});
    struct pool_item *foreign = world_value_make(rig.world, "foreign");
    cr_assert_not_null(foreign);
    lend(&rig, &a, "k");
    EXPECT_RESULT(ops->invalidate(rig.pool, foreign), POOL_OK);
    world_item_drop(rig.world, foreign);
    loan_release(&a);
    EXPECT_COUNT(&rig, WORLD_DESTROYED, 0);
    EXPECT_STAT(&rig, POOL_STAT_IDLE, 1);
    loan_drop(&a);
    rig_close(&rig);
}

CONTRACT(room_freed_by_an_invalid_item_serves_a_waiter)
{
    struct rig rig; /* commons-pool POOL-240 */
    struct loan a = {0}, waits = {0};
    rig_open(&rig, ops, (struct shape){.max = 1, .ttl_ns = NEVER});
    lend(&rig, &a, "k");
    EXPECT_RESULT(loan_get(&rig, &waits, "k"), POOL_PENDING);
    loan_invalidate(&a);
    loan_release(&a);
    EXPECT_RESULT(loan_now(&waits), POOL_OK);
    cr_expect_neq(loan_identity(&waits), loan_identity(&a));
    rig_check(&rig);
    loan_drop(&a);
    rig_close(&rig);
}

CONTRACT(ten_callers_through_one_invalidated_item_each)
{
    struct rig rig; /* zio #8820: completed 10, created 10, destroyed 10 */
    struct loan loans[10] = {0};
    rig_open(&rig, ops, (struct shape){.max = 1, .ttl_ns = NEVER});
    for (int i = 0; i < 10; i++)
        EXPECT_RESULT(loan_get(&rig, &loans[i], "k"), i == 0 ? POOL_OK : POOL_PENDING);
    for (int i = 0; i < 10; i++) {
        EXPECT_RESULT(loan_now(&loans[i]), POOL_OK);
        loan_invalidate(&loans[i]);
        loan_release(&loans[i]);
        loan_drop(&loans[i]);
        rig_check(&rig);
    }
    EXPECT_COUNT(&rig, WORLD_CREATED, 10);
    EXPECT_COUNT(&rig, WORLD_DESTROYED, 10);
    rig_close(&rig);
}

/* ---- the same item in several keys ------------------------------------------------------------------------------- */

CONTRACT(a_shared_item_is_a_member_of_both_keys)
{
    struct rig rig;
    struct loan a = {0}, b = {0};
    rig_open(&rig, ops, (struct shape){.max = 1, .ttl_ns = NEVER});
    lend(&rig, &a, "a");
    EXPECT_RESULT(loan_share(&a, "b"), POOL_OK);
    EXPECT_RESULT(loan_share(&a, "b"), POOL_VOID);
    EXPECT_RESULT(loan_share(&a, "a"), POOL_VOID);
    EXPECT_COUNT(&rig, WORLD_HOLDS, 2);
    EXPECT_COUNT(&rig, WORLD_OPEN, 1);
    lend(&rig, &b, "b");
    cr_expect_eq(loan_identity(&a), loan_identity(&b));
    EXPECT_RESULT(loan_release(&b), POOL_OK);
    EXPECT_RESULT(loan_release(&a), POOL_OK);
    EXPECT_RESULT(loan_share(&a, "c"), POOL_VOID);
    rig_check(&rig);
    loan_drop(&a);
    loan_drop(&b);
    rig_close(&rig);
}

CONTRACT(invalidating_a_shared_item_reaches_every_key)
{
    struct rig rig; /* the objection in the review of zio PR 7356 */
    struct loan a = {0}, other = {0};
    char name[32];
    rig_open(&rig, ops, (struct shape){.max = 1, .ttl_ns = NEVER});
    lend(&rig, &a, "k0");
    for (int i = 1; i < 4; i++)
        EXPECT_RESULT(loan_share(&a, key_name(i, name)), POOL_OK);
    EXPECT_COUNT(&rig, WORLD_HOLDS, 4);
    loan_invalidate(&a);
    EXPECT_RESULT(loan_share(&a, "k9"), POOL_VOID);
    loan_release(&a);
    for (int i = 0; i < 4; i++) {
        lend(&rig, &other, key_name(i, name));
        cr_expect_neq(loan_identity(&other), loan_identity(&a), "%s: stale in key %d", ops->name, i);
        loan_release(&other);
        loan_drop(&other);
    }
    EXPECT_COUNT(&rig, WORLD_DESTROYED, 1);
    EXPECT_COUNT(&rig, WORLD_HOLDS, 4);
    rig_check(&rig);
    loan_drop(&a);
    rig_close(&rig);
}

/* ---- any order of calls ------------------------------------------------------------------------------------------ */

static void do_something(struct rig *rig, struct rng *rng, struct loan *loans)
{
    char name[32];
    struct loan *loan = &loans[rng_below(rng, LOANS)];
    const char *key = key_name((int)rng_below(rng, 3), name);
    bool out = loan->lease.record != NULL;
    switch (rng_below(rng, 10)) {
    case 0 ... 3:
        if (!out)
            (void)loan_get(rig, loan, key);
        break;
    case 4 ... 5:
        (void)loan_release(loan);
        break;
    case 6:
        (void)loan_cancel(loan);
        break;
    case 7:
        if (loan->lease.item || loan->item)
            (void)loan_invalidate(loan);
        break;
    case 8:
        if (rig->ops->share)
            (void)loan_share(loan, key);
        break;
    default:
        rng_below(rng, 2) ? rig_slow(rig, key) : rig_quick(rig, key);
        rig_fail(rig, key, (int64_t)rng_below(rng, 2));
        rig_complete(rig);
        rig->ops->maintain(rig->pool);
    }
}

CONTRACT(any_order_of_calls_keeps_the_invariants)
{
    struct loan loans[LOANS];
    struct rng rng;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        struct rig rig;
        rng_init(&rng, seed);
        rig_open(&rig, ops, (struct shape){.min = seed % 3, .max = 3 + seed % 4, .ttl_ns = seed % 2 ? 0 : NEVER});
        memset(loans, 0, sizeof(loans));
        for (int i = 0; i < LOANS; i++)
            loans[i].rig = &rig;
        for (int i = 0; i < 500; i++) {
            do_something(&rig, &rng, loans);
            rig_check(&rig);
        }
        for (int i = 0; i < LOANS; i++)
            loan_drop(&loans[i]);
        rig_close(&rig);
    }
}
