/* What the tests of the world share: a world with a listener that writes down what it is told. */
#ifndef CHURN_TEST_WORLD_H
#define CHURN_TEST_WORLD_H

#include "harness/world/world_internal.h"

#include <criterion/criterion.h>

struct witness {
    uint64_t created[256], destroyed[256];
    size_t created_count, destroyed_count, misuse_count;
    uint64_t misuse_identity;
    const char *misuse;
};

/* `shape` is the text of a plan's pool line. */
struct world *world_of(const char *shape, struct witness *witness);

/* A new item as a pool gets it. */
struct pool_item *item_of(struct world *world, const char *key);

struct world_population population_of(struct world *world, const char *name);

#endif
