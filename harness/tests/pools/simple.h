/*
 * simple: the pool on which toy, leak, heap, clocks and frail plant something. A key has no limit, an item lives from get to release, nothing
 * ever waits. Not thread-safe, and no example for a real pool: see pools/plugin/skeleton.c for that.
 *
 * A shared object is simple.c and one file that defines `struct planted`, what it keeps beside the pool, and `planting`.
 */
#ifndef CHURN_TESTS_SIMPLE_H
#define CHURN_TESTS_SIMPLE_H

#include "pools/keyed_pool.h"

struct planted;

struct keyed_pool {
    const struct pool_env *env;
    struct pool_population *population;
    struct planted *planted; /* zero when settings are read; in the block of the pool */
    int64_t gets, releases;  /* the present one is counted */
    int64_t leased;
    bool down;
};

/* All functions but `read` may be NULL. */
struct planting {
    const char *name, *about;
    size_t planted_size;
    bool (*read)(struct planted *planted, const char *settings);      /* false: not understood */
    const char *expected;                                             /* what it understands, for the message */
    bool (*begin)(struct keyed_pool *pool);                           /* false: no memory, the pool is not made */
    bool (*get)(struct keyed_pool *pool);                             /* false: the get fails */
    bool (*release)(struct keyed_pool *pool, struct pool_item *item); /* false: it has destroyed the item itself */
    void (*invalidate)(struct keyed_pool *pool);
    void (*give_back)(struct keyed_pool *pool); /* at shutdown, and when the pool is freed */
    void (*maintain)(struct keyed_pool *pool);  /* NULL: it cannot say what time does to it (`advance`) */
    void (*stats)(struct keyed_pool *pool, struct pool_stats *out);
};

extern const struct planting planting;

#endif
