/*
 * probe: one file per measurement taken from outside the child, each with a self-check.
 *
 * A probe reads; it does not allocate in the child, and what it keeps in the harness is allocated beforehand, so that sampling does not change what it measures.
 * The counters from inside the child (pool and world) come with the rung's answer.
 */
#ifndef CHURN_PROBE_H
#define CHURN_PROBE_H

#include <sys/types.h>

#include "harness/base/base.h"

struct probe {
    const char *name; /* a metric: "fds" */
    const char *about;
    /* Reads it of a process that is waiting for the harness. False: could not be read (the value is then missing). */
    bool (*read)(pid_t pid, int64_t *out);
    /* Makes a change of known size in this process and sees whether `read` moves by it. ERR_SYSTEM: the probe is broken here. */
    enum err (*self_check)(struct problem *why);
};

#define PROBE_REGISTER(PROBE)                                                                                          \
    __attribute__((constructor)) static void register_##PROBE(void)                                                    \
    {                                                                                                                  \
        probe_registry_add(&PROBE);                                                                                    \
    }
void probe_registry_add(const struct probe *probe);
size_t probe_count(void);
const struct probe *probe_at(size_t index); /* sorted by name */

#endif
