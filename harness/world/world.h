/*
 * world: what a pool lives in.
 *
 * It makes and destroys items, counts them outside the pool's knowledge, hands out memory by named population with
 * exact requested bytes and blocks, and holds scopes with finalizers. A leaking pool often shows healthy counters of
 * its own: these are the ones that cannot be fooled. All functions are thread-safe unless they say otherwise; no
 * callback of a listener and no finalizer runs under the world's lock.
 */
#ifndef CHURN_WORLD_H
#define CHURN_WORLD_H

#include "harness/plan/plan.h"
#include "pools/keyed_pool.h"

struct world;

/* Who is told what happens to items. Any function may be NULL. Called on the thread that made it happen, without a
 * lock. */
struct world_listener {
    void *ctx;
    void (*created)(void *ctx, uint64_t identity, const char *key);
    void (*destroyed)(void *ctx, uint64_t identity);
    /* Something no pool may do: "destroyed twice", "freed more memory than it had". `what` is a string literal;
     * `identity` is 0 when it is not about an item that is known. */
    void (*misuse)(void *ctx, uint64_t identity, const char *what);
    /* Passed on from the pool. */
    void (*lease_done)(void *ctx, struct pool_lease *lease, enum pool_result result);
    void (*shutdown_done)(void *ctx);
    void (*yield)(void *ctx);
};

/* Makes a world for that shape (items, payload, identities; with items=tcp it opens a listener on 127.0.0.1). Both
 * arguments are BORROWED for the call, listener->ctx for the world's life. *out is OWNED: world_free. */
enum err world_make(const struct plan_shape *shape, const struct world_listener *listener, struct world **out,
                    struct problem *why) MUST_CHECK;

/* Ends the world; NULL is accepted. The pool must be gone and the host's references dropped. Returns how many blocks
 * nobody gave back, and writes them by population into `lost` when there are any ("96 bytes in 3 blocks of tombstones, 1
 * of slots"; size bytes). Items still open are closed; finalizers still registered are not run. */
int64_t world_free(struct world *world, char *lost, size_t size);

/* What a pool is made with. BORROWED for the world's life. */
const struct pool_env *world_env(struct world *world);
struct pool_scope *world_app_scope(struct world *world);

/* Tells the world which pool answers `created` for slow creations. */
void world_set_pool(struct world *world, const struct keyed_pool_ops *ops, struct keyed_pool *pool);

/* ---- items ------------------------------------------------------------------------------------------------------- */

/* 1, 2, 3 ... for items that were made; the highest bit is set in the identity of a foreign value. */
uint64_t world_item_identity(const struct pool_item *item);

/* A reference of the host's own, so that it can invalidate an item after the pool destroyed it. Counted apart: it does
 * not make an item "retained", and an item that only the host keeps is not in the populations. False: the pool handed
 * out something that is no item (any more), which was reported as misuse; nothing may be done with it. */
bool world_item_keep(struct world *world, struct pool_item *item) MUST_CHECK;
void world_item_drop(struct world *world, struct pool_item *item);

/* I5, by the world's own marks: what the pool's callers do is told as it happens, and what may not be is reported as
 * misuse. A lease may not begin while the item has as many as holders, after it was closed, or after it was
 * invalidated. With several threads "after" needs care: only a call into the pool that began (world_moment) after
 * the invalidation had returned may not hand the item out. */
int64_t world_moment(struct world *world); /* 1, 2, 3 ... each later than all before */
void world_item_leased(struct world *world, struct pool_item *item, int64_t call_began);
void world_item_given_back(struct world *world, struct pool_item *item);  /* before the pool is told */
void world_item_invalidated(struct world *world, struct pool_item *item); /* after the pool was told */

/* A value that belongs to no pool; the same name gives an equal value. OWNED by the caller: world_item_drop. It weighs
 * what an item weighs, holds no connection and counts as neither created nor destroyed; a pool that keeps a reference
 * to it makes it "dead and retained". NULL: out of memory. */
struct pool_item *world_value_make(struct world *world, const char *name);

/* The peer closes the item's connection. The pool is not told. Nothing with items=bytes. */
void world_item_kill(struct world *world, struct pool_item *item);

/* ---- examples, for a report --------------------------------------------------------------------------------------- */

/* How many operations of the plan have begun. */
void world_note_operations(struct world *world, int64_t operations);

struct world_example {
    uint64_t identity;           /* without the bit of foreign values */
    bool foreign;                /* a value that belongs to no pool */
    char name[NAME_MAX_LEN + 1]; /* of its key; of the foreign value */
    int64_t since; /* after how many operations it was closed, or given back (or made) last. With threads: handed out */
    int64_t references; /* of the pool, beside being its owner */
};

/* Closed items and foreign values that the pool still refers to, or open items that nobody leases: at most `most`, those
 * that have been so for longest first. Returns how many. */
size_t world_examples(struct world *world, bool closed, struct world_example *out, size_t most);

/* ---- faults and time --------------------------------------------------------------------------------------------- */

/* The next `count` creations for the key fail; 0 ends it. */
enum err world_fail(struct world *world, const char *key, int64_t count, struct problem *why) MUST_CHECK;
/* The next `count` closings of items that were made for the key fail: the pool is told so, and the items are closed all
 * the same (commons-pool POOL-133). 0 ends it. */
enum err world_fail_close(struct world *world, const char *key, int64_t count, struct problem *why) MUST_CHECK;
/* Creations for the key take that long from now on; 0 ends it. */
enum err world_slow(struct world *world, const char *key, int64_t duration_ns, struct problem *why) MUST_CHECK;

/* Why the last creation failed, in words for a person ("connect: Too many open files"), cut to `size`. "" when none. */
void world_last_error(struct world *world, char *out, size_t size);

/* Completes slow creations that are due by CLOCK_MONOTONIC, oldest first, until none is. Calls into the pool. */
void world_complete_due(struct world *world);

/* The allocation number `nth` from now on (1 = the next) made through env->alloc, env->create's own memory, env->scope_add or
 * env->population (of a new name) fails; 0 = never. */
void world_fail_alloc(struct world *world, int64_t nth);
int64_t world_allocs_asked(struct world *world); /* since the start */

/* ---- scopes ------------------------------------------------------------------------------------------------------ */

/* A request scope by name, opened when it is new. NULL: out of memory. BORROWED until world_scope_close. */
struct pool_scope *world_scope(struct world *world, const char *name);
/* Runs its finalizers, last first, without a lock, and forgets it. False: there is no such scope. */
bool world_scope_close(struct world *world, const char *name);

/* ---- counts ------------------------------------------------------------------------------------------------------ */

enum world_count {
    WORLD_CREATED,            /* items made */
    WORLD_DESTROYED,          /* items really closed */
    WORLD_OPEN,               /* the difference */
    WORLD_HOLDS,              /* holders of open items: open, plus one for every further key an item is shared with */
    WORLD_CREATING,           /* slow creations not yet answered */
    WORLD_DEAD_RETAINED,      /* distinct closed items and foreign values to which a pool still holds a reference */
    WORLD_FINALIZERS,         /* registered in the application's scope */
    WORLD_REQUEST_FINALIZERS, /* registered in request scopes */
    WORLD_BYTES_LIVE,         /* requested bytes of all populations: the pool's memory, its items, its finalizers */
    WORLD_BLOCKS_LIVE,
    WORLD_OWN_BYTES, /* everything this world has taken from malloc, the populations included */
    WORLD_OWN_BLOCKS,
    WORLD_COUNT_COUNT
};

int64_t world_count(struct world *world, enum world_count which);

struct world_population {
    const char *name; /* "tombstones", "slots", "items", "payloads" ... */
    int64_t bytes;
    int64_t blocks;
};

/* The index-th population, in the order of their names. False: there are no more. */
bool world_population(struct world *world, size_t index, struct world_population *out);

/* Memory of the program around the pool, which no population counts: only WORLD_OWN_BYTES. The growth of that number
 * must equal the growth that a memory tool sees, so whatever the host allocates while a pool lives comes from here.
 * Not zeroed; NULL: out of memory. OWNED: world_own_free with the same size (accepts NULL). */
void *world_own_alloc(struct world *world, size_t size);
void world_own_free(struct world *world, void *ptr, size_t size);

#endif
