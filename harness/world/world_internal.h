/* What the files of the world share. */
#ifndef CHURN_WORLD_INTERNAL_H
#define CHURN_WORLD_INTERNAL_H

#include "harness/world/world.h"

#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>

/* A function that adds to a hash has a `struct world *world` in its scope: the table's memory is counted like all. */
#define HASH_NONFATAL_OOM      1
#define uthash_malloc(sz)      world_own_alloc(world, sz)
#define uthash_free(ptr, size) world_own_free(world, ptr, size)
#include <uthash.h>

#define WORLD_FOREIGN_BIT (UINT64_C(1) << 63)

struct pool_population {
    const char *name;
    struct world *world;
    int64_t bytes;
    int64_t blocks;
    struct pool_population *next; /* by name */
};

/* What a report says of an item. The world's own memory: an item weighs the same whatever its key is called. */
struct item_note {
    int64_t since; /* how many operations had begun when it was made, given back or closed last */
    char name[];   /* of the key that it was made for, or of the foreign value */
};

struct pool_item {
    struct pool_item *self; /* the key of world->items */
    uint64_t identity;
    int64_t holders;        /* how often the pool has still to destroy it; 0: closed */
    int64_t refs;           /* references of the pool beside that */
    int64_t keeps;          /* references of the host */
    int64_t invalidated_at; /* the moment; 0: it was not */
    int32_t leases;         /* that are out */
    bool retained;          /* counted in WORLD_DEAD_RETAINED */
    bool pooled;            /* its memory is counted in the populations, not as the world's own */
    int pool_fd;            /* items=tcp: both ends of the connection, or -1 */
    int peer_fd;
    struct item_note *note;
    void *payload;
    UT_hash_handle hh;
};

struct pool_finalizer {
    pool_finalizer_fn run;
    void *arg;
    struct pool_scope *scope;
    struct pool_finalizer *previous, *next;
};

struct pool_scope {
    char name[NAME_MAX_LEN + 1]; /* "" for the application's */
    struct pool_finalizer *last; /* the newest */
    struct pool_population *population;
    enum world_count count; /* where its finalizers are counted */
    UT_hash_handle hh;
};

/* What is ordered for the creations of one key. */
struct fault {
    char key[NAME_MAX_LEN + 1];
    int64_t failures;       /* creations that will fail */
    int64_t close_failures; /* closings that will fail */
    int64_t slow_ns;
    UT_hash_handle hh;
};

/* A slow creation under way. */
struct creation {
    int64_t due_ns;
    void *ticket;
    bool fails;
    struct creation *previous, *next; /* by due_ns, then by age */
    char key[NAME_MAX_LEN + 1];
};

/* Which identities are in use: with identities=reused a bit for each, otherwise only the last one given. */
struct identities {
    bool reuse;
    uint64_t last;
    uint64_t *taken;
    size_t words;
    size_t first_free; /* no word before this one has a free bit */
};

struct world {
    struct plan_shape shape;
    struct world_listener listener;
    struct pool_env env;
    pthread_mutex_t lock; /* guards everything below that is not atomic */

    const struct keyed_pool_ops *ops;
    struct keyed_pool *pool;

    _Atomic int64_t moment;
    _Atomic int64_t operations;            /* begun */
    _Atomic int64_t own_bytes, own_blocks; /* atomic, because own memory is taken with and without the lock */
    int64_t counts[WORLD_COUNT_COUNT];     /* those of items and finalizers */
    int64_t allocs_asked;
    int64_t alloc_fails_at; /* the value of allocs_asked at which one fails; 0: never */

    struct pool_population *populations;
    struct pool_population *items_population, *payloads_population;

    struct pool_item *items; /* all that have memory, by address */
    struct identities identities;
    struct fault *faults;
    int64_t close_failures; /* over all of them */
    struct creation *first_creation, *last_creation;
    char last_error[128];

    struct pool_scope app_scope;
    struct pool_scope *scopes;

    int listen_fd; /* items=tcp, or -1 */
    struct sockaddr_in listen_address;
};

/* populations.c */
struct pool_population *population_find(struct world *world, const char *name);
void *population_alloc(struct pool_population *population, size_t size);
void population_free(struct pool_population *population, void *ptr, size_t size);
void population_move_locked(struct pool_population *population, size_t size, bool into);
void populations_free_all(struct world *world);
void world_misuse(struct world *world, uint64_t identity, const char *what);

/* identities.c */
uint64_t identities_take_locked(struct world *world); /* 0: out of memory */
void identities_give_back_locked(struct world *world, uint64_t identity);

/* items.c */
struct pool_item *item_make(struct world *world, const char *key); /* NULL: last_error says why */
enum pool_result item_destroy(void *ctx, struct pool_item *item);
uint64_t item_value(void *ctx, const struct pool_item *item);
void item_ref(void *ctx, struct pool_item *item);
void item_unref(void *ctx, struct pool_item *item);
void item_hold(void *ctx, struct pool_item *item);
void items_free_all(struct world *world);

/* tcp.c */
enum err tcp_listen(struct world *world, struct problem *why) MUST_CHECK;
bool tcp_connect_locked(struct world *world, int *pool_fd, int *peer_fd);
void tcp_hang_up(int *fd); /* closes like any peer that goes away: the other end reads end of file */
void tcp_reset(int *fd);   /* closes at once and leaves nothing in TIME_WAIT; -1 is accepted */

/* factory.c */
enum pool_result factory_create(void *ctx, const char *key, void *ticket, struct pool_item **item);
void factory_set_error(struct world *world, const char *what, int error);
void factory_set_error_locked(struct world *world, const char *what, int error);
bool factory_close_fails_locked(struct world *world, const struct pool_item *item); /* uses up one failure */
void factory_free_all(struct world *world);

/* scopes.c */
struct pool_finalizer *scope_add(void *ctx, struct pool_scope *scope, pool_finalizer_fn run, void *arg);
void scope_remove(void *ctx, struct pool_finalizer *finalizer);
enum err scopes_init(struct world *world, struct problem *why) MUST_CHECK;
void scopes_free_all(struct world *world);

#endif
