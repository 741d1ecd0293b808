#include "harness/host/host.h"

#include <stdio.h>
#include <string.h>

/* A function that adds to a hash has a `struct world *world` in its scope: the table's memory is counted like all. */
#define HASH_NONFATAL_OOM      1
#define uthash_malloc(sz)      world_own_alloc(world, sz)
#define uthash_free(ptr, size) world_own_free(world, ptr, size)
#include <uthash.h>

enum lease_state {
    LEASE_OVER,    /* never taken, released, cancelled, failed or closed */
    LEASE_ASKING,  /* the call to get has not returned */
    LEASE_PENDING, /* lease_done will follow */
    LEASE_OUT
};

struct lease {
    char name[NAME_MAX_LEN + 1];
    enum lease_state state;
    bool abandoned; /* its scope closed while the pool could not cancel it: released as soon as it is served */
    struct host *host;
    struct pool_lease out;
    struct pool_item *item;           /* the one it holds or held last, kept; NULL: none */
    struct pool_finalizer *finalizer; /* in its request scope, while it is not over */
    UT_hash_handle hh;
};

/* ---- the table --------------------------------------------------------------------------------------------------- */

static struct lease *lease_find(struct host *host, const char *name)
{
    struct lease *lease = NULL;

    HASH_FIND_STR(host->leases, name, lease);
    return lease;
}

static enum err lease_require(struct host *host, const char *name, struct lease **out, struct problem *why)
{
    *out = lease_find(host, name);
    if (*out == NULL)
        return problem_set(why, ERR_INPUT, "unknown lease \"%s\": no get named it", name);
    return ERR_NONE;
}

static struct lease *lease_add(struct host *host, const char *name)
{
    struct world *world = host->world;
    struct lease *lease = world_own_alloc(world, sizeof *lease);

    if (lease == NULL)
        return NULL;
    *lease = (struct lease){.host = host};
    (void)snprintf(lease->name, sizeof lease->name, "%s", name);
    HASH_ADD_STR(host->leases, name, lease);
    if (lease->hh.tbl == NULL) {
        world_own_free(world, lease, sizeof *lease);
        return NULL;
    }
    return lease;
}

/* Forgets what the name stood for before. */
static void lease_clear(struct lease *lease)
{
    if (lease->item != NULL)
        world_item_drop(lease->host->world, lease->item);
    lease->item = NULL;
    lease->abandoned = false;
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

void leases_free(struct host *host)
{
    struct world *world = host->world;
    struct lease *lease, *next;

    HASH_ITER(hh, host->leases, lease, next)
    {
        lease_leave_scope(lease);
        lease_clear(lease);
        HASH_DEL(host->leases, lease);
        world_own_free(world, lease, sizeof *lease);
    }
}

/* ---- release and cancel ------------------------------------------------------------------------------------------ */

static void lease_give_back(struct lease *lease)
{
    struct host *host = lease->host;

    lease_leave_scope(lease);
    lease->state = LEASE_OVER; /* before the call: it may serve others, and so come back here */
    if (host->choice->ops->release(host->pool, &lease->out) != POOL_OK)
        host_misuse(host, lease_identity(lease), "the pool refused the release of a lease that is out");
}

static bool lease_give_up(struct lease *lease)
{
    struct host *host = lease->host;

    if (host->choice->ops->cancel == NULL || host->choice->ops->cancel(host->pool, &lease->out) != POOL_OK)
        return false;
    lease_leave_scope(lease);
    lease->state = LEASE_OVER;
    return true;
}

/* The finalizer of a lease in its request scope. */
static void lease_scope_closed(void *arg)
{
    struct lease *lease = arg;

    lease->finalizer = NULL;
    if (lease->state == LEASE_OUT)
        lease_give_back(lease);
    else if (lease->state == LEASE_PENDING)
        lease->abandoned = !lease_give_up(lease);
}

enum err lease_release(struct host *host, const char *name, struct problem *why)
{
    struct lease *lease;
    enum err err = lease_require(host, name, &lease, why);

    if (err != ERR_NONE)
        return err;
    if (lease->state == LEASE_OUT)
        lease_give_back(lease);
    else if (lease->state == LEASE_OVER && host->choice->ops->release(host->pool, &lease->out) != POOL_VOID)
        host_misuse(host, lease_identity(lease), "a lease that was not out could be released");
    return ERR_NONE;
}

enum err lease_cancel(struct host *host, const char *name, struct problem *why)
{
    struct lease *lease;
    enum err err = lease_require(host, name, &lease, why);

    if (err == ERR_NONE && lease->state == LEASE_PENDING)
        (void)lease_give_up(lease); /* too late is no error: the answer is on its way */
    return err;
}

/* ---- get --------------------------------------------------------------------------------------------------------- */

static void lease_say(struct lease *lease, const char *what, const char *words)
{
    struct answer *answer = &lease->host->answer;

    answer_text(answer, what);
    answer_text(answer, lease->name);
    if (words != NULL) {
        answer_text(answer, " ");
        answer_words(answer, words);
    }
    answer_text(answer, "\n");
}

static void lease_say_not(struct lease *lease, enum pool_result result)
{
    char words[128] = "";

    switch (result) {
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

/* The pool's answer, at once or later. */
static void lease_answer(struct lease *lease, enum pool_result result)
{
    struct host *host = lease->host;

    if (result == POOL_OK && world_item_keep(host->world, lease->out.item)) {
        lease->item = lease->out.item;
        lease->state = LEASE_OUT;
        answer_text(&host->answer, "leased ");
        answer_text(&host->answer, lease->name);
        answer_text(&host->answer, " ");
        answer_number(&host->answer, lease_identity(lease));
        answer_text(&host->answer, "\n");
        return;
    }
    lease->state = LEASE_OVER;
    lease_leave_scope(lease);
    if (result == POOL_OK)
        lease_say(lease, "failed ", "the pool leased an item that is gone");
    else
        lease_say_not(lease, result);
}

void lease_done(void *ctx, struct pool_lease *out, enum pool_result result)
{
    struct host *host = ctx;
    struct lease *lease = out->user;

    if (lease->state != LEASE_PENDING && lease->state != LEASE_ASKING) {
        host_misuse(host, lease_identity(lease), "a get was answered that is not pending");
        return;
    }
    lease_answer(lease, result);
    if (lease->abandoned && lease->state == LEASE_OUT)
        lease_give_back(lease);
}

static bool lease_enter_scope(struct lease *lease, const char *name)
{
    struct world *world = lease->host->world;
    struct pool_scope *scope = world_scope(world, name);

    if (scope != NULL)
        lease->finalizer = world_env(world)->scope_add(world, scope, lease_scope_closed, lease);
    return lease->finalizer != NULL;
}

enum err lease_get(struct host *host, const struct plan_op *op, struct problem *why)
{
    struct lease *lease = lease_find(host, op->lease);

    if (lease != NULL && lease->state != LEASE_OVER)
        return problem_set(why, ERR_INPUT, "lease \"%s\" is still %s; a get needs a name that is free", op->lease,
                           lease->state == LEASE_OUT ? "leased" : "pending");
    if (lease == NULL)
        lease = lease_add(host, op->lease);
    if (lease == NULL)
        return problem_set(why, ERR_MEMORY, "out of memory");
    lease_clear(lease);
    if (op->scope[0] != '\0' && !lease_enter_scope(lease, op->scope)) {
        lease_say(lease, "failed ", "out of memory");
        return ERR_NONE;
    }
    lease->state = LEASE_ASKING;
    enum pool_result result = host->choice->ops->get(host->pool, op->key, &lease->out);
    if (lease->state != LEASE_ASKING) { /* lease_done came first */
        if (result != POOL_PENDING)
            host_misuse(host, lease_identity(lease), "a get was answered twice");
    } else if (result == POOL_PENDING) {
        lease->state = LEASE_PENDING;
    } else {
        lease_answer(lease, result);
    }
    return ERR_NONE;
}

/* ---- what is done with the item ---------------------------------------------------------------------------------- */

enum err lease_invalidate(struct host *host, const char *name, struct problem *why)
{
    struct lease *lease;
    enum err err = lease_require(host, name, &lease, why);

    if (err != ERR_NONE || lease->item == NULL)
        return err;
    enum pool_result result = host->choice->ops->invalidate(host->pool, lease->item);
    if (result == POOL_NO_MEMORY)
        return problem_set(why, ERR_MEMORY, "invalidate %s: out of memory", name);
    return ERR_NONE;
}

enum err lease_share(struct host *host, const char *name, const char *key, struct problem *why)
{
    struct lease *lease;
    enum err err = lease_require(host, name, &lease, why);

    if (err != ERR_NONE || lease->state != LEASE_OUT)
        return err;
    if (host->choice->ops->share(host->pool, &lease->out, key) == POOL_NO_MEMORY)
        return problem_set(why, ERR_MEMORY, "share %s: out of memory", name);
    return ERR_NONE;
}

enum err lease_kill(struct host *host, const char *name, struct problem *why)
{
    struct lease *lease;
    enum err err = lease_require(host, name, &lease, why);

    if (err == ERR_NONE && lease->item != NULL)
        world_item_kill(host->world, lease->item);
    return err;
}
