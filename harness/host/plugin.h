/*
 * plugin: the door between the host and a pool that came in a shared object, and the count of what such a pool takes
 * from malloc by itself.
 *
 * The count needs no help from the pool: a block is the plug-in's when it was allocated while a thread was in a call into
 * the pool and not, from there, back in the world or the host; it stays so until it is freed, wherever that happens. So
 * what strdup or a library allocates on the pool's behalf counts as well. A thread that the host did not start belongs
 * to the plug-in.
 */
#ifndef CHURN_HOST_PLUGIN_H
#define CHURN_HOST_PLUGIN_H

#include "harness/base/base.h"
#include "pools/keyed_pool.h"

/* ---- the door: plugin.c ------------------------------------------------------------------------------------------ */

/* The same operations, which tell on the way in and out where the thread is. `ops` is BORROWED for ever; there is one
 * plug-in and, at any time, one pool of it in a process. */
const struct keyed_pool_ops *plugin_guard(const struct keyed_pool_ops *ops);

/* ---- the count: plugin_memory.c ---------------------------------------------------------------------------------- */

enum place { PLACE_PLUGIN, PLACE_HOST };

/* Where this thread is from now on; returns where it was. */
enum place place_enter(enum place place);

/* Starts counting, where allocations can be seen: through interpose.c, or the hooks of a sanitizer. The count remembers
 * every block, which is memory too: with CHURN_PLUGIN_COUNT=no in the environment nothing is counted, so that `churn noise`
 * sees in the resident memory what the pool keeps and no more. */
void plugin_memory_watch(void);
/* Requested bytes (an empty block is one byte) and blocks that are allocated. False: not counted here. */
bool plugin_memory(int64_t *bytes, int64_t *blocks);

/* For those who see allocations. */
bool plugin_counts_here(void);
void plugin_took(const void *ptr, size_t size);       /* counted only where plugin_counts_here() */
bool plugin_gave_back(const void *ptr, size_t *size); /* before it is freed. False: not the plug-in's */
void plugin_took_back(const void *ptr, size_t size);  /* it was not freed after all */

#endif
