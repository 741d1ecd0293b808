/* registry.c: the reports that are linked in, sorted by name. */
#include "harness/report/report.h"

static struct registry reports; /* written before main only */

void report_registry_add(const struct report *report)
{
    registry_add(&reports, report->name, report);
}

const struct report *report_find(const char *name)
{
    return registry_find(&reports, name);
}

size_t report_count(void)
{
    return reports.count;
}

const struct report *report_at(size_t index)
{
    return registry_at(&reports, index);
}
