#include "harness/world/world_internal.h"

#include <malloc.h>
#include <stdlib.h>

void world_misuse(struct world *world, uint64_t identity, const char *what)
{
    if (world->listener.misuse != NULL)
        world->listener.misuse(world->listener.ctx, identity, what);
}

/* ---- the world's own memory -------------------------------------------------------------------------------------- */

void *world_own_alloc(struct world *world, size_t size)
{
    void *ptr = malloc(size);

    if (ptr == NULL)
        return NULL;
    atomic_fetch_add_explicit(&world->own_bytes, (int64_t)size, memory_order_relaxed);
    atomic_fetch_add_explicit(&world->own_blocks, 1, memory_order_relaxed);
    return ptr;
}

void world_own_free(struct world *world, void *ptr, size_t size)
{
    if (ptr == NULL)
        return;
    atomic_fetch_sub_explicit(&world->own_bytes, (int64_t)size, memory_order_relaxed);
    atomic_fetch_sub_explicit(&world->own_blocks, 1, memory_order_relaxed);
    free(ptr);
}

/* ---- populations ------------------------------------------------------------------------------------------------- */

struct pool_population *population_find(struct world *world, const char *name)
{
    struct pool_population *found = NULL;

    if (!name_is_valid(name, strlen(name))) {
        world_misuse(world, 0, "named a population with something that is no name");
        name = "misnamed";
    }
    pthread_mutex_lock(&world->lock);
    struct pool_population **place = &world->populations;
    while (*place != NULL && strcmp((*place)->name, name) < 0)
        place = &(*place)->next;
    found = *place;
    if (found == NULL || strcmp(found->name, name) != 0) {
        world->allocs_asked++;
        found = world->allocs_asked != world->alloc_fails_at ? world_own_alloc(world, sizeof *found) : NULL;
        if (found != NULL) {
            *found = (struct pool_population){.name = name, .world = world, .next = *place};
            *place = found;
        }
    }
    pthread_mutex_unlock(&world->lock);
    return found;
}

/* Memory that is in a population is also the world's own; this moves it between "own only" and "population". */
void population_move_locked(struct pool_population *population, size_t size, bool into)
{
    population->bytes += into ? (int64_t)size : -(int64_t)size;
    population->blocks += into ? 1 : -1;
}

void *population_alloc(struct pool_population *population, size_t size)
{
    struct world *world = population->world;
    void *ptr = NULL;

    pthread_mutex_lock(&world->lock);
    world->allocs_asked++;
    if (world->allocs_asked != world->alloc_fails_at)
        ptr = world_own_alloc(world, size);
    if (ptr != NULL)
        population_move_locked(population, size, true);
    pthread_mutex_unlock(&world->lock);
    return ptr;
}

void population_free(struct pool_population *population, void *ptr, size_t size)
{
    struct world *world = population->world;

    if (ptr == NULL)
        return;
    pthread_mutex_lock(&world->lock);
    bool too_often = population->blocks == 0;
    if (!too_often)
        population_move_locked(population, size, false);
    /* A wrong size is seen at once when the block cannot be that large, otherwise when its population empties. */
    bool wrong_size = !too_often && (malloc_usable_size(ptr) < size || population->bytes < 0 ||
                                     (population->blocks == 0 && population->bytes != 0));
    pthread_mutex_unlock(&world->lock);

    if (too_often) {
        world_misuse(world, 0, "freed more blocks of a population than it has");
        return; /* the block was freed already or is not ours: freeing it could only crash */
    }
    if (wrong_size)
        world_misuse(world, 0, "freed a block with another size than it was made with");
    world_own_free(world, ptr, size);
}

void populations_free_all(struct world *world)
{
    while (world->populations != NULL) {
        struct pool_population *population = world->populations;
        world->populations = population->next;
        world_own_free(world, population, sizeof *population);
    }
}

bool world_population(struct world *world, size_t index, struct world_population *out)
{
    pthread_mutex_lock(&world->lock);
    struct pool_population *population = world->populations;
    while (population != NULL && index-- > 0)
        population = population->next;
    if (population != NULL)
        *out = (struct world_population){population->name, population->bytes, population->blocks};
    pthread_mutex_unlock(&world->lock);
    return population != NULL;
}
