/* ledger.c: leases by name, and what was sent. */
#include "harness/driver/ledger_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct ledger *ledger_make(ledger_violation_fn on_violation, void *ctx)
{
    struct ledger *ledger = calloc(1, sizeof(*ledger));

    if (!ledger)
        return NULL;
    ledger->on_violation = on_violation;
    ledger->ctx = ctx;
    return ledger;
}

static void free_gets(struct get *get)
{
    while (get) {
        struct get *next = get->younger;
        free(get);
        get = next;
    }
}

void ledger_free(struct ledger *ledger)
{
    struct lease_name *name, *next_name;
    struct item *item, *next_item;

    if (!ledger)
        return;
    HASH_ITER(hh, ledger->names, name, next_name)
    {
        HASH_DEL(ledger->names, name);
        free_gets(name->oldest);
        free(name);
    }
    HASH_ITER(hh, ledger->items, item, next_item)
    {
        HASH_DEL(ledger->items, item);
        free(item);
    }
    free_gets(ledger->spare);
    free(ledger);
}

void ledger_expect_cancelled(struct ledger *ledger)
{
    ledger->says_cancelled = true;
}

void ledger_close(struct ledger *ledger)
{
    ledger->closed = true;
}

/* ---- gets ---- */

struct lease_name *ledger_find_name(struct ledger *ledger, const char *text)
{
    struct lease_name *name = NULL;

    HASH_FIND_STR(ledger->names, text, name);
    return name;
}

static struct lease_name *add_name(struct ledger *ledger, const char *text)
{
    struct lease_name *name = calloc(1, sizeof(*name));

    if (!name)
        return NULL;
    snprintf(name->name, sizeof(name->name), "%s", text);
    HASH_ADD_STR(ledger->names, name, name);
    if (!name->hh.tbl) {
        free(name);
        return NULL;
    }
    return name;
}

static void drop_oldest(struct ledger *ledger, struct lease_name *name)
{
    struct get *get = name->oldest;

    name->oldest = get->younger;
    if (!name->oldest)
        name->youngest = NULL;
    get->younger = ledger->spare;
    ledger->spare = get;
}

void ledger_drop_get(struct ledger *ledger, struct lease_name *name, struct get *get)
{
    struct get *before = name->oldest;

    if (get == name->oldest) {
        drop_oldest(ledger, name);
        return;
    }
    while (before->younger != get)
        before = before->younger;
    before->younger = get->younger;
    if (name->youngest == get)
        name->youngest = before;
    get->younger = ledger->spare;
    ledger->spare = get;
}

/* What is over can be asked for no more once the name means something new. */
void ledger_prune(struct ledger *ledger, struct lease_name *name)
{
    while (name->oldest != name->youngest && name->oldest->answered && !name->oldest->out)
        drop_oldest(ledger, name);
}

static enum err add_get(struct ledger *ledger, struct lease_name *name)
{
    struct get *get = ledger->spare ? ledger->spare : malloc(sizeof(*get));
    if (!get)
        return ERR_MEMORY;
    if (get == ledger->spare)
        ledger->spare = get->younger;
    *get = (struct get){.asked_at = ledger->now};
    if (name->youngest)
        name->youngest->younger = get;
    else
        name->oldest = get;
    name->youngest = get;
    ledger_prune(ledger, name);
    return ERR_NONE;
}

/* ---- what was sent ---- */

static enum err sent_get(struct ledger *ledger, const struct plan_op *op)
{
    struct lease_name *name = ledger_find_name(ledger, op->lease);

    if (!name)
        name = add_name(ledger, op->lease);
    if (!name)
        return ERR_MEMORY;
    memcpy(name->scope, op->scope, sizeof(name->scope));
    return add_get(ledger, name);
}

static void sent_release(struct ledger *ledger, struct get *get)
{
    if (get->released_at == 0)
        get->released_at = ledger->now;
    get->last_released_at = ledger->now;
    if (get->out)
        ledger_end_lease(ledger, get, ledger->now);
}

static void sent_invalidate(struct ledger *ledger, struct get *get)
{
    if (get->invalidated_at == 0)
        get->invalidated_at = ledger->now;
    ledger_note_invalidated(ledger_item_of(ledger, get), ledger->now);
}

/* It may be void (the key is full): then more leases are allowed than need be, never fewer. */
static void sent_share(struct ledger *ledger, struct get *get)
{
    struct item *item = ledger_item_of(ledger, get);

    get->shares++;
    if (item)
        item->allowed++;
}

static void sent_close_scope(struct ledger *ledger, const char *scope)
{
    for (struct lease_name *name = ledger->names; name; name = name->hh.next) {
        if (!name->youngest || strcmp(name->scope, scope) != 0)
            continue;
        name->youngest->scope_ended = true;
        sent_release(ledger, name->youngest);
    }
}

enum err ledger_sent(struct ledger *ledger, const struct plan_op *op)
{
    struct lease_name *name;

    ledger->now++;
    ledger->threaded = ledger->threaded || op->verb == PLAN_THREAD;
    if (ledger->threaded)
        return ERR_NONE;
    if (op->verb == PLAN_GET)
        return sent_get(ledger, op);
    if (op->verb == PLAN_CLOSE_SCOPE)
        sent_close_scope(ledger, op->scope);
    if (op->verb == PLAN_SHUTDOWN && ledger->shutdown_at == 0)
        ledger->shutdown_at = ledger->now;
    if (op->verb != PLAN_RELEASE && op->verb != PLAN_CANCEL && op->verb != PLAN_INVALIDATE && op->verb != PLAN_SHARE)
        return ERR_NONE;
    name = ledger_find_name(ledger, op->lease);
    if (!name || !name->youngest)
        return ERR_NONE;
    if (op->verb == PLAN_RELEASE)
        sent_release(ledger, name->youngest);
    else if (op->verb == PLAN_CANCEL && !name->youngest->answered)
        name->youngest->cancelled_at = ledger->now;
    else if (op->verb == PLAN_INVALIDATE)
        sent_invalidate(ledger, name->youngest);
    else if (op->verb == PLAN_SHARE)
        sent_share(ledger, name->youngest);
    return ERR_NONE;
}

/* ---- rungs ---- */

static int64_t settle_name(struct ledger *ledger, struct lease_name *name)
{
    int64_t waiting = 0;

    for (struct get *get = name->oldest, *next; get; get = next) {
        next = get->younger;
        if (get->answered)
            continue;
        if (get->cancelled_at > 0 || get->scope_ended) {
            ledger_drop_get(ledger, name, get);
            continue;
        }
        get->released_at = get->last_released_at = 0; /* it waits: the release was void */
        waiting++;
    }
    return waiting;
}

struct ledger_counts ledger_settle(struct ledger *ledger)
{
    if (ledger->threaded)
        return (struct ledger_counts){-1, -1, -1, -1, -1, -1, -1};
    ledger->counts.gets_waiting = 0;
    for (struct lease_name *name = ledger->names; name; name = name->hh.next)
        ledger->counts.gets_waiting += settle_name(ledger, name);
    ledger->floor = ledger->now;
    struct ledger_counts counts = ledger->counts;
    if (!ledger->says_created)
        counts.items_seen = -1;
    return counts;
}
