/* registry.c: the probes that are linked in, sorted by name. */
#include "harness/probe/probe.h"

#include <stdlib.h>
#include <string.h>

#define PROBES_MAX 32

/* Written before main only. */
static const struct probe *probes[PROBES_MAX];
static size_t probes_used;

void probe_registry_add(const struct probe *probe)
{
    size_t at = probes_used;

    if (probes_used == PROBES_MAX)
        abort(); /* PROBES_MAX is too small: seen by whoever adds the probe */
    for (; at > 0 && strcmp(probes[at - 1]->name, probe->name) > 0; at--)
        probes[at] = probes[at - 1];
    probes[at] = probe;
    probes_used++;
}

size_t probe_count(void)
{
    return probes_used;
}

const struct probe *probe_at(size_t index)
{
    return index < probes_used ? probes[index] : NULL;
}
