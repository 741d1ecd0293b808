/* examples.c: which keys and items hold what a rung counts, for the report of a run that grew. */
#include "harness/host/host.h"

#include <stdio.h>
#include <string.h>

#define KEPT 3 /* of each kind */

/* What a key can have too many of. What is counted from other counts needs no examples of its own. */
static const enum pool_stat TOLD[] = {
    POOL_STAT_IDLE,      POOL_STAT_LEASED,     POOL_STAT_WAITING,       POOL_STAT_CREATING,  POOL_STAT_CLOSING,
    POOL_STAT_KEYS,      POOL_STAT_TOMBSTONES, POOL_STAT_MEMBERS,       POOL_STAT_IDLE_DEAD, POOL_STAT_TIMERS,
    POOL_STAT_LISTENERS, POOL_STAT_PAYLOADS,   POOL_STAT_WAITERS_GHOST,
};

struct share {
    char key[NAME_MAX_LEN + 1];
    int64_t value;
};

/* The keys with most of each. On the stack: this process takes memory only from the world. */
struct shares {
    struct share of[ARRAY_LEN(TOLD)][KEPT];
};

static void keep(struct share *shares, const char *key, int64_t value)
{
    size_t place = KEPT;

    while (place > 0 && value > shares[place - 1].value)
        place--;
    if (place == KEPT)
        return;
    memmove(&shares[place + 1], &shares[place], (KEPT - place - 1) * sizeof *shares);
    (void)snprintf(shares[place].key, sizeof shares[place].key, "%s", key);
    shares[place].value = value;
}

/* Of the keys themselves, those are of interest that nobody has a use for. */
static bool is_unused(const struct pool_stats *stats)
{
    return stats->value[POOL_STAT_SIZE] == 0 && stats->value[POOL_STAT_WAITING] == 0;
}

static void note_key(void *ctx, const char *key, const struct pool_stats *stats)
{
    struct shares *shares = ctx;

    for (size_t i = 0; i < ARRAY_LEN(TOLD); i++)
        if (TOLD[i] != POOL_STAT_KEYS || is_unused(stats))
            keep(shares->of[i], key, stats->value[TOLD[i]]);
}

static void say_share(struct host *host, enum pool_stat stat, const struct share *share)
{
    struct answer *answer = &host->answer;

    answer_begin(answer);
    answer_text(answer, "example ");
    answer_text(answer, pool_stat_name(stat));
    if (stat == POOL_STAT_KEYS) {
        answer_text(answer, " key ");
        answer_words(answer, share->key);
        answer_text(answer, ", which has no item");
    } else {
        answer_text(answer, " ");
        answer_integer(answer, share->value);
        answer_text(answer, " in key ");
        answer_words(answer, share->key);
    }
    answer_text(answer, "\n");
    answer_end(answer);
}

static void say_item(struct host *host, bool closed, const struct world_example *item)
{
    struct answer *answer = &host->answer;

    answer_begin(answer);
    answer_text(answer, closed ? "example dead_retained " : "example open ");
    if (!item->foreign) {
        answer_text(answer, "item ");
        answer_number(answer, item->identity);
    }
    answer_text(answer, item->foreign ? "value " : " of key ");
    answer_words(answer, item->name);
    answer_text(answer, item->foreign ? ", made after " : closed ? ", closed after " : ", last used after ");
    answer_integer(answer, item->since);
    answer_text(answer, " operations");
    if (closed) {
        answer_text(answer, ", references: ");
        answer_integer(answer, item->references);
    }
    answer_text(answer, "\n");
    answer_end(answer);
}

void examples_answer(struct host *host)
{
    struct shares shares = {0};
    struct world_example items[KEPT];

    if (host->choice->ops->stats_by_key != NULL)
        host->choice->ops->stats_by_key(host->pool, note_key, &shares);
    for (size_t i = 0; i < ARRAY_LEN(TOLD); i++)
        for (size_t k = 0; k < KEPT && shares.of[i][k].value > 0; k++)
            say_share(host, TOLD[i], &shares.of[i][k]);
    for (int closed = 0; closed < 2; closed++) {
        size_t count = world_examples(host->world, closed, items, KEPT);
        for (size_t i = 0; i < count; i++)
            say_item(host, closed, &items[i]);
    }
}
