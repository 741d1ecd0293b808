/* Which keys and items hold what grows, in the words that the subject gave at the last rung. */
#include <string.h>

#include "harness/verdict/findings.h"

#define EXAMPLES_SAID 3 /* of the metric itself */

/* Metrics that are counted elsewhere than where their examples are. */
static const char *const same_as[][2] = {
    {"holds", "open"},           {"fds", "open"},        {"leases_out", "leased"},
    {"gets_waiting", "waiting"}, {"finalizers", "keys"}, /* each key has one; those of items hold dead items, which are named as well */
};

/* "bytes_live.tombstones" is what the tombstones weigh. */
static const char *exemplified(const char *metric)
{
    const char *dot = strchr(metric, '.');
    for (size_t i = 0; i < ARRAY_LEN(same_as); i++)
        if (strcmp(metric, same_as[i][0]) == 0)
            return same_as[i][1];
    return dot ? dot + 1 : metric;
}

static size_t print_of(const struct run *run, const char *metric, size_t most, size_t said, struct buffer *out)
{
    for (size_t i = 0; i < run->example_count && most > 0; i++) {
        if (strcmp(run->examples[i].metric, metric) != 0)
            continue;
        buffer_addf(out, "%s%s", said++ == 0 ? " (for example " : "; ", run->examples[i].words);
        most--;
    }
    return said;
}

void examples_print(const struct run *run, const char *metric, struct buffer *out)
{
    const char *name = exemplified(metric);
    size_t said = print_of(run, name, EXAMPLES_SAID, 0, out);
    bool of_items = strcmp(name, "dead_retained") == 0 || strcmp(name, "open") == 0;
    if (!of_items)
        said = print_of(run, "dead_retained", 1, said, out);
    if (said > 0)
        buffer_add_text(out, ")");
}
