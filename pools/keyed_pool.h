/*
 * The contract between a keyed pool written in C and the harness: the only door of pools/.
 *
 * A keyed pool keeps one small pool of items per key. The pool implements `struct keyed_pool_ops`; everything it
 * needs from outside (items, memory, scopes) it gets from `struct pool_env`, so that the world can count what the pool
 * does without believing the pool's own counters. Time is the one exception: a pool reads
 * clock_gettime(CLOCK_MONOTONIC) like any other program; a harness that wants a day to pass moves the clock under it.
 *
 * Rules for every function in this file, unless it says otherwise:
 *   - A pool may be called from several threads at once.
 *   - A pool must not hold any of its locks while it calls env's create, destroy, lease_done, shutdown_done or yield:
 * the callee may call the pool back. The other functions of env call nobody back.
 *   - No function blocks. A `get` that cannot be served now is POOL_PENDING and is answered later through
 *     env->lease_done.
 *
 * Ownership is said with three words: OWNED (the receiver must give it back or free it), BORROWED (until when), TAKEN
 * (the callee has it from now on).
 */
#ifndef CHURN_KEYED_POOL_H
#define CHURN_KEYED_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* 2 added stats_by_key at the end; objects that were built for 1 still work. */
#define KEYED_POOL_ABI 2u

struct keyed_pool;      /* a pool; each implementation defines its own */
struct pool_item;       /* an item; the world defines it, a pool only passes it on */
struct pool_population; /* a name under which memory is counted */
struct pool_scope;      /* a place where finalizers are registered; runs them when it closes */
struct pool_finalizer;  /* one registration in a scope */

enum pool_result {
    POOL_OK = 0,
    POOL_PENDING,     /* not yet; the answer comes through a callback */
    POOL_FAILED,      /* the factory (or the destructor) failed */
    POOL_CLOSED,      /* the pool is shut down */
    POOL_VOID,        /* nothing to do: the lease is in another state, the key is full */
    POOL_NO_MEMORY,   /* env->alloc returned NULL; nothing has changed */
    POOL_UNSUPPORTED, /* this pool cannot do that */
    POOL_BAD_SETTING, /* make: an unknown setting or value; `message` says which */
    POOL_RESULT_COUNT
};

/* "ok", "pending", ... for messages. */
const char *pool_result_name(enum pool_result result);

/* ---- a lease ---------------------------------------------------------------------------------------------- */

/*
 * One borrowing. The storage is the caller's and stays valid from get until the lease has been released, cancelled or
 * answered with anything but POOL_OK; a pool does not follow a pointer to it after that. It may be looked at
 * afterwards: releasing twice must be POOL_VOID, not a crash and not a second release (reactor-pool #146, commons-pool
 * POOL-248). Zero-initialise before the first get; a lease may be used again for another get once it is over.
 */
struct pool_lease {
    struct pool_item *item; /* BORROWED from get until release; NULL otherwise. Set by the pool. */
    void *record;           /* the pool's own; NULL when the lease is not out */
    void *user;             /* the caller's own; a pool never touches it */
};

/* ---- what a pool gets from the world ------------------------------------------------------------------------ */

typedef void (*pool_finalizer_fn)(void *arg);

struct pool_env {
    void *ctx; /* first argument of every function below */

    /* -- items -- */

    /* Makes an item for `key`.
     * POOL_OK: *item is OWNED by the pool: it must be destroyed exactly once. The pool holds one reference to it.
     * POOL_FAILED: no item. POOL_PENDING: the world calls ops->created(pool, ticket, ...) exactly once later, perhaps
     * from another thread, perhaps before this call returns. `ticket` is the pool's own and is only passed back. */
    enum pool_result (*create)(void *ctx, const char *key, void *ticket, struct pool_item **item);

    /* Closes an item and drops the pool's first reference. POOL_FAILED: the destructor failed; the item counts as
     * destroyed all the same and must not be destroyed again (commons-pool POOL-133). */
    enum pool_result (*destroy)(void *ctx, struct pool_item *item);

    /* What a set compares: equal items have equal values. Unique for the life of the world by default. */
    uint64_t (*item_value)(void *ctx, const struct pool_item *item);

    /* A reference keeps the item's memory (not the item's connection) alive: what a strong pointer is in a collected
     * language. A pool that stores an item anywhere but in the slot that owns it takes one per place. */
    void (*item_ref)(void *ctx, struct pool_item *item);
    void (*item_unref)(void *ctx, struct pool_item *item);

    /* The item gets one more holder: it is really closed only when destroy was called once for each. See ops->share. */
    void (*item_hold)(void *ctx, struct pool_item *item);

    /* -- memory, counted by name: exact requested bytes and blocks -- */

    /* The population of that name, made when it is new. `name` is BORROWED for the life of the world (a string
     * literal). BORROWED by the pool for the life of the world. NULL: out of memory. */
    struct pool_population *(*population)(void *ctx, const char *name);
    void *(*alloc)(struct pool_population *population, size_t size); /* not zeroed; NULL: out of memory. OWNED */
    void (*free)(struct pool_population *population, void *ptr, size_t size); /* TAKEN; the same size; accepts NULL */

    /* -- scopes -- */

    /* Registers a finalizer; it runs once when the scope closes, last registered first. Returns its registration
     * (BORROWED until it ran or was removed), NULL: out of memory. A scope is closed while no other thread uses the
     * pools that have finalizers in it. */
    struct pool_finalizer *(*scope_add)(void *ctx, struct pool_scope *scope, pool_finalizer_fn run, void *arg);
    /* Takes a registration back without running it. */
    void (*scope_remove)(void *ctx, struct pool_finalizer *finalizer);

    /* -- answers -- */

    /* The answer to a get that returned POOL_PENDING; exactly once, perhaps before get returns. result is POOL_OK
     * (lease->item is set), POOL_FAILED, POOL_CLOSED or POOL_NO_MEMORY. A cancelled get is not answered. */
    void (*lease_done)(void *ctx, struct pool_lease *lease, enum pool_result result);

    /* The shutdown that returned POOL_PENDING is complete: the last lease came back. Once. */
    void (*shutdown_done)(void *ctx);

    /* Called by a pool right before it takes and right after it drops one of its locks, never inside; lets a stress run
     * force schedules. May be NULL. A pool need not call it. */
    void (*yield)(void *ctx);
};

/* ---- what a pool is asked ------------------------------------------------------------------------------------ */

struct pool_config {
    size_t min;               /* items per key that are kept and made eagerly when the key appears */
    size_t max;               /* items per key at most, >= 1, >= min */
    int64_t ttl_ns;           /* a key that was quiet for so long gives up its items above min; INT64_MAX: never */
    struct pool_scope *scope; /* the application's scope: lives as long as the program. BORROWED for the pool's life */
    const char *settings;     /* "NAME=VALUE:NAME=VALUE" from the command line, "" for none. BORROWED during make */
};

/* What a pool says of itself. A value of -1 means that it does not count this. Sampled when nothing is running. */
enum pool_stat {
    POOL_STAT_IDLE,
    POOL_STAT_LEASED,
    POOL_STAT_WAITING,
    POOL_STAT_CREATING,
    POOL_STAT_CLOSING,
    POOL_STAT_SIZE,               /* idle + leased + creating + closing, as the pool counts it */
    POOL_STAT_FREE,               /* idle - waiting, as ZPool counts it: negative when callers wait */
    POOL_STAT_KEYS,               /* per-key pools alive */
    POOL_STAT_TOMBSTONES,         /* entries over all per-key sets of invalidated items (zio/zio#9306) */
    POOL_STAT_TOMBSTONES_FOREIGN, /* those in a per-key pool that does not hold the item */
    POOL_STAT_MEMBERS,            /* entries over all per-key sets (or indexes) of live items (zio PR 9307) */
    POOL_STAT_IDLE_DEAD,          /* invalidated items that are still idle */
    POOL_STAT_TIMERS,
    POOL_STAT_LISTENERS,
    POOL_STAT_PAYLOADS,
    POOL_STAT_WAITERS_GHOST, /* waiter records whose caller has gone */
    POOL_STAT_SET_OPS,       /* set or index operations since the start */
    POOL_STAT_COUNT
};

const char *pool_stat_name(enum pool_stat stat); /* "tombstones_foreign" */

struct pool_stats {
    int64_t value[POOL_STAT_COUNT];
};

typedef void (*pool_tell_fn)(void *ctx, const char *key, const struct pool_stats *stats);

struct keyed_pool_ops {
    unsigned abi;      /* KEYED_POOL_ABI */
    const char *name;  /* "owner"; [a-z0-9_-]+ */
    const char *about; /* one line for `churn list pools` */

    /* Required: make, free, get, release, invalidate, shutdown, stats. The others may be NULL: an operation that needs
     * one is then unsupported and its scenarios are skipped. */

    /* `env` is BORROWED for the pool's life. POOL_BAD_SETTING: `message` (size bytes) says what is wrong and what is
     * allowed. POOL_UNSUPPORTED: this pool cannot have that min (or max); `message` names what it lacks, and the
     * scenario is skipped. POOL_NO_MEMORY: no pool. */
    enum pool_result (*make)(const struct pool_config *config, const struct pool_env *env, struct keyed_pool **out,
                             char *message, size_t size);

    /* Ends the pool whatever its state: all its items are destroyed, those that are out too; leases, waiting callers
     * and creations that are pending are forgotten (`created` must not be called any more). Accepts NULL. Not
     * thread-safe. */
    void (*free)(struct keyed_pool *pool);

    /* Borrows an item of `key` (BORROWED during the call). POOL_OK: lease->item is set. POOL_PENDING: answered through
     * env->lease_done, perhaps before get returns. POOL_FAILED, POOL_CLOSED, POOL_NO_MEMORY: no lease. */
    enum pool_result (*get)(struct keyed_pool *pool, const char *key, struct pool_lease *lease);

    /* Gives a lease back. POOL_OK, or POOL_VOID when it is not out (never taken, released already). */
    enum pool_result (*release)(struct keyed_pool *pool, struct pool_lease *lease);

    /* Gives up a pending get. POOL_OK: lease_done will not be called. POOL_VOID: too late, it was answered or was not pending. A get
     * that was refused so and has no answer at the next rung, or when its lease is used again, counts as forgotten: a pool that answers
     * on a thread of its own waits in `cancel` until the answer is out. */
    enum pool_result (*cancel)(struct keyed_pool *pool, struct pool_lease *lease);

    /* The item must never be leased again: a leased one is destroyed when it comes back, an idle one at once or, at the
     * latest, when it is taken out. Carries no key, as in ZIO. `item` is BORROWED during the call; it may be one that
     * this pool never had, or has destroyed already (the caller holds a reference): then nothing happens. POOL_OK or
     * POOL_NO_MEMORY: nothing has changed. */
    enum pool_result (*invalidate)(struct keyed_pool *pool, struct pool_item *item);

    /* The item of a lease that is out becomes an idle member of `key` as well; the pool calls env->item_hold (zio PR
     * 7356: several keys may hold the same item). POOL_VOID: the lease is not out or its item was invalidated, the key
     * is full or has it already, the pool is closed. POOL_NO_MEMORY: it is no member. */
    enum pool_result (*share)(struct keyed_pool *pool, struct pool_lease *lease, const char *key);

    /* Answers a create that was POOL_PENDING: POOL_OK with an item, or POOL_FAILED with NULL. */
    void (*created)(struct keyed_pool *pool, void *ticket, enum pool_result result, struct pool_item *item);

    /* Does what is due now: gives up items past their ttl, forgets keys that may be forgotten. A program calls it from
     * time to time. NULL: this pool has no time-to-live, and scenarios that `advance` are skipped. A pool with one that
     * looks after it by itself has an empty function here. */
    void (*maintain)(struct keyed_pool *pool);

    /* Closes the pool: idle items are destroyed, waiting callers get POOL_CLOSED, later gets too; leases that are out
     * may be released and are destroyed then. POOL_OK: complete. POOL_PENDING: env->shutdown_done follows with the last
     * release. POOL_VOID: shut down already. */
    enum pool_result (*shutdown)(struct keyed_pool *pool);

    void (*stats)(struct keyed_pool *pool, struct pool_stats *out);

    /* Optional, for the examples of a report: the same counts for each per-key pool, in any order. `tell` may be called under
     * a lock of the pool: it calls nobody back. `key` and `stats` are BORROWED for its call. */
    void (*stats_by_key)(struct keyed_pool *pool, pool_tell_fn tell, void *ctx);
};

/* ---- the registry of built-in pools ------------------------------------------------------------------------------ */

/* Registers `struct keyed_pool_ops OPS` before main. Link the object file itself: a constructor in a .a vanishes. */
#define POOL_REGISTER(OPS)                                                                                             \
    __attribute__((constructor)) static void register_##OPS(void)                                                      \
    {                                                                                                                  \
        pool_registry_add(&OPS);                                                                                       \
    }

void pool_registry_add(const struct keyed_pool_ops *ops);          /* `ops` is BORROWED for ever */
const struct keyed_pool_ops *pool_registry_find(const char *name); /* NULL: unknown */
size_t pool_registry_count(void);
const struct keyed_pool_ops *pool_registry_at(size_t index); /* sorted by name */

/* Checks the version and the required functions. NULL: fine; otherwise what is wrong, a string literal. */
const char *pool_ops_check(const struct keyed_pool_ops *ops);

/* A shared object exports this one symbol; `churn run --pool ./mypool.so` looks it up. */
#define KEYED_POOL_PLUGIN_SYMBOL "churn_keyed_pool"
typedef const struct keyed_pool_ops *(*keyed_pool_plugin_fn)(void);

#endif
