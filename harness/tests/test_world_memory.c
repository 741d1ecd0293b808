#include "harness/tests/test_world.h"

#include <pthread.h>

Test(world_memory, populations_count_requested_bytes_and_blocks_by_name)
{
    struct witness witness;
    struct world *world = world_of("min=0 max=1", &witness);
    const struct pool_env *env = world_env(world);
    struct pool_population *slots = env->population(world, "slots");
    struct pool_population *tombstones = env->population(world, "tombstones");
    const char *names[] = {"finalizers", "items", "payloads", "request_finalizers", "slots", "tombstones"};
    struct world_population at;

    cr_assert_eq(env->population(world, "slots"), slots);
    int64_t own_bytes = world_count(world, WORLD_OWN_BYTES), own_blocks = world_count(world, WORLD_OWN_BLOCKS);
    void *a = env->alloc(slots, 3), *b = env->alloc(slots, 1000), *c = env->alloc(tombstones, 16);
    cr_expect_eq(population_of(world, "slots").bytes, 1003);
    cr_expect_eq(population_of(world, "slots").blocks, 2);
    cr_expect_eq(population_of(world, "tombstones").bytes, 16);
    cr_expect_eq(world_count(world, WORLD_BYTES_LIVE), 1019);
    cr_expect_eq(world_count(world, WORLD_BLOCKS_LIVE), 3);
    cr_expect_eq(world_count(world, WORLD_OWN_BYTES), own_bytes + 1019);
    cr_expect_eq(world_count(world, WORLD_OWN_BLOCKS), own_blocks + 3);
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        cr_assert(world_population(world, i, &at));
        cr_expect_str_eq(at.name, names[i], "in the order of their names");
    }
    cr_expect_not(world_population(world, ARRAY_LEN(names), &at));

    env->free(slots, a, 3);
    env->free(slots, b, 1000);
    env->free(tombstones, c, 16);
    env->free(tombstones, NULL, 16);
    cr_expect_eq(world_count(world, WORLD_BYTES_LIVE), 0);
    cr_expect_eq(world_count(world, WORLD_OWN_BYTES), own_bytes);
    cr_expect_eq(witness.misuse_count, 0);
    cr_expect_eq(world_free(world, NULL, 0), 0);
}

Test(world_memory, what_nobody_gave_back_is_named)
{
    struct witness witness;
    struct world *world = world_of("min=0 max=1", &witness);
    const struct pool_env *env = world_env(world);
    struct pool_population *slots = env->population(world, "slots");
    struct pool_population *tombstones = env->population(world, "tombstones");
    void *blocks[] = {env->alloc(tombstones, 8), env->alloc(slots, 8), env->alloc(slots, 8)};
    char lost[100] = "", cut[12];

    cr_expect_eq(world_free(world, lost, sizeof lost), 3);
    cr_expect_str_eq(lost, "24 bytes in 2 blocks of slots, 1 of tombstones");
    for (size_t i = 0; i < ARRAY_LEN(blocks); i++)
        free(blocks[i]); /* the world does not know where they are; this test must not leak */

    world = world_of("min=0 max=1", &witness);
    blocks[0] = world_env(world)->alloc(world_env(world)->population(world, "slots"), 8);
    cr_expect_eq(world_free(world, cut, sizeof cut), 1);
    cr_expect_str_eq(cut, "8 bytes in ", "cut, never overrun");
    free(blocks[0]);
}

Test(world_memory, an_item_nobody_destroyed_is_lost_and_its_connection_closed)
{
    struct witness witness;
    struct world *world = world_of("min=0 max=1 payload=8B items=tcp", &witness);
    char lost[100] = "";

    (void)item_of(world, "k0");
    cr_expect_eq(world_free(world, lost, sizeof lost), 2);
    cr_expect_not_null(strstr(lost, " bytes in 1 block of items, 1 of payloads"), "%s", lost);
    cr_expect_eq(witness.destroyed_count, 0);
}

Test(world_memory, giving_back_wrongly_is_reported)
{
    struct witness witness;
    struct world *world = world_of("min=0 max=1", &witness);
    const struct pool_env *env = world_env(world);
    struct pool_population *slots = env->population(world, "slots");

    void *block = env->alloc(slots, 16);
    env->free(slots, block, 8); /* smaller: seen because the population is empty afterwards */
    cr_expect_eq(witness.misuse_count, 1);
    cr_expect_str_eq(witness.misuse, "freed a block with another size than it was made with");

    char elsewhere[8];
    env->free(slots, elsewhere, 8); /* one block too many: not even freed */
    cr_expect_eq(witness.misuse_count, 2);
    cr_expect_str_eq(witness.misuse, "freed more blocks of a population than it has");

    block = env->alloc(env->population(world, "others"), 16);
    env->free(env->population(world, "others"), block, 4096); /* larger than the block can be */
    cr_expect_eq(witness.misuse_count, 3);
    cr_expect_eq(world_free(world, NULL, 0), 0);
}

/* ---- threads ----------------------------------------------------------------------------------------------------- */

enum { THREADS = 4, ROUNDS = 2000 };

static void *churn(void *arg)
{
    struct world *world = arg;
    const struct pool_env *env = world_env(world);
    struct pool_population *slots = env->population(world, "slots");

    for (int i = 0; i < ROUNDS; i++) {
        void *block = env->alloc(slots, 24);
        struct pool_item *item = NULL;
        if (env->create(world, "k0", NULL, &item) != POOL_OK)
            return arg;
        env->item_ref(world, item);
        (void)env->destroy(world, item);
        env->item_unref(world, item);
        env->free(slots, block, 24);
    }
    return NULL;
}

Test(world_memory, counts_are_exact_with_threads)
{
    const struct world_listener nobody = {0};
    struct plan_shape shape = {.max = 1, .payload_bytes = 40, .reuse_identities = true};
    struct problem why = {0};
    struct world *world = NULL;
    pthread_t threads[THREADS];

    cr_assert_eq(world_make(&shape, &nobody, &world, &why), ERR_NONE);
    for (int i = 0; i < THREADS; i++)
        cr_assert_eq(pthread_create(&threads[i], NULL, churn, world), 0);
    for (int i = 0; i < THREADS; i++) {
        void *failed = NULL;
        (void)pthread_join(threads[i], &failed);
        cr_expect_null(failed);
    }
    cr_expect_eq(world_count(world, WORLD_CREATED), THREADS * ROUNDS);
    cr_expect_eq(world_count(world, WORLD_DESTROYED), THREADS * ROUNDS);
    cr_expect_eq(world_count(world, WORLD_DEAD_RETAINED), 0);
    cr_expect_eq(world_count(world, WORLD_BYTES_LIVE), 0);
    cr_expect_eq(world_free(world, NULL, 0), 0);
}
