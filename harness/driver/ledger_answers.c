/* ledger_answers.c: what answers say, and what they must not say. */
#include "harness/driver/ledger_internal.h"

/* The get an answer belongs to: the oldest open one. One that was given up has no answer, unless it came too late for that;
 * a subject that says so itself leaves nothing to guess. */
static struct get *find_open(const struct ledger *ledger, const struct lease_name *name, bool given_up)
{
    struct get *late = NULL;

    for (struct get *get = name ? name->oldest : NULL; get; get = get->younger) {
        bool gave_up = get->cancelled_at > 0 || (given_up && get->scope_ended);
        if (get->answered)
            continue;
        if (given_up ? gave_up : (ledger->says_cancelled || !gave_up))
            return get;
        late = late ? late : get;
    }
    return given_up ? NULL : late;
}

static enum err take_open(struct ledger *ledger, const char *lease, struct get **out, struct problem *why)
{
    struct lease_name *name = ledger_find_name(ledger, lease);

    if (name)
        ledger_prune(ledger, name); /* answers come in bursts: keep the search below short */
    *out = find_open(ledger, name, false);
    if (!*out)
        return problem_set(why, ERR_INPUT, "an answer for a lease that was not asked for");
    (*out)->answered = true;
    if ((*out)->asked_at > ledger->floor)
        ledger->floor = (*out)->asked_at;
    return ERR_NONE;
}

/* Everything that must not be so when an item is leased. */
static enum err check_leased(struct ledger *ledger, const struct get *get, const struct item *item)
{
    enum err err = ERR_NONE;

    if (item->destroyed)
        err = ledger_violated(ledger, "I5", item->identity, "was leased after it was destroyed");
    else if (item->invalidated_at > 0 && ledger->floor > item->invalidated_at)
        err = ledger_violated(ledger, "I5", item->identity, "was leased after it was invalidated");
    if (err == ERR_NONE && item->out > 0 && item->out >= item->allowed)
        err = ledger_violated(ledger, "I5", item->identity, "was leased twice at once");
    if (err == ERR_NONE && ledger->shutdown_at > 0 && get->asked_at > ledger->shutdown_at)
        err = ledger_violated(ledger, "I6", item->identity, "was leased after the shutdown");
    return err;
}

/* The item of an answer. An item nobody announced is new, if the subject announces none; otherwise it is a violation. */
static enum err leased_item(struct ledger *ledger, uint64_t identity, struct item **out)
{
    bool unannounced = ledger->says_created && HASH_COUNT(ledger->items) < ITEMS_MAX;

    *out = ledger_find_item(ledger, identity);
    if (*out)
        return ERR_NONE;
    enum err err = ledger_begin_item(ledger, identity, out);
    if (err == ERR_NONE && unannounced)
        err = ledger_violated(ledger, "I5", identity,
                              "was leased though it is not alive: destroyed before, or never created");
    return err;
}

/*
 * An invalidate that was sent before the answer was read is void when the lease waited still. It held its item for certain when the
 * release came right after: nothing else was asked in between that can have served it, and what it got is free again.
 */
static bool held_when_invalidated(const struct ledger *ledger, const struct get *get)
{
    return get->invalidated_at > ledger->floor && get->released_at == get->invalidated_at + 1;
}

static enum err answer_leased(struct ledger *ledger, const struct subject_event *event, struct problem *why)
{
    struct item *item;
    struct get *get;
    enum err err = take_open(ledger, event->lease, &get, why);

    if (err == ERR_NONE)
        err = leased_item(ledger, event->item, &item);
    if (err != ERR_NONE)
        return err;
    get->out = true;
    ledger->counts.leases_out++;
    ledger->counts.gets_leased++;
    if (item) {
        if (item->allowed == 1 && item->freed_at > ledger->floor)
            ledger->floor = item->freed_at; /* it waited for this release */
        err = check_leased(ledger, get, item);
        get->identity = item->identity;
        get->life = item->life;
        item->out++;
        ledger->counts.items_seen += item->was_leased ? 0 : 1;
        item->was_leased = true;
        item->allowed += get->shares;
        if (held_when_invalidated(ledger, get))
            ledger_note_invalidated(item, get->invalidated_at);
    }
    /* A release that was sent before the answer can have come was void: it waited still. Of several the first that was not may be
     * any after that. */
    if (get->scope_ended || get->last_released_at > ledger->floor)
        ledger_end_lease(ledger, get, get->released_at > ledger->floor ? get->released_at : ledger->floor);
    return err;
}

static enum err answer_none(struct ledger *ledger, const struct subject_event *event, struct problem *why)
{
    struct get *get;
    enum err err = take_open(ledger, event->lease, &get, why);

    if (err != ERR_NONE)
        return err;
    if (event->kind == SUBJECT_FAILED)
        ledger->counts.gets_failed++;
    else
        ledger->counts.gets_closed++;
    return ERR_NONE;
}

static enum err answer_cancelled(struct ledger *ledger, const struct subject_event *event, struct problem *why)
{
    struct lease_name *name = ledger_find_name(ledger, event->lease);
    struct get *get = find_open(ledger, name, true);

    if (!get)
        return problem_set(why, ERR_INPUT, "a get was given up that nobody wanted to give up");
    ledger_drop_get(ledger, name, get);
    return ERR_NONE;
}

static enum err answer_created(struct ledger *ledger, const struct subject_event *event)
{
    struct item *item = ledger_find_item(ledger, event->item);
    enum err err = ERR_NONE;

    ledger->says_created = true;
    if (item && !item->destroyed)
        err = ledger_violated(ledger, "I5", event->item, "was created though one of that identity is alive");
    return err == ERR_NONE ? ledger_begin_item(ledger, event->item, &item) : err;
}

static enum err answer_destroyed(struct ledger *ledger, const struct subject_event *event)
{
    struct item *item = ledger_find_item(ledger, event->item);
    enum err err = ERR_NONE;

    if ((!item && ledger->says_created && HASH_COUNT(ledger->items) < ITEMS_MAX) || (item && item->destroyed))
        return ledger_violated(ledger, "I5", event->item,
                               "was destroyed though it is not alive: twice, or never created");
    if (!item || ledger->closed)
        return ERR_NONE;
    if (item->out > 0)
        err = ledger_violated(ledger, "I5", event->item, "was destroyed while it was leased");
    ledger->counts.destroyed_unused += item->was_leased ? 0 : 1;
    if (ledger->says_created)
        ledger_forget_item(ledger, item);
    else
        item->destroyed = true;
    return err;
}

enum err ledger_answered(struct ledger *ledger, const struct subject_event *event, struct problem *why)
{
    if (ledger->threaded && event->kind != SUBJECT_MISUSE)
        return ERR_NONE;
    switch (event->kind) {
    case SUBJECT_LEASED:
        return answer_leased(ledger, event, why);
    case SUBJECT_FAILED:
    case SUBJECT_LEASE_CLOSED:
        return answer_none(ledger, event, why);
    case SUBJECT_CANCELLED:
        return answer_cancelled(ledger, event, why);
    case SUBJECT_CREATED:
        return answer_created(ledger, event);
    case SUBJECT_DESTROYED:
        return answer_destroyed(ledger, event);
    case SUBJECT_MISUSE:
        return ledger_violated(ledger, "I5", event->item, event->text);
    default:
        return ERR_NONE;
    }
}
