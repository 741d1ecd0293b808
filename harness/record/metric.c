/*
 * The vocabulary: every number a run can be sampled for. A new counter is one row here.
 *
 * The counters of the subject protocol and of the world come with a rung's answer, the ledger's from the driver, those
 * at the end from probes outside the child.
 */
#include "harness/record/record.h"

#include <string.h>

#define LEVEL(NAME, UNIT, ABOUT)                                                                                       \
    {                                                                                                                  \
        NAME, UNIT, METRIC_LEVEL, true, ABOUT, NULL                                                                    \
    }
/* Counts again what OF counts, or a part of it. */
#define AGAIN(NAME, UNIT, OF, ABOUT)                                                                                   \
    {                                                                                                                  \
        NAME, UNIT, METRIC_LEVEL, true, ABOUT, OF                                                                      \
    }
#define TOTAL(NAME, UNIT, ABOUT)                                                                                       \
    {                                                                                                                  \
        NAME, UNIT, METRIC_TOTAL, true, ABOUT, NULL                                                                    \
    }
/* Exact, but the tools hold some of their own: only the change can agree between backends. */
#define OUTER(NAME, UNIT, ABOUT)                                                                                       \
    {                                                                                                                  \
        NAME, UNIT, METRIC_LEVEL, false, ABOUT, NULL                                                                   \
    }
/* What the tool and the host count of themselves: compared with each other inside one run, never between runs. */
#define CHECK(NAME, UNIT, ABOUT)                                                                                       \
    {                                                                                                                  \
        NAME, UNIT, METRIC_TOTAL, false, ABOUT, NULL                                                                   \
    }
#define NOISY(NAME, UNIT, ABOUT)                                                                                       \
    {                                                                                                                  \
        NAME, UNIT, METRIC_NOISY, false, ABOUT, NULL                                                                   \
    }

static const struct metric metrics[] = {
    /* the factory, outside the pool */
    TOTAL("created", "items", "items made"),
    TOTAL("destroyed", "items", "items closed"),
    LEVEL("open", "items", "items made and not closed"),
    AGAIN("holds", "holders", "open",
          "holders of open items: one, and one more for each further key an item is shared with"),
    LEVEL("dead_retained", "items", "distinct closed items and foreign values that something still references"),
    LEVEL("finalizers", "finalizers", "finalizers registered in the application's scope"),
    LEVEL("request_finalizers", "finalizers", "finalizers registered in request scopes"),
    LEVEL("bytes_live", "bytes", "requested bytes handed out and not given back"),
    LEVEL("blocks_live", "blocks", "blocks handed out and not given back"),
    /* a thread of the object's own costs some bytes, more under a tool */
    OUTER("plugin_bytes", "bytes", "requested bytes that a shared object took from malloc by itself and did not free"),
    LEVEL("plugin_blocks", "blocks", "blocks that a shared object took from malloc by itself and did not free"),

    /* the pool's own view, over all keys */
    LEVEL("idle", "items", "items waiting to be leased"),
    LEVEL("leased", "items", "items out on a lease"),
    LEVEL("waiting", "callers", "gets that wait for an item"),
    LEVEL("creating", "items", "items being made"),
    LEVEL("closing", "items", "items being closed"),
    LEVEL("size", "slots", "slots in use, as the pool counts them"),
    LEVEL("free", "slots", "idle minus waiting, as the pool counts it: negative when callers wait"),
    LEVEL("keys", "keys", "per-key pools alive"),
    LEVEL("tombstones", "entries", "entries over all per-key sets of invalidated items"),
    AGAIN("tombstones_foreign", "entries", "tombstones", "those of them in a pool that does not hold the item"),
    LEVEL("members", "entries", "entries over all per-key sets of live items"),
    AGAIN("idle_dead", "items", "idle", "invalidated items that are still idle"),
    LEVEL("timers", "timers", "timers registered"),
    LEVEL("listeners", "listeners", "listeners registered"),
    LEVEL("payloads", "payloads", "request objects that items hold on to"),
    LEVEL("waiters_ghost", "records", "waiter records whose caller has gone"),
    TOTAL("set_ops", "operations", "set operations since the start"),

    /* the harness's ledger of leases and items: what it knows without asking. Every get that failed, or came to a pool
     * that nobody closed, is service refused, so both are judged like levels: one is forgiven, more and more are growth. */
    LEVEL("leases_out", "leases", "leases out, by the harness's count"),
    LEVEL("gets_waiting", "callers", "gets without an answer, by the harness's count"),
    LEVEL("gets_failed", "gets", "gets answered by a failure since the start"),
    TOTAL("gets_leased", "gets", "gets answered by an item since the start"),
    LEVEL("gets_closed", "gets", "gets answered by 'closed' since the start"),
    TOTAL("ops_void", "operations", "operations on a lease in another state, since the start"),
    TOTAL("items_seen", "items", "distinct items handed out since the start"),
    TOTAL("destroyed_unused", "items", "items closed without ever having been leased"),

    /* the tools' counts beside the host's own */
    CHECK("tool_bytes", "bytes", "bytes live in the host, by the tool's count"),
    CHECK("tool_blocks", "blocks", "blocks live in the host, by the tool's count"),
    CHECK("own_bytes", "bytes", "bytes live in the host, by its own count"),
    CHECK("own_blocks", "blocks", "blocks live in the host, by its own count"),

    /* from outside the child */
    OUTER("fds", "descriptors", "open file descriptors"),
    OUTER("threads", "threads", "threads"),
    NOISY("heap_bytes", "bytes", "a collected heap after collection"),
    NOISY("rss_bytes", "bytes", "resident memory"),
    NOISY("pss_bytes", "bytes", "resident memory, shared pages divided"),
    NOISY("peak_rss_bytes", "bytes", "the most resident memory until now"),
    NOISY("cpu_ns", "ns", "processor time"),
    NOISY("wall_ns", "ns", "time on the wall"),
};

/* "bytes_live.tombstones" is a bytes_live. */
static size_t family_length(const char *name)
{
    const char *dot = strchr(name, '.');
    size_t length = dot ? (size_t)(dot - name) : 0;
    bool known = (length == strlen("bytes_live") && memcmp(name, "bytes_live", length) == 0) ||
                 (length == strlen("blocks_live") && memcmp(name, "blocks_live", length) == 0);
    return known && dot[1] != '\0' ? length : strlen(name);
}

const struct metric *metric_find(const char *name)
{
    size_t length = family_length(name);
    for (size_t i = 0; i < ARRAY_LEN(metrics); i++)
        if (strlen(metrics[i].name) == length && memcmp(metrics[i].name, name, length) == 0)
            return &metrics[i];
    return NULL;
}

size_t metric_count(void)
{
    return ARRAY_LEN(metrics);
}

const struct metric *metric_at(size_t index)
{
    return index < ARRAY_LEN(metrics) ? &metrics[index] : NULL;
}
