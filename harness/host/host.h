/*
 * host: the program that holds a C pool in a world and does what plan lines on its stdin say.
 *
 * It speaks the subject protocol (docs/formats.md) as any foreign subject does: one greeting, then plan lines in,
 * answers out, in the order in which things happened. It stays small on purpose, because it is the process that is
 * measured: after the first rung it takes memory only from the world, which counts it.
 *
 * This header is for the files of the host and their tests. One thread.
 */
#ifndef CHURN_HOST_H
#define CHURN_HOST_H

#include "harness/world/world.h"

#define HOST_VERSION   "0.1.0"
#define HOST_EXIT_LOST 23 /* the pool is gone and the world misses blocks */

/* ---- answers: a buffer in front of stdout ------------------------------------------------------------------------ */

struct answer {
    int fd;
    bool muted;  /* the pool is being ended: nobody asked for what happens now */
    bool failed; /* nobody reads any more */
    size_t length;
    char data[64 * 1024];
};

void answer_text(struct answer *answer, const char *text);
void answer_number(struct answer *answer, uint64_t number);
void answer_integer(struct answer *answer, int64_t number);
/* Text that others wrote: made printable and cut, so that it stays one valid line. */
void answer_words(struct answer *answer, const char *words);
void answer_flush(struct answer *answer);

/* ---- which pool: NAME[:SETTING=VALUE]..., or the path of a shared object ----------------------------------------- */

struct pool_choice {
    const char *spec; /* as given. BORROWED */
    const struct keyed_pool_ops *ops;
    const char *settings;         /* BORROWED: the end of spec */
    bool counts[POOL_STAT_COUNT]; /* what it says of itself */
};

/* Finds the pool and makes one for a moment, so that a wrong setting is seen before anything runs. ERR_INPUT. */
enum err pool_choose(const char *spec, struct pool_choice *out, struct problem *why) MUST_CHECK;

/* ---- time: libfaketime's clock, moved from inside ---------------------------------------------------------------- */

/* Takes over FAKETIME. True: the clock follows; false: it is the real one. */
bool clock_take_over(void);
/* Moves the clock. ERR_INPUT when it would pass the end of what it can say. */
enum err clock_advance(int64_t duration_ns, struct problem *why) MUST_CHECK;

/* ---- what a memory tool around this process counts --------------------------------------------------------------- */

enum tool { TOOL_NONE, TOOL_ASAN, TOOL_MEMCHECK };

/* Which tool is watching; starts counting blocks under ASan. */
enum tool tool_watch(void);
/* Bytes and blocks that are allocated, by the tool's own count. Slow under memcheck: it searches the whole memory. */
void tool_measure(enum tool tool, int64_t *bytes, int64_t *blocks);

/* ---- the host ---------------------------------------------------------------------------------------------------- */

struct lease;

struct host {
    const struct pool_choice *choice;
    enum tool tool;
    bool clock_moves;
    struct world *world; /* NULL until the plan's `pool` line */
    struct keyed_pool *pool;
    struct lease *leases; /* every name the plan used: a name that is used again finds its entry again */
    int64_t rungs;
    bool shutdown_asked, shutdown_pending;
    struct answer answer;
};

/* Carries out one operation. ERR_INPUT: the plan is wrong. Other errors: the machine. */
enum err host_do(struct host *host, const struct plan_op *op, struct problem *why) MUST_CHECK;

/* Ends pool and world; NULL world is fine. Returns the number of blocks the pool lost, named in `lost`. */
int64_t host_end(struct host *host, char *lost, size_t size);

void host_greet(struct host *host);
bool host_can(const struct host *host, enum plan_verb verb);
void host_misuse(void *host, uint64_t identity, const char *what);

/* leases.c */
enum err lease_get(struct host *host, const struct plan_op *op, struct problem *why) MUST_CHECK;
enum err lease_release(struct host *host, const char *name, struct problem *why) MUST_CHECK;
enum err lease_cancel(struct host *host, const char *name, struct problem *why) MUST_CHECK;
enum err lease_invalidate(struct host *host, const char *name, struct problem *why) MUST_CHECK;
enum err lease_share(struct host *host, const char *name, const char *key, struct problem *why) MUST_CHECK;
enum err lease_kill(struct host *host, const char *name, struct problem *why) MUST_CHECK;
void lease_done(void *host, struct pool_lease *out, enum pool_result result);
void leases_free(struct host *host);

/* sample.c */
void sample_answer(struct host *host);
void sample_print_counters(struct host *host); /* the names that every sample has, for the greeting */

#endif
