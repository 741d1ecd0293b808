/* The contract, part five: several threads at once. Short; long stress runs are the harness's own. */
#include "pools/tests/rig.h"

#include <pthread.h>
#include <sched.h>

enum { THREADS = 4, ROUNDS = 1500 };

struct worker {
    struct rig *rig;
    uint64_t seed;
    int64_t served;
};

/* Waits for the answer; now and then gives up instead. False: it holds nothing. */
static bool wait_for(struct loan *loan, struct rng *rng)
{
    bool patient = rng_below(rng, 8) != 0;
    while (loan->answers == 0) {
        if (!patient && loan_cancel(loan) == POOL_OK)
            return false;
        sched_yield();
    }
    return loan->result == POOL_OK;
}

static void *work(void *arg)
{
    struct worker *worker = arg;
    struct rig *rig = worker->rig;
    struct loan loan = {0};
    struct rng rng;
    char name[32];
    rng_init(&rng, worker->seed);
    for (int i = 0; i < ROUNDS; i++) {
        enum pool_result result = loan_get(rig, &loan, key_name((int)rng_below(&rng, 2), name));
        if (result == POOL_CLOSED)
            break;
        if (!wait_for(&loan, &rng))
            continue;
        worker->served++;
        if (rng_below(&rng, 3) == 0)
            (void)loan_invalidate(&loan);
        if (rng_below(&rng, 16) == 0)
            rig->ops->maintain(rig->pool);
        cr_assert_eq(loan_release(&loan), POOL_OK);
    }
    loan_drop(&loan);
    return NULL;
}

static int64_t run_threads(struct rig *rig, bool shut_down)
{
    pthread_t threads[THREADS];
    struct worker workers[THREADS];
    int64_t served = 0;
    for (uint64_t i = 0; i < THREADS; i++) {
        workers[i] = (struct worker){.rig = rig, .seed = i + 1};
        cr_assert_eq(pthread_create(&threads[i], NULL, work, &workers[i]), 0);
    }
    if (shut_down) {
        for (int i = 0; i < 50; i++)
            sched_yield();
        (void)rig->ops->shutdown(rig->pool);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        served += workers[i].served;
    }
    return served;
}

CONTRACT(threads_share_two_keys)
{
    struct rig rig; /* fewer items than threads: every wake-up counts, one that is lost hangs the test */
    rig_open(&rig, ops, (struct shape){.max = 1, .ttl_ns = 0});
    int64_t served = run_threads(&rig, false);
    cr_expect_gt(served, THREADS * ROUNDS / 4);
    EXPECT_STAT(&rig, POOL_STAT_LEASED, 0);
    EXPECT_STAT(&rig, POOL_STAT_WAITING, 0);
    rig_check(&rig);
    EXPECT_RESULT(ops->shutdown(rig.pool), POOL_OK);
    EXPECT_COUNT(&rig, WORLD_OPEN, 0);
    rig_close(&rig);
}

CONTRACT(shutdown_meets_threads)
{
    for (int i = 0; i < 20; i++) {
        struct rig rig;
        rig_open(&rig, ops, (struct shape){.min = (size_t)i % 2, .max = 2, .ttl_ns = 0});
        (void)run_threads(&rig, true);
        cr_expect_leq(rig.shutdowns_done, 1);
        EXPECT_STAT(&rig, POOL_STAT_SIZE, 0);
        EXPECT_STAT(&rig, POOL_STAT_KEYS, 0);
        EXPECT_COUNT(&rig, WORLD_OPEN, 0);
        EXPECT_COUNT(&rig, WORLD_FINALIZERS, 0);
        rig_close(&rig);
    }
}
