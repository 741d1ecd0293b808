/*
 * leak: a shared object with a pool that keeps so many bytes per operation, to measure how small a leak is found.
 *
 *     churn noise scenarios/selftest/churn.lua --pool build/selftest/leak.so:bytes=0.5
 *
 * bytes=N     bytes kept per operation on average, a decimal fraction; default 0, a clean pool
 * through=W   malloc (default): memory that only the kernel counts. env: memory that the harness counts exactly
 *
 * Each get, release and invalidate is an operation. What is kept is real: a block of malloc is 16 bytes longer than its usable part
 * in steps of 16, so the pool waits until a whole block is due, and writes to all of it. It stays reachable until the pool is freed.
 */
#include "harness/tests/pools/simple.h"

#include <stdlib.h>
#include <string.h>

struct planted {
    struct kept *kept;
    double rate, due; /* bytes per operation; bytes that were not kept yet */
    bool counted;     /* through=env */
};

#define HEADER 8  /* of a block of glibc's malloc on 64 bits */
#define STEP   16 /* its blocks are multiples of this, */
#define LEAST  32 /* and at least so long */

struct kept {
    struct kept *next;
    size_t size;
};

static void keep_what_is_due(struct keyed_pool *pool)
{
    if (pool->planted->due < LEAST)
        return;
    size_t block = (size_t)pool->planted->due / STEP * STEP, size = block - HEADER;
    struct kept *kept = pool->planted->counted ? pool->env->alloc(pool->population, size) : malloc(size);
    if (kept == NULL)
        return;
    memset(kept, 0x5a, size);
    *kept = (struct kept){.next = pool->planted->kept, .size = size};
    pool->planted->kept = kept;
    pool->planted->due -= (double)block;
}

static void give_back_all(struct keyed_pool *pool)
{
    while (pool->planted->kept != NULL) {
        struct kept *kept = pool->planted->kept;
        pool->planted->kept = kept->next;
        if (pool->planted->counted)
            pool->env->free(pool->population, kept, kept->size);
        else
            free(kept);
    }
}

/* ---- settings -------------------------------------------------------------------------------------------------- */

static bool read_rate(const char *text, double *out)
{
    char *end = NULL;
    *out = strtod(text, &end);
    return end != text && (*end == '\0' || *end == ':') && *out >= 0 && *out <= 1e6;
}

/* One setting; returns where the next one begins, NULL: not understood. */
static const char *read_setting(struct planted *planted, const char *text)
{
    if (strncmp(text, "bytes=", 6) == 0 && !read_rate(text + 6, &planted->rate))
        return NULL;
    if (strncmp(text, "bytes=", 6) != 0) {
        bool is_env = strncmp(text, "through=env", 11) == 0, is_malloc = strncmp(text, "through=malloc", 14) == 0;
        if (!is_env && !is_malloc)
            return NULL;
        planted->counted = is_env;
    }
    text += strcspn(text, ":");
    return *text == ':' ? text + 1 : text;
}

static bool leak_read(struct planted *planted, const char *settings)
{
    while (settings != NULL && *settings != '\0')
        settings = read_setting(planted, settings);
    return settings != NULL;
}

/* ---- what is called ------------------------------------------------------------------------------------------------ */

static bool leak_get(struct keyed_pool *pool)
{
    pool->planted->due += pool->planted->rate;
    return true;
}

static bool leak_release(struct keyed_pool *pool, struct pool_item *item)
{
    (void)item;
    pool->planted->due += pool->planted->rate;
    keep_what_is_due(pool);
    return true;
}

static void leak_invalidate(struct keyed_pool *pool)
{
    pool->planted->due += pool->planted->rate;
}

const struct planting planting = {
    .name = "leak",
    .about = "keeps so many bytes per operation, to measure how small a leak is found",
    .planted_size = sizeof(struct planted),
    .read = leak_read,
    .expected = "bytes=N and through=malloc or through=env",
    .get = leak_get,
    .release = leak_release,
    .invalidate = leak_invalidate,
    .give_back = give_back_all,
};
