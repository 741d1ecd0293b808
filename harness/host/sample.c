#include "harness/host/host.h"
#include "harness/host/plugin.h"

#include <string.h>

/* What the world counts, under the names of the protocol. */
static const struct {
    const char *name;
    enum world_count count;
} WORLD_COUNTS[] = {
    {"created", WORLD_CREATED},
    {"destroyed", WORLD_DESTROYED},
    {"open", WORLD_OPEN},
    {"holds", WORLD_HOLDS},
    {"dead_retained", WORLD_DEAD_RETAINED},
    {"finalizers", WORLD_FINALIZERS},
    {"request_finalizers", WORLD_REQUEST_FINALIZERS},
    {"bytes_live", WORLD_BYTES_LIVE},
    {"blocks_live", WORLD_BLOCKS_LIVE},
};

static void put(struct answer *answer, const char *prefix, const char *name, int64_t value)
{
    answer_text(answer, ",\"");
    answer_text(answer, prefix);
    answer_text(answer, name);
    answer_text(answer, "\":");
    answer_integer(answer, value);
}

static void put_world(struct host *host)
{
    struct answer *answer = &host->answer;
    struct world_population population;

    for (size_t i = 0; i < ARRAY_LEN(WORLD_COUNTS); i++) {
        answer_text(answer, i > 0 ? ",\"" : "\"");
        answer_text(answer, WORLD_COUNTS[i].name);
        answer_text(answer, "\":");
        answer_integer(answer, world_count(host->world, WORLD_COUNTS[i].count));
    }
    for (size_t i = 0; world_population(host->world, i, &population); i++) {
        put(answer, "bytes_live.", population.name, population.bytes);
        put(answer, "blocks_live.", population.name, population.blocks);
    }
}

/* What a plug-in takes by itself is part of what the process knows of itself. */
static void put_own(struct host *host)
{
    int64_t bytes = 0, blocks = 0;

    if (plugin_memory(&bytes, &blocks)) {
        put(&host->answer, "", "plugin_bytes", bytes);
        put(&host->answer, "", "plugin_blocks", blocks);
    }
    put(&host->answer, "", "own_bytes", world_count(host->world, WORLD_OWN_BYTES) + bytes);
    put(&host->answer, "", "own_blocks", world_count(host->world, WORLD_OWN_BLOCKS) + blocks);
}

static void put_pool(struct host *host)
{
    struct pool_stats stats;

    for (size_t i = 0; i < POOL_STAT_COUNT; i++)
        stats.value[i] = -1;
    host->choice->ops->stats(host->pool, &stats);
    for (size_t i = 0; i < POOL_STAT_COUNT; i++) {
        if (host->choice->counts[i])
            put(&host->answer, "", pool_stat_name((enum pool_stat)i), stats.value[i]);
    }
}

/* memcheck searches all memory for a count, so it is asked seldom: at the first two rungs, then at every tenth, and
 * after shutdown. */
static void put_tool(struct host *host)
{
    bool seldom = host->rungs > 2 && (host->rungs - 1) % 10 != 0 && !host->shutdown_asked;
    int64_t bytes, blocks;

    explain_rung(&host->explain, host->rungs);
    if (host->explain.last > 0) /* any search would be the one that growth is told from */
        return;
    if (host->tool == TOOL_NONE || (host->tool == TOOL_MEMCHECK && seldom))
        return;
    tool_measure(host->tool, &bytes, &blocks);
    put(&host->answer, "", "tool_bytes", bytes);
    put(&host->answer, "", "tool_blocks", blocks);
}

/* With threads nobody outside can count this: their answers are not told. */
static void put_threads(struct host *host)
{
    int64_t out = 0, waiting = 0, leased = 0, failed = 0, closed = 0;

    for (unsigned i = 0; i <= PLAN_THREADS_MAX; i++) {
        const struct caller *caller = threads_caller(host, i);
        if (caller == NULL)
            continue;
        leases_count(caller, &out, &waiting);
        leased += caller->gets_leased;
        failed += caller->gets_failed;
        closed += caller->gets_closed;
    }
    put(&host->answer, "", "leases_out", out);
    put(&host->answer, "", "gets_waiting", waiting);
    put(&host->answer, "", "gets_leased", leased);
    put(&host->answer, "", "gets_failed", failed);
    put(&host->answer, "", "gets_closed", closed);
}

/* No other thread is at work. Without the answer's lock: a pool may do something wrong while it counts. */
void sample_answer(struct host *host)
{
    answer_text(&host->answer, "rung {");
    put_world(host);
    put_pool(host);
    put_own(host);
    put_tool(host);
    if (host->alloc_fails_at > 0)
        put(&host->answer, "", "alloc_failed", world_allocs_asked(host->world) >= host->alloc_fails_at);
    if (host->threaded)
        put_threads(host);
    answer_text(&host->answer, "}\n");
}

void sample_print_counters(struct host *host)
{
    struct answer *answer = &host->answer;
    int64_t bytes, blocks;

    answer_text(answer, "\"own_bytes\",\"own_blocks\"");
    if (plugin_memory(&bytes, &blocks))
        answer_text(answer, ",\"plugin_bytes\",\"plugin_blocks\"");
    for (size_t i = 0; i < ARRAY_LEN(WORLD_COUNTS); i++) {
        answer_text(answer, ",\"");
        answer_text(answer, WORLD_COUNTS[i].name);
        answer_text(answer, "\"");
    }
    for (size_t i = 0; i < POOL_STAT_COUNT; i++) {
        if (!host->choice->counts[i])
            continue;
        answer_text(answer, ",\"");
        answer_text(answer, pool_stat_name((enum pool_stat)i));
        answer_text(answer, "\"");
    }
}
