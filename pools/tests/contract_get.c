/* The contract, part one: get, release, cancel, creations that are slow or fail. */
#include "pools/tests/rig.h"

CONTRACT(released_items_are_used_again)
{
    struct rig rig;
    struct loan a = {0};
    rig_open(&rig, ops, (struct shape){.max = 2, .ttl_ns = NEVER});
    lend(&rig, &a, "k");
    uint64_t first = loan_identity(&a);
    EXPECT_STAT(&rig, POOL_STAT_LEASED, 1);
    EXPECT_RESULT(loan_release(&a), POOL_OK);
    cr_expect_null(a.lease.item);
    EXPECT_STAT(&rig, POOL_STAT_IDLE, 1);
    lend(&rig, &a, "k");
    cr_expect_eq(loan_identity(&a), first);
    EXPECT_COUNT(&rig, WORLD_CREATED, 1);
    rig_check(&rig);
    loan_drop(&a);
    rig_close(&rig);
}

CONTRACT(idle_items_are_lent_oldest_first)
{
    struct rig rig;
    struct loan loans[3] = {0};
    rig_open(&rig, ops, (struct shape){.max = 3, .ttl_ns = NEVER});
    for (int i = 0; i < 3; i++)
        lend(&rig, &loans[i], "k");
    uint64_t order[3] = {loan_identity(&loans[1]), loan_identity(&loans[2]), loan_identity(&loans[0])};
    loan_release(&loans[1]);
    loan_release(&loans[2]);
    loan_release(&loans[0]);
    for (int i = 0; i < 3; i++) {
        lend(&rig, &loans[i], "k");
        cr_expect_eq(loan_identity(&loans[i]), order[i]);
        loan_drop(&loans[i]);
    }
    rig_close(&rig);
}

CONTRACT(callers_above_max_wait_and_are_served_in_order)
{
    struct rig rig;
    struct loan loans[4] = {0};
    rig_open(&rig, ops, (struct shape){.max = 1, .ttl_ns = NEVER});
    lend(&rig, &loans[0], "k");
    for (int i = 1; i < 4; i++)
        EXPECT_RESULT(loan_get(&rig, &loans[i], "k"), POOL_PENDING);
    EXPECT_STAT(&rig, POOL_STAT_WAITING, 3);
    EXPECT_STAT(&rig, POOL_STAT_FREE, -3);
    for (int i = 0; i < 3; i++) {
        EXPECT_RESULT(loan_release(&loans[i]), POOL_OK);
        EXPECT_RESULT(loan_now(&loans[i + 1]), POOL_OK);
        EXPECT_STAT(&rig, POOL_STAT_WAITING, 2 - i);
        rig_check(&rig);
    }
    EXPECT_COUNT(&rig, WORLD_CREATED, 1);
    for (int i = 0; i < 4; i++)
        loan_drop(&loans[i]);
    rig_close(&rig);
}

CONTRACT(an_exhausted_key_does_not_block_another)
{
    struct rig rig; /* commons-pool POOL-146 */
    struct loan a = {0}, waits = {0}, b = {0};
    rig_open(&rig, ops, (struct shape){.max = 1, .ttl_ns = NEVER});
    lend(&rig, &a, "a");
    EXPECT_RESULT(loan_get(&rig, &waits, "a"), POOL_PENDING);
    lend(&rig, &b, "b");
    EXPECT_STAT(&rig, POOL_STAT_KEYS, 2);
    rig_close(&rig);
}

CONTRACT(a_cancelled_waiter_is_gone_at_once)
{
    struct rig rig; /* reactor-pool #29 */
    struct loan holder = {0}, waiters[8] = {0};
    rig_open(&rig, ops, (struct shape){.max = 1, .ttl_ns = NEVER});
    lend(&rig, &holder, "k");
    int64_t before = world_count(rig.world, WORLD_BLOCKS_LIVE);
    for (int i = 0; i < 8; i++)
        EXPECT_RESULT(loan_get(&rig, &waiters[i], "k"), POOL_PENDING);
    for (int i = 0; i < 8; i++) {
        EXPECT_RESULT(loan_cancel(&waiters[i]), POOL_OK);
        EXPECT_RESULT(loan_cancel(&waiters[i]), POOL_VOID);
    }
    EXPECT_STAT(&rig, POOL_STAT_WAITING, 0);
    EXPECT_COUNT(&rig, WORLD_BLOCKS_LIVE, before);
    EXPECT_RESULT(loan_cancel(&holder), POOL_VOID);
    loan_release(&holder);
    EXPECT_STAT(&rig, POOL_STAT_IDLE, 1);
    for (int i = 0; i < 8; i++)
        EXPECT_RESULT(loan_now(&waiters[i]), POOL_PENDING);
    rig_check(&rig);
    loan_drop(&holder);
    rig_close(&rig);
}

CONTRACT(an_item_made_for_a_cancelled_caller_becomes_idle)
{
    struct rig rig; /* netty #9669 */
    struct loan a = {0}, b = {0};
    rig_open(&rig, ops, (struct shape){.max = 1, .ttl_ns = NEVER});
    rig_slow(&rig, "k");
    EXPECT_RESULT(loan_get(&rig, &a, "k"), POOL_PENDING);
    EXPECT_STAT(&rig, POOL_STAT_CREATING, 1);
    EXPECT_RESULT(loan_cancel(&a), POOL_OK);
    rig_complete(&rig);
    EXPECT_STAT(&rig, POOL_STAT_IDLE, 1);
    EXPECT_STAT(&rig, POOL_STAT_CREATING, 0);
    rig_check(&rig);
    lend(&rig, &b, "k");
    EXPECT_COUNT(&rig, WORLD_CREATED, 1);
    rig_close(&rig);
}

CONTRACT(one_creation_for_each_waiter_up_to_max)
{
    struct rig rig; /* HikariCP #222 */
    struct loan loans[4] = {0};
    rig_open(&rig, ops, (struct shape){.max = 3, .ttl_ns = NEVER});
    rig_slow(&rig, "k");
    for (int i = 0; i < 4; i++)
        EXPECT_RESULT(loan_get(&rig, &loans[i], "k"), POOL_PENDING);
    EXPECT_STAT(&rig, POOL_STAT_CREATING, 3);
    rig_complete(&rig);
    for (int i = 0; i < 3; i++)
        EXPECT_RESULT(loan_now(&loans[i]), POOL_OK);
    EXPECT_RESULT(loan_now(&loans[3]), POOL_PENDING);
    rig_check(&rig);
    rig_close(&rig);
}

CONTRACT(min_items_are_made_when_the_key_appears)
{
    struct rig rig;
    struct loan a = {0};
    rig_open(&rig, ops, (struct shape){.min = 3, .max = 5, .ttl_ns = NEVER});
    EXPECT_COUNT(&rig, WORLD_CREATED, 0);
    lend(&rig, &a, "k");
    EXPECT_COUNT(&rig, WORLD_CREATED, 3);
    EXPECT_STAT(&rig, POOL_STAT_IDLE, 2);
    EXPECT_STAT(&rig, POOL_STAT_LEASED, 1);
    rig_check(&rig);
    rig_close(&rig);
}

CONTRACT(releasing_what_is_not_out_does_nothing)
{
    struct rig rig; /* commons-pool POOL-248, reactor-pool #146 */
    struct loan a = {.rig = &rig}, waits = {0};
    rig_open(&rig, ops, (struct shape){.max = 1, .ttl_ns = NEVER});
    EXPECT_RESULT(loan_release(&a), POOL_VOID);
    EXPECT_RESULT(loan_cancel(&a), POOL_VOID);
    lend(&rig, &a, "k");
    EXPECT_RESULT(loan_get(&rig, &waits, "k"), POOL_PENDING);
    EXPECT_RESULT(loan_release(&waits), POOL_VOID);
    EXPECT_RESULT(loan_release(&a), POOL_OK);
    EXPECT_RESULT(loan_release(&waits), POOL_OK);
    EXPECT_RESULT(loan_release(&a), POOL_VOID);
    EXPECT_RESULT(loan_release(&waits), POOL_VOID);
    EXPECT_STAT(&rig, POOL_STAT_IDLE, 1);
    EXPECT_COUNT(&rig, WORLD_CREATED, 1);
    rig_check(&rig);
    loan_drop(&a);
    loan_drop(&waits);
    rig_close(&rig);
}

/* ---- the factory fails ------------------------------------------------------------------------------------------ */

CONTRACT(a_failed_creation_costs_no_room)
{
    struct rig rig; /* commons-pool POOL-243, zio PR 6844 */
    struct loan loans[3] = {0};
    rig_open(&rig, ops, (struct shape){.max = 3, .ttl_ns = NEVER});
    rig_fail(&rig, "k", 8);
    for (int i = 0; i < 8; i++) {
        EXPECT_RESULT(loan_get(&rig, &loans[0], "k"), POOL_FAILED);
        EXPECT_STAT(&rig, POOL_STAT_SIZE, 0);
    }
    for (int i = 0; i < 3; i++)
        lend(&rig, &loans[i], "k");
    rig_check(&rig);
    rig_close(&rig);
}

CONTRACT(each_waiter_gets_an_attempt_of_its_own)
{
    struct rig rig; /* reactor-pool #82, commons-pool POOL-303 */
    struct loan loans[4] = {0};
    rig_open(&rig, ops, (struct shape){.max = 1, .ttl_ns = NEVER});
    rig_slow(&rig, "k");
    rig_fail(&rig, "k", 2);
    for (int i = 0; i < 4; i++)
        EXPECT_RESULT(loan_get(&rig, &loans[i], "k"), POOL_PENDING);
    rig_complete(&rig);
    EXPECT_RESULT(loan_now(&loans[0]), POOL_FAILED);
    EXPECT_RESULT(loan_now(&loans[1]), POOL_PENDING);
    EXPECT_STAT(&rig, POOL_STAT_CREATING, 1);
    rig_complete(&rig);
    EXPECT_RESULT(loan_now(&loans[1]), POOL_FAILED);
    rig_complete(&rig);
    EXPECT_RESULT(loan_now(&loans[2]), POOL_OK);
    EXPECT_RESULT(loan_now(&loans[3]), POOL_PENDING);
    rig_check(&rig);
    rig_close(&rig);
}

CONTRACT(filling_up_to_min_stops_at_a_failure_until_the_next_call)
{
    struct rig rig;
    struct loan a = {0};
    rig_open(&rig, ops, (struct shape){.min = 2, .max = 2, .ttl_ns = NEVER});
    rig_fail(&rig, "k", 1000000); /* were it retried at once, this would not come back */
    EXPECT_RESULT(loan_get(&rig, &a, "k"), POOL_FAILED);
    EXPECT_RESULT(loan_get(&rig, &a, "k"), POOL_FAILED);
    EXPECT_STAT(&rig, POOL_STAT_SIZE, 0);
    rig_fail(&rig, "k", 0);
    lend(&rig, &a, "k");
    EXPECT_STAT(&rig, POOL_STAT_SIZE, 2);
    rig_check(&rig);
    rig_close(&rig);
}

/* ---- calls from inside the answer -------------------------------------------------------------------------------- */

static void release_inside(struct loan *loan)
{
    struct pool_stats stats;
    loan->rig->ops->stats(loan->rig->pool, &stats); /* would hang if a lock were held */
    if (loan->result == POOL_OK)
        cr_expect_eq(loan->rig->ops->release(loan->rig->pool, &loan->lease), POOL_OK);
}

CONTRACT(an_answer_may_call_the_pool)
{
    struct rig rig;
    struct loan holder = {0}, waiters[8] = {0};
    rig_open(&rig, ops, (struct shape){.max = 1, .ttl_ns = NEVER});
    lend(&rig, &holder, "k");
    for (int i = 0; i < 8; i++)
        EXPECT_RESULT(loan_get(&rig, &waiters[i], "k"), POOL_PENDING);
    rig.on_done = release_inside;
    loan_release(&holder);
    for (int i = 0; i < 8; i++)
        EXPECT_RESULT(loan_now(&waiters[i]), POOL_OK);
    EXPECT_STAT(&rig, POOL_STAT_IDLE, 1);
    rig_check(&rig);
    loan_drop(&holder);
    rig_close(&rig);
}

CONTRACT(wrong_settings_are_refused_with_what_is_allowed)
{
    static const char *const wrong[] = {"colour=red", "defect=nonsense", "finalizers=both", "defect", "x:y"};
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        struct rig rig;
        struct keyed_pool *pool = NULL;
        char message[800] = "";
        rig_open(&rig, ops, (struct shape){.max = 1, .ttl_ns = NEVER});
        const struct pool_config config = {
            .max = 1, .ttl_ns = NEVER, .scope = world_app_scope(rig.world), .settings = wrong[i]};
        EXPECT_RESULT(ops->make(&config, &rig.env, &pool, message, sizeof(message)), POOL_BAD_SETTING);
        cr_expect_gt(strlen(message), 10);
        rig_close(&rig);
    }
}
