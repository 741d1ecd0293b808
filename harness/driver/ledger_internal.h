/*
 * ledger_internal.h: leases by name, items by identity.
 *
 * A name may be used again before the answer to its last get has been read, so each name keeps a queue of its gets. Time is
 * counted in operations sent. An answer carries no time; the earliest operation after which it can have happened is known,
 * though: its own get, any answer before it, and the release that made its item free.
 */
#ifndef CHURN_DRIVER_LEDGER_INTERNAL_H
#define CHURN_DRIVER_LEDGER_INTERNAL_H

#include "harness/driver/ledger.h"

#define HASH_NONFATAL_OOM 1
#include <uthash.h>

/* Items known at once; beyond that new ones are not followed: memory stays bounded whatever a subject says. */
#define ITEMS_MAX (4u << 20)

struct item {
    uint64_t identity;
    uint64_t life; /* an identity may be given again: which of its lives this is */
    int64_t out;   /* leases that hold it and were not given back */
    int64_t allowed;
    int64_t invalidated_at; /* the operation; 0: it was not */
    int64_t freed_at;       /* the last release of it */
    bool was_leased, destroyed;
    UT_hash_handle hh;
};

/* One get, from the plan's line to its end. */
struct get {
    struct get *younger;
    int64_t asked_at, released_at, cancelled_at, invalidated_at; /* the first operations of their kind; 0: not sent */
    int64_t last_released_at; /* a release is void while the get waits, and another may follow */
    int64_t shares;
    bool scope_ended, answered, out;
    uint64_t identity, life; /* of what it holds or held last; life 0: nothing */
};

struct lease_name {
    char name[NAME_MAX_LEN + 1];
    char scope[NAME_MAX_LEN + 1]; /* of the youngest get */
    struct get *oldest, *youngest;
    UT_hash_handle hh;
};

struct ledger {
    ledger_violation_fn on_violation;
    void *ctx;
    struct lease_name *names;
    struct item *items;
    struct get *spare; /* to be used again */
    int64_t now;       /* operations sent */
    int64_t floor;     /* the last answer happened after this operation, at the earliest */
    int64_t shutdown_at;
    uint64_t lives;
    struct ledger_counts counts;
    bool says_created, says_cancelled, closed;
    bool threaded; /* the order of things is not told: only misuse is heard */
};

/* ---- ledger_items.c ---- */
enum err ledger_violated(struct ledger *ledger, const char *invariant, uint64_t identity, const char *what) MUST_CHECK;
struct item *ledger_find_item(struct ledger *ledger, uint64_t identity);
/* A new life of an identity. *out NULL with ERR_NONE: there are too many to follow. */
enum err ledger_begin_item(struct ledger *ledger, uint64_t identity, struct item **out) MUST_CHECK;
void ledger_forget_item(struct ledger *ledger, struct item *item);
/* The item a get holds, while it lives that same life. */
struct item *ledger_item_of(struct ledger *ledger, const struct get *get);
void ledger_note_invalidated(struct item *item, int64_t at);
void ledger_end_lease(struct ledger *ledger, struct get *get, int64_t at);

/* ---- ledger.c ---- */
struct lease_name *ledger_find_name(struct ledger *ledger, const char *text);
void ledger_prune(struct ledger *ledger, struct lease_name *name);
void ledger_drop_get(struct ledger *ledger, struct lease_name *name, struct get *get);

#endif
