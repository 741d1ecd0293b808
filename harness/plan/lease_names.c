#include "harness/plan/lease_names.h"

#include <stdlib.h>
#include <string.h>

#define HASH_NONFATAL_OOM 1
#include <uthash.h>

struct lease_name {
    UT_hash_handle hh;
    char name[NAME_MAX_LEN + 1];
};

static enum err add(struct lease_name **names, const char *name, struct problem *why)
{
    struct lease_name *entry;
    HASH_FIND_STR(*names, name, entry);
    if (entry != NULL)
        return ERR_NONE;
    entry = calloc(1, sizeof(*entry));
    if (entry == NULL)
        return problem_set(why, ERR_MEMORY, "out of memory");
    memcpy(entry->name, name, strlen(name) + 1);
    HASH_ADD_STR(*names, name, entry);
    if (entry->hh.tbl != NULL)
        return ERR_NONE;
    free(entry);
    return problem_set(why, ERR_MEMORY, "out of memory");
}

enum err lease_names_check(struct lease_name **names, const struct plan_op *op, struct problem *why)
{
    struct lease_name *entry;
    switch (op->verb) {
    case PLAN_GET:
        return add(names, op->lease, why);
    case PLAN_RELEASE:
    case PLAN_CANCEL:
    case PLAN_INVALIDATE:
    case PLAN_SHARE:
    case PLAN_KILL:
        HASH_FIND_STR(*names, op->lease, entry);
        if (entry == NULL)
            return problem_set(why, ERR_INPUT, "expected a lease that an earlier get named, found %s \"%s\"",
                               plan_verb_name(op->verb), op->lease);
        return ERR_NONE;
    default:
        return ERR_NONE;
    }
}

void lease_names_free(struct lease_name **names)
{
    struct lease_name *entry, *next;
    HASH_ITER(hh, *names, entry, next)
    {
        HASH_DEL(*names, entry);
        free(entry);
    }
}
