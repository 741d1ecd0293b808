#include "harness/tests/test_world.h"

static void witness_created(void *ctx, uint64_t identity, const char *key)
{
    struct witness *witness = ctx;

    (void)key;
    witness->created[witness->created_count++ % 256] = identity;
}

static void witness_destroyed(void *ctx, uint64_t identity)
{
    struct witness *witness = ctx;

    witness->destroyed[witness->destroyed_count++ % 256] = identity;
}

static void witness_misuse(void *ctx, uint64_t identity, const char *what)
{
    struct witness *witness = ctx;

    witness->misuse_count++;
    witness->misuse_identity = identity;
    witness->misuse = what;
}

struct world *world_of(const char *shape_text, struct witness *witness)
{
    const struct world_listener listener = {
        .ctx = witness, .created = witness_created, .destroyed = witness_destroyed, .misuse = witness_misuse};
    struct problem why = {0};
    struct plan_shape shape;
    struct world *world = NULL;

    *witness = (struct witness){0};
    cr_assert_eq(plan_shape_parse(shape_text, &shape, &why), ERR_NONE, "%s", why.text);
    cr_assert_eq(world_make(&shape, &listener, &world, &why), ERR_NONE, "%s", why.text);
    return world;
}

struct pool_item *item_of(struct world *world, const char *key)
{
    struct pool_item *item = NULL;

    cr_assert_eq(world_env(world)->create(world, key, NULL, &item), POOL_OK);
    return item;
}

struct world_population population_of(struct world *world, const char *name)
{
    struct world_population found;

    for (size_t i = 0; world_population(world, i, &found); i++)
        if (strcmp(found.name, name) == 0)
            return found;
    cr_assert_fail("no population %s", name);
    return found;
}
