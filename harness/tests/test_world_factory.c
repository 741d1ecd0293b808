#include "harness/tests/test_world.h"

#include <time.h>

Test(world_factory, the_next_n_creations_of_that_key_fail)
{
    struct witness witness;
    struct world *world = world_of("min=0 max=1", &witness);
    const struct pool_env *env = world_env(world);
    struct pool_item *item = NULL;
    struct problem why;
    char words[64];

    int64_t own = world_count(world, WORLD_OWN_BYTES);
    cr_assert_eq(world_fail(world, "k1", 3, &why), ERR_NONE);
    for (int i = 0; i < 3; i++) {
        cr_expect_eq(env->create(world, "k1", NULL, &item), POOL_FAILED);
        cr_expect_null(item);
    }
    world_last_error(world, words, sizeof words);
    cr_expect_str_eq(words, "the factory was told to fail");
    cr_expect_eq(env->create(world, "k1", NULL, &item), POOL_OK);
    (void)env->destroy(world, item);

    cr_assert_eq(world_fail(world, "k1", 5, &why), ERR_NONE);
    cr_expect_eq(env->create(world, "k2", NULL, &item), POOL_OK, "another key");
    (void)env->destroy(world, item);
    cr_assert_eq(world_fail(world, "k1", 0, &why), ERR_NONE);
    cr_expect_eq(env->create(world, "k1", NULL, &item), POOL_OK, "0 ends it");
    (void)env->destroy(world, item);
    cr_expect_eq(world_count(world, WORLD_CREATED), 3);
    cr_expect_leq(world_count(world, WORLD_OWN_BYTES), own + 2048, "only the hash tables' buckets stay");
    cr_expect_eq(world_free(world, NULL, 0), 0);
}

/* ---- slow creations ---------------------------------------------------------------------------------------------- */

struct keyed_pool {
    int tickets[8];
    enum pool_result results[8];
    struct pool_item *items[8];
    size_t count;
};

static void note_created(struct keyed_pool *pool, void *ticket, enum pool_result result, struct pool_item *item)
{
    pool->tickets[pool->count] = *(int *)ticket;
    pool->results[pool->count] = result;
    pool->items[pool->count++] = item;
}

static const struct keyed_pool_ops note_ops = {.created = note_created};

/* Makes every creation under way due in so many nanoseconds from the clock's zero, by its place in the line. */
static void make_due(struct world *world, const int64_t *due_ns)
{
    for (struct creation *at = world->first_creation; at != NULL; at = at->next)
        at->due_ns = *due_ns++;
}

Test(world_factory, slow_creations_are_answered_when_due_oldest_first)
{
    struct witness witness;
    struct world *world = world_of("min=0 max=1", &witness);
    const struct pool_env *env = world_env(world);
    struct keyed_pool pool = {.count = 0};
    struct problem why;
    struct pool_item *item = NULL;
    int tickets[4] = {0, 1, 2, 3};

    world_set_pool(world, &note_ops, &pool);
    const int64_t seconds[4] = {400, 200, 300, 200}; /* due in the order 1, 3, 2, 0 */
    for (int i = 0; i < 4; i++) {
        cr_assert_eq(world_slow(world, "k0", seconds[i] * 1000000000, &why), ERR_NONE);
        cr_assert_eq(env->create(world, "k0", &tickets[i], &item), POOL_PENDING);
    }
    cr_assert_eq(world_slow(world, "k0", 0, &why), ERR_NONE);
    cr_expect_eq(env->create(world, "k0", NULL, &item), POOL_OK, "0 ends it for those to come");
    (void)env->destroy(world, item);
    cr_expect_eq(world_count(world, WORLD_CREATING), 4);
    world_complete_due(world);
    cr_expect_eq(pool.count, 0, "none is due");
    cr_expect_eq(world_count(world, WORLD_CREATED), 1);

    make_due(world, (const int64_t[]){1, 2, 3, INT64_MAX});
    world_complete_due(world);
    cr_assert_eq(pool.count, 3);
    cr_expect(pool.tickets[0] == 1 && pool.tickets[1] == 3 && pool.tickets[2] == 2);
    cr_expect_eq(world_count(world, WORLD_CREATING), 1);
    for (size_t i = 0; i < 3; i++) {
        cr_expect_eq(pool.results[i], POOL_OK);
        (void)env->destroy(world, pool.items[i]);
    }
    cr_expect_eq(world_free(world, NULL, 0), 0, "one that is never answered is the world's own");
}

Test(world_factory, creations_due_at_the_same_time_keep_their_order)
{
    struct witness witness;
    struct world *world = world_of("min=0 max=1", &witness);
    struct keyed_pool pool = {.count = 0};
    struct problem why;
    struct pool_item *item = NULL;
    int tickets[3] = {0, 1, 2};

    world_set_pool(world, &note_ops, &pool);
    cr_assert_eq(world_slow(world, "k0", INT64_MAX, &why), ERR_NONE); /* all due at the end of time */
    for (int i = 0; i < 3; i++)
        cr_assert_eq(world_env(world)->create(world, "k0", &tickets[i], &item), POOL_PENDING);
    make_due(world, (const int64_t[]){1, 1, 1});
    world_complete_due(world);
    cr_assert_eq(pool.count, 3);
    for (int i = 0; i < 3; i++) {
        cr_expect_eq(pool.tickets[i], i);
        (void)world_env(world)->destroy(world, pool.items[i]);
    }
    cr_expect_eq(world_free(world, NULL, 0), 0);
}

Test(world_factory, a_slow_creation_becomes_due_by_the_monotonic_clock)
{
    struct witness witness;
    struct world *world = world_of("min=0 max=1", &witness);
    struct keyed_pool pool = {.count = 0};
    const struct timespec wait = {.tv_nsec = 3000000};
    struct problem why;
    struct pool_item *item = NULL;
    int ticket = 5;

    world_set_pool(world, &note_ops, &pool);
    cr_assert_eq(world_slow(world, "k0", 2000000, &why), ERR_NONE);
    cr_assert_eq(world_fail(world, "k0", 1, &why), ERR_NONE);
    cr_assert_eq(world_env(world)->create(world, "k0", &ticket, &item), POOL_PENDING);
    (void)nanosleep(&wait, NULL);
    world_complete_due(world);
    cr_assert_eq(pool.count, 1);
    cr_expect_eq(pool.results[0], POOL_FAILED, "slow and failing");
    cr_expect_null(pool.items[0]);
    cr_expect_eq(world_free(world, NULL, 0), 0);
}

/* ---- allocations that fail --------------------------------------------------------------------------------------- */

Test(world_factory, the_nth_allocation_fails_and_nothing_is_left_of_it)
{
    struct witness witness;
    struct world *world = world_of("min=0 max=1 payload=10B", &witness);
    const struct pool_env *env = world_env(world);
    struct pool_item *item = NULL;
    struct pool_population *population = env->population(world, "mine");
    char words[64];

    for (int64_t nth = 1; nth <= 2; nth++) { /* the header, the payload */
        world_fail_alloc(world, nth);
        cr_expect_eq(env->create(world, "k0", NULL, &item), POOL_FAILED);
        world_last_error(world, words, sizeof words);
        cr_expect_str_eq(words, "out of memory");
        cr_expect_eq(world_count(world, WORLD_BYTES_LIVE), 0);
    }
    int64_t asked = world_allocs_asked(world);
    world_fail_alloc(world, 3);
    cr_expect_eq(env->create(world, "k0", NULL, &item), POOL_OK);
    cr_expect_eq(world_allocs_asked(world), asked + 2);
    cr_expect_null(env->alloc(population, 8), "the third since then");
    world_fail_alloc(world, 1);
    cr_expect_null(env->scope_add(world, world_app_scope(world), NULL, NULL));
    world_fail_alloc(world, 1);
    cr_expect_eq(env->population(world, "mine"), population, "it is there already");
    cr_expect_null(env->population(world, "new"));
    cr_expect_not_null(env->population(world, "new"));
    world_fail_alloc(world, 1);
    world_fail_alloc(world, 0);
    void *block = env->alloc(population, 8);
    cr_expect_not_null(block);
    env->free(population, block, 8);
    (void)env->destroy(world, item);
    cr_expect_eq(world_free(world, NULL, 0), 0);
}

Test(world_factory, a_closing_that_fails_closes_all_the_same)
{
    struct witness witness;
    struct problem why = {0};
    struct world *world = world_of("min=0 max=4", &witness);
    const struct pool_env *env = world_env(world);
    struct pool_item *items[4];
    const char *const keys[] = {"a", "a", "b", "a"};
    const enum pool_result expected[] = {POOL_FAILED, POOL_FAILED, POOL_OK, POOL_OK};

    for (size_t i = 0; i < ARRAY_LEN(items); i++)
        cr_assert_eq(env->create(env->ctx, keys[i], NULL, &items[i]), POOL_OK);
    cr_assert_eq(world_fail_close(world, "a", 2, &why), ERR_NONE);
    for (size_t i = 0; i < ARRAY_LEN(items); i++)
        cr_expect_eq(env->destroy(env->ctx, items[i]), expected[i], "item %zu", i);
    cr_expect_eq(world_count(world, WORLD_DESTROYED), 4);
    cr_expect_eq(world_count(world, WORLD_OPEN), 0);
    cr_expect_eq(world_free(world, NULL, 0), 0);
}
