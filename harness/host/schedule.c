/*
 * PCT: only the thread that has the turn runs; the others stand still. Threads get random priorities, and of those that can
 * go on the one with the highest has the turn. At d random steps the running thread drops below all others. A step is a
 * place where the pool yields (around its locks), the end of an operation, or a lease that is waited for. A bug that needs
 * d orderings is found with a probability that depends on the number of threads and steps, not on luck; and the same seed
 * gives the same order again.
 *
 * The plan is cut into sections (up to a rung, or to a full queue), and each is a PCT run of its own: priorities and change
 * points are drawn anew, over as many steps as the longest section before had.
 */
#include "harness/host/host.h"

#include <stdlib.h>
#include <string.h>

#define CHANGES_MAX 64
#define STEPS_FIRST 256

enum turn_state { TURN_NONE, TURN_IDLE, TURN_READY, TURN_BLOCKED };

struct turn {
    enum turn_state state;
    uint64_t priority;
    pthread_cond_t mine;
};

struct schedule {
    pthread_mutex_t lock; /* guards everything */
    unsigned turn;        /* who runs; 0: the main thread */
    bool stopped;
    struct turn turns[PLAN_THREADS_MAX + 1];
    struct rng rng;
    uint64_t steps, longest; /* of this section, of any */
    size_t changes;          /* d */
    uint64_t change_at[CHANGES_MAX];
};

enum err schedule_make(const char *text, struct world *world, struct schedule **out, struct problem *why)
{
    char *end = NULL, *rest = NULL;
    unsigned long changes = strncmp(text, "pct:", 4) == 0 ? strtoul(text + 4, &end, 10) : 0;
    uint64_t seed = end != NULL && *end == ':' ? strtoull(end + 1, &rest, 10) : 0;

    if (rest == NULL || *rest != '\0' || changes == 0 || changes > CHANGES_MAX)
        return problem_set(why, ERR_INPUT, "schedule \"%.60s\": expected pct:CHANGES:SEED with 1 to %d changes", text,
                           CHANGES_MAX);
    struct schedule *schedule = world_own_alloc(world, sizeof *schedule);
    if (schedule == NULL)
        return problem_set(why, ERR_MEMORY, "out of memory for a schedule");
    *schedule = (struct schedule){.longest = STEPS_FIRST, .changes = changes};
    rng_init(&schedule->rng, seed);
    (void)pthread_mutex_init(&schedule->lock, NULL);
    for (size_t i = 0; i <= PLAN_THREADS_MAX; i++)
        (void)pthread_cond_init(&schedule->turns[i].mine, NULL);
    *out = schedule;
    return ERR_NONE;
}

void schedule_free(struct schedule *schedule, struct world *world)
{
    if (schedule == NULL)
        return;
    for (size_t i = 0; i <= PLAN_THREADS_MAX; i++)
        (void)pthread_cond_destroy(&schedule->turns[i].mine);
    (void)pthread_mutex_destroy(&schedule->lock);
    world_own_free(world, schedule, sizeof *schedule);
}

/* ---- turns ------------------------------------------------------------------------------------------------------- */

/* Gives the turn to the best of those that can go on; to the main thread when none can. */
static void pass_locked(struct schedule *schedule)
{
    unsigned best = 0;

    for (unsigned i = 1; i <= PLAN_THREADS_MAX; i++)
        if (schedule->turns[i].state == TURN_READY &&
            (best == 0 || schedule->turns[i].priority > schedule->turns[best].priority))
            best = i;
    if (best == schedule->turn)
        return;
    schedule->turn = best;
    pthread_cond_signal(&schedule->turns[best].mine);
}

static void wait_locked(struct schedule *schedule, unsigned number)
{
    while (schedule->turn != number && !schedule->stopped)
        pthread_cond_wait(&schedule->turns[number].mine, &schedule->lock);
}

bool schedule_wait(struct schedule *schedule, unsigned number)
{
    pthread_mutex_lock(&schedule->lock);
    bool again = !schedule->stopped;
    wait_locked(schedule, number);
    pthread_mutex_unlock(&schedule->lock);
    return again;
}

void schedule_ready(struct schedule *schedule, unsigned number)
{
    pthread_mutex_lock(&schedule->lock);
    if (schedule->turns[number].state != TURN_BLOCKED)
        schedule->turns[number].state = TURN_READY;
    pthread_mutex_unlock(&schedule->lock);
}

void schedule_idle(struct schedule *schedule, unsigned number)
{
    pthread_mutex_lock(&schedule->lock);
    schedule->turns[number].state = TURN_IDLE;
    pass_locked(schedule);
    pthread_mutex_unlock(&schedule->lock);
}

/* At a change point the running thread falls below all that have not fallen. */
static void step_locked(struct schedule *schedule, unsigned number)
{
    schedule->steps++;
    for (size_t i = 0; i < schedule->changes; i++)
        if (schedule->change_at[i] == schedule->steps)
            schedule->turns[number].priority = i + 1;
}

void schedule_yield(struct schedule *schedule, unsigned number)
{
    pthread_mutex_lock(&schedule->lock);
    if (!schedule->stopped) {
        step_locked(schedule, number);
        pass_locked(schedule);
        wait_locked(schedule, number);
    }
    pthread_mutex_unlock(&schedule->lock);
}

void schedule_block(struct schedule *schedule, unsigned number)
{
    pthread_mutex_lock(&schedule->lock);
    if (!schedule->stopped) {
        schedule->turns[number].state = TURN_BLOCKED;
        pass_locked(schedule);
        wait_locked(schedule, number);
    }
    pthread_mutex_unlock(&schedule->lock);
}

void schedule_wake(struct schedule *schedule)
{
    pthread_mutex_lock(&schedule->lock);
    for (unsigned i = 1; i <= PLAN_THREADS_MAX; i++)
        if (schedule->turns[i].state == TURN_BLOCKED)
            schedule->turns[i].state = TURN_READY;
    pthread_mutex_unlock(&schedule->lock);
}

/* ---- sections ---------------------------------------------------------------------------------------------------- */

static void draw_locked(struct schedule *schedule)
{
    if (schedule->steps > schedule->longest)
        schedule->longest = schedule->steps;
    schedule->steps = 0;
    for (unsigned i = 1; i <= PLAN_THREADS_MAX; i++) /* above those that a change gives */
        schedule->turns[i].priority = (rng_next(&schedule->rng) >> 1) + CHANGES_MAX + 1;
    for (size_t i = 0; i < schedule->changes; i++)
        schedule->change_at[i] = 1 + rng_below(&schedule->rng, schedule->longest);
}

bool schedule_run(struct schedule *schedule)
{
    bool blocked = false;

    pthread_mutex_lock(&schedule->lock);
    draw_locked(schedule);
    pass_locked(schedule);
    wait_locked(schedule, 0);
    for (unsigned i = 1; i <= PLAN_THREADS_MAX; i++)
        blocked = blocked || schedule->turns[i].state == TURN_BLOCKED;
    pthread_mutex_unlock(&schedule->lock);
    return !blocked;
}

void schedule_stop(struct schedule *schedule)
{
    pthread_mutex_lock(&schedule->lock);
    schedule->stopped = true;
    for (unsigned i = 0; i <= PLAN_THREADS_MAX; i++)
        pthread_cond_broadcast(&schedule->turns[i].mine);
    pthread_mutex_unlock(&schedule->lock);
}
