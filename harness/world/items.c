#include "harness/world/world_internal.h"

#include <stdio.h>

/* ---- memory of an item ------------------------------------------------------------------------------------------- */

static size_t item_payload_bytes(const struct world *world)
{
    return (size_t)world->shape.payload_bytes;
}

static size_t note_bytes(const char *name)
{
    return sizeof(struct item_note) + strlen(name) + 1;
}

static void note_free(struct world *world, struct item_note *note)
{
    if (note != NULL)
        world_own_free(world, note, note_bytes(note->name));
}

static int64_t operations_begun(struct world *world)
{
    return atomic_load_explicit(&world->operations, memory_order_relaxed);
}

static struct item_note *note_make(struct world *world, const char *name)
{
    struct item_note *note = world_own_alloc(world, note_bytes(name));

    if (note == NULL)
        return NULL;
    note->since = operations_begun(world);
    memcpy(note->name, name, strlen(name) + 1);
    return note;
}

/* An item with its memory, in the populations, that nobody holds yet. NULL: out of memory. */
static struct pool_item *item_alloc(struct world *world, const char *name)
{
    struct item_note *note = note_make(world, name);
    struct pool_item *item = note != NULL ? population_alloc(world->items_population, sizeof *item) : NULL;
    size_t bytes = item_payload_bytes(world);

    if (item == NULL) {
        note_free(world, note);
        return NULL;
    }
    *item = (struct pool_item){.note = note, .pooled = true, .pool_fd = -1, .peer_fd = -1};
    if (bytes > 0) {
        item->payload = population_alloc(world->payloads_population, bytes);
        if (item->payload == NULL) {
            note_free(world, note);
            population_free(world->items_population, item, sizeof *item);
            return NULL;
        }
        memset(item->payload, 0x5a, bytes); /* touched, so that it is resident memory as well */
    }
    return item;
}

static void item_set_pooled_locked(struct world *world, struct pool_item *item, bool pooled)
{
    if (item->pooled == pooled)
        return;
    item->pooled = pooled;
    population_move_locked(world->items_population, sizeof *item, pooled);
    if (item->payload != NULL)
        population_move_locked(world->payloads_population, item_payload_bytes(world), pooled);
}

static void item_give_back_locked(struct world *world, struct pool_item *item)
{
    item_set_pooled_locked(world, item, false);
    if (item->hh.tbl != NULL)
        HASH_DEL(world->items, item);
    world_own_free(world, item->payload, item_payload_bytes(world));
    note_free(world, item->note);
    world_own_free(world, item, sizeof *item);
}

/* After any change of who holds the item: retained, in the populations, or gone. */
static void item_settle_locked(struct world *world, struct pool_item *item)
{
    bool retained = item->holders == 0 && item->refs > 0;

    world->counts[WORLD_DEAD_RETAINED] += (int)retained - (int)item->retained;
    item->retained = retained;
    item_set_pooled_locked(world, item, item->holders > 0 || item->refs > 0);
    if (!item->pooled && item->keeps == 0)
        item_give_back_locked(world, item);
}

/* ---- made -------------------------------------------------------------------------------------------------------- */

static bool item_remember_locked(struct world *world, struct pool_item *item)
{
    item->self = item;
    HASH_ADD_PTR(world->items, self, item);
    return item->hh.tbl != NULL;
}

static bool item_open_locked(struct world *world, struct pool_item *item)
{
    if (world->shape.items == PLAN_ITEMS_TCP && !tcp_connect_locked(world, &item->pool_fd, &item->peer_fd))
        return false;
    if (!item_remember_locked(world, item)) {
        factory_set_error_locked(world, "out of memory", 0);
        return false;
    }
    item->identity = identities_take_locked(world);
    if (item->identity == 0) {
        factory_set_error_locked(world, "out of memory", 0);
        return false;
    }
    item->holders = 1;
    world->counts[WORLD_CREATED]++;
    world->counts[WORLD_HOLDS]++;
    return true;
}

struct pool_item *item_make(struct world *world, const char *key)
{
    struct pool_item *item = item_alloc(world, key);

    if (item == NULL) {
        factory_set_error(world, "out of memory", 0);
        return NULL;
    }
    pthread_mutex_lock(&world->lock);
    bool opened = item_open_locked(world, item);
    if (!opened) {
        tcp_reset(&item->pool_fd);
        tcp_reset(&item->peer_fd);
        item_give_back_locked(world, item);
    }
    pthread_mutex_unlock(&world->lock);
    if (!opened)
        return NULL;
    if (world->listener.created != NULL)
        world->listener.created(world->listener.ctx, item->identity, key);
    return item;
}

static uint64_t value_identity(const char *name)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325); /* FNV-1a */

    for (; *name != '\0'; name++)
        hash = (hash ^ (unsigned char)*name) * UINT64_C(0x100000001b3);
    return hash | WORLD_FOREIGN_BIT;
}

struct pool_item *world_value_make(struct world *world, const char *name)
{
    struct pool_item *item = item_alloc(world, name);

    if (item == NULL)
        return NULL;
    item->identity = value_identity(name);
    item->keeps = 1;
    pthread_mutex_lock(&world->lock);
    bool remembered = item_remember_locked(world, item);
    if (remembered)
        item_settle_locked(world, item);
    else
        item_give_back_locked(world, item);
    pthread_mutex_unlock(&world->lock);
    return remembered ? item : NULL;
}

/* ---- what the pool does with it ---------------------------------------------------------------------------------- */

/* Takes the lock and looks the address up before anything is read there: the item's memory may be gone. Returns NULL
 * when the item is there; otherwise what the pool did wrong. `if_closed`: what it is to do this to a closed item, NULL
 * when that is fine. */
static const char *item_begin(struct world *world, const struct pool_item *item, const char *if_closed,
                              uint64_t *identity)
{
    struct pool_item *known = NULL;

    pthread_mutex_lock(&world->lock);
    HASH_FIND_PTR(world->items, &item, known);
    *identity = known != NULL ? known->identity : 0;
    if (known == NULL)
        return "an item was used after its last reference was given back";
    if (if_closed == NULL)
        return NULL;
    if ((known->identity & WORLD_FOREIGN_BIT) != 0)
        return "a foreign value was treated as an item of the pool";
    return known->holders == 0 ? if_closed : NULL;
}

static void item_end(struct world *world, const char *wrong, uint64_t identity)
{
    pthread_mutex_unlock(&world->lock);
    if (wrong != NULL)
        world_misuse(world, identity, wrong);
}

enum pool_result item_destroy(void *ctx, struct pool_item *item)
{
    struct world *world = ctx;
    const char *while_leased = NULL;
    bool closed = false, fails = false;
    uint64_t identity;
    const char *wrong = item_begin(world, item, "destroyed twice", &identity);

    if (wrong == NULL) {
        item->holders--;
        world->counts[WORLD_HOLDS]--;
        closed = item->holders == 0;
        if (item->leases > item->holders)
            while_leased = "destroyed while it was leased";
    }
    if (closed) {
        fails = factory_close_fails_locked(world, item);
        tcp_reset(&item->pool_fd);
        tcp_reset(&item->peer_fd);
        world->counts[WORLD_DESTROYED]++;
        item->note->since = operations_begun(world);
        identities_give_back_locked(world, identity);
        item_settle_locked(world, item);
    }
    item_end(world, wrong != NULL ? wrong : while_leased, identity);
    if (closed && world->listener.destroyed != NULL)
        world->listener.destroyed(world->listener.ctx, identity);
    return fails ? POOL_FAILED : POOL_OK;
}

uint64_t item_value(void *ctx, const struct pool_item *item)
{
    (void)ctx;
    return item->identity;
}

uint64_t world_item_identity(const struct pool_item *item)
{
    return item->identity;
}

void item_ref(void *ctx, struct pool_item *item)
{
    struct world *world = ctx;
    uint64_t identity;
    const char *wrong = item_begin(world, item, NULL, &identity);

    if (wrong == NULL) {
        item->refs++;
        item_settle_locked(world, item);
    }
    item_end(world, wrong, identity);
}

void item_unref(void *ctx, struct pool_item *item)
{
    struct world *world = ctx;
    uint64_t identity;
    const char *wrong = item_begin(world, item, NULL, &identity);

    if (wrong == NULL && item->refs == 0)
        wrong = "a reference was given back that was never taken";
    if (wrong == NULL) {
        item->refs--;
        item_settle_locked(world, item);
    }
    item_end(world, wrong, identity);
}

void item_hold(void *ctx, struct pool_item *item)
{
    struct world *world = ctx;
    uint64_t identity;
    const char *wrong = item_begin(world, item, "held after it was destroyed", &identity);

    if (wrong == NULL) {
        item->holders++;
        world->counts[WORLD_HOLDS]++;
    }
    item_end(world, wrong, identity);
}

/* ---- what the host does with it ---------------------------------------------------------------------------------- */

bool world_item_keep(struct world *world, struct pool_item *item)
{
    uint64_t identity;
    const char *wrong = item_begin(world, item, NULL, &identity);

    if (wrong == NULL)
        item->keeps++;
    item_end(world, wrong, identity);
    return wrong == NULL;
}

void world_item_drop(struct world *world, struct pool_item *item)
{
    pthread_mutex_lock(&world->lock);
    item->keeps--;
    item_settle_locked(world, item);
    pthread_mutex_unlock(&world->lock);
}

int64_t world_moment(struct world *world)
{
    /* relaxed: it must not order what the threads of a pool do, or a race detector sees no races any more */
    return atomic_fetch_add_explicit(&world->moment, 1, memory_order_relaxed) + 1;
}

void world_item_leased(struct world *world, struct pool_item *item, int64_t call_began)
{
    uint64_t identity;
    const char *wrong = item_begin(world, item, "leased after it was destroyed", &identity);

    if (wrong == NULL && item->invalidated_at > 0 && item->invalidated_at < call_began)
        wrong = "leased after it was invalidated";
    if (wrong == NULL && item->leases >= item->holders)
        wrong = "leased twice at once";
    item->leases++;
    item_end(world, wrong, identity);
}

void world_item_given_back(struct world *world, struct pool_item *item)
{
    pthread_mutex_lock(&world->lock);
    item->leases--;
    item->note->since = operations_begun(world);
    pthread_mutex_unlock(&world->lock);
}

void world_item_invalidated(struct world *world, struct pool_item *item)
{
    int64_t now = world_moment(world);

    pthread_mutex_lock(&world->lock);
    if (item->invalidated_at == 0)
        item->invalidated_at = now;
    pthread_mutex_unlock(&world->lock);
}

/* ---- examples ---------------------------------------------------------------------------------------------------- */

void world_note_operations(struct world *world, int64_t operations)
{
    /* an exchange, not a store: helgrind takes a store that other threads read for a race */
    (void)atomic_exchange_explicit(&world->operations, operations, memory_order_relaxed);
}

static bool comes_before(const struct pool_item *item, const struct world_example *example)
{
    if (item->note->since != example->since)
        return item->note->since < example->since;
    return item->identity < example->identity;
}

static void example_set(struct world_example *example, const struct pool_item *item)
{
    *example = (struct world_example){.identity = item->identity & ~WORLD_FOREIGN_BIT,
                                      .foreign = (item->identity & WORLD_FOREIGN_BIT) != 0,
                                      .since = item->note->since,
                                      .references = item->refs};
    (void)snprintf(example->name, sizeof example->name, "%s", item->note->name);
}

size_t world_examples(struct world *world, bool closed, struct world_example *out, size_t most)
{
    size_t count = 0;

    pthread_mutex_lock(&world->lock);
    for (struct pool_item *item = world->items; item != NULL; item = item->hh.next) {
        size_t place = count;
        if (closed ? !item->retained : item->holders == 0 || item->leases > 0)
            continue;
        while (place > 0 && comes_before(item, &out[place - 1]))
            place--;
        if (place == most)
            continue;
        count += count < most;
        memmove(&out[place + 1], &out[place], (count - place - 1) * sizeof *out);
        example_set(&out[place], item);
    }
    pthread_mutex_unlock(&world->lock);
    return count;
}

/* ---- faults ------------------------------------------------------------------------------------------------------ */

void world_item_kill(struct world *world, struct pool_item *item)
{
    pthread_mutex_lock(&world->lock);
    tcp_hang_up(&item->peer_fd);
    pthread_mutex_unlock(&world->lock);
}

void items_free_all(struct world *world)
{
    struct pool_item *item, *next;

    HASH_ITER(hh, world->items, item, next)
    {
        tcp_reset(&item->pool_fd);
        tcp_reset(&item->peer_fd);
        item_give_back_locked(world, item);
    }
}
