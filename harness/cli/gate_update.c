/* churn gate --update-baseline. */
#include "harness/cli/gate.h"

#include <stdlib.h>

static void drop_entry(struct baseline *baseline, size_t index)
{
    struct baseline_entry dropped = baseline->entries[index];
    struct baseline one = {.entries = calloc(1, sizeof dropped), .count = 1};
    baseline->entries[index] = baseline->entries[--baseline->count];
    if (one.entries)
        one.entries[0] = dropped;
    else
        one.count = 0;
    baseline_free(&one);
}

/* What was measured takes the place of what was committed; what no longer exists goes. */
static void merge_entries(struct gate *gate, const struct results *results)
{
    for (size_t i = gate->baseline.count; i-- > 0;) {
        const struct baseline_entry *was = &gate->baseline.entries[i];
        const struct baseline_entry *now =
            baseline_find(&gate->now, was->scenario, was->params, was->pool, was->backend, was->seed);
        if (now || gate_is_due(gate, results, was) || gate_has_given_up(gate_run_of(results, was)))
            drop_entry(&gate->baseline, i);
    }
}

/* A duration stays until it is far off, for it is only noise in a diff. Of what was not measured now the old one stays. */
static enum err update_durations(struct gate *gate, struct problem *why)
{
    struct baseline old;
    enum err err = durations_load(gate->folder, &old, why);
    if (err != ERR_NONE)
        return err;
    for (size_t i = 0; i < gate->baseline.count; i++) {
        struct baseline_entry *now = &gate->baseline.entries[i];
        const struct baseline_entry *was =
            baseline_find(&old, now->scenario, now->params, now->pool, now->backend, now->seed);
        if (was && (now->ms == 0 || (now->ms <= 3 * was->ms + 200 && was->ms <= 3 * now->ms + 200)))
            now->ms = was->ms;
    }
    baseline_free(&old);
    return durations_save(gate->folder, &gate->baseline, why);
}

static enum err save_scenarios(struct gate *gate, const struct words *scenarios, struct problem *why)
{
    enum err err = ERR_NONE;
    for (size_t i = 0; err == ERR_NONE && i < scenarios->count; i++)
        err = baseline_save(gate->folder, scenarios->list[i], &gate->baseline, why);
    return err == ERR_NONE ? update_durations(gate, why) : err;
}

enum err gate_update(struct gate *gate, const struct results *results, struct problem *why)
{
    struct words scenarios = {0};
    const struct baseline *both[] = {&gate->baseline, &gate->now};
    enum err err = ERR_NONE;
    for (size_t b = 0; b < ARRAY_LEN(both); b++)
        for (size_t i = 0; err == ERR_NONE && i < both[b]->count; i++)
            if (!words_have(&scenarios, both[b]->entries[i].scenario))
                err = words_add_text(&scenarios, both[b]->entries[i].scenario);
    if (err == ERR_NONE) {
        merge_entries(gate, results);
        size_t measured = gate->now.count;
        for (size_t i = 0; err == ERR_NONE && i < measured; i++) {
            struct baseline_entry *added;
            err = baseline_add(&gate->baseline, &added);
            if (err != ERR_NONE)
                break;
            *added = gate->now.entries[i];
            gate->now.entries[i] = (struct baseline_entry){0};
        }
        if (err == ERR_NONE)
            err = save_scenarios(gate, &scenarios, why);
        else
            err = gate_no_memory(why);
        (void)fprintf(stderr, "churn: the numbers of %zu runs are in %s; review and commit them\n", measured,
                      gate->folder);
    } else {
        err = gate_no_memory(why);
    }
    words_free(&scenarios);
    return err;
}
