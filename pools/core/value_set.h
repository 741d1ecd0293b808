/*
 * A set of item values, each with a reference to the item: what a set of items is in a collected language. Its memory
 * comes from the world and is counted there. Not thread-safe: the pool's lock guards it.
 */
#ifndef CHURN_POOL_VALUE_SET_H
#define CHURN_POOL_VALUE_SET_H

#include "pools/keyed_pool.h"

/* Where a part of the pool gets its memory. */
struct memory {
    const struct pool_env *env;
    struct pool_population *population;
};

void *memory_alloc(const struct memory *memory, size_t size); /* zeroed; NULL: out of memory */
void memory_free(const struct memory *memory, void *ptr, size_t size);

/* The hash of a value is the value: identities are handed out in sequence, which fills buckets evenly. A mixing hash
 * would let tables grow at random late moments, and a step in live bytes is what the harness looks for. */
unsigned value_hash(uint64_t value);

struct value_entry;

/* Zero-initialised is empty. */
struct value_set {
    struct value_entry *entries;
    size_t count;
};

enum value_set_result { VALUE_SET_ADDED, VALUE_SET_PRESENT, VALUE_SET_NO_MEMORY };

enum value_set_result value_set_insert(struct value_set *set, const struct memory *memory, struct pool_item *item);
bool value_set_remove(struct value_set *set, const struct memory *memory, uint64_t value); /* false: not in it */
bool value_set_contains(const struct value_set *set, uint64_t value);
void value_set_clear(struct value_set *set, const struct memory *memory);

#endif
