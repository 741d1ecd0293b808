/* The contract, part four: every allocation of a life fails once. Nothing is lost, nothing hangs, and the pool goes on.
 */
#include "pools/tests/rig.h"

static void check(struct rig *rig)
{
    if (!rig->captured) /* captured items stay open when their slot is gone */
        rig_check(rig);
}

/* One life. Any call may say that there is no memory; all others must do as always. */
static void live(struct rig *rig, struct loan *loans)
{
    struct pool_item *foreign = world_value_make(rig->world, "foreign");
    for (int i = 0; i < 4; i++)
        (void)loan_get(rig, &loans[i], i % 2 ? "odd" : "even");
    check(rig);
    if (loans[0].lease.item && rig->ops->share)
        (void)loan_share(&loans[0], "third");
    check(rig);
    for (int i = 0; i < 4; i++) {
        if (loans[i].lease.item)
            (void)loan_invalidate(&loans[i]);
        check(rig);
    }
    if (foreign) {
        (void)rig->ops->invalidate(rig->pool, foreign);
        world_item_drop(rig->world, foreign);
    }
    for (int i = 0; i < 4; i++) {
        (void)loan_release(&loans[i]);
        (void)loan_cancel(&loans[i]);
        loan_drop(&loans[i]);
        check(rig);
    }
    rig->ops->maintain(rig->pool);
    check(rig);
}

/* False: it went through without a failure, as the nth allocation was never asked for. */
static bool live_with_failure(const struct keyed_pool_ops *ops, const char *settings, int64_t nth)
{
    struct rig rig;
    struct loan loans[4] = {0};
    const struct shape shape = {.min = 1, .max = 2, .ttl_ns = 0, .settings = settings};
    for (int i = 0; i < 4; i++)
        loans[i].rig = &rig;
    rig_open_world(&rig, ops, shape);
    rig.captured = *settings != '\0';
    int64_t before = world_allocs_asked(rig.world);
    world_fail_alloc(rig.world, nth);
    enum pool_result made = rig_open_pool(&rig, shape);
    if (made == POOL_NO_MEMORY) {
        rig_close(&rig);
        return true;
    }
    cr_assert_eq(made, POOL_OK);
    live(&rig, loans);
    bool failed = world_allocs_asked(rig.world) - before >= nth;
    world_fail_alloc(rig.world, 0);
    for (int i = 0; i < 4; i++)
        lend(&rig, &loans[i], i % 2 ? "odd" : "even"); /* healed: all its room is there */
    for (int i = 0; i < 4; i++) {
        EXPECT_RESULT(loan_release(&loans[i]), POOL_OK);
        loan_drop(&loans[i]);
    }
    EXPECT_RESULT(ops->shutdown(rig.pool), POOL_OK);
    EXPECT_COUNT(&rig, WORLD_OPEN, 0);
    rig_close(&rig);
    return failed;
}

CONTRACT(every_allocation_may_fail)
{
    static const char *const settings[] = {"", "finalizers=captured"};
    for (size_t i = 0; i < (contract_is_plugin(ops) ? 1 : ARRAY_LEN(settings)); i++) {
        int64_t nth = 1;
        while (live_with_failure(ops, settings[i], nth))
            nth++;
        cr_expect_gt(nth, 20, "%s: only %lld allocations were seen", ops->name, (long long)nth);
    }
}

CONTRACT(an_invalidation_without_memory_changes_nothing)
{
    for (int64_t nth = 1; nth <= 8; nth++) {
        struct rig rig;
        struct loan loans[4] = {0};
        char name[32];
        rig_open(&rig, ops, (struct shape){.max = 1, .ttl_ns = NEVER});
        for (int i = 0; i < 4; i++)
            lend(&rig, &loans[i], key_name(i, name));
        int64_t bytes = world_count(rig.world, WORLD_BYTES_LIVE);
        world_fail_alloc(rig.world, nth);
        enum pool_result result = loan_invalidate(&loans[3]);
        world_fail_alloc(rig.world, 0);
        if (result == POOL_NO_MEMORY) {
            EXPECT_COUNT(&rig, WORLD_BYTES_LIVE, bytes);
            loan_release(&loans[3]);
            EXPECT_STAT(&rig, POOL_STAT_IDLE, 1);
        } else {
            cr_assert_eq(result, POOL_OK);
            loan_release(&loans[3]);
            EXPECT_COUNT(&rig, WORLD_DESTROYED, 1);
        }
        loan_drop(&loans[3]);
        rig_close(&rig);
    }
}

CONTRACT(an_item_that_is_invalid_stays_so_when_memory_runs_out)
{
    for (int64_t nth = 1; nth <= 8; nth++) {
        struct rig rig;
        struct loan a = {0}, others[4] = {0};
        char name[32];
        rig_open(&rig, ops, (struct shape){.max = 1, .ttl_ns = NEVER});
        lend(&rig, &a, "k");
        EXPECT_RESULT(loan_invalidate(&a), POOL_OK);
        for (int i = 0; i < 4; i++) /* keys that have not heard of it yet */
            lend(&rig, &others[i], key_name(i, name));
        world_fail_alloc(rig.world, nth);
        (void)loan_invalidate(&a);
        world_fail_alloc(rig.world, 0);
        loan_release(&a);
        EXPECT_COUNT(&rig, WORLD_DESTROYED, 1);
        loan_drop(&a);
        rig_close(&rig);
    }
}
