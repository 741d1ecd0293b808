#include "harness/world/world_internal.h"

#define BITS 64u

static bool identities_grow_locked(struct world *world)
{
    struct identities *identities = &world->identities;
    size_t words = identities->words == 0 ? 1 : identities->words * 2;
    uint64_t *taken = world_own_alloc(world, words * sizeof *taken);

    if (taken == NULL)
        return false;
    memset(taken, 0, words * sizeof *taken);
    if (identities->words > 0)
        memcpy(taken, identities->taken, identities->words * sizeof *taken);
    world_own_free(world, identities->taken, identities->words * sizeof *taken);
    identities->taken = taken;
    identities->words = words;
    return true;
}

uint64_t identities_take_locked(struct world *world)
{
    struct identities *identities = &world->identities;

    if (!identities->reuse)
        return ++identities->last;
    while (identities->first_free < identities->words && identities->taken[identities->first_free] == UINT64_MAX)
        identities->first_free++;
    if (identities->first_free == identities->words && !identities_grow_locked(world))
        return 0;
    uint64_t *word = &identities->taken[identities->first_free];
    unsigned bit = (unsigned)__builtin_ctzll(~*word);
    *word |= UINT64_C(1) << bit;
    return identities->first_free * BITS + bit + 1;
}

void identities_give_back_locked(struct world *world, uint64_t identity)
{
    struct identities *identities = &world->identities;
    size_t word = (identity - 1) / BITS;

    if (!identities->reuse)
        return;
    identities->taken[word] &= ~(UINT64_C(1) << ((identity - 1) % BITS));
    if (word < identities->first_free)
        identities->first_free = word;
}
