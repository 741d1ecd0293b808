#include "pools/core/hash.h"

struct value_entry {
    uint64_t value;
    struct pool_item *item; /* a reference of the set's own */
    UT_hash_handle hh;
};

void *memory_alloc(const struct memory *memory, size_t size)
{
    void *ptr = memory->env->alloc(memory->population, size);
    if (ptr)
        memset(ptr, 0, size);
    return ptr;
}

void memory_free(const struct memory *memory, void *ptr, size_t size)
{
    memory->env->free(memory->population, ptr, size);
}

unsigned value_hash(uint64_t value)
{
    return (unsigned)(value ^ (value >> 32));
}

static struct value_entry *find(const struct value_set *set, uint64_t value)
{
    struct value_entry *entry = NULL;
    HASH_FIND_BYHASHVALUE(hh, set->entries, &value, sizeof(value), value_hash(value), entry);
    return entry;
}

static void entry_free(struct value_set *set, const struct memory *memory, struct value_entry *entry)
{
    const struct memory *hash_memory = memory;
    HASH_DELETE(hh, set->entries, entry);
    set->count--;
    memory->env->item_unref(memory->env->ctx, entry->item);
    memory_free(memory, entry, sizeof(*entry));
}

enum value_set_result value_set_insert(struct value_set *set, const struct memory *memory, struct pool_item *item)
{
    const struct memory *hash_memory = memory;
    uint64_t value = memory->env->item_value(memory->env->ctx, item);
    if (find(set, value))
        return VALUE_SET_PRESENT;
    struct value_entry *entry = memory_alloc(memory, sizeof(*entry));
    if (!entry)
        return VALUE_SET_NO_MEMORY;
    entry->value = value;
    entry->item = item;
    HASH_ADD_BYHASHVALUE(hh, set->entries, value, sizeof(entry->value), value_hash(value), entry);
    if (!entry->hh.tbl) {
        memory_free(memory, entry, sizeof(*entry));
        return VALUE_SET_NO_MEMORY;
    }
    memory->env->item_ref(memory->env->ctx, item);
    set->count++;
    return VALUE_SET_ADDED;
}

bool value_set_remove(struct value_set *set, const struct memory *memory, uint64_t value)
{
    struct value_entry *entry = find(set, value);
    if (entry)
        entry_free(set, memory, entry);
    return entry != NULL;
}

bool value_set_contains(const struct value_set *set, uint64_t value)
{
    return find(set, value) != NULL;
}

void value_set_clear(struct value_set *set, const struct memory *memory)
{
    while (set->entries)
        entry_free(set, memory, set->entries);
}
