/* ledger_items.c: items by identity, life by life. */
#include "harness/driver/ledger_internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum err ledger_violated(struct ledger *ledger, const char *invariant, uint64_t identity, const char *what)
{
    char metric[32], detail[512];

    if (ledger->closed)
        return ERR_NONE;
    snprintf(metric, sizeof(metric), "item %" PRIu64, identity);
    snprintf(detail, sizeof(detail), "item %" PRIu64 " %s", identity, what);
    return ledger->on_violation(ledger->ctx, invariant, metric, detail);
}

struct item *ledger_find_item(struct ledger *ledger, uint64_t identity)
{
    struct item *item = NULL;

    HASH_FIND(hh, ledger->items, &identity, sizeof(identity), item);
    return item;
}

enum err ledger_begin_item(struct ledger *ledger, uint64_t identity, struct item **out)
{
    struct item *item = ledger_find_item(ledger, identity);

    *out = NULL;
    if (!item && HASH_COUNT(ledger->items) >= ITEMS_MAX)
        return ERR_NONE;
    if (!item) {
        item = calloc(1, sizeof(*item));
        if (!item)
            return ERR_MEMORY;
        item->identity = identity;
        HASH_ADD(hh, ledger->items, identity, sizeof(item->identity), item);
        if (!item->hh.tbl) {
            free(item);
            return ERR_MEMORY;
        }
    }
    item->life = ++ledger->lives;
    item->out = item->invalidated_at = item->freed_at = 0;
    item->allowed = 1;
    item->was_leased = item->destroyed = false;
    *out = item;
    return ERR_NONE;
}

void ledger_forget_item(struct ledger *ledger, struct item *item)
{
    HASH_DEL(ledger->items, item);
    free(item);
}

struct item *ledger_item_of(struct ledger *ledger, const struct get *get)
{
    struct item *item = get->life ? ledger_find_item(ledger, get->identity) : NULL;

    return item && item->life == get->life ? item : NULL;
}

void ledger_note_invalidated(struct item *item, int64_t at)
{
    if (item && item->invalidated_at == 0)
        item->invalidated_at = at;
}

void ledger_end_lease(struct ledger *ledger, struct get *get, int64_t at)
{
    struct item *item = ledger_item_of(ledger, get);

    get->out = false;
    ledger->counts.leases_out--;
    if (!item)
        return;
    item->out--;
    item->freed_at = at;
    /* Whoever does not say what it destroys would fill the table. */
    if (!ledger->says_created && item->out == 0 && item->invalidated_at == 0 && !item->destroyed)
        ledger_forget_item(ledger, item);
}
