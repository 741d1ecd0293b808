/*
 * The threads of a plan. The main thread reads it and hands operations out, in queues of bounded length; each worker does
 * its own one after the other, and blocks where a program would: when it uses a lease that was not granted yet.
 *
 * Locks: a caller's lock guards its names, the states of its leases and, for a worker, its queue. No lock is held in a call into
 * the pool, and threads share as few as can be, so that a race detector sees the pool's own order of things and not ours.
 */
#include "harness/host/host.h"
#include "harness/host/plugin.h"

#include <string.h>
#include <unistd.h>

#define QUEUE_MAX 64

struct worker {
    struct caller caller; /* first; its lock guards what follows, or the schedule does */
    pthread_t thread;
    pthread_cond_t changed; /* the queue did */
    size_t first, count;    /* the operation that is being done counts until it is done */
    bool stops, failed;
    struct problem why; /* failed: what the first failure was */
    struct plan_op queue[QUEUE_MAX];
};

/* Which caller a thread is: the pool calls back on whatever thread it is in. */
static _Thread_local struct caller *this_caller;

/* ---- callers ----------------------------------------------------------------------------------------------------- */

enum err caller_open(struct caller *caller, struct host *host, unsigned number, struct problem *why)
{
    *caller = (struct caller){.host = host, .number = number};
    if (pthread_mutex_init(&caller->lock, NULL) != 0 || pthread_cond_init(&caller->answered, NULL) != 0)
        return problem_set(why, ERR_MEMORY, "out of memory for thread %u", number);
    return ERR_NONE;
}

void caller_close(struct caller *caller)
{
    leases_free(caller);
    (void)pthread_cond_destroy(&caller->answered);
    (void)pthread_mutex_destroy(&caller->lock);
}

const struct caller *threads_caller(const struct host *host, unsigned number)
{
    if (number == 0)
        return &host->main;
    return host->workers[number] != NULL ? &host->workers[number]->caller : NULL;
}

struct caller *caller_here(struct host *host)
{
    return this_caller != NULL ? this_caller : &host->main;
}

void caller_calls(struct host *host)
{
    caller_here(host)->call_began = world_moment(host->world);
}

/* ---- what a worker does ------------------------------------------------------------------------------------------ */

/* The next operation; NULL: there are none, or no more. It stays in the queue until queue_drop. */
static const struct plan_op *queue_wait(struct worker *worker)
{
    pthread_mutex_lock(&worker->caller.lock);
    while (worker->count == 0 && !worker->stops && worker->caller.host->schedule == NULL)
        pthread_cond_wait(&worker->changed, &worker->caller.lock);
    const struct plan_op *op = worker->count > 0 ? &worker->queue[worker->first] : NULL;
    pthread_mutex_unlock(&worker->caller.lock);
    return op;
}

static void queue_drop(struct worker *worker, enum err err, const struct problem *why)
{
    pthread_mutex_lock(&worker->caller.lock);
    worker->first = (worker->first + 1) % QUEUE_MAX;
    worker->count--;
    if (err != ERR_NONE && !worker->failed) {
        worker->failed = true;
        worker->why = *why;
    }
    pthread_cond_broadcast(&worker->changed);
    pthread_mutex_unlock(&worker->caller.lock);
}

static void work_off(struct worker *worker)
{
    struct host *host = worker->caller.host;
    const struct plan_op *op;

    while ((op = queue_wait(worker)) != NULL) {
        struct problem why = {0};
        enum err err = host_do_here(host, op, &why);
        queue_drop(worker, err, &why);
        threads_yield(host);
    }
}

static void *worker_run(void *arg)
{
    struct worker *worker = arg;
    struct schedule *schedule = worker->caller.host->schedule;

    this_caller = &worker->caller;
    (void)place_enter(PLACE_HOST);
    if (schedule == NULL) {
        work_off(worker);
        return NULL;
    }
    while (schedule_wait(schedule, worker->caller.number)) {
        work_off(worker);
        schedule_idle(schedule, worker->caller.number);
    }
    return NULL;
}

void threads_yield(struct host *host)
{
    if (host->schedule != NULL && this_caller != NULL)
        schedule_yield(host->schedule, this_caller->number);
}

/* ---- what the main thread does ----------------------------------------------------------------------------------- */

static enum err worker_start(struct host *host, unsigned number, struct problem *why)
{
    struct worker *worker = world_own_alloc(host->world, sizeof *worker);

    if (worker == NULL)
        return problem_set(why, ERR_MEMORY, "out of memory for thread %u", number);
    memset(worker, 0, sizeof *worker);
    enum err err = caller_open(&worker->caller, host, number, why);
    if (err == ERR_NONE && pthread_cond_init(&worker->changed, NULL) != 0)
        err = problem_set(why, ERR_MEMORY, "out of memory for thread %u", number);
    if (err == ERR_NONE) {
        int rc = pthread_create(&worker->thread, NULL, worker_run, worker);
        if (rc != 0)
            err = problem_set(why, ERR_SYSTEM, "thread %u cannot be started: %s", number, strerror(rc));
    }
    if (err == ERR_NONE)
        host->workers[number] = worker;
    else
        world_own_free(host->world, worker, sizeof *worker);
    return err;
}

/* False: some wait, and no thread can bring what they wait for. */
static bool run_schedule(struct host *host)
{
    for (unsigned i = 1; i <= PLAN_THREADS_MAX; i++)
        if (host->workers[i] != NULL && host->workers[i]->count > 0)
            schedule_ready(host->schedule, i);
    return schedule_run(host->schedule);
}

enum err threads_switch(struct host *host, unsigned number, struct problem *why)
{
    enum err err = ERR_NONE;

    if (!host->threaded)
        host->threaded = true; /* before the first of them is started: they read it without a lock */
    if (number > 0 && host->workers[number] == NULL)
        err = worker_start(host, number, why);
    if (err == ERR_NONE && number == 0 && host->schedule != NULL)
        (void)run_schedule(host); /* the main thread takes no turns: the others stand still while it works */
    host->current = number;
    return err;
}

static enum err worker_problem(struct worker *worker, struct problem *why)
{
    pthread_mutex_lock(&worker->caller.lock);
    bool failed = worker->failed;
    pthread_mutex_unlock(&worker->caller.lock);
    if (!failed)
        return ERR_NONE;
    return problem_set(why, worker->why.kind, "thread %u: %s", worker->caller.number, worker->why.text);
}

/* Nothing can go on, which the time limit of whoever started us will find as in any other hang. */
static void hang(struct host *host)
{
    host_misuse(host, 0, "every thread waits and nobody is left to wake one: a wake-up was lost");
    for (;;)
        (void)pause();
}

enum err threads_push(struct host *host, const struct plan_op *op, struct problem *why)
{
    struct worker *worker = host->workers[host->current];

    if (host->schedule != NULL && worker->count == QUEUE_MAX && !run_schedule(host) && worker->count == QUEUE_MAX)
        hang(host);
    pthread_mutex_lock(&worker->caller.lock);
    while (worker->count == QUEUE_MAX)
        pthread_cond_wait(&worker->changed, &worker->caller.lock);
    worker->queue[(worker->first + worker->count) % QUEUE_MAX] = *op;
    worker->count++;
    pthread_cond_broadcast(&worker->changed);
    pthread_mutex_unlock(&worker->caller.lock);
    return worker_problem(worker, why);
}

enum err threads_drain(struct host *host, struct problem *why)
{
    enum err err = ERR_NONE;

    if (!host->threaded)
        return ERR_NONE;
    answer_flush(&host->answer);
    if (host->schedule != NULL && !run_schedule(host))
        hang(host);
    for (unsigned i = 1; i <= PLAN_THREADS_MAX; i++) {
        struct worker *worker = host->workers[i];
        if (worker == NULL)
            continue;
        pthread_mutex_lock(&worker->caller.lock);
        while (worker->count > 0)
            pthread_cond_wait(&worker->changed, &worker->caller.lock);
        pthread_mutex_unlock(&worker->caller.lock);
        if (err == ERR_NONE)
            err = worker_problem(worker, why);
    }
    return err;
}

/* ---- the end ----------------------------------------------------------------------------------------------------- */

/* They do what is still in their queues, but wait for nothing any more. */
void threads_end(struct host *host)
{
    for (unsigned i = 1; i <= PLAN_THREADS_MAX; i++) {
        struct worker *worker = host->workers[i];
        if (worker == NULL)
            continue;
        pthread_mutex_lock(&worker->caller.lock);
        worker->stops = true;
        worker->caller.gives_up = true;
        pthread_cond_broadcast(&worker->changed);
        pthread_cond_broadcast(&worker->caller.answered);
        pthread_mutex_unlock(&worker->caller.lock);
    }
    if (host->schedule != NULL)
        schedule_stop(host->schedule);
    for (unsigned i = 1; i <= PLAN_THREADS_MAX; i++)
        if (host->workers[i] != NULL)
            (void)pthread_join(host->workers[i]->thread, NULL);
}

void callers_free(struct host *host)
{
    for (unsigned i = 1; i <= PLAN_THREADS_MAX; i++) {
        struct worker *worker = host->workers[i];
        if (worker == NULL)
            continue;
        caller_close(&worker->caller);
        (void)pthread_cond_destroy(&worker->changed);
        world_own_free(host->world, worker, sizeof *worker);
        host->workers[i] = NULL;
    }
    caller_close(&host->main);
    schedule_free(host->schedule, host->world);
    host->schedule = NULL;
}
