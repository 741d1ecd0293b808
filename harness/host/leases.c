#include "harness/host/lease.h"

#include <stdio.h>
#include <string.h>

/* ---- the table --------------------------------------------------------------------------------------------------- */

static struct lease *lease_find(struct caller *caller, const char *name)
{
    struct lease *lease = NULL;

    pthread_mutex_lock(&caller->lock);
    HASH_FIND_STR(caller->leases, name, lease);
    pthread_mutex_unlock(&caller->lock);
    return lease;
}

static struct lease *lease_add(struct caller *caller, const char *name)
{
    struct world *world = caller->host->world;
    struct lease *lease = world_own_alloc(world, sizeof *lease);

    if (lease == NULL)
        return NULL;
    *lease = (struct lease){.host = caller->host, .caller = caller};
    (void)snprintf(lease->name, sizeof lease->name, "%s", name);
    pthread_mutex_lock(&caller->lock);
    HASH_ADD_STR(caller->leases, name, lease);
    bool added = lease->hh.tbl != NULL;
    pthread_mutex_unlock(&caller->lock);
    if (!added) {
        world_own_free(world, lease, sizeof *lease);
        return NULL;
    }
    return lease;
}

/* ---- states ------------------------------------------------------------------------------------------------------ */

enum lease_state lease_state(struct lease *lease)
{
    pthread_mutex_lock(&lease->caller->lock);
    enum lease_state state = lease->state;
    pthread_mutex_unlock(&lease->caller->lock);
    return state;
}

/* False: it is in another state by now. */
static bool lease_turn(struct lease *lease, enum lease_state from, enum lease_state to)
{
    pthread_mutex_lock(&lease->caller->lock);
    bool turned = lease->state == from;
    if (turned)
        lease->state = to;
    pthread_mutex_unlock(&lease->caller->lock);
    return turned;
}

static bool is_mine(const struct lease *lease)
{
    return caller_here(lease->host) == lease->caller;
}

/* A worker is a program that blocks: with the first use of a lease it waits until the pool has answered. The main thread
 * waits for nobody. */
static void lease_await(struct lease *lease)
{
    struct caller *here = caller_here(lease->host);

    if (here->number == 0)
        return;
    pthread_mutex_lock(&lease->caller->lock);
    while (lease->state == LEASE_PENDING && !here->gives_up) {
        if (lease->host->schedule == NULL) {
            pthread_cond_wait(&lease->caller->answered, &lease->caller->lock);
            continue;
        }
        pthread_mutex_unlock(&lease->caller->lock);
        schedule_block(lease->host->schedule, here->number);
        pthread_mutex_lock(&lease->caller->lock);
    }
    pthread_mutex_unlock(&lease->caller->lock);
}

/* The lease of that name, of this thread or else of the main one. */
static enum err lease_require(struct host *host, const char *name, struct lease **out, struct problem *why)
{
    struct caller *here = caller_here(host);

    *out = lease_find(here, name);
    if (*out == NULL && here->number > 0)
        *out = lease_find(&host->main, name);
    if (*out == NULL)
        return problem_set(why, ERR_INPUT, "unknown lease \"%s\": no get named it", name);
    return ERR_NONE;
}

/* The same, to be used. */
enum err lease_use(struct host *host, const char *name, struct lease **out, struct problem *why)
{
    enum err err = lease_require(host, name, out, why);

    if (err == ERR_NONE)
        lease_await(*out);
    return err;
}

void leases_count(const struct caller *caller, int64_t *out, int64_t *waiting)
{
    for (const struct lease *lease = caller->leases; lease != NULL; lease = lease->hh.next) {
        *out += lease->state == LEASE_OUT;
        *waiting += lease->state == LEASE_PENDING;
    }
}

/* Forgets what the name stood for before. */
static void lease_clear(struct lease *lease)
{
    if (lease->item != NULL)
        world_item_drop(lease->host->world, lease->item);
    lease->item = NULL;
    lease->abandoned = lease->refused = false;
    lease->out = (struct pool_lease){.user = lease};
}

static uint64_t lease_identity(const struct lease *lease)
{
    return lease->item != NULL ? world_item_identity(lease->item) : 0;
}

static void lease_leave_scope(struct lease *lease)
{
    struct world *world = lease->host->world;

    if (lease->finalizer != NULL)
        world_env(world)->scope_remove(world, lease->finalizer);
    lease->finalizer = NULL;
}

static void lease_free(struct world *world, struct lease *lease)
{
    lease_leave_scope(lease);
    lease_clear(lease);
    world_own_free(world, lease, sizeof *lease);
}

void leases_free(struct caller *caller)
{
    struct world *world = caller->host->world;
    struct lease *lease, *next;

    HASH_ITER(hh, caller->leases, lease, next)
    {
        HASH_DEL(caller->leases, lease);
        lease_free(world, lease);
    }
    while ((lease = caller->forgotten) != NULL) {
        caller->forgotten = lease->next;
        lease_free(world, lease);
    }
}

static void lease_say(struct lease *lease, const char *what, const char *words)
{
    struct answer *answer = &lease->host->answer;

    if (lease->host->threaded)
        return;
    answer_begin(answer);
    answer_text(answer, what);
    answer_text(answer, lease->name);
    if (words != NULL) {
        answer_text(answer, " ");
        answer_words(answer, words);
    }
    answer_text(answer, "\n");
    answer_end(answer);
}

/* ---- release and cancel ------------------------------------------------------------------------------------------ */

/* Of a lease that was just turned from LEASE_OUT to LEASE_OVER: before the call, because the call may serve others, and
 * so come back here. */
static void lease_give_back(struct lease *lease)
{
    struct host *host = lease->host;

    if (is_mine(lease))
        lease_leave_scope(lease);
    world_item_given_back(host->world, lease->item);
    caller_calls(host);
    if (host->choice->ops->release(host->pool, &lease->out) != POOL_OK)
        host_misuse(host, lease_identity(lease), "the pool refused the release of a lease that is out");
}

static bool lease_give_up(struct lease *lease)
{
    struct host *host = lease->host;

    caller_calls(host);
    if (host->choice->ops->cancel == NULL)
        return false;
    lease->refused = host->choice->ops->cancel(host->pool, &lease->out) != POOL_OK;
    if (lease->refused)
        return false;
    if (!lease_turn(lease, LEASE_PENDING, LEASE_OVER))
        host_misuse(host, lease_identity(lease), "a get was cancelled and answered");
    lease_say(lease, "cancelled ", NULL);
    lease_leave_scope(lease);
    return true;
}

/* The finalizer of a lease in its request scope. */
static void lease_scope_closed(void *arg)
{
    struct lease *lease = arg;

    lease->finalizer = NULL;
    if (lease_state(lease) == LEASE_PENDING && !lease_give_up(lease)) {
        pthread_mutex_lock(&lease->caller->lock);
        lease->abandoned = lease->state == LEASE_PENDING && lease->caller->number == 0;
        pthread_mutex_unlock(&lease->caller->lock);
        lease_await(lease);
    }
    if (lease_turn(lease, LEASE_OUT, LEASE_OVER))
        lease_give_back(lease);
}

enum err lease_release(struct host *host, const char *name, struct problem *why)
{
    struct lease *lease;
    enum err err = lease_use(host, name, &lease, why);

    if (err != ERR_NONE)
        return err;
    if (lease_turn(lease, LEASE_OUT, LEASE_OVER)) {
        lease_give_back(lease);
    } else if (is_mine(lease) && lease_state(lease) == LEASE_OVER) {
        caller_calls(host);
        if (host->choice->ops->release(host->pool, &lease->out) != POOL_VOID)
            host_misuse(host, lease_identity(lease), "a lease that was not out could be released");
    }
    return ERR_NONE;
}

/* Too late is no error: the answer is on its way. A worker that does not want its item any more gives it back then, as a
 * program has to. */
enum err lease_cancel(struct host *host, const char *name, struct problem *why)
{
    struct lease *lease;
    enum err err = lease_require(host, name, &lease, why);

    if (err != ERR_NONE)
        return err;
    bool given_up = lease_state(lease) == LEASE_PENDING && lease_give_up(lease);
    if (given_up || caller_here(host)->number == 0)
        return ERR_NONE;
    lease_await(lease);
    if (lease_turn(lease, LEASE_OUT, LEASE_OVER))
        lease_give_back(lease);
    return ERR_NONE;
}

/* ---- get --------------------------------------------------------------------------------------------------------- */

static void lease_say_identity(struct lease *lease)
{
    char digits[24];

    (void)snprintf(digits, sizeof digits, "%llu", (unsigned long long)lease_identity(lease));
    lease_say(lease, "leased ", digits);
}

static void lease_say_not(struct lease *lease, enum pool_result result)
{
    char words[128] = "";

    switch (result) {
    case POOL_OK:
        lease_say(lease, "failed ", "the pool leased an item that is gone");
        return;
    case POOL_CLOSED:
        lease_say(lease, "closed ", NULL);
        return;
    case POOL_FAILED:
        world_last_error(lease->host->world, words, sizeof words);
        lease_say(lease, "failed ", words[0] != '\0' ? words : "the pool does not say why");
        return;
    case POOL_NO_MEMORY:
        lease_say(lease, "failed ", "out of memory");
        return;
    default:
        host_misuse(lease->host, 0, "a get was answered with something that is no answer to a get");
        lease_say(lease, "failed ", pool_result_name(result));
    }
}

/* Its caller may use it, use it up and ask with it again as soon as the lock is dropped: nobody else may look at it after
 * that. So this tells whether it was abandoned. */
static bool lease_set_answered(struct lease *lease, enum pool_result result, struct pool_item *item)
{
    struct caller *caller = lease->caller;
    struct schedule *schedule = lease->host->schedule;

    pthread_mutex_lock(&caller->lock);
    lease->item = item;
    lease->state = item != NULL ? LEASE_OUT : LEASE_OVER;
    caller->gets_leased += item != NULL;
    caller->gets_closed += result == POOL_CLOSED;
    caller->gets_failed += item == NULL && result != POOL_CLOSED;
    bool abandoned = lease->abandoned;
    pthread_cond_broadcast(&caller->answered);
    pthread_mutex_unlock(&caller->lock);
    if (schedule != NULL)
        schedule_wake(schedule);
    return abandoned;
}

/* The pool's answer, at once or later. True: nobody wants the item any more. */
static bool lease_answer(struct lease *lease, enum pool_result result)
{
    struct host *host = lease->host;
    struct pool_item *item = NULL;
    bool threaded = host->threaded;

    if (result == POOL_OK && world_item_keep(host->world, lease->out.item))
        item = lease->out.item;
    if (item != NULL)
        world_item_leased(host->world, item, caller_here(host)->call_began);
    if (item == NULL && is_mine(lease))
        lease_leave_scope(lease);
    if (item == NULL && threaded)
        lease_say_not(lease, result);
    bool abandoned = lease_set_answered(lease, result, item);
    if (!threaded && item != NULL)
        lease_say_identity(lease);
    else if (!threaded)
        lease_say_not(lease, result);
    return abandoned;
}

void lease_done(void *ctx, struct pool_lease *out, enum pool_result result)
{
    struct lease *lease = out->user;
    enum lease_state state = lease_state(lease);

    if (state != LEASE_PENDING && state != LEASE_ASKING) {
        host_misuse(ctx, lease_identity(lease), "a get was answered that is not pending");
        return;
    }
    if (lease_answer(lease, result) && lease_turn(lease, LEASE_OUT, LEASE_OVER))
        lease_give_back(lease);
}

const char *lease_scope_name(struct host *host, const char *scope, char *out)
{
    unsigned number = caller_here(host)->number;

    if (number == 0)
        return scope;
    /* a name in a plan has no colon; of a very long one the end is left out, for the world's names are no longer either */
    (void)snprintf(out, LEASE_SCOPE_SIZE, "%u:%.*s", number % 100, NAME_MAX_LEN - 3, scope);
    return out;
}

static bool lease_enter_scope(struct lease *lease, const char *name)
{
    struct world *world = lease->host->world;
    char own[LEASE_SCOPE_SIZE];
    struct pool_scope *scope = world_scope(world, lease_scope_name(lease->host, name, own));

    if (scope != NULL)
        lease->finalizer = world_env(world)->scope_add(world, scope, lease_scope_closed, lease);
    return lease->finalizer != NULL;
}

/* The pool has lost a caller: it was too late to cancel, it said, and yet no answer came. The pool may still know the lease,
 * so that stays, and the name gets another: NULL. An answer that comes after all is misuse, and not the name's. */
static struct lease *lease_forget(struct caller *caller, struct lease *lease)
{
    struct world *world = caller->host->world;

    if (!lease_turn(lease, LEASE_PENDING, LEASE_OVER))
        return lease; /* answered at this moment */
    host_misuse(caller->host, 0, "a get waits for ever: the pool did not let it be cancelled, and does not answer it");
    lease_say(lease, "cancelled ", NULL); /* or the next answer to that name would be taken for its own */
    pthread_mutex_lock(&caller->lock);
    HASH_DEL(caller->leases, lease);
    lease->next = caller->forgotten;
    caller->forgotten = lease;
    pthread_mutex_unlock(&caller->lock);
    lease_leave_scope(lease);
    return NULL;
}

void leases_check(struct caller *caller)
{
    struct lease *lease, *next;

    HASH_ITER(hh, caller->leases, lease, next)
    if (lease->refused && lease_state(lease) == LEASE_PENDING)
        (void)lease_forget(caller, lease);
}

/* A name's lease, to be asked for. */
static enum err lease_open(struct caller *caller, const char *name, struct lease **out, struct problem *why)
{
    struct lease *lease = *out = lease_find(caller, name);

    if (lease != NULL && lease->refused && lease_state(lease) == LEASE_PENDING)
        lease = lease_forget(caller, lease);
    if (lease == NULL)
        *out = lease = lease_add(caller, name);
    if (lease == NULL)
        return problem_set(why, ERR_MEMORY, "out of memory");
    enum lease_state state = lease_state(lease);
    if (state != LEASE_OVER)
        return problem_set(why, ERR_INPUT, "lease \"%s\" is still %s; a get needs a name that is free", name,
                           state == LEASE_OUT ? "leased" : "pending");
    lease_leave_scope(lease); /* another thread gave it back */
    lease_clear(lease);
    return ERR_NONE;
}

enum err lease_get(struct host *host, const struct plan_op *op, struct problem *why)
{
    struct lease *lease;
    enum err err = lease_open(caller_here(host), op->lease, &lease, why);

    if (err != ERR_NONE)
        return err;
    if (op->scope[0] != '\0' && !lease_enter_scope(lease, op->scope)) {
        lease_say(lease, "failed ", "out of memory");
        return ERR_NONE;
    }
    (void)lease_turn(lease, LEASE_OVER, LEASE_ASKING);
    caller_calls(host);
    enum pool_result result = host->choice->ops->get(host->pool, op->key, &lease->out);
    if (result == POOL_PENDING) {
        (void)lease_turn(lease, LEASE_ASKING, LEASE_PENDING); /* unless lease_done came first */
        return ERR_NONE;
    }
    if (lease_state(lease) == LEASE_ASKING)
        (void)lease_answer(lease, result);
    else
        host_misuse(host, lease_identity(lease), "a get was answered twice");
    return ERR_NONE;
}
