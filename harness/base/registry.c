#include "harness/base/base.h"

#include <stdlib.h>
#include <string.h>

void registry_add(struct registry *registry, const char *name, const void *thing)
{
    size_t at = registry->count;

    if (at == ARRAY_LEN(registry->entries))
        abort(); /* the table is too small: seen by whoever adds a thing */
    for (; at > 0 && strcmp(registry->entries[at - 1].name, name) > 0; at--)
        registry->entries[at] = registry->entries[at - 1];
    registry->entries[at].name = name;
    registry->entries[at].thing = thing;
    registry->count++;
}

const void *registry_at(const struct registry *registry, size_t index)
{
    return index < registry->count ? registry->entries[index].thing : NULL;
}

const void *registry_find(const struct registry *registry, const char *name)
{
    for (size_t i = 0; i < registry->count; i++)
        if (strcmp(registry->entries[i].name, name) == 0)
            return registry->entries[i].thing;
    return NULL;
}
