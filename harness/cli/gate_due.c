/* Which runs of the baseline should have been made again. */
#include "harness/cli/gate.h"

#include <stdlib.h>
#include <string.h>

static bool has_scenario(const struct results *results, const char *scenario)
{
    for (size_t i = 0; i < results->run_count; i++)
        if (results->runs[i]->scenario && strcmp(results->runs[i]->scenario, scenario) == 0)
            return true;
    return false;
}

static bool has_backend(const struct results *results, const char *backend)
{
    for (size_t i = 0; i < results->run_count; i++)
        if (results->runs[i]->backend && strcmp(results->runs[i]->backend, backend) == 0 &&
            results->runs[i]->ending != ENDING_SKIPPED)
            return true;
    return false;
}

static bool has_seed(const struct results *results, uint64_t seed)
{
    for (size_t i = 0; i < results->run_count; i++)
        if (results->runs[i]->seed == seed)
            return true;
    return false;
}

/* Stored results know the command that made them: did it ask for some of the runs only? */
static bool was_partial(const struct results *results)
{
    static const char *const choosing[] = {"--pool", "--set", "--shard"};
    for (size_t w = 0; w < results->command_count; w++) {
        const char *word = results->command[w];
        size_t length = strlen(word);
        if (length > 4 && strcmp(word + length - 4, ".lua") == 0)
            return true;
        for (size_t i = 0; i < ARRAY_LEN(choosing); i++)
            if (strncmp(word, choosing[i], strlen(choosing[i])) == 0)
                return true;
    }
    return false;
}

struct run *gate_run_of(const struct results *results, const struct baseline_entry *entry)
{
    for (size_t i = 0; i < results->run_count; i++) {
        struct run *run = results->runs[i];
        char *params = run_params_text(run);
        bool same = params && strcmp(params, entry->params) == 0 && run->scenario && run->pool && run->backend &&
                    strcmp(run->scenario, entry->scenario) == 0 && strcmp(run->pool, entry->pool) == 0 &&
                    strcmp(run->backend, entry->backend) == 0 && run->seed == entry->seed;
        free(params);
        if (same)
            return run;
    }
    return NULL;
}

bool gate_is_due(const struct gate *gate, const struct results *results, const struct baseline_entry *entry)
{
    const struct options *options = gate->options;
    bool stored = options->results_file != NULL;
    bool chosen = options->pools.count > 0 || options->settings.count > 0 || options->shards > 1 || gate->stopped;
    bool all_scenarios = stored ? !was_partial(results) && !options->update_baseline : options->operands.count == 0;
    bool has_backends = has_backend(results, entry->backend) || (stored && results->run_count == 0);
    bool seed_asked = stored ? has_seed(results, entry->seed) || results->run_count == 0 : entry->seed == options->seed;
    if (chosen || !has_backends || !seed_asked)
        return false;
    return (all_scenarios || has_scenario(results, entry->scenario)) && !gate_run_of(results, entry);
}

bool gate_has_given_up(const struct run *run)
{
    return run && run->ending == ENDING_SKIPPED && run->ending_code == SKIPPED_BY_POOL;
}
