/* What leases.c (a lease's life) and lease_items.c (what is done with its item) share. */
#ifndef CHURN_HOST_LEASE_H
#define CHURN_HOST_LEASE_H

#include "harness/host/host.h"

/* A function that adds to a hash has a `struct world *world` in its scope: the table's memory is counted like all. */
#define HASH_NONFATAL_OOM      1
#define uthash_malloc(sz)      world_own_alloc(world, sz)
#define uthash_free(ptr, size) world_own_free(world, ptr, size)
#include <uthash.h>

enum lease_state {
    LEASE_OVER,    /* never taken, released, cancelled, failed or closed */
    LEASE_ASKING,  /* the call to get has not returned */
    LEASE_PENDING, /* lease_done will follow */
    LEASE_OUT
};

/* With threads: a lease belongs to the caller that asked, may be answered by any thread, and may be used by those that
 * the main thread shares it with. Its caller's lock guards `state`, `abandoned` and `item`. */
struct lease {
    char name[NAME_MAX_LEN + 1];
    enum lease_state state;
    bool abandoned; /* its scope closed while the pool could not cancel it: released as soon as it is served */
    bool refused;   /* the pool said that it is too late to cancel it, so the answer must be on its way */
    struct host *host;
    struct caller *caller;
    struct pool_lease out;
    struct pool_item *item;           /* the one it holds or held last, kept; NULL: none */
    struct pool_finalizer *finalizer; /* in its request scope, while it is not over; its caller's own */
    UT_hash_handle hh;
    struct lease *next; /* in caller->forgotten */
};

/* The lease that this thread means by `name`, once its get was answered (with threads: waits). ERR_INPUT: unknown. */
enum err lease_use(struct host *host, const char *name, struct lease **out, struct problem *why) MUST_CHECK;
enum lease_state lease_state(struct lease *lease);

#endif
