/* Each defect shows its symptom, over every strategy that asks its question; the contract shows that the right answer
 * does not. And none of them breaks the harness: the world loses no block, the sanitizers see no bad access. */
#include "pools/tests/rig.h"

#include "pools/core/core.h"

#include <stdio.h>
#include <time.h>

typedef void (*symptom_fn)(struct rig *rig);

static int64_t expected_lost; /* set by a symptom: items that nobody closes any more */

static void each_pool(const char *defect, struct shape shape, symptom_fn symptom)
{
    const struct pool_defect *found = pool_defect_find(defect);
    char settings[128];
    cr_assert_not_null(found, "%s", defect);
    (void)snprintf(settings, sizeof(settings), "defect=%s", defect);
    shape.settings = settings;
    for (size_t i = 0; i < pool_registry_count(); i++) {
        const struct keyed_pool_ops *ops = pool_registry_at(i);
        struct rig rig;
        if (found->only && strcmp(found->only, ops->name) != 0)
            continue;
        rig_open(&rig, ops, shape);
        expected_lost = 0;
        symptom(&rig);
        cr_expect_eq(rig_close_misused(&rig), expected_lost, "%s:%s: blocks lost", ops->name, settings);
    }
}

#define DEFECT(NAME, ...)                                                                                              \
    static void symptom_##NAME(struct rig *rig);                                                                       \
    Test(defects, NAME)                                                                                                \
    {                                                                                                                  \
        each_pool(#NAME, (struct shape){__VA_ARGS__}, symptom_##NAME);                                                 \
    }                                                                                                                  \
    static void symptom_##NAME(struct rig *rig)

DEFECT(shutdown_stuck, .max = 2, .ttl_ns = NEVER)
{
    struct loan a = {0};
    lend(rig, &a, "k");
    loan_invalidate(&a);
    EXPECT_RESULT(rig->ops->shutdown(rig->pool), POOL_PENDING);
    loan_release(&a);
    loan_drop(&a);
    EXPECT_STAT(rig, POOL_STAT_SIZE, 0);
    cr_expect_eq(rig->shutdowns_done, 0, "%s: it must never end", rig->ops->name);
}

/* The controls: min >= 1, and a release that came before. */
Test(defects, shutdown_stuck_ends_with_min_or_after_the_release)
{
    for (size_t min = 0; min < 2; min++) {
        struct rig rig;
        struct loan a = {0};
        rig_open(&rig, pool_registry_find("broadcast"),
                 (struct shape){.min = min, .max = 2, .ttl_ns = NEVER, .settings = "defect=shutdown_stuck"});
        lend(&rig, &a, "k");
        loan_invalidate(&a);
        if (min == 0)
            loan_release(&a);
        EXPECT_RESULT(rig.ops->shutdown(rig.pool), min == 0 ? POOL_OK : POOL_PENDING);
        if (min > 0)
            loan_release(&a);
        cr_expect_eq(rig.shutdowns_done, min == 0 ? 0 : 1);
        loan_drop(&a);
        rig_close(&rig);
    }
}

DEFECT(unserved_waiters, .max = 1, .ttl_ns = NEVER)
{
    struct loan loans[10] = {0}; /* ZIO before PR 8833: one caller completes, free = -9 */
    for (int i = 0; i < 10; i++)
        (void)loan_get(rig, &loans[i], "k");
    loan_invalidate(&loans[0]);
    loan_release(&loans[0]);
    loan_drop(&loans[0]);
    EXPECT_STAT(rig, POOL_STAT_FREE, -9);
    EXPECT_STAT(rig, POOL_STAT_SIZE, 0);
}

DEFECT(excess_swapped, .min = 10, .max = 15, .ttl_ns = 0)
{
    struct loan loans[15] = {0};
    for (int i = 0; i < 15; i++)
        lend(rig, &loans[i], "k");
    for (int i = 10; i < 15; i++) {
        loan_release(&loans[i]);
        loan_drop(&loans[i]);
    }
    rig->ops->maintain(rig->pool);
    EXPECT_STAT(rig, POOL_STAT_IDLE, 5); /* all five are above min and quiet */
}

DEFECT(ghost_waiters, .max = 1, .ttl_ns = NEVER)
{
    struct loan holder = {0}, waiters[50] = {0};
    lend(rig, &holder, "k");
    for (int i = 0; i < 50; i++) {
        EXPECT_RESULT(loan_get(rig, &waiters[i], "k"), POOL_PENDING);
        EXPECT_RESULT(loan_cancel(&waiters[i]), POOL_OK);
        EXPECT_RESULT(loan_cancel(&waiters[i]), POOL_VOID);
    }
    EXPECT_STAT(rig, POOL_STAT_WAITING, 0);
    EXPECT_STAT(rig, POOL_STAT_WAITERS_GHOST, 50);
    EXPECT_STAT(rig, POOL_STAT_FREE, -50);
    cr_expect_eq(rig_blocks(rig, "waiters"), 50);
    loan_release(&holder); /* hops through all fifty */
    EXPECT_STAT(rig, POOL_STAT_WAITERS_GHOST, 0);
    EXPECT_STAT(rig, POOL_STAT_IDLE, 1);
    for (int i = 0; i < 50; i++)
        EXPECT_RESULT(loan_now(&waiters[i]), POOL_PENDING);
    loan_drop(&holder);
}

DEFECT(single_owner, .max = 1, .ttl_ns = NEVER)
{
    struct loan a = {0}, b = {0};
    lend(rig, &a, "a");
    EXPECT_RESULT(loan_share(&a, "b"), POOL_OK);
    loan_invalidate(&a);
    loan_release(&a);
    lend(rig, &b, "b");
    cr_expect_eq(loan_identity(&b), loan_identity(&a), "the stale item is lent again");
    loan_release(&b);
    loan_drop(&a);
    loan_drop(&b);
}

DEFECT(lazy_idle, .max = 4, .ttl_ns = NEVER)
{
    struct loan loans[4] = {0};
    for (int i = 0; i < 4; i++)
        lend(rig, &loans[i], "k");
    for (int i = 0; i < 4; i++)
        loan_release(&loans[i]);
    for (int i = 0; i < 4; i++) {
        loan_invalidate(&loans[i]);
        loan_drop(&loans[i]);
    }
    EXPECT_STAT(rig, POOL_STAT_IDLE_DEAD, 4);
    EXPECT_COUNT(rig, WORLD_OPEN, 4);
    lend(rig, &loans[0], "k"); /* still never lent */
    EXPECT_COUNT(rig, WORLD_DESTROYED, 4);
}

DEFECT(keys_kept, .max = 1, .ttl_ns = 0)
{
    struct loan a = {0};
    char name[32];
    for (int i = 0; i < 20; i++) {
        lend(rig, &a, key_name(i, name));
        loan_release(&a);
    }
    loan_drop(&a);
    rig->ops->maintain(rig->pool);
    EXPECT_STAT(rig, POOL_STAT_KEYS, 20);
    EXPECT_STAT(rig, POOL_STAT_SIZE, 0);
    EXPECT_COUNT(rig, WORLD_FINALIZERS, 20);
}

DEFECT(drop_after_cancel, .max = 4, .ttl_ns = NEVER)
{
    struct loan a = {0};
    rig_slow(rig, "k");
    for (int i = 0; i < 20; i++) {
        EXPECT_RESULT(loan_get(rig, &a, "k"), POOL_PENDING);
        EXPECT_RESULT(loan_cancel(&a), POOL_OK);
        rig_complete(rig);
    }
    expected_lost = 20;
    EXPECT_COUNT(rig, WORLD_OPEN, 20); /* the pool's own counters look healthy */
    EXPECT_STAT(rig, POOL_STAT_SIZE, 0);
    EXPECT_STAT(rig, POOL_STAT_IDLE, 0);
}

DEFECT(failed_create_keeps_slot, .max = 3, .ttl_ns = NEVER)
{
    struct loan a = {0};
    rig_fail(rig, "k", 3);
    for (int i = 0; i < 3; i++)
        EXPECT_RESULT(loan_get(rig, &a, "k"), POOL_FAILED);
    EXPECT_RESULT(loan_get(rig, &a, "k"), POOL_PENDING); /* the factory works again, the key is dead */
    EXPECT_STAT(rig, POOL_STAT_SIZE, 3);
    EXPECT_COUNT(rig, WORLD_OPEN, 0);
    EXPECT_RESULT(rig->ops->shutdown(rig->pool), POOL_OK);
}

static enum pool_result (*destroy)(void *ctx, struct pool_item *item);

static enum pool_result destroy_and_fail(void *ctx, struct pool_item *item)
{
    (void)destroy(ctx, item);
    return POOL_FAILED;
}

static void churn_with_failing_destructor(const char *settings, int64_t expected_size)
{
    for (size_t i = 0; i < pool_registry_count(); i++) {
        struct rig rig;
        struct loan a = {0};
        const struct shape shape = {.max = 3, .ttl_ns = NEVER, .settings = settings};
        rig_open_world(&rig, pool_registry_at(i), shape);
        destroy = rig.env.destroy;
        rig.env.destroy = destroy_and_fail;
        cr_assert_eq(rig_open_pool(&rig, shape), POOL_OK);
        for (int round = 0; round < 3; round++)
            churn_once(&rig, &a, "k");
        EXPECT_STAT(&rig, POOL_STAT_SIZE, expected_size);
        EXPECT_COUNT(&rig, WORLD_OPEN, 0);
        rig_close(&rig);
    }
}

/* netty #4023, step by step: one place; request, release, the connection dies in the pool, request. */
DEFECT(dead_idle_keeps_size, .max = 1, .ttl_ns = NEVER)
{
    struct loan a = {0}, b = {0};
    lend(rig, &a, "k");
    loan_release(&a);
    loan_invalidate(&a);
    EXPECT_RESULT(loan_get(rig, &b, "k"), POOL_PENDING);
    EXPECT_COUNT(rig, WORLD_OPEN, 0);
    EXPECT_STAT(rig, POOL_STAT_SIZE, 1);
    EXPECT_RESULT(rig->ops->cancel(rig->pool, &b.lease), POOL_OK);
    EXPECT_RESULT(rig->ops->shutdown(rig->pool), POOL_OK);
    loan_drop(&a);
}

Test(defects, destroy_failure_keeps_size)
{
    churn_with_failing_destructor("", 0);
    churn_with_failing_destructor("defect=destroy_failure_keeps_size", 3);
}

DEFECT(double_release, .max = 2, .ttl_ns = NEVER)
{
    struct loan a = {0}, b = {0}, c = {0};
    lend(rig, &a, "k");
    EXPECT_RESULT(loan_release(&a), POOL_OK);
    EXPECT_RESULT(loan_release(&a), POOL_OK); /* accepted again */
    EXPECT_STAT(rig, POOL_STAT_IDLE, 2);
    EXPECT_STAT(rig, POOL_STAT_SIZE, 1);
    lend(rig, &b, "k");
    lend(rig, &c, "k");
    cr_expect_eq(loan_identity(&b), loan_identity(&c), "one item, two borrowers");
    loan_release(&b);
    loan_release(&c);
    EXPECT_RESULT(rig->ops->shutdown(rig->pool), POOL_OK);
    cr_expect_eq(rig->misuses, 1);
    cr_expect_str_eq(rig->misuse, "destroyed twice");
    EXPECT_COUNT(rig, WORLD_OPEN, 0);
    loan_drop(&a);
    loan_drop(&b);
    loan_drop(&c);
}

/* N times get and release of one item, then what is left of each lease. */
static void use_one_item(struct rig *rig, int times)
{
    struct loan a = {0};
    for (int i = 0; i < times; i++) {
        lend(rig, &a, "k");
        loan_release(&a);
    }
    EXPECT_COUNT(rig, WORLD_CREATED, 1);
    loan_drop(&a);
}

/* One item and three callers who wait for it; then it comes back. */
static void let_three_wait(struct rig *rig, struct loan *holder, struct loan waiters[3])
{
    lend(rig, holder, "k");
    for (int i = 0; i < 3; i++)
        EXPECT_RESULT(loan_get(rig, &waiters[i], "k"), POOL_PENDING);
    loan_release(holder);
    loan_drop(holder);
}

static void expect_now(const struct loan waiters[3], const enum pool_result results[3])
{
    for (int i = 0; i < 3; i++)
        EXPECT_RESULT(loan_now(&waiters[i]), results[i]);
}

DEFECT(served_twice, .max = 1, .ttl_ns = NEVER)
{
    struct loan holder = {0}, waiters[3] = {0};
    let_three_wait(rig, &holder, waiters);
    expect_now(waiters, (enum pool_result[]){POOL_OK, POOL_OK, POOL_OK});
    cr_expect_eq(loan_identity(&waiters[0]), loan_identity(&waiters[1]), "one item, two borrowers");
    cr_expect_eq(loan_identity(&waiters[0]), loan_identity(&waiters[2]), "and a third");
    EXPECT_STAT(rig, POOL_STAT_SIZE, 1);
    for (int i = 0; i < 3; i++)
        loan_release(&waiters[i]);
    EXPECT_RESULT(rig->ops->shutdown(rig->pool), POOL_OK);
    cr_expect_eq(rig->misuses, 2, "destroyed three times");
    for (int i = 0; i < 3; i++)
        loan_drop(&waiters[i]);
}

DEFECT(waiters_forgotten, .max = 1, .ttl_ns = NEVER)
{
    struct loan holder = {0}, waiters[3] = {0};
    let_three_wait(rig, &holder, waiters);
    expect_now(waiters, (enum pool_result[]){POOL_PENDING, POOL_PENDING, POOL_OK});
    EXPECT_STAT(rig, POOL_STAT_WAITING, 0);
    EXPECT_RESULT(loan_cancel(&waiters[0]), POOL_VOID); /* the pool knows nothing of them */
    loan_release(&waiters[2]);
    expect_now(waiters, (enum pool_result[]){POOL_PENDING, POOL_PENDING, POOL_OK});
    loan_drop(&waiters[2]);
}

DEFECT(newest_second, .max = 1, .ttl_ns = NEVER)
{
    struct loan holder = {0}, waiters[3] = {0};
    let_three_wait(rig, &holder, waiters);
    expect_now(waiters, (enum pool_result[]){POOL_OK, POOL_PENDING, POOL_PENDING});
    loan_release(&waiters[0]);
    expect_now(waiters, (enum pool_result[]){POOL_OK, POOL_PENDING, POOL_OK});
    loan_release(&waiters[2]);
    expect_now(waiters, (enum pool_result[]){POOL_OK, POOL_OK, POOL_OK});
    loan_release(&waiters[1]);
    for (int i = 0; i < 3; i++)
        loan_drop(&waiters[i]);
}

DEFECT(listener_per_get, .max = 1, .ttl_ns = NEVER)
{
    use_one_item(rig, 30);
    EXPECT_STAT(rig, POOL_STAT_LISTENERS, 30);
    cr_expect_eq(rig_blocks(rig, "listeners"), 30);
}

DEFECT(payload_kept, .max = 1, .ttl_ns = NEVER)
{
    use_one_item(rig, 30);
    EXPECT_STAT(rig, POOL_STAT_PAYLOADS, 30);
    cr_expect_eq(rig_blocks(rig, "lease_payloads"), 30);
}

DEFECT(timer_per_release, .max = 1, .ttl_ns = HOUR_NS)
{
    use_one_item(rig, 30);
    rig->ops->maintain(rig->pool);
    EXPECT_STAT(rig, POOL_STAT_TIMERS, 30);
}

/* They do go off. */
Test(defects, timers_go_off)
{
    struct rig rig;
    rig_open(&rig, pool_registry_find("owner"),
             (struct shape){.min = 1, .max = 1, .ttl_ns = 0, .settings = "defect=timer_per_release"});
    use_one_item(&rig, 30);
    rig.ops->maintain(rig.pool);
    EXPECT_STAT(&rig, POOL_STAT_TIMERS, 0);
    EXPECT_STAT(&rig, POOL_STAT_IDLE, 1);
    rig_close(&rig);
}

/* No test here can set the clock; scenarios/clock-jump.lua does. */
DEFECT(wall_clock, .max = 1, .ttl_ns = HOUR_NS)
{
    const int64_t second_ns = INT64_C(1000000000);
    int64_t now_s = rig->pool->decide.now_ns() / second_ns;
    cr_expect(now_s - time(NULL) <= 1 && time(NULL) - now_s <= 1, "%lld", (long long)now_s);
    cr_expect_lt(pool_decisions_right.now_ns() / second_ns, now_s, "the machine runs for less than 50 years");
}

DEFECT(open_after_close, .max = 2, .ttl_ns = NEVER)
{
    struct loan a = {0}, b = {0};
    lend(rig, &a, "k");
    lend(rig, &b, "k");
    EXPECT_RESULT(rig->ops->shutdown(rig->pool), POOL_PENDING);
    loan_release(&a);
    loan_release(&b);
    cr_expect_eq(rig->shutdowns_done, 1);
    expected_lost = 2;
    EXPECT_COUNT(rig, WORLD_OPEN, 2);
    EXPECT_STAT(rig, POOL_STAT_SIZE, 0);
    loan_drop(&a);
    loan_drop(&b);
}

DEFECT(waiters_not_woken, .max = 1, .ttl_ns = NEVER)
{
    struct loan a = {0}, waits = {0};
    lend(rig, &a, "k");
    EXPECT_RESULT(loan_get(rig, &waits, "k"), POOL_PENDING);
    EXPECT_RESULT(rig->ops->shutdown(rig->pool), POOL_PENDING);
    loan_release(&a);
    cr_expect_eq(rig->shutdowns_done, 1);
    EXPECT_RESULT(loan_now(&waits), POOL_PENDING);
    EXPECT_STAT(rig, POOL_STAT_WAITING, 1);
    EXPECT_RESULT(loan_cancel(&waits), POOL_OK); /* it can still give up by itself */
    loan_drop(&a);
}

/* ---- settings ---------------------------------------------------------------------------------------------------- */

static enum pool_result settings_of(const char *pool, const char *settings, char message[800])
{
    struct rig rig;
    struct keyed_pool *made = NULL;
    rig_open(&rig, pool_registry_find(pool), (struct shape){.max = 1, .ttl_ns = NEVER});
    const struct pool_config config = {
        .max = 1, .ttl_ns = NEVER, .scope = world_app_scope(rig.world), .settings = settings};
    enum pool_result result = rig.ops->make(&config, &rig.env, &made, message, 800);
    rig.ops->free(made);
    rig_close(&rig);
    return result;
}

Test(settings, defects_combine_unless_they_answer_the_same_question)
{
    char message[800] = "";
    EXPECT_RESULT(settings_of("owner", "defect=ghost_waiters:defect=excess_swapped:finalizers=captured", message),
                  POOL_OK);
    EXPECT_RESULT(settings_of("owner", "defect=shutdown_stuck:defect=unserved_waiters", message), POOL_BAD_SETTING);
    cr_expect(strstr(message, "unserved_waiters"));
    EXPECT_RESULT(settings_of("owner", "defect=lazy_idle:defect=lazy_idle", message), POOL_BAD_SETTING);
    EXPECT_RESULT(settings_of("broadcast", "defect=lazy_idle", message), POOL_BAD_SETTING);
    cr_expect(strstr(message, "owner"));
}

Test(settings, a_message_lists_every_defect_and_is_cut_not_overrun)
{
    char message[800] = "";
    EXPECT_RESULT(settings_of("owner", "defect=ghost_waiter", message), POOL_BAD_SETTING);
    for (size_t i = 0; i < pool_defect_count(); i++)
        cr_expect(strstr(message, pool_defect_at(i)->name), "%s", pool_defect_at(i)->name);
    struct pool_decisions decide;
    static const struct pool_strategy nobody = {.name = "nobody"};
    char small[8] = "xxxxxxx";
    EXPECT_RESULT(pool_settings_apply(&decide, &nobody, "a=b", small, 4), POOL_BAD_SETTING);
    cr_expect_eq(small[3], '\0');
    cr_expect_eq(small[4], 'x');
    EXPECT_RESULT(pool_settings_apply(&decide, &nobody, "a=b", NULL, 0), POOL_BAD_SETTING);
}

Test(registry, pools_and_names)
{
    cr_assert_geq(pool_registry_count(), 3);
    for (size_t i = 1; i < pool_registry_count(); i++)
        cr_expect_lt(strcmp(pool_registry_at(i - 1)->name, pool_registry_at(i)->name), 0);
    cr_expect_null(pool_registry_at(pool_registry_count()));
    cr_expect_null(pool_registry_find("nonsense"));
    struct keyed_pool_ops copy = *pool_registry_find("owner");
    cr_expect_null(pool_ops_check(&copy));
    copy.abi++;
    cr_expect_not_null(pool_ops_check(&copy));
    copy.abi--;
    copy.stats = NULL;
    cr_expect_not_null(pool_ops_check(&copy));
    copy.stats = core_stats;
    copy.name = "No Name";
    cr_expect_not_null(pool_ops_check(&copy));
    for (int i = 0; i < POOL_STAT_COUNT; i++)
        cr_expect_str_neq(pool_stat_name((enum pool_stat)i), "unknown");
    for (int i = 0; i < POOL_RESULT_COUNT; i++)
        cr_expect_str_neq(pool_result_name((enum pool_result)i), "unknown");
}
