/*
 * core: the keyed pool behind every built-in pool, and the decisions it asks for. The internal door of pools/: only
 * strategies (pools/NAME.c), defects (pools/defects/) and the core itself include it.
 *
 * A keyed pool is a core plus decisions, and a bug is one wrong decision. The core knows keys, slots, the idle queue,
 * waiters, time and shutdown; at each place where real pools went wrong it calls a function of `struct pool_decisions`
 * and does not know whether the answer is the right one.
 *
 * Locks: one mutex per pool. Every function here runs under it unless its comment says "without the lock". Of `env`,
 * only alloc, free, population, item_value, item_ref, item_unref, item_hold, scope_add and scope_remove are called
 * under it; create, destroy, lease_done, shutdown_done and yield never are.
 *
 * One rule makes lost wake-ups impossible: who changes a key's state calls key_drive() before it lets go of the pool,
 * and key_drive() is the one place that decides what happens next.
 */
#ifndef CHURN_POOL_CORE_H
#define CHURN_POOL_CORE_H

#include "pools/keyed_pool.h"
#include "pools/core/value_set.h"

#include <pthread.h>
#include <uthash.h>

#define POOL_ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

struct key_pool;
struct owner_entry;
struct captured;

/* ---- records ---------------------------------------------------------------------------------------------------- */

/* What lease->record points to: the first member of a waiter and of a slot. */
enum record_kind { RECORD_WAITER, RECORD_SLOT };

struct record {
    enum record_kind kind;
};

/* A caller who waits for an item of one key. */
struct waiter {
    struct record record;
    struct key_pool *key;
    struct pool_lease *lease; /* BORROWED until answered or cancelled; NULL: a ghost, nobody waits any more */
    struct waiter *prev, *next;
};

enum slot_state {
    SLOT_CREATING, /* the factory is at work: no item yet */
    SLOT_IDLE,
    SLOT_LEASED,
    SLOT_CLOSING, /* out of reach; in key->doomed, or its item is being closed right now */
    SLOT_STATE_COUNT
};

/* Why an item leaves its key. */
enum retire_reason {
    RETIRE_INVALID_IDLE,     /* found invalid when it was taken out of the idle queue, or told so while idle */
    RETIRE_INVALID_RETURNED, /* was invalidated while it was leased */
    RETIRE_GIVEN_UP,         /* healthy: time-to-live, shutdown */
    RETIRE_NOT_ADOPTED       /* new, but the pool had no memory to take it in */
};

/* Other things that real pools hang on an item: one block each. */
enum attachment_kind { ATTACHED_LISTENER, ATTACHED_TIMER, ATTACHED_PAYLOAD, ATTACHED_COUNT };

struct attachment {
    enum attachment_kind kind;
    struct pool_population *population;
    int64_t due_ns; /* timers: when it goes off */
    struct attachment *next;
};

/* One place for an item in one key. */
struct slot {
    struct record record;
    enum slot_state state;
    enum retire_reason reason; /* CLOSING: why */
    struct key_pool *key;
    struct pool_item *item; /* NULL while creating */
    uint64_t value;
    bool counted;                    /* key->size counts it */
    bool wanted;                     /* creation was started for a waiter, not to reach min */
    bool invalid;                    /* owner: the item was invalidated */
    bool captured;                   /* its item is closed by a finalizer elsewhere (core/captured.c) */
    bool kept_ref;                   /* holds a reference of its own beside the first one */
    const struct pool_lease *holder; /* who has it, or had it last: compared, never followed */
    struct attachment *attachments;
    struct owner_entry *entry;            /* owner: the index entry of its value */
    struct slot *prev, *next;             /* key->slots */
    struct slot *queue_prev, *queue_next; /* key->idle or key->doomed */
    struct slot *same_prev, *same_next;   /* entry->slots */
};

/* The pool of one key. */
struct key_pool {
    struct keyed_pool *pool;
    UT_hash_handle hh;
    struct slot *slots;     /* all */
    struct slot *idle;      /* first in, first out */
    struct slot *doomed;    /* CLOSING and not yet being closed */
    struct waiter *waiters; /* first come, first served */
    size_t size;            /* slots as the pool counts them: what max and min are about */
    size_t count[SLOT_STATE_COUNT];
    size_t waiting;          /* records in `waiters`, ghosts included */
    size_t failures;         /* creations that failed and are not yet told to a waiter */
    int64_t last_touched_ns; /* an item came in: created or released */
    bool fill_stopped;       /* a creation failed: no more filling up to min before the next get or release */
    bool down;               /* takes no more leases out */
    bool drained;            /* down, and its last slot is gone */
    bool touched;            /* in pool->touched */
    bool fresh;              /* scratch of broadcast's invalidate */
    size_t drivers;          /* threads inside key_drive */
    struct value_set set;    /* the strategy's: tombstones or members */
    struct pool_finalizer *finalizer;
    struct key_pool *touched_prev, *touched_next;
    size_t name_size;
    char name[];
};

/* ---- decisions -------------------------------------------------------------------------------------------------- */

enum slot_fate {
    FATE_KEEP,    /* becomes idle */
    FATE_RETIRE,  /* its item is closed */
    FATE_ABANDON, /* the slot goes, nobody closes the item */
};

/* Every question a defect may answer wrongly. decisions.c has the right answers; a strategy brings the first five. */
struct pool_decisions {
    /* -- who is told that an item is invalid: broadcast.c, membership.c, owner.c -- */

    /* The item became a member of slot->key. POOL_NO_MEMORY: it cannot. */
    enum pool_result (*admit)(struct keyed_pool *pool, struct slot *slot);
    /* It is one no more. */
    void (*dismiss)(struct keyed_pool *pool, struct slot *slot, enum retire_reason reason);
    /* May it be leased (again)? Asked when it is taken out and when it comes back. */
    bool (*is_valid)(struct keyed_pool *pool, const struct slot *slot);
    enum pool_result (*invalidate)(struct keyed_pool *pool, struct pool_item *item);
    /* May a key that nobody uses be forgotten? */
    bool (*may_forget)(struct keyed_pool *pool, const struct key_pool *key);

    /* -- who closes an item (zio PR 9329) -- */

    enum pool_result (*own_item)(struct keyed_pool *pool, struct slot *slot);
    enum pool_result (*close_item)(struct keyed_pool *pool, struct slot *slot); /* without the lock */

    /* -- items that arrive -- */

    /* A creation succeeded. */
    enum slot_fate (*on_created)(struct keyed_pool *pool, struct slot *slot);
    /* A leased item comes back. */
    enum slot_fate (*on_returned)(struct keyed_pool *pool, struct slot *slot, enum retire_reason *reason);
    /* release() of a lease that is not out. */
    enum pool_result (*on_released_again)(struct keyed_pool *pool, const struct pool_lease *lease);
    /* Gives the idle slot to the first waiter. NULL: there was nobody to answer. */
    struct pool_lease *(*deliver)(struct keyed_pool *pool, struct key_pool *key, struct slot *slot);

    /* -- what hangs on an item -- */

    void (*on_leased)(struct keyed_pool *pool, struct slot *slot);
    void (*on_kept)(struct keyed_pool *pool, struct slot *slot); /* released, and idle again */
    void (*on_tick)(struct keyed_pool *pool, struct key_pool *key, int64_t now_ns);

    /* -- waiters that go -- */

    void (*on_cancelled)(struct keyed_pool *pool, struct waiter *waiter);
    bool (*closes_waiters)(struct keyed_pool *pool, const struct key_pool *key);

    /* -- time -- */

    int64_t (*now_ns)(void); /* by which clock a key is quiet, and a timer goes off */

    /* -- items that go -- */

    void (*on_invalidated_idle)(struct keyed_pool *pool, struct slot *slot);
    /* The slot ends after a failed creation (CREATING) or after closing (CLOSING): is there room for another? */
    bool (*frees_room)(struct keyed_pool *pool, const struct slot *slot, enum pool_result result);
    /* Does anybody look what the closed slot's room is good for? False: a lost wake-up. */
    bool (*drives_on)(struct keyed_pool *pool, const struct key_pool *key, enum retire_reason reason);
    /* How many items are above min, as the time-to-live sees it. */
    int64_t (*excess)(const struct keyed_pool *pool, const struct key_pool *key);
};

extern const struct pool_decisions pool_decisions_right; /* but for the strategy's five */

/* A strategy: what pools/NAME.c says of itself. */
struct pool_strategy {
    const char *name;
    const char *side;                /* population of its sets or its index: "tombstones" */
    enum pool_stat stat;             /* what their entries count as */
    struct pool_decisions decisions; /* only the strategy's five */
};

/* A wrong answer, chosen with `defect=NAME`. */
struct pool_defect {
    const char *name;
    const char *source; /* issue, PR or section of docs/pools.md */
    const char *about;  /* what goes wrong, one line */
    const char *only;   /* the one strategy that asks this question; NULL: all do */
    void (*apply)(struct pool_decisions *decisions);
};

#define POOL_DEFECT(DEFECT)                                                                                            \
    __attribute__((constructor)) static void register_##DEFECT(void)                                                   \
    {                                                                                                                  \
        pool_defect_add(&DEFECT);                                                                                      \
    }

void pool_defect_add(const struct pool_defect *defect);
const struct pool_defect *pool_defect_find(const char *name);
size_t pool_defect_count(void);
const struct pool_defect *pool_defect_at(size_t index); /* sorted by name */

/* ---- the pool --------------------------------------------------------------------------------------------------- */

enum pool_memory { MEMORY_POOL, MEMORY_KEYS, MEMORY_SLOTS, MEMORY_WAITERS, MEMORY_SIDE, MEMORY_CAPTURED, MEMORY_COUNT };

struct keyed_pool {
    const struct pool_env *env;
    const struct pool_strategy *strategy;
    struct pool_decisions decide;
    size_t min, max;
    int64_t ttl_ns;
    struct pool_scope *scope;
    struct memory memory[MEMORY_COUNT];
    pthread_mutex_t lock;
    struct key_pool *keys;      /* by name; iterated in the order in which they appeared */
    struct key_pool *touched;   /* keys that pool_drive_touched will visit */
    struct owner_entry *owners; /* owner: value -> slots */
    size_t owned;               /* owner: slots in the index */
    struct captured *captured;
    int64_t set_ops;
    size_t drivers;   /* threads inside key_drive or pool_drive_touched */
    bool down;        /* shutdown was called */
    bool finishing;   /* its last part has begun, once */
    bool finished;    /* it is complete */
    bool announce;    /* shutdown returned POOL_PENDING: call shutdown_done */
    size_t undrained; /* down: keys that are not drained */
};

/* Without the lock. */
void pool_lock(struct keyed_pool *pool);
/* Completes a shutdown that has become complete, and drops the lock. Every entry point ends with it. */
void pool_leave(struct keyed_pool *pool);
void pool_unlock(struct keyed_pool *pool);

/* settings.c: fills pool->decide. */
enum pool_result pool_settings_apply(struct pool_decisions *decide, const struct pool_strategy *strategy,
                                     const char *settings, char *message, size_t size);

/* drive.c: does what is to be done for the key until nothing is. Drops the lock meanwhile. */
void key_drive(struct keyed_pool *pool, struct key_pool *key);
void pool_touch(struct keyed_pool *pool, struct key_pool *key);
void pool_drive_touched(struct keyed_pool *pool);
/* The factory's answer for a slot that is CREATING. */
void creation_end(struct keyed_pool *pool, struct slot *slot, enum pool_result result, struct pool_item *item);

/* keys.c */
struct key_pool *key_find(struct keyed_pool *pool, const char *name);
struct key_pool *key_find_or_make(struct keyed_pool *pool, const char *name); /* NULL: out of memory */
void key_free(struct keyed_pool *pool, struct key_pool *key); /* closes what it still holds; without the lock then */

/* slots.c */
struct slot *slot_make(struct keyed_pool *pool, struct key_pool *key);
void slot_free(struct keyed_pool *pool, struct slot *slot);
void slot_set_idle(struct slot *slot);
void slot_set_leased(struct keyed_pool *pool, struct slot *slot, struct pool_lease *lease);
/* Takes it out of use: its item is closed by the next key_drive. */
void slot_doom(struct keyed_pool *pool, struct slot *slot, enum retire_reason reason);
/* The slot goes without closing its item. */
void slot_abandon(struct keyed_pool *pool, struct slot *slot);
/* Takes a made or shared item in. POOL_NO_MEMORY: it is not a member. */
enum pool_result slot_adopt(struct keyed_pool *pool, struct slot *slot, struct pool_item *item);
/* For defects: the slot's item is idle once more, in a slot of its own that nobody counts. False: out of memory. */
bool slot_queue_again(struct keyed_pool *pool, struct slot *slot);
struct slot *slot_of_lease(const struct pool_lease *lease); /* NULL: the lease is not out */
void slot_attach(struct keyed_pool *pool, struct slot *slot, enum attachment_kind kind, int64_t due_ns);
void slot_detach_due(struct keyed_pool *pool, struct slot *slot, int64_t now_ns); /* timers that went off */

/* waiters.c */
struct waiter *waiter_make(struct keyed_pool *pool, struct pool_lease *lease);
void waiter_append(struct key_pool *key, struct waiter *waiter);
void waiter_free(struct keyed_pool *pool, struct waiter *waiter); /* removes it from its key, if in one */
/* Removes the first one and returns its lease, no longer waiting; NULL: it was a ghost. There must be one. */
struct pool_lease *waiter_pop(struct keyed_pool *pool, struct key_pool *key);

/* captured.c: finalizers=captured. */
enum pool_result captured_own_item(struct keyed_pool *pool, struct slot *slot);
enum pool_result captured_close_item(struct keyed_pool *pool, struct slot *slot);
/* Closes every item whose finalizer has not run. Drops the lock when `locked`. */
void captured_close_all(struct keyed_pool *pool, bool locked);

/* owner_index.c: value -> all slots that hold it. Costs the same with one key and with a million. */
struct owner_entry {
    uint64_t value;
    struct slot *slots;
    UT_hash_handle hh;
};

enum pool_result owner_index_add(struct keyed_pool *pool, struct slot *slot);
void owner_index_remove(struct keyed_pool *pool, struct slot *slot); /* one that is not in it: nothing happens */
struct owner_entry *owner_index_find(struct keyed_pool *pool, uint64_t value);

/* core.c: what a strategy puts into its keyed_pool_ops. */
enum pool_result core_make(const struct pool_strategy *strategy, const struct pool_config *config,
                           const struct pool_env *env, struct keyed_pool **out, char *message, size_t size);
void core_free(struct keyed_pool *pool);
enum pool_result core_get(struct keyed_pool *pool, const char *key, struct pool_lease *lease);
enum pool_result core_release(struct keyed_pool *pool, struct pool_lease *lease);
enum pool_result core_cancel(struct keyed_pool *pool, struct pool_lease *lease);
enum pool_result core_invalidate(struct keyed_pool *pool, struct pool_item *item);
enum pool_result core_share(struct keyed_pool *pool, struct pool_lease *lease, const char *key);
void core_created(struct keyed_pool *pool, void *ticket, enum pool_result result, struct pool_item *item);
void core_maintain(struct keyed_pool *pool);                      /* ttl.c */
enum pool_result core_shutdown(struct keyed_pool *pool);          /* shutdown.c */
void core_stats(struct keyed_pool *pool, struct pool_stats *out); /* stats.c */
void core_stats_by_key(struct keyed_pool *pool, pool_tell_fn tell, void *ctx);

/* Registers the strategy STRATEGY as a pool called NAME. */
#define POOL_STRATEGY_REGISTER(STRATEGY, NAME, ABOUT)                                                                  \
    static enum pool_result strategy_make(const struct pool_config *config, const struct pool_env *env,                \
                                          struct keyed_pool **out, char *message, size_t size)                         \
    {                                                                                                                  \
        return core_make(&STRATEGY, config, env, out, message, size);                                                  \
    }                                                                                                                  \
    static const struct keyed_pool_ops strategy_ops = {                                                                \
        .abi = KEYED_POOL_ABI,                                                                                         \
        .name = NAME,                                                                                                  \
        .about = ABOUT,                                                                                                \
        .make = strategy_make,                                                                                         \
        .free = core_free,                                                                                             \
        .get = core_get,                                                                                               \
        .release = core_release,                                                                                       \
        .cancel = core_cancel,                                                                                         \
        .invalidate = core_invalidate,                                                                                 \
        .share = core_share,                                                                                           \
        .created = core_created,                                                                                       \
        .maintain = core_maintain,                                                                                     \
        .shutdown = core_shutdown,                                                                                     \
        .stats = core_stats,                                                                                           \
        .stats_by_key = core_stats_by_key,                                                                             \
    };                                                                                                                 \
    POOL_REGISTER(strategy_ops)

#endif
