/*
 * Which name a lease gets: the lowest free of l1, l2, ... A name that was given back becomes free when the call (the
 * cycle) is over, so
 * that a script may still use the lease in the cycle that released it, and a plan of any length needs few names.
 */
#include "harness/scenario/scenario_internal.h"

#include <stdlib.h>
#include <string.h>

enum slot_state { SLOT_FREE, SLOT_OUT, SLOT_OVER };

struct lease_slot {
    uint32_t use; /* grows each time the name is taken */
    enum slot_state state;
    char *scope; /* OWNED; NULL: none */
};

/* Room for one more element, in powers of two. */
static enum err grow(void **array, size_t count, size_t *capacity, size_t size)
{
    if (count < *capacity)
        return ERR_NONE;
    size_t wanted = *capacity > 0 ? *capacity * 2 : 16;
    void *grown = reallocarray(*array, wanted, size);
    if (grown == NULL)
        return ERR_MEMORY;
    *array = grown;
    *capacity = wanted;
    return ERR_NONE;
}

/* Finds the lowest free slot, adding one when all are taken. */
static enum err find_free(struct names *names, size_t *out)
{
    while (names->lowest < names->count && names->slots[names->lowest].state != SLOT_FREE)
        names->lowest++;
    *out = names->lowest;
    if (names->lowest < names->count)
        return ERR_NONE;
    if (names->count == SCRIPT_LEASES_MAX)
        return ERR_INPUT;
    void *slots = names->slots;
    enum err err = grow(&slots, names->count, &names->capacity, sizeof(*names->slots));
    names->slots = slots;
    if (err == ERR_NONE)
        names->slots[names->count++] = (struct lease_slot){0};
    return err;
}

enum err names_take(struct names *names, const char *scope, struct lease *out)
{
    size_t index;
    enum err err = find_free(names, &index);
    if (err != ERR_NONE)
        return err;
    struct lease_slot *slot = &names->slots[index];
    if (scope[0] != '\0') {
        slot->scope = strdup(scope);
        if (slot->scope == NULL)
            return ERR_MEMORY;
    }
    slot->state = SLOT_OUT;
    slot->use++;
    *out = (struct lease){(uint32_t)index, slot->use};
    return ERR_NONE;
}

bool names_holds(const struct names *names, struct lease lease)
{
    return lease.number < names->count && names->slots[lease.number].use == lease.use;
}

static enum err give_back(struct names *names, uint32_t number)
{
    struct lease_slot *slot = &names->slots[number];
    if (slot->state != SLOT_OUT)
        return ERR_NONE;
    void *over = names->over;
    enum err err = grow(&over, names->over_count, &names->over_capacity, sizeof(*names->over));
    names->over = over;
    if (err != ERR_NONE)
        return err;
    names->over[names->over_count++] = number;
    slot->state = SLOT_OVER;
    free(slot->scope);
    slot->scope = NULL;
    return ERR_NONE;
}

enum err names_give_back(struct names *names, struct lease lease)
{
    return names_holds(names, lease) ? give_back(names, lease.number) : ERR_NONE;
}

enum err names_close_scope(struct names *names, const char *scope)
{
    enum err err = ERR_NONE;
    for (size_t i = 0; i < names->count && err == ERR_NONE; i++)
        if (names->slots[i].scope != NULL && strcmp(names->slots[i].scope, scope) == 0)
            err = give_back(names, (uint32_t)i);
    return err;
}

void names_end_call(struct names *names)
{
    for (size_t i = 0; i < names->over_count; i++) {
        uint32_t number = names->over[i];
        names->slots[number].state = SLOT_FREE;
        if (number < names->lowest)
            names->lowest = number;
    }
    names->over_count = 0;
}

void names_free(struct names *names)
{
    for (size_t i = 0; i < names->count; i++)
        free(names->slots[i].scope);
    free(names->slots);
    free(names->over);
    *names = (struct names){0};
}
