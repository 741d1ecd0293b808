#include "pools/core/hash.h"
#include "pools/core/core.h"

#include <utlist.h>

struct owner_entry *owner_index_find(struct keyed_pool *pool, uint64_t value)
{
    struct owner_entry *entry = NULL;
    pool->set_ops++;
    HASH_FIND_BYHASHVALUE(hh, pool->owners, &value, sizeof(value), value_hash(value), entry);
    return entry;
}

static struct owner_entry *entry_make(struct keyed_pool *pool, uint64_t value)
{
    const struct memory *hash_memory = &pool->memory[MEMORY_SIDE];
    struct owner_entry *entry = memory_alloc(hash_memory, sizeof(*entry));
    if (!entry)
        return NULL;
    entry->value = value;
    HASH_ADD_BYHASHVALUE(hh, pool->owners, value, sizeof(entry->value), value_hash(value), entry);
    if (entry->hh.tbl)
        return entry;
    memory_free(hash_memory, entry, sizeof(*entry));
    return NULL;
}

enum pool_result owner_index_add(struct keyed_pool *pool, struct slot *slot)
{
    struct owner_entry *entry = owner_index_find(pool, slot->value); /* the one operation of an insert */
    if (!entry)
        entry = entry_make(pool, slot->value);
    if (!entry)
        return POOL_NO_MEMORY;
    DL_APPEND2(entry->slots, slot, same_prev, same_next);
    slot->entry = entry;
    pool->owned++;
    return POOL_OK;
}

void owner_index_remove(struct keyed_pool *pool, struct slot *slot)
{
    const struct memory *hash_memory = &pool->memory[MEMORY_SIDE];
    struct owner_entry *entry = slot->entry;
    if (!entry)
        return;
    pool->set_ops++;
    pool->owned--;
    slot->entry = NULL;
    DL_DELETE2(entry->slots, slot, same_prev, same_next);
    if (entry->slots)
        return;
    HASH_DELETE(hh, pool->owners, entry);
    memory_free(hash_memory, entry, sizeof(*entry));
}
