/*
 * plan: a flat list of operations on a keyed pool, version 1 (docs/formats.md).
 *
 * One operation a line. The same type serves scenarios (which make operations), plan files (which store them),
 * the driver (which sends them) and the host (which carries them out). Printing a parsed line gives the
 * same bytes; parsing a printed operation gives the same operation.
 *
 * Thread-safety: functions touch only their arguments.
 */
#ifndef CHURN_PLAN_H
#define CHURN_PLAN_H

#include "harness/base/base.h"

#define PLAN_VERSION     1
#define PLAN_THREADS_MAX 64

enum plan_verb {
    PLAN_META,             /* meta NAME VALUE... */
    PLAN_POOL,             /* pool NAME=VALUE...          first, once */
    PLAN_GET,              /* get LEASE KEY [SCOPE] */
    PLAN_RELEASE,          /* release LEASE */
    PLAN_CANCEL,           /* cancel LEASE */
    PLAN_INVALIDATE,       /* invalidate LEASE            the item it holds, or held last */
    PLAN_INVALIDATE_VALUE, /* invalidate-value VALUE      a value that belongs to no pool */
    PLAN_SHARE,            /* share LEASE KEY             its item becomes a member of KEY as well */
    PLAN_FAIL,             /* fail KEY COUNT              the next COUNT creations for KEY fail */
    PLAN_SLOW,             /* slow KEY DURATION           creations for KEY take that long */
    PLAN_KILL,             /* kill LEASE                  the peer closes the item; the pool is not told */
    PLAN_ADVANCE,          /* advance DURATION            time passes */
    PLAN_CLOSE_SCOPE,      /* close-scope SCOPE           its leases are released, its finalizers run */
    PLAN_RUNG,             /* rung                        settle, then one sample of everything */
    PLAN_SHUTDOWN,         /* shutdown                    close the pool */
    PLAN_THREAD,           /* thread NUMBER               who carries out what follows; 0 is the main thread */
    PLAN_FAIL_CLOSE,       /* fail-close KEY COUNT        the next COUNT closings of items made for KEY fail */
    PLAN_STEP_CLOCK, /* step-clock [-]DURATION      the wall clock is set forward or back; time goes on as before */
    PLAN_VERB_COUNT
};

/* The word of a verb in a plan: "get", "invalidate-value". */
const char *plan_verb_name(enum plan_verb verb);
bool plan_verb_from_name(const char *name, enum plan_verb *out); /* false: no such verb */

/* One operation. Only the fields its verb uses are set; the others are empty or 0. */
struct plan_op {
    enum plan_verb verb;
    char lease[NAME_MAX_LEN + 1]; /* LEASE, or VALUE */
    char key[NAME_MAX_LEN + 1];
    char scope[NAME_MAX_LEN + 1];
    int64_t count;       /* fail, fail-close, thread */
    int64_t duration_ns; /* slow, advance; step-clock: below 0 is back */
    /* meta: "NAME VALUE..."; pool: "NAME=VALUE NAME=VALUE"; fail, slow, advance ...: the quantity as it was written, so that it prints
     * as the same bytes. Empty for one that was made by a program: clear it when you change the number. */
    char text[256];
};

/* Parses one line without its newline. Not for empty lines or comments (see plan_reader). ERR_INPUT says which column,
 * what was expected and what was found. */
enum err plan_op_parse(const char *line, size_t length, struct plan_op *out, struct problem *why) MUST_CHECK;

/* Appends the line and its newline. Check out->failed at the end. */
void plan_op_print(const struct plan_op *op, struct buffer *out);

/* ---- the shape of the pool: what a `pool` line says ----------------------------------------------------- */

enum plan_items { PLAN_ITEMS_BYTES, PLAN_ITEMS_TCP, PLAN_ITEMS_COUNT };

struct plan_shape {
    int64_t min;           /* items kept per key; default 0 */
    int64_t max;           /* items at most per key, >= 1; default 1 */
    int64_t ttl_ns;        /* quiet time after which items above min are given up; default INT64_MAX (never) */
    enum plan_items items; /* items=bytes (default) or items=tcp: a real connection over loopback */
    int64_t payload_bytes; /* payload=256B: memory of one item beside its header; default 0 */
    bool reuse_identities; /* identities=reused: a destroyed item's identity is given to the next one made */
    int64_t fd_limit;      /* fd_limit=64: RLIMIT_NOFILE of the subject; 0 = leave it */
};

/* Reads the text of a PLAN_POOL operation. Unknown names, doubles and wrong values are ERR_INPUT. */
enum err plan_shape_parse(const char *text, struct plan_shape *out, struct problem *why) MUST_CHECK;

/* The same in pieces, for callers that have names and values: defaults, one setting, the check of the whole. */
void plan_shape_init(struct plan_shape *shape);
enum err plan_shape_set(struct plan_shape *shape, const char *name, const char *value, struct problem *why) MUST_CHECK;
enum err plan_shape_check(const struct plan_shape *shape, struct problem *why) MUST_CHECK;
const char *plan_shape_setting_name(size_t index); /* NULL: there are no more */

/* Writes the text of a PLAN_POOL operation: min, max, ttl always, the others where they differ from the default. */
void plan_shape_print(const struct plan_shape *shape, char *out, size_t size);

/* ---- where operations come from -------------------------------------------------------------------------- */

/* A stream of operations: a scenario that makes them, or a plan file that is read. */
struct plan_source {
    /* The next operation. ERR_NONE with *done = false: *out is set. ERR_NONE with *done = true: the plan is over.
     * Memory stays bounded however long the plan is. */
    enum err (*next)(struct plan_source *self, struct plan_op *out, bool *done, struct problem *why);
    void (*free)(struct plan_source *self); /* accepts what `open` gave; never NULL */
};

/* Opens a plan file ("-" is standard input). Checks the first line ("churn-plan 1"). Comments and empty lines are
 * skipped; problems name file and line. *out is OWNED by the caller: (*out)->free(*out). */
enum err plan_file_open(const char *path, struct plan_source **out, struct problem *why) MUST_CHECK;

/* ---- a plan that is held in memory ------------------------------------------------------------------------ */

/* Zero-initialised is empty. OWNED by the caller: plan_free. */
struct plan {
    struct plan_op *ops;
    size_t count, capacity;
};

enum err plan_add(struct plan *plan, const struct plan_op *op, struct problem *why) MUST_CHECK;
/* Adds all that is left in `source` (BORROWED). */
enum err plan_read(struct plan *plan, struct plan_source *source, struct problem *why) MUST_CHECK;
/* The operations of `plan` (BORROWED until the source is freed) as a source. *out is OWNED: (*out)->free(*out). */
enum err plan_as_source(const struct plan *plan, struct plan_source **out, struct problem *why) MUST_CHECK;
void plan_free(struct plan *plan);

/* For each operation the index of the get that named its lease (a get's is its own): owners[plan->count]. PLAN_NO_OWNER: it names no
 * lease, or one that no get named. A thread that has not named a lease means the main thread's. */
#define PLAN_NO_OWNER SIZE_MAX
enum err plan_find_owners(const struct plan *plan, size_t *owners, struct problem *why) MUST_CHECK;

/* Writes the header line of a plan. */
void plan_print_header(struct buffer *out);

/* ---- counting what was asked ------------------------------------------------------------------------------ */

/* How often each operation was emitted up to now, and what formulas need beside it. */
struct plan_counts {
    int64_t ops; /* all operations but meta, pool, rung, shutdown, thread */
    int64_t by_verb[PLAN_VERB_COUNT];
    int64_t cycles; /* cycles of the scenario begun since its set-up, warm-up included */
};

void plan_counts_add(struct plan_counts *counts, const struct plan_op *op);

#endif
