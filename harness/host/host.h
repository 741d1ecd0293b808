/*
 * host: the program that holds a C pool in a world and does what plan lines on its stdin say.
 *
 * It speaks the subject protocol (docs/formats.md) as any foreign subject does: one greeting, then plan lines in,
 * answers out, in the order in which things happened. It stays small on purpose, because it is the process that is
 * measured: after the first rung it takes memory only from the world, which counts it.
 *
 * This header is for the files of the host and their tests. One thread reads the plan; `thread N` in it starts others,
 * and what they share says by which lock.
 */
#ifndef CHURN_HOST_H
#define CHURN_HOST_H

#include "harness/world/world.h"

#include <pthread.h>

#define HOST_VERSION   "0.1.0"
#define HOST_EXIT_LOST 23 /* the pool is gone and the world misses blocks */

/* ---- answers: a buffer in front of stdout ------------------------------------------------------------------------ */

/* Whole lines are written under the lock; with one thread nobody ever waits for it. Zero-initialised but for fd. */
struct answer {
    pthread_mutex_t lock;
    int fd;
    bool muted;  /* the pool is being ended: nobody asked for what happens now */
    bool failed; /* nobody reads any more */
    size_t length;
    char data[64 * 1024];
};

/* Around a line; everything below but answer_flush is called between them. */
void answer_begin(struct answer *answer);
void answer_end(struct answer *answer);
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

/* ---- the positive control: control.c ----------------------------------------------------------------------------- */

#define CONTROL_LOST_BYTES 100

/* The pool that leaks on purpose, "control"; in no list. */
const struct keyed_pool_ops *control_pool(void);

/* ---- time: libfaketime's clock, moved from inside ---------------------------------------------------------------- */

/* What was tried at the start and works. */
struct clock_powers {
    bool moves; /* all clocks go on together; false: they are the real ones */
    bool steps; /* CLOCK_REALTIME can be set alone */
};

/* Takes over FAKETIME. */
struct clock_powers clock_take_over(void);
/* Moves all clocks. ERR_INPUT when they would pass the end of what they can say. */
enum err clock_advance(int64_t duration_ns, struct problem *why) MUST_CHECK;
/* Sets CLOCK_REALTIME forward or back (below 0), and no other clock. ERR_INPUT as above. */
enum err clock_step(int64_t duration_ns, struct problem *why) MUST_CHECK;
/* How far it was set in all: what interpose_clock.c takes out of the other clocks again. */
int64_t clock_stepped_ns(void);

/* ---- what a memory tool around this process counts --------------------------------------------------------------- */

enum tool { TOOL_NONE, TOOL_ASAN, TOOL_MEMCHECK };

/* Which tool is watching; starts counting blocks under ASan. */
enum tool tool_watch(void);
/* Bytes and blocks that are allocated, by the tool's own count. Slow under memcheck: it searches the whole memory. */
void tool_measure(enum tool tool, int64_t *bytes, int64_t *blocks);

/* Where growth comes from: with CHURN_EXPLAIN=FIRST,LAST in the environment memcheck lists, at rung LAST, the stacks of all
 * blocks that came since rung FIRST (the backend reads its log). */
struct explain {
    int64_t first, last; /* 0: nobody asked */
};
struct explain explain_asked(enum tool tool);
void explain_rung(const struct explain *explain, int64_t rung);

/* ---- the host ---------------------------------------------------------------------------------------------------- */

struct lease;
struct worker;
struct schedule;

/* A thread that borrows: the main one, or a worker. */
struct caller {
    struct host *host;
    unsigned number;      /* 0: the main thread */
    pthread_mutex_t lock; /* guards the names, and what state their leases are in; never held in a call of the pool */
    pthread_cond_t answered; /* a get of one of its leases was */
    struct lease *leases;    /* every name the plan used: a name that is used again finds its entry again */
    struct lease
        *forgotten;     /* the pool neither gave them up nor answered them, and their names mean something else now */
    bool gives_up;      /* guarded by lock: the end has come, it waits for nothing any more */
    int64_t call_began; /* its last call into the pool (world_moment); its own */
    int64_t gets_leased, gets_failed, gets_closed; /* guarded by lock */
};

/* planted.c: `meta leak N`. */
#define PLANTED_MAX (1 << 20) /* bytes per operation */
struct planted {
    int64_t per_op, left;
    char *at;
};
void planted_leak(struct planted *planted);

struct host {
    const struct pool_choice *choice;
    enum tool tool;
    struct clock_powers clock;
    struct world *world; /* NULL until the plan's `pool` line */
    struct keyed_pool *pool;
    struct caller main;
    struct worker *workers[PLAN_THREADS_MAX + 1]; /* by number; NULL: not started */
    unsigned current;                             /* the thread that gets the next operation */
    bool threaded;             /* the plan has threads: who is served first means nothing, and is not answered */
    struct schedule *schedule; /* NULL: threads run as the system likes */
    struct plan_counts counts; /* of operations that were read */
    int64_t rungs;
    int64_t
        alloc_fails_nth; /* ordered before there is a pool: of those that it asks for, its making included; 0: none */
    int64_t alloc_fails_at; /* the same, once it has begun: of all that the world was asked for */
    struct planted planted; /* 0 bytes, unless it was asked for */
    struct explain explain;
    bool examples_asked; /* for the next rung */
    bool shutdown_asked, shutdown_pending;
    bool refused; /* the pool cannot have the shape of the `pool` line: nothing is left to do */
    struct answer answer;
};

/* Carries out one operation. ERR_INPUT: the plan is wrong. Other errors: the machine. */
enum err host_do(struct host *host, const struct plan_op *op, struct problem *why) MUST_CHECK;

/* Ends pool and world; NULL world is fine. Returns the number of blocks the pool lost, named in `lost`. */
int64_t host_end(struct host *host, char *lost, size_t size);

void host_greet(struct host *host);
bool host_can(const struct host *host, enum plan_verb verb);
void host_misuse(void *host, uint64_t identity, const char *what);

/* One of the operations that a worker can carry out, on the present thread. */
enum err host_do_here(struct host *host, const struct plan_op *op, struct problem *why) MUST_CHECK;

/* threads.c */
enum err caller_open(struct caller *caller, struct host *host, unsigned number, struct problem *why) MUST_CHECK;
void caller_close(struct caller *caller);
const struct caller *threads_caller(const struct host *host, unsigned number); /* NULL: there is no such thread */
/* The one that runs on this thread. */
struct caller *caller_here(struct host *host);
/* Before each call into the pool. */
void caller_calls(struct host *host);

/* From now on operations go to thread `number`, which is started when it is new. */
enum err threads_switch(struct host *host, unsigned number, struct problem *why) MUST_CHECK;
/* Hands one to the present thread; waits when it has too many. */
enum err threads_push(struct host *host, const struct plan_op *op, struct problem *why) MUST_CHECK;
/* Waits until every thread has done all it was given. ERR_*: what a thread ran into. */
enum err threads_drain(struct host *host, struct problem *why) MUST_CHECK;
/* Ends the threads that can be ended. */
void threads_end(struct host *host);
/* Frees them and their leases. */
void callers_free(struct host *host);
void threads_yield(struct host *host);

/* schedule.c: one thread at a time, in an order drawn from a seed (PCT: M. Musuvathi et al., "A Randomized Scheduler with
 * Probabilistic Guarantees of Finding Bugs", ASPLOS 2010). Every function but schedule_run is for workers. */

/* "pct:D:SEED". ERR_INPUT. *out is OWNED: schedule_free (accepts NULL). */
enum err schedule_make(const char *text, struct world *world, struct schedule **out, struct problem *why) MUST_CHECK;
void schedule_free(struct schedule *schedule, struct world *world);
void schedule_ready(struct schedule *schedule, unsigned number); /* there is work for it; while no worker runs */
/* Lets the workers run until all are without work or blocked. False: some are blocked, and nobody can wake them. */
bool schedule_run(struct schedule *schedule);
void schedule_stop(struct schedule *schedule);
bool schedule_wait(struct schedule *schedule, unsigned number); /* for its first turn; false: the end */
void schedule_idle(struct schedule *schedule, unsigned number); /* no work left */
void schedule_yield(struct schedule *schedule, unsigned number);
void schedule_block(struct schedule *schedule, unsigned number); /* until schedule_wake, and its turn */
void schedule_wake(struct schedule *schedule);                   /* all that are blocked look again; any thread */

/* leases.c */
enum err lease_get(struct host *host, const struct plan_op *op, struct problem *why) MUST_CHECK;
enum err lease_release(struct host *host, const char *name, struct problem *why) MUST_CHECK;
enum err lease_cancel(struct host *host, const char *name, struct problem *why) MUST_CHECK;
enum err lease_invalidate(struct host *host, const char *name, struct problem *why) MUST_CHECK;
enum err lease_share(struct host *host, const char *name, const char *key, struct problem *why) MUST_CHECK;
enum err lease_kill(struct host *host, const char *name, struct problem *why) MUST_CHECK;
/* The world's name for a scope of this thread: in `out`, or the name itself. */
#define LEASE_SCOPE_SIZE (NAME_MAX_LEN + 1)
const char *lease_scope_name(struct host *host, const char *scope, char *out);
void lease_done(void *host, struct pool_lease *out, enum pool_result result);
void leases_free(struct caller *caller);
/* Tells of gets that the pool would neither let go nor answers, and forgets them. While nobody borrows. */
void leases_check(struct caller *caller);
/* How many are out, and how many gets wait. While nobody borrows. */
void leases_count(const struct caller *caller, int64_t *out, int64_t *waiting);

/* examples.c: lines before the answer to a rung. */
void examples_answer(struct host *host);

/* sample.c */
void sample_answer(struct host *host);
void sample_print_counters(struct host *host); /* the names that every sample has, for the greeting */

#endif
