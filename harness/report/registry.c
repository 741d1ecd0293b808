#include "harness/report/report.h"

#include <string.h>

#define REPORTS_MAX 32

static const struct report *reports[REPORTS_MAX];
static size_t count;

/* Runs before main, in the order of linking; keeps the list sorted by name. A table that is too small is a mistake of the
 * build, which the list of reports and its test show. */
void report_registry_add(const struct report *report)
{
    size_t at = count;
    if (count == REPORTS_MAX)
        return;
    for (; at > 0 && strcmp(reports[at - 1]->name, report->name) > 0; at--)
        reports[at] = reports[at - 1];
    reports[at] = report;
    count++;
}

const struct report *report_find(const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(reports[i]->name, name) == 0)
            return reports[i];
    return NULL;
}

size_t report_count(void)
{
    return count;
}

const struct report *report_at(size_t index)
{
    return index < count ? reports[index] : NULL;
}
