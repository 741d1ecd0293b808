#include "harness/tests/test_world.h"

struct step {
    int *order, *count;
    int number;
    /* what it does to its scope while it runs */
    struct world *world;
    struct pool_scope *scope;
    struct pool_finalizer *removes;
    struct step *adds;
};

static void run(void *arg)
{
    struct step *step = arg;

    step->order[(*step->count)++] = step->number;
    if (step->removes != NULL)
        world_env(step->world)->scope_remove(step->world, step->removes);
    if (step->adds != NULL)
        cr_assert_not_null(world_env(step->world)->scope_add(step->world, step->scope, run, step->adds));
}

Test(world_scopes, finalizers_run_once_last_first_and_removed_ones_do_not)
{
    struct witness witness;
    struct world *world = world_of("min=0 max=1", &witness);
    const struct pool_env *env = world_env(world);
    struct pool_scope *scope = world_scope(world, "s1");
    int order[4], count = 0;
    struct step steps[4];
    struct pool_finalizer *added[4];

    for (int i = 0; i < 4; i++) {
        steps[i] = (struct step){.order = order, .count = &count, .number = i};
        added[i] = env->scope_add(world, scope, run, &steps[i]);
    }
    cr_expect_eq(world_count(world, WORLD_REQUEST_FINALIZERS), 4);
    cr_expect_eq(world_count(world, WORLD_FINALIZERS), 0);
    cr_expect_eq(population_of(world, "request_finalizers").blocks, 4);
    env->scope_remove(world, added[1]);
    cr_expect_eq(world_count(world, WORLD_REQUEST_FINALIZERS), 3);

    cr_expect(world_scope_close(world, "s1"));
    cr_assert_eq(count, 3);
    cr_expect(order[0] == 3 && order[1] == 2 && order[2] == 0);
    cr_expect_eq(world_count(world, WORLD_REQUEST_FINALIZERS), 0);
    cr_expect_not(world_scope_close(world, "s1"), "it is forgotten");
    cr_expect_eq(world_free(world, NULL, 0), 0);
}

Test(world_scopes, a_finalizer_may_change_its_scope)
{
    struct witness witness;
    struct world *world = world_of("min=0 max=1", &witness);
    struct pool_scope *scope = world_scope(world, "s1");
    int order[4], count = 0;
    struct step late = {.order = order, .count = &count, .number = 9};
    struct step first = {.order = order, .count = &count, .number = 1};
    struct step last = {.order = order, .count = &count, .number = 2, .world = world, .scope = scope, .adds = &late};

    last.removes = world_env(world)->scope_add(world, scope, run, &first);
    cr_assert_not_null(world_env(world)->scope_add(world, scope, run, &last));
    (void)world_scope_close(world, "s1");
    cr_assert_eq(count, 2);
    cr_expect(order[0] == 2 && order[1] == 9);
    cr_expect_eq(world_free(world, NULL, 0), 0);
}

Test(world_scopes, the_applications_scope_is_counted_apart_and_what_stays_in_it_is_lost)
{
    struct witness witness;
    struct world *world = world_of("min=0 max=1", &witness);
    const struct pool_env *env = world_env(world);
    int order[4], count = 0;
    struct step step = {.order = order, .count = &count};
    char lost[100] = "";

    struct pool_finalizer *gone = env->scope_add(world, world_app_scope(world), run, &step);
    cr_assert_not_null(env->scope_add(world, world_app_scope(world), run, &step));
    cr_expect_eq(world_count(world, WORLD_FINALIZERS), 2);
    cr_expect_gt(world_count(world, WORLD_BYTES_LIVE), 0, "they are memory that the leak holds");
    env->scope_remove(world, gone);
    cr_expect_eq(world_count(world, WORLD_FINALIZERS), 1);
    cr_expect_eq(world_free(world, lost, sizeof lost), 1);
    cr_expect_not_null(strstr(lost, " bytes in 1 block of finalizers"), "%s", lost);
    cr_expect_eq(count, 0, "the pool is gone: nothing of it may run");
}

Test(world_scopes, opening_and_closing_leaves_nothing)
{
    struct witness witness;
    struct world *world = world_of("min=0 max=1", &witness);

    cr_assert_eq(world_scope(world, "a"), world_scope(world, "a"));
    cr_assert_neq(world_scope(world, "a"), world_scope(world, "b"));
    (void)world_scope_close(world, "a");
    int64_t own = world_count(world, WORLD_OWN_BYTES);
    for (int i = 0; i < 100; i++) {
        cr_assert_not_null(world_scope(world, "a"));
        (void)world_scope_close(world, "a");
    }
    cr_expect_eq(world_count(world, WORLD_OWN_BYTES), own);
    cr_expect_eq(world_free(world, NULL, 0), 0);
}
