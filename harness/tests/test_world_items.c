#include "harness/tests/test_world.h"

Test(world_items, counts_follow_what_is_made_and_destroyed)
{
    enum { MADE = 10, GONE = 4, PAYLOAD = 100 };
    struct witness witness;
    struct world *world = world_of("min=0 max=4 payload=100B", &witness);
    struct pool_item *items[MADE];

    for (int i = 0; i < MADE; i++)
        items[i] = item_of(world, "k0");
    int64_t one = world_count(world, WORLD_BYTES_LIVE) / MADE;
    for (int i = 0; i < GONE; i++)
        cr_expect_eq(world_env(world)->destroy(world, items[i]), POOL_OK);

    cr_expect_eq(world_count(world, WORLD_CREATED), MADE);
    cr_expect_eq(world_count(world, WORLD_DESTROYED), GONE);
    cr_expect_eq(world_count(world, WORLD_OPEN), MADE - GONE);
    cr_expect_eq(world_count(world, WORLD_HOLDS), MADE - GONE);
    cr_expect_eq(world_count(world, WORLD_DEAD_RETAINED), 0);
    cr_expect_eq(population_of(world, "payloads").bytes, (MADE - GONE) * PAYLOAD);
    cr_expect_eq(population_of(world, "payloads").blocks, MADE - GONE);
    cr_expect_eq(population_of(world, "items").blocks, MADE - GONE);
    cr_expect_eq(world_count(world, WORLD_BYTES_LIVE), (MADE - GONE) * one);
    cr_expect_eq(world_count(world, WORLD_BLOCKS_LIVE), 2 * (MADE - GONE));
    cr_expect_eq(witness.created_count, MADE);
    cr_expect_eq(witness.destroyed_count, GONE);
    cr_expect_eq(witness.destroyed[3], 4, "identities are 1, 2, 3 ...");
    cr_expect_eq(witness.misuse_count, 0);

    for (int i = GONE; i < MADE; i++)
        (void)world_env(world)->destroy(world, items[i]);
    cr_expect_eq(world_count(world, WORLD_BYTES_LIVE), 0);
    cr_expect_eq(world_free(world, NULL, 0), 0);
}

Test(world_items, a_dead_item_is_retained_once_however_many_references_hold_it)
{
    struct witness witness;
    struct world *world = world_of("min=0 max=1 payload=1KiB", &witness);
    const struct pool_env *env = world_env(world);
    struct pool_item *item = item_of(world, "k0");
    int64_t weight = world_count(world, WORLD_BYTES_LIVE);

    for (int i = 0; i < 3; i++)
        env->item_ref(world, item);
    cr_expect_eq(world_count(world, WORLD_DEAD_RETAINED), 0, "it is open");
    (void)env->destroy(world, item);
    cr_expect_eq(world_count(world, WORLD_OPEN), 0);
    for (int i = 0; i < 3; i++) {
        cr_expect_eq(world_count(world, WORLD_DEAD_RETAINED), 1);
        cr_expect_eq(world_count(world, WORLD_BYTES_LIVE), weight, "the payload is kept alive with it");
        env->item_unref(world, item);
    }
    cr_expect_eq(world_count(world, WORLD_DEAD_RETAINED), 0);
    cr_expect_eq(world_count(world, WORLD_BYTES_LIVE), 0);
    cr_expect_eq(witness.misuse_count, 0);
    cr_expect_eq(world_free(world, NULL, 0), 0);
}

Test(world_items, what_only_the_host_keeps_is_neither_retained_nor_in_a_population)
{
    struct witness witness;
    struct world *world = world_of("min=0 max=1 payload=64B", &witness);
    const struct pool_env *env = world_env(world);
    struct pool_item *other = item_of(world, "k0"); /* so that the table of items does not come and go */
    int64_t weight = world_count(world, WORLD_BYTES_LIVE);
    struct pool_item *item = item_of(world, "k0");
    int64_t own = world_count(world, WORLD_OWN_BYTES);

    cr_assert(world_item_keep(world, item));
    (void)env->destroy(world, item);
    cr_expect_eq(world_count(world, WORLD_DEAD_RETAINED), 0);
    cr_expect_eq(world_count(world, WORLD_BYTES_LIVE), weight);
    cr_expect_eq(world_count(world, WORLD_OWN_BYTES), own, "it is still there");

    env->item_ref(world, item); /* invalidated once more: the pool took a reference to a dead item */
    cr_expect_eq(world_count(world, WORLD_DEAD_RETAINED), 1);
    cr_expect_eq(world_count(world, WORLD_BYTES_LIVE), 2 * weight);
    world_item_drop(world, item);
    cr_expect_eq(world_count(world, WORLD_DEAD_RETAINED), 1);
    env->item_unref(world, item);
    int64_t note = (int64_t)(sizeof(struct item_note) + sizeof "k0"); /* what a report says of it */
    cr_expect_eq(world_count(world, WORLD_OWN_BYTES), own - weight - note);
    (void)env->destroy(world, other);
    cr_expect_eq(world_free(world, NULL, 0), 0);
}

Test(world_items, an_item_of_several_holders_closes_with_the_last)
{
    struct witness witness;
    struct world *world = world_of("min=0 max=1", &witness);
    const struct pool_env *env = world_env(world);
    struct pool_item *item = item_of(world, "k0");

    env->item_hold(world, item);
    cr_expect_eq(world_count(world, WORLD_HOLDS), 2);
    (void)env->destroy(world, item);
    cr_expect_eq(world_count(world, WORLD_OPEN), 1);
    cr_expect_eq(world_count(world, WORLD_HOLDS), 1);
    cr_expect_eq(witness.destroyed_count, 0);
    (void)env->destroy(world, item);
    cr_expect_eq(world_count(world, WORLD_OPEN), 0);
    cr_expect_eq(world_count(world, WORLD_HOLDS), 0);
    cr_expect_eq(witness.destroyed_count, 1);
    cr_expect_eq(world_free(world, NULL, 0), 0);
}

/* ---- what no pool may do ----------------------------------------------------------------------------------------- */

Test(world_items, a_second_destroy_is_reported_and_changes_nothing)
{
    struct witness witness;
    struct world *world = world_of("min=0 max=1", &witness);
    const struct pool_env *env = world_env(world);
    struct pool_item *item = item_of(world, "k0");

    env->item_ref(world, item);
    (void)env->destroy(world, item);
    (void)env->destroy(world, item);
    cr_expect_eq(witness.misuse_count, 1);
    cr_expect_str_eq(witness.misuse, "destroyed twice");
    cr_expect_eq(witness.misuse_identity, 1);
    cr_expect_eq(world_count(world, WORLD_DESTROYED), 1);
    cr_expect_eq(world_count(world, WORLD_HOLDS), 0);
    env->item_unref(world, item);

    (void)env->destroy(world, item); /* now even its memory is gone */
    cr_expect_eq(witness.misuse_count, 2);
    cr_expect_eq(witness.misuse_identity, 0);
    env->item_ref(world, item);
    env->item_unref(world, item);
    env->item_hold(world, item);
    cr_expect_eq(witness.misuse_count, 5);
    cr_expect_not(world_item_keep(world, item));
    cr_expect_eq(world_count(world, WORLD_DEAD_RETAINED), 0);
    cr_expect_eq(world_free(world, NULL, 0), 0);
}

Test(world_items, a_reference_too_many_is_reported)
{
    struct witness witness;
    struct world *world = world_of("min=0 max=1", &witness);
    struct pool_item *item = item_of(world, "k0");

    world_env(world)->item_unref(world, item);
    cr_expect_eq(witness.misuse_count, 1);
    cr_expect_eq(world_count(world, WORLD_OPEN), 1, "the item is not taken from its holder");
    (void)world_env(world)->destroy(world, item);
    cr_expect_eq(world_free(world, NULL, 0), 0);
}

/* ---- foreign values ---------------------------------------------------------------------------------------------- */

Test(world_items, a_foreign_value_is_equal_by_name_and_counts_only_while_a_pool_holds_it)
{
    struct witness witness;
    struct world *world = world_of("min=0 max=1 payload=32B", &witness);
    const struct pool_env *env = world_env(world);
    struct pool_item *value = world_value_make(world, "foobar");
    struct pool_item *equal = world_value_make(world, "foobar");
    struct pool_item *other = world_value_make(world, "a");

    /* The published FNV-1a vectors; both have the highest bit set already. */
    cr_expect_eq(env->item_value(world, value), UINT64_C(0x85944171f73967e8));
    cr_expect_eq(env->item_value(world, other), UINT64_C(0xaf63dc4c8601ec8c));
    cr_expect_eq(world_item_identity(equal), world_item_identity(value));
    cr_expect_eq(world_count(world, WORLD_BYTES_LIVE), 0);

    env->item_ref(world, value);
    world_item_drop(world, value);
    world_item_drop(world, equal);
    world_item_drop(world, other);
    cr_expect_eq(world_count(world, WORLD_DEAD_RETAINED), 1);
    cr_expect_eq(population_of(world, "payloads").bytes, 32);
    cr_expect_eq(world_count(world, WORLD_CREATED) + world_count(world, WORLD_DESTROYED), 0);
    cr_expect_eq(witness.created_count, 0);

    (void)env->destroy(world, value);
    cr_expect_eq(witness.misuse_count, 1);
    cr_expect_eq(world_count(world, WORLD_DESTROYED), 0);
    env->item_unref(world, value);
    cr_expect_eq(world_count(world, WORLD_DEAD_RETAINED), 0);
    cr_expect_eq(world_free(world, NULL, 0), 0);
}

/* ---- identities -------------------------------------------------------------------------------------------------- */

Test(world_items, identities_are_never_used_again_unless_asked)
{
    struct witness witness;
    struct world *world = world_of("min=0 max=1", &witness);

    for (uint64_t i = 1; i <= 200; i++) {
        struct pool_item *item = item_of(world, "k0");
        cr_assert_eq(world_item_identity(item), i);
        (void)world_env(world)->destroy(world, item);
    }
    cr_expect_eq(world_free(world, NULL, 0), 0);
}

Test(world_items, the_smallest_free_identity_is_reused)
{
    enum { MANY = 200 }; /* more than two words of bits */
    struct witness witness;
    struct world *world = world_of("min=0 max=1 identities=reused", &witness);
    struct pool_item *items[MANY + 1];

    for (uint64_t i = 1; i <= MANY; i++) {
        items[i] = item_of(world, "k0");
        cr_assert_eq(world_item_identity(items[i]), i);
    }
    const uint64_t freed[] = {130, 7, 64, 65};
    for (size_t i = 0; i < ARRAY_LEN(freed); i++)
        (void)world_env(world)->destroy(world, items[freed[i]]);
    const uint64_t expected[] = {7, 64, 65, 130, MANY + 1};
    for (size_t i = 0; i < ARRAY_LEN(expected); i++)
        cr_expect_eq(world_item_identity(item_of(world, "k0")), expected[i]);
    cr_expect_gt(world_free(world, NULL, 0), 0);
}

Test(world_items, an_identity_is_free_as_soon_as_its_item_is_destroyed_though_it_is_still_referenced)
{
    struct witness witness;
    struct world *world = world_of("min=0 max=1 identities=reused", &witness);
    const struct pool_env *env = world_env(world);
    struct pool_item *dead = item_of(world, "k0");

    env->item_ref(world, dead);
    (void)env->destroy(world, dead);
    struct pool_item *fresh = item_of(world, "k1");
    cr_expect_eq(env->item_value(world, fresh), env->item_value(world, dead));
    env->item_unref(world, dead);
    (void)env->destroy(world, fresh);
    cr_expect_eq(world_free(world, NULL, 0), 0);
}

/* Closed and still referenced: those that were closed first. Open: those that were given back first, but none that is leased. */
Test(world_items, examples_are_the_ones_that_stay_longest)
{
    struct witness witness;
    struct world *world = world_of("min=0 max=9", &witness);
    const struct pool_env *env = world_env(world);
    struct world_example found[3];
    struct pool_item *items[7];

    for (int i = 0; i < 7; i++) {
        world_note_operations(world, 10 + i);
        items[i] = item_of(world, i % 2 == 0 ? "even" : "odd");
    }
    for (int i = 5; i > 0; i--) { /* 5 is closed first, 1 last and without a reference */
        world_note_operations(world, 100 - i);
        if (i > 1)
            env->item_ref(world, items[i]);
        if (i > 2)
            env->item_ref(world, items[i]);
        (void)env->destroy(world, items[i]);
    }
    cr_assert_eq(world_examples(world, true, found, 3), 3);
    for (int i = 0; i < 3; i++) {
        cr_expect_eq(found[i].identity, 6 - i, "identities are 1, 2, 3 ...");
        cr_expect_eq(found[i].since, 95 + i);
        cr_expect_eq(found[i].references, 2);
        cr_expect_str_eq(found[i].name, i == 1 ? "even" : "odd");
    }
    world_item_leased(world, items[6], 1);
    cr_assert_eq(world_examples(world, false, found, 3), 1);
    cr_expect_eq(found[0].identity, 1);
    cr_expect_eq(found[0].since, 10);
    world_note_operations(world, 200);
    world_item_given_back(world, items[6]);
    cr_assert_eq(world_examples(world, false, found, 3), 2);
    cr_expect_eq(found[1].identity, 7);
    cr_expect_eq(found[1].since, 200);
    for (int i = 2; i < 6; i++) {
        env->item_unref(world, items[i]);
        if (i > 2)
            env->item_unref(world, items[i]);
    }
    cr_expect_eq(world_examples(world, true, found, 3), 0);
    (void)env->destroy(world, items[0]);
    (void)env->destroy(world, items[6]);
    cr_expect_eq(world_examples(world, false, found, 3), 0);
    cr_expect_eq(world_free(world, NULL, 0), 0);
}
