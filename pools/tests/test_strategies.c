/* What each strategy must hold after how many invalidations: formulas of docs/pools.md, never numbers from a run. */
#include "pools/tests/rig.h"

static const struct keyed_pool_ops *pool_named(const char *name)
{
    const struct keyed_pool_ops *ops = pool_registry_find(name);
    cr_assert_not_null(ops);
    return ops;
}

/* K keys with one item each, N rounds of get, invalidate, release over the keys in turn, then each key once more. */
static void run_rounds(struct rig *rig, int keys, int rounds)
{
    struct loan loan = {0};
    char name[32];
    for (int i = 0; i < keys; i++) {
        lend(rig, &loan, key_name(i, name));
        loan_release(&loan);
    }
    for (int i = 0; i < rounds; i++)
        churn_once(rig, &loan, key_name(i % keys, name));
    for (int i = 0; i < keys; i++) {
        lend(rig, &loan, key_name(i, name));
        loan_release(&loan);
    }
    loan_drop(&loan);
}

static void open_fixed(struct rig *rig, const char *pool, const char *settings)
{
    rig_open(rig, pool_named(pool), (struct shape){.min = 1, .max = 1, .ttl_ns = NEVER, .settings = settings});
}

Test(strategies, broadcast_leaves_keys_less_one_an_invalidation)
{
    static const int keys[] = {1, 2, 8, 64};
    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        struct rig rig;
        int rounds = 300, k = keys[i];
        open_fixed(&rig, "broadcast", "");
        run_rounds(&rig, k, rounds);
        EXPECT_STAT(&rig, POOL_STAT_TOMBSTONES, rounds * (k - 1));
        EXPECT_STAT(&rig, POOL_STAT_TOMBSTONES_FOREIGN, rounds * (k - 1));
        EXPECT_COUNT(&rig, WORLD_DEAD_RETAINED, k > 1 ? rounds : 0);
        EXPECT_COUNT(&rig, WORLD_DESTROYED, rounds);
        EXPECT_STAT(&rig, POOL_STAT_MEMBERS, 0);
        rig_close(&rig);
    }
}

Test(strategies, the_others_hold_what_is_open)
{
    static const char *const pools[] = {"membership", "owner"};
    for (size_t i = 0; i < ARRAY_LEN(pools); i++) {
        struct rig rig;
        open_fixed(&rig, pools[i], "");
        run_rounds(&rig, 8, 300);
        EXPECT_STAT(&rig, POOL_STAT_MEMBERS, 8);
        EXPECT_STAT(&rig, POOL_STAT_TOMBSTONES, 0);
        EXPECT_COUNT(&rig, WORLD_DEAD_RETAINED, 0);
        EXPECT_COUNT(&rig, WORLD_OPEN, 8);
        EXPECT_COUNT(&rig, WORLD_DESTROYED, 300);
        rig_close(&rig);
    }
}

/* Measured on the real ZIO with K = 8 keys of one item and N = 1000 rounds: docs/pools.md. */
Test(strategies, three_versions_of_zio)
{
    static const struct {
        const char *pool, *settings;
        enum pool_stat stat;
        int64_t entries, finalizers, open;
    } versions[] = {
        {"broadcast", "finalizers=captured", POOL_STAT_TOMBSTONES, 7000, 8 + 1008, 1008}, /* 2.0.3 - 2.1.12 */
        {"membership", "finalizers=captured", POOL_STAT_MEMBERS, 8, 8 + 1008, 1008},      /* 2.1.13 */
        {"membership", "finalizers=item", POOL_STAT_MEMBERS, 8, 8, 8},                    /* 2.1.14 and later */
    };
    for (size_t i = 0; i < ARRAY_LEN(versions); i++) {
        struct rig rig;
        open_fixed(&rig, versions[i].pool, versions[i].settings);
        run_rounds(&rig, 8, 1000);
        EXPECT_COUNT(&rig, WORLD_CREATED, 1008);
        EXPECT_STAT(&rig, versions[i].stat, versions[i].entries);
        EXPECT_COUNT(&rig, WORLD_FINALIZERS, versions[i].finalizers);
        EXPECT_COUNT(&rig, WORLD_OPEN, versions[i].open);
        rig_close(&rig);
    }
}

Test(strategies, keys_that_appear_later_get_fewer_tombstones)
{
    struct rig rig;
    struct loan loan = {0}, idle = {0};
    char name[32];
    int n = 40;
    rig_open(&rig, pool_named("broadcast"), (struct shape){.max = 2, .ttl_ns = NEVER});
    for (int i = 0; i < n; i++) { /* one more key before each invalidation of an item of key 0 */
        lend(&rig, &idle, key_name(i, name));
        loan_release(&idle);
        churn_once(&rig, &loan, "k0");
    }
    EXPECT_STAT(&rig, POOL_STAT_TOMBSTONES, n * (n - 1) / 2); /* sum of K_i - 1 */
    EXPECT_COUNT(&rig, WORLD_DEAD_RETAINED, n - 1);
    loan_drop(&idle);
    rig_close(&rig);
}

Test(strategies, an_owner_that_never_touches_its_item_keeps_a_tombstone_too)
{
    struct rig rig;
    struct loan loans[20] = {0};
    char name[32];
    int keys = 4, n = 20;
    rig_open(&rig, pool_named("broadcast"), (struct shape){.max = 5, .ttl_ns = NEVER});
    for (int i = 0; i < n; i++)
        lend(&rig, &loans[i], key_name(i % keys, name));
    for (int i = 0; i < n; i++)
        loan_release(&loans[i]);
    for (int i = 0; i < n; i++) {
        loan_invalidate(&loans[i]);
        loan_drop(&loans[i]);
    }
    EXPECT_STAT(&rig, POOL_STAT_TOMBSTONES, n * keys);
    EXPECT_STAT(&rig, POOL_STAT_TOMBSTONES_FOREIGN, n * (keys - 1));
    EXPECT_STAT(&rig, POOL_STAT_IDLE_DEAD, n);
    EXPECT_COUNT(&rig, WORLD_OPEN, n);
    rig_close(&rig);
}

Test(strategies, foreign_values_leave_one_in_every_key)
{
    struct rig rig;
    char name[32];
    int keys = 8, n = 50;
    open_fixed(&rig, "broadcast", "");
    run_rounds(&rig, keys, 0);
    for (int i = 0; i < n; i++) {
        struct pool_item *value = world_value_make(rig.world, key_name(i, name));
        EXPECT_RESULT(rig.ops->invalidate(rig.pool, value), POOL_OK);
        EXPECT_RESULT(rig.ops->invalidate(rig.pool, value), POOL_OK); /* a set: twice is once */
        world_item_drop(rig.world, value);
    }
    EXPECT_STAT(&rig, POOL_STAT_TOMBSTONES, n * keys);
    EXPECT_COUNT(&rig, WORLD_DEAD_RETAINED, n);
    rig_close(&rig);
}

Test(strategies, invalidated_again_after_its_owner_is_done)
{
    struct rig rig;
    struct loan loan = {0};
    int keys = 8;
    open_fixed(&rig, "broadcast", "");
    run_rounds(&rig, keys, 0);
    lend(&rig, &loan, "k0");
    loan_invalidate(&loan);
    loan_invalidate(&loan);
    loan_release(&loan);
    EXPECT_STAT(&rig, POOL_STAT_TOMBSTONES, keys - 1);
    loan_invalidate(&loan);
    loan_drop(&loan);
    EXPECT_STAT(&rig, POOL_STAT_TOMBSTONES, keys);
    EXPECT_STAT(&rig, POOL_STAT_TOMBSTONES_FOREIGN, keys);
    EXPECT_COUNT(&rig, WORLD_DEAD_RETAINED, 1);
    rig_close(&rig);
}

Test(strategies, a_shared_item_leaves_keys_less_members)
{
    struct rig rig;
    struct loan loan = {0}, other = {0};
    char name[32];
    int keys = 8, members = 3;
    rig_open(&rig, pool_named("broadcast"), (struct shape){.max = 1, .ttl_ns = NEVER});
    for (int i = members; i < keys; i++) {
        lend(&rig, &other, key_name(i, name));
        loan_release(&other);
    }
    lend(&rig, &loan, "k0");
    for (int i = 1; i < members; i++)
        EXPECT_RESULT(loan_share(&loan, key_name(i, name)), POOL_OK);
    loan_invalidate(&loan);
    loan_release(&loan);
    loan_drop(&loan);
    for (int i = 1; i < members; i++) { /* every owner processes it */
        lend(&rig, &other, key_name(i, name));
        loan_release(&other);
    }
    EXPECT_STAT(&rig, POOL_STAT_TOMBSTONES, keys - members);
    loan_drop(&other);
    rig_close(&rig);
}

/* An identity that is used again: the tombstone of a dead item meets a healthy one (docs/pools.md, identities). */
static int64_t healthy_items_closed(const char *pool)
{
    struct rig rig;
    struct loan a = {0}, b = {0}, c = {0};
    rig_open(&rig, pool_named(pool), (struct shape){.max = 2, .ttl_ns = NEVER, .reuse_identities = true});
    lend(&rig, &b, "b");
    lend(&rig, &a, "a");
    loan_invalidate(&a);
    loan_release(&a); /* its identity is free, and a tombstone of that number stays in b */
    loan_drop(&a);
    lend(&rig, &c, "b");
    uint64_t reborn = loan_identity(&c);
    loan_release(&c); /* healthy, never invalidated */
    int64_t closed = world_count(rig.world, WORLD_DESTROYED) - 1;
    cr_expect_geq(reborn, 1);
    loan_drop(&c);
    rig_close(&rig);
    return closed;
}

Test(strategies, reused_identities_cost_broadcast_healthy_items)
{
    cr_expect_eq(healthy_items_closed("broadcast"), 1);
    cr_expect_eq(healthy_items_closed("membership"), 0);
    cr_expect_eq(healthy_items_closed("owner"), 0);
}

/* ---- equal items: docs/pools.md ---------------------------------------------------------------------------------- */

static uint64_t always_seven(void *ctx, const struct pool_item *item)
{
    (void)ctx;
    (void)item;
    return 7;
}

/* Three equal items are out, the first is invalidated, all come back, last first. How many were closed? */
static int64_t closed_of_three_equal(const char *pool, size_t min, struct rig *rig)
{
    struct loan loans[3] = {0};
    const struct shape shape = {.min = min, .max = 3, .ttl_ns = 0};
    rig_open_world(rig, pool_named(pool), shape);
    rig->env.item_value = always_seven;
    cr_assert_eq(rig_open_pool(rig, shape), POOL_OK);
    for (int i = 0; i < 3; i++)
        lend(rig, &loans[i], "k");
    EXPECT_RESULT(loan_invalidate(&loans[0]), POOL_OK);
    if (strcmp(pool, "broadcast") == 0) {
        EXPECT_STAT(rig, POOL_STAT_TOMBSTONES, 1);
        EXPECT_STAT(rig, POOL_STAT_TOMBSTONES_FOREIGN, 0);
    }
    for (int i = 2; i >= 0; i--) {
        EXPECT_RESULT(loan_release(&loans[i]), POOL_OK);
        loan_drop(&loans[i]);
    }
    return world_count(rig->world, WORLD_DESTROYED);
}

Test(strategies, equal_items_are_told_apart_by_owner_alone)
{
    static const struct {
        const char *pool;
        size_t min;
        int64_t closed;
    } cases[] = {
        {"broadcast", 0, 1},  /* the first that comes back, whichever it is */
        {"membership", 0, 3}, /* all of them */
        {"membership", 3, 1}, /* the replacement puts the value back: the other two are valid again */
        {"owner", 0, 1},      {"owner", 3, 1},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct rig rig;
        cr_expect_eq(closed_of_three_equal(cases[i].pool, cases[i].min, &rig), cases[i].closed, "%s, min %zu",
                     cases[i].pool, cases[i].min);
        rig_close(&rig);
    }
}

Test(strategies, owner_closes_the_very_item_among_equal_ones)
{
    struct rig rig;
    struct loan a = {0}, b = {0};
    const struct shape shape = {.max = 2, .ttl_ns = NEVER};
    rig_open_world(&rig, pool_named("owner"), shape); /* commons-pool POOL-283 */
    rig.env.item_value = always_seven;
    cr_assert_eq(rig_open_pool(&rig, shape), POOL_OK);
    lend(&rig, &a, "k");
    lend(&rig, &b, "k");
    loan_release(&a);
    EXPECT_RESULT(loan_invalidate(&b), POOL_OK);
    EXPECT_STAT(&rig, POOL_STAT_IDLE, 1);
    EXPECT_COUNT(&rig, WORLD_DESTROYED, 0);
    loan_release(&b);
    EXPECT_STAT(&rig, POOL_STAT_IDLE, 1);
    EXPECT_COUNT(&rig, WORLD_DESTROYED, 1);
    loan_drop(&b);
    lend(&rig, &b, "k");
    cr_expect_eq(loan_identity(&b), loan_identity(&a));
    loan_drop(&a);
    rig_close(&rig);
}

/* ---- cost -------------------------------------------------------------------------------------------------------- */

/* get (makes), invalidate, release: operations on sets, as each version's source has them. */
Test(strategies, set_operations_of_a_round)
{
    static const struct {
        const char *pool;
        int64_t operations;
    } rounds[] = {
        {"broadcast", 16 + 3},  /* K inserts; asked when taken and when back; its own tombstone removed */
        {"membership", 16 + 3}, /* K removes; inserted when made; asked twice */
        {"owner", 3},           /* inserted, found, removed */
    };
    for (size_t i = 0; i < ARRAY_LEN(rounds); i++) {
        struct rig rig;
        struct loan loan = {0};
        char name[32];
        rig_open(&rig, pool_named(rounds[i].pool), (struct shape){.max = 1, .ttl_ns = NEVER});
        for (int key = 0; key < 16; key++)
            churn_once(&rig, &loan, key_name(key, name));
        int64_t before = rig_stat(&rig, POOL_STAT_SET_OPS);
        for (int round = 0; round < 10; round++)
            churn_once(&rig, &loan, key_name(round, name));
        cr_expect_eq(rig_stat(&rig, POOL_STAT_SET_OPS) - before, 10 * rounds[i].operations, "%s", rounds[i].pool);
        rig_close(&rig);
    }
}

/* ---- owner ------------------------------------------------------------------------------------------------------- */

static int64_t ops_for_an_invalidation(const char *pool, int keys)
{
    struct rig rig;
    struct loan loan = {0};
    open_fixed(&rig, pool, "");
    run_rounds(&rig, keys, 0);
    lend(&rig, &loan, "k0");
    int64_t before = rig_stat(&rig, POOL_STAT_SET_OPS);
    loan_invalidate(&loan);
    int64_t after = rig_stat(&rig, POOL_STAT_SET_OPS);
    loan_drop(&loan);
    rig_close(&rig);
    return after - before;
}

Test(strategies, what_an_invalidation_costs)
{
    cr_expect_eq(ops_for_an_invalidation("broadcast", 64), 64);
    cr_expect_eq(ops_for_an_invalidation("membership", 64), 64);
    cr_expect_eq(ops_for_an_invalidation("owner", 64), 1);
    cr_expect_eq(ops_for_an_invalidation("owner", 1), 1);
}

Test(strategies, owner_closes_an_idle_item_at_once_and_replaces_it)
{
    struct rig rig;
    struct loan loan = {0};
    open_fixed(&rig, "owner", "");
    lend(&rig, &loan, "k");
    loan_release(&loan);
    int64_t before = world_allocs_asked(rig.world);
    rig_slow(&rig, "k"); /* the replacement comes later: what invalidate itself needs is seen apart */
    loan_invalidate(&loan);
    EXPECT_COUNT(&rig, WORLD_DESTROYED, 1);
    EXPECT_STAT(&rig, POOL_STAT_CREATING, 1);
    cr_expect_eq(world_allocs_asked(rig.world) - before, 1, "one slot for the replacement, nothing else");
    rig_complete(&rig);
    EXPECT_STAT(&rig, POOL_STAT_IDLE, 1);
    loan_drop(&loan);
    rig_close(&rig);
}

Test(strategies, owner_forgets_keys_nobody_uses)
{
    struct rig rig;
    struct loan loan = {0}, kept = {0};
    char name[32];
    rig_open(&rig, pool_named("owner"), (struct shape){.max = 1, .ttl_ns = 0});
    lend(&rig, &kept, "kept");
    for (int i = 0; i < 100; i++) {
        lend(&rig, &loan, key_name(i, name));
        loan_release(&loan);
    }
    loan_drop(&loan);
    EXPECT_STAT(&rig, POOL_STAT_KEYS, 101);
    rig.ops->maintain(rig.pool);
    EXPECT_STAT(&rig, POOL_STAT_KEYS, 1);
    EXPECT_COUNT(&rig, WORLD_FINALIZERS, 1);
    EXPECT_COUNT(&rig, WORLD_OPEN, 1);
    rig_close(&rig);
}
