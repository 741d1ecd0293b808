/* registry.c: the probes that are linked in, sorted by name. */
#include "harness/probe/probe.h"

static struct registry probes; /* written before main only */

void probe_registry_add(const struct probe *probe)
{
    registry_add(&probes, probe->name, probe);
}

size_t probe_count(void)
{
    return probes.count;
}

const struct probe *probe_at(size_t index)
{
    return registry_at(&probes, index);
}
