/*
 * uthash with memory from the world: tables come from `hash_memory`, a `const struct memory *` in scope at each use,
 * and running out of it is an answer, not an exit. Included before uthash.h, by .c files alone.
 */
#ifndef CHURN_POOL_HASH_H
#define CHURN_POOL_HASH_H

#include "pools/core/value_set.h"

#define HASH_NONFATAL_OOM       1
#define uthash_malloc(size)     memory_alloc(hash_memory, size)
#define uthash_free(ptr, size)  memory_free(hash_memory, ptr, size)
#define uthash_nonfatal_oom(el) ((void)(el)) /* seen by el->hh.tbl == NULL */

#include <uthash.h>

#endif
