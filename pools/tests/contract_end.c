/* The contract, part three: time, finalizers, shutdown, the end. */
#include "pools/tests/rig.h"

/* Borrows `count` items of one key and gives back all but the first `kept`. */
static void fill(struct rig *rig, struct loan *loans, int count, int kept)
{
    for (int i = 0; i < count; i++)
        lend(rig, &loans[i], "k");
    for (int i = kept; i < count; i++) {
        cr_assert_eq(loan_release(&loans[i]), POOL_OK);
        loan_drop(&loans[i]);
    }
}

CONTRACT(a_quiet_key_gives_up_what_is_above_min)
{
    struct rig rig;
    struct loan loans[5] = {0};
    rig_open(&rig, ops, (struct shape){.min = 2, .max = 5, .ttl_ns = 0});
    fill(&rig, loans, 5, 0);
    ops->maintain(rig.pool);
    EXPECT_STAT(&rig, POOL_STAT_SIZE, 2);
    EXPECT_COUNT(&rig, WORLD_DESTROYED, 3);
    rig_check(&rig);
    rig_close(&rig);
}

CONTRACT(leases_that_are_out_count_as_kept)
{
    struct rig rig; /* 10 ... 15 items, 10 out, 5 idle: all 5 are in excess */
    struct loan loans[15] = {0};
    rig_open(&rig, ops, (struct shape){.min = 10, .max = 15, .ttl_ns = 0});
    fill(&rig, loans, 15, 10);
    ops->maintain(rig.pool);
    EXPECT_STAT(&rig, POOL_STAT_IDLE, 0);
    EXPECT_STAT(&rig, POOL_STAT_LEASED, 10);
    rig_close(&rig);
}

CONTRACT(nothing_is_given_up_before_its_time)
{
    static const int64_t ttls[] = {HOUR_NS, NEVER};
    for (size_t i = 0; i < ARRAY_LEN(ttls); i++) {
        struct rig rig;
        struct loan loans[3] = {0};
        rig_open(&rig, ops, (struct shape){.max = 3, .ttl_ns = ttls[i]});
        fill(&rig, loans, 3, 0);
        ops->maintain(rig.pool);
        EXPECT_STAT(&rig, POOL_STAT_IDLE, 3);
        EXPECT_STAT(&rig, POOL_STAT_KEYS, 1);
        rig_close(&rig);
    }
}

/* ---- shutdown ---------------------------------------------------------------------------------------------------- */

static void expect_empty(struct rig *rig)
{
    static const enum pool_stat stats[] = {POOL_STAT_IDLE, POOL_STAT_LEASED,  POOL_STAT_WAITING,
                                           POOL_STAT_SIZE, POOL_STAT_CLOSING, POOL_STAT_CREATING,
                                           POOL_STAT_KEYS, POOL_STAT_FREE,    POOL_STAT_IDLE_DEAD};
    for (size_t i = 0; i < ARRAY_LEN(stats); i++)
        EXPECT_STAT(rig, stats[i], 0);
    EXPECT_COUNT(rig, WORLD_OPEN, 0);
    EXPECT_COUNT(rig, WORLD_FINALIZERS, 0);
    EXPECT_COUNT(rig, WORLD_DEAD_RETAINED, 0);
}

CONTRACT(shutdown_closes_what_is_idle)
{
    struct rig rig;
    struct loan a = {0}, b = {0};
    rig_open(&rig, ops, (struct shape){.min = 2, .max = 2, .ttl_ns = NEVER});
    int64_t empty = world_count(rig.world, WORLD_BYTES_LIVE);
    lend(&rig, &a, "a");
    lend(&rig, &b, "b");
    loan_release(&a);
    loan_release(&b);
    EXPECT_COUNT(&rig, WORLD_FINALIZERS, contract_finalizers(ops, 2));
    loan_invalidate(&b);
    loan_drop(&a);
    loan_drop(&b);
    EXPECT_RESULT(ops->shutdown(rig.pool), POOL_OK);
    expect_empty(&rig);
    EXPECT_COUNT(&rig, WORLD_BYTES_LIVE, empty);
    EXPECT_RESULT(ops->shutdown(rig.pool), POOL_VOID);
    EXPECT_RESULT(loan_get(&rig, &a, "a"), POOL_CLOSED);
    ops->maintain(rig.pool);
    cr_expect_eq(rig.shutdowns_done, 0);
    rig_close(&rig);
}

CONTRACT(shutdown_waits_for_leases)
{
    struct rig rig; /* netty #5977: what comes back later is closed */
    struct loan loans[2] = {0};
    rig_open(&rig, ops, (struct shape){.max = 2, .ttl_ns = NEVER});
    lend(&rig, &loans[0], "a");
    lend(&rig, &loans[1], "b");
    EXPECT_RESULT(ops->shutdown(rig.pool), POOL_PENDING);
    EXPECT_RESULT(loan_release(&loans[0]), POOL_OK);
    EXPECT_COUNT(&rig, WORLD_DESTROYED, 1);
    cr_expect_eq(rig.shutdowns_done, 0);
    EXPECT_RESULT(loan_release(&loans[1]), POOL_OK);
    cr_expect_eq(rig.shutdowns_done, 1);
    expect_empty(&rig);
    EXPECT_RESULT(loan_release(&loans[1]), POOL_VOID);
    cr_expect_eq(rig.shutdowns_done, 1);
    loan_drop(&loans[0]);
    loan_drop(&loans[1]);
    rig_close(&rig);
}

CONTRACT(shutdown_ends_when_the_last_leases_were_invalidated)
{
    for (size_t min = 0; min <= 3; min++) { /* the sweep of docs/pools.md: ZPool hangs in every case with min = 0 */
        for (int invalid = 1; invalid <= 3; invalid++) {
            struct rig rig;
            struct loan loans[4] = {0};
            rig_open(&rig, ops, (struct shape){.min = min, .max = 4, .ttl_ns = NEVER});
            fill(&rig, loans, 4, 4);
            for (int i = 4 - invalid; i < 4; i++)
                loan_invalidate(&loans[i]);
            EXPECT_RESULT(ops->shutdown(rig.pool), POOL_PENDING);
            for (int i = 0; i < 4; i++) {
                loan_release(&loans[i]);
                loan_drop(&loans[i]);
            }
            cr_expect_eq(rig.shutdowns_done, 1, "%s: min %zu, %d invalid", ops->name, min, invalid);
            expect_empty(&rig);
            EXPECT_COUNT(&rig, WORLD_CREATED, 4);
            rig_close(&rig);
        }
    }
}

CONTRACT(shutdown_tells_those_who_wait)
{
    struct rig rig; /* commons-pool POOL-189 */
    struct loan holder = {0}, waiters[3] = {0};
    rig_open(&rig, ops, (struct shape){.max = 1, .ttl_ns = NEVER});
    lend(&rig, &holder, "k");
    for (int i = 0; i < 3; i++)
        EXPECT_RESULT(loan_get(&rig, &waiters[i], "k"), POOL_PENDING);
    EXPECT_RESULT(ops->shutdown(rig.pool), POOL_PENDING);
    for (int i = 0; i < 3; i++) {
        EXPECT_RESULT(loan_now(&waiters[i]), POOL_CLOSED);
        EXPECT_RESULT(loan_cancel(&waiters[i]), POOL_VOID);
    }
    loan_release(&holder);
    cr_expect_eq(rig.shutdowns_done, 1);
    loan_drop(&holder);
    rig_close(&rig);
}

CONTRACT(shutdown_waits_for_a_creation_and_closes_what_comes)
{
    struct rig rig;
    struct loan a = {0}, b = {0};
    rig_open(&rig, ops, (struct shape){.max = 2, .ttl_ns = NEVER});
    rig_slow(&rig, "k");
    EXPECT_RESULT(loan_get(&rig, &a, "k"), POOL_PENDING);
    EXPECT_RESULT(loan_get(&rig, &b, "k"), POOL_PENDING);
    loan_cancel(&b);
    EXPECT_RESULT(ops->shutdown(rig.pool), POOL_PENDING);
    EXPECT_RESULT(loan_now(&a), POOL_CLOSED);
    EXPECT_RESULT(loan_now(&b), POOL_PENDING);
    rig_complete(&rig);
    cr_expect_eq(rig.shutdowns_done, 1);
    EXPECT_COUNT(&rig, WORLD_CREATED, 2);
    expect_empty(&rig);
    rig_close(&rig);
}

static void shut_down_inside(struct loan *loan)
{
    cr_expect_eq(loan->rig->ops->shutdown(loan->rig->pool), POOL_PENDING);
    cr_expect_eq(loan->rig->ops->release(loan->rig->pool, &loan->lease), POOL_OK);
    loan->rig->on_done = NULL;
}

CONTRACT(shutdown_may_be_called_inside_an_answer)
{
    struct rig rig;
    struct loan a = {0};
    rig_open(&rig, ops, (struct shape){.min = 2, .max = 2, .ttl_ns = NEVER});
    rig.on_done = shut_down_inside;
    (void)loan_get(&rig, &a, "k");
    cr_expect_eq(rig.shutdowns_done, 1);
    expect_empty(&rig);
    rig_close(&rig);
}

CONTRACT(free_ends_a_pool_in_any_state)
{
    struct rig rig;
    struct loan loans[6] = {0};
    rig_open(&rig, ops, (struct shape){.max = 2, .ttl_ns = NEVER});
    fill(&rig, loans, 2, 1);
    loan_invalidate(&loans[0]);
    lend(&rig, &loans[1], "other");
    if (ops->share) {
        EXPECT_RESULT(loan_share(&loans[0], "other"), POOL_VOID);
        EXPECT_RESULT(loan_share(&loans[1], "third"), POOL_OK);
    }
    rig_slow(&rig, "slow");
    for (int i = 2; i < 6; i++)
        EXPECT_RESULT(loan_get(&rig, &loans[i], "slow"), POOL_PENDING);
    loan_drop(&loans[0]);
    ops->free(rig.pool);
    rig.pool = NULL;
    EXPECT_COUNT(&rig, WORLD_OPEN, 0);
    EXPECT_COUNT(&rig, WORLD_FINALIZERS, 0);
    rig_close(&rig); /* free(NULL) is accepted */
}

/* ---- the application's scope ------------------------------------------------------------------------------------- */

CONTRACT(a_key_is_shut_down_with_the_scope)
{
    struct rig rig;
    struct loan a = {0}, b = {0};
    if (contract_is_plugin(ops))
        cr_skip_test("%s may do without the scope", ops->name);
    rig_open(&rig, ops, (struct shape){.max = 1, .ttl_ns = NEVER, .own_scope = true});
    lend(&rig, &a, "a");
    lend(&rig, &b, "b");
    loan_release(&b);
    loan_drop(&b);
    EXPECT_COUNT(&rig, WORLD_REQUEST_FINALIZERS, 2);
    cr_assert(world_scope_close(rig.world, "app"));
    EXPECT_COUNT(&rig, WORLD_OPEN, 1);
    EXPECT_RESULT(loan_get(&rig, &b, "b"), POOL_CLOSED);
    loan_release(&a);
    loan_drop(&a);
    EXPECT_COUNT(&rig, WORLD_OPEN, 0);
    EXPECT_RESULT(ops->shutdown(rig.pool), POOL_OK);
    rig_close(&rig);
}

CONTRACT(finalizers_belong_to_the_item)
{
    struct rig rig;
    struct loan a = {0};
    char name[32];
    rig_open(&rig, ops, (struct shape){.max = 1, .ttl_ns = NEVER});
    for (int i = 0; i < 100; i++)
        churn_once(&rig, &a, key_name(i % 4, name));
    EXPECT_COUNT(&rig, WORLD_FINALIZERS, contract_finalizers(ops, 4));
    EXPECT_COUNT(&rig, WORLD_OPEN, 0);
    rig_close(&rig);
}

CONTRACT(captured_finalizers_pile_up_and_run_at_the_end)
{
    struct rig rig; /* zio PR 9329: finalizers = keys + items ever made */
    struct loan a = {0};
    char name[32];
    rig_open(&rig, ops, (struct shape){.max = 1, .ttl_ns = NEVER, .settings = "finalizers=captured"});
    for (int i = 0; i < 100; i++)
        churn_once(&rig, &a, key_name(i % 4, name));
    EXPECT_COUNT(&rig, WORLD_CREATED, 100);
    EXPECT_COUNT(&rig, WORLD_DESTROYED, 0);
    EXPECT_COUNT(&rig, WORLD_FINALIZERS, 4 + 100);
    EXPECT_STAT(&rig, POOL_STAT_SIZE, 0);
    EXPECT_RESULT(ops->shutdown(rig.pool), POOL_OK);
    EXPECT_COUNT(&rig, WORLD_DESTROYED, 100);
    expect_empty(&rig);
    rig_close(&rig);
}

CONTRACT(captured_items_are_closed_once_whoever_ends_first)
{
    for (int way = 0; way < 2; way++) {
        struct rig rig;
        struct loan a = {0}, b = {0};
        rig_open(&rig, ops,
                 (struct shape){.max = 2, .ttl_ns = 0, .own_scope = true, .settings = "finalizers=captured"});
        lend(&rig, &a, "k");
        EXPECT_RESULT(loan_share(&a, "other"), POOL_OK);
        churn_once(&rig, &b, "k");
        if (way == 0)
            cr_expect(world_scope_close(rig.world, "app"));
        ops->free(rig.pool);
        rig.pool = NULL;
        EXPECT_COUNT(&rig, WORLD_OPEN, 0);
        EXPECT_COUNT(&rig, WORLD_REQUEST_FINALIZERS, 0);
        rig_close(&rig);
    }
}
