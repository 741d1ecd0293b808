#include "harness/host/host.h"

#include <errno.h>
#include <string.h>
#include <sys/resource.h>

/* ---- what the world tells ---------------------------------------------------------------------------------------- */

static void on_created(void *ctx, uint64_t identity, const char *key)
{
    struct host *host = ctx;
    struct answer *answer = &host->answer;

    if (host->threaded)
        return;
    answer_begin(answer);
    answer_text(answer, "created ");
    answer_number(answer, identity);
    answer_text(answer, " ");
    answer_text(answer, key);
    answer_text(answer, "\n");
    answer_end(answer);
}

static void on_destroyed(void *ctx, uint64_t identity)
{
    struct host *host = ctx;
    struct answer *answer = &host->answer;

    if (host->threaded)
        return;
    answer_begin(answer);
    answer_text(answer, "destroyed ");
    answer_number(answer, identity);
    answer_text(answer, "\n");
    answer_end(answer);
}

void host_misuse(void *ctx, uint64_t identity, const char *what)
{
    struct host *host = ctx;
    struct answer *answer = &host->answer;

    answer_begin(answer);
    answer_text(answer, "misuse ");
    answer_number(answer, identity);
    answer_text(answer, " ");
    answer_words(answer, what);
    answer_text(answer, "\n");
    answer_end(answer);
    if (host->threaded)
        answer_flush(answer); /* the threads may hang next */
}

static void on_shutdown_done(void *ctx)
{
    struct host *host = ctx;

    answer_begin(&host->answer);
    bool pending = host->shutdown_pending;
    host->shutdown_pending = false;
    if (pending)
        answer_text(&host->answer, "done shutdown\n");
    answer_end(&host->answer);
    if (!pending)
        host_misuse(host, 0, "a shutdown was reported that is not pending");
}

static void on_yield(void *ctx)
{
    threads_yield(ctx);
}

/* ---- what it can do ---------------------------------------------------------------------------------------------- */

bool host_can(const struct host *host, enum plan_verb verb)
{
    const struct keyed_pool_ops *ops = host->choice->ops;

    switch (verb) {
    case PLAN_CANCEL:
        return ops->cancel != NULL;
    case PLAN_SHARE:
        return ops->share != NULL;
    case PLAN_SLOW:
        return ops->created != NULL;
    case PLAN_ADVANCE:
        return host->clock.moves && ops->maintain != NULL;
    case PLAN_STEP_CLOCK:
        return host->clock.steps;
    default:
        return true;
    }
}

/* One line. */
static void say(struct host *host, const char *text)
{
    answer_begin(&host->answer);
    answer_text(&host->answer, text);
    answer_end(&host->answer);
}

static void greet_spec(struct answer *answer, const char *spec)
{
    char one[2] = "";

    for (; *spec != '\0'; spec++) {
        if (*spec == '"' || *spec == '\\')
            answer_text(answer, "\\");
        one[0] = (unsigned char)*spec < ' ' ? '?' : *spec;
        answer_text(answer, one);
    }
}

void host_greet(struct host *host)
{
    struct answer *answer = &host->answer;
    bool first = true;

    answer_begin(answer);
    answer_text(answer, "churn-subject 1 {\"name\":\"churn-host\",\"version\":\"" HOST_VERSION "\",\"pool\":\"");
    greet_spec(answer, host->choice->spec);
    answer_text(answer, "\",\"ops\":[");
    for (int verb = PLAN_GET; verb < PLAN_VERB_COUNT; verb++) {
        if (!host_can(host, (enum plan_verb)verb))
            continue;
        answer_text(answer, first ? "\"" : ",\"");
        answer_text(answer, plan_verb_name((enum plan_verb)verb));
        answer_text(answer, "\"");
        first = false;
    }
    answer_text(answer, "],\"counters\":[");
    sample_print_counters(host);
    answer_text(answer, "],\"cancelled\":true,\"examples\":true,\"clock\":\"");
    answer_text(answer, host->clock.moves ? "faked" : "real");
    answer_text(answer, "\"}\n");
    answer_end(answer);
    answer_flush(answer);
}

/* ---- the pool line ----------------------------------------------------------------------------------------------- */

static enum err limit_descriptors(int64_t fd_limit, struct problem *why)
{
    struct rlimit limit;

    if (fd_limit == 0)
        return ERR_NONE;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = (rlim_t)fd_limit;
        if (setrlimit(RLIMIT_NOFILE, &limit) == 0)
            return ERR_NONE;
    }
    return problem_set(why, ERR_SYSTEM, "fd_limit=%lld cannot be set: %s", (long long)fd_limit, strerror(errno));
}

static void refuse_shape(struct host *host, const char *message)
{
    host->refused = true;
    answer_begin(&host->answer);
    answer_text(&host->answer, "unsupported ");
    answer_words(&host->answer, message[0] != '\0' ? message : "a pool of this shape");
    answer_text(&host->answer, "\n");
    answer_end(&host->answer);
}

static void arm_alloc_failure(struct host *host)
{
    if (host->alloc_fails_nth == 0)
        return;
    host->alloc_fails_at = world_allocs_asked(host->world) + host->alloc_fails_nth;
    world_fail_alloc(host->world, host->alloc_fails_nth);
}

static bool alloc_has_failed(const struct host *host)
{
    return host->alloc_fails_at > 0 && world_allocs_asked(host->world) >= host->alloc_fails_at;
}

static enum err make_pool(struct host *host, const struct plan_shape *shape, struct problem *why)
{
    const struct keyed_pool_ops *ops = host->choice->ops;
    const struct pool_config config = {
        .min = (size_t)shape->min,
        .max = (size_t)shape->max,
        .ttl_ns = shape->ttl_ns,
        .scope = world_app_scope(host->world),
        .settings = host->choice->settings,
    };
    char message[400] = "";
    enum pool_result result = ops->make(&config, world_env(host->world), &host->pool, message, sizeof message);

    /* As a program would when memory is there again. What the first attempt lost is seen at the end. */
    if (result == POOL_NO_MEMORY && alloc_has_failed(host))
        result = ops->make(&config, world_env(host->world), &host->pool, message, sizeof message);
    if (result == POOL_UNSUPPORTED) {
        refuse_shape(host, message);
        return ERR_NONE;
    }
    if (result == POOL_BAD_SETTING)
        return problem_set(why, ERR_INPUT, "pool %s: %s", host->choice->spec, message);
    if (result != POOL_OK)
        return problem_set(why, ERR_SYSTEM, "pool %s cannot be made: %s", host->choice->spec, pool_result_name(result));
    world_set_pool(host->world, ops, host->pool);
    return ERR_NONE;
}

static enum err do_pool(struct host *host, const struct plan_op *op, struct problem *why)
{
    const struct world_listener listener = {
        .ctx = host,
        .created = on_created,
        .destroyed = on_destroyed,
        .misuse = host_misuse,
        .lease_done = lease_done,
        .shutdown_done = on_shutdown_done,
        .yield = on_yield,
    };
    struct plan_shape shape;

    if (host->world != NULL)
        return problem_set(why, ERR_INPUT, "a second \"pool\" line; expected one, before all operations");
    enum err err = plan_shape_parse(op->text, &shape, why);
    if (err == ERR_NONE)
        err = limit_descriptors(shape.fd_limit, why);
    if (err == ERR_NONE)
        err = world_make(&shape, &listener, &host->world, why);
    if (err == ERR_NONE)
        err = caller_open(&host->main, host, 0, why);
    if (err == ERR_NONE) {
        arm_alloc_failure(host);
        err = make_pool(host, &shape, why);
    }
    return err;
}

/* ---- operations -------------------------------------------------------------------------------------------------- */

/* What a program that uses the pool does from time to time. */
static void settle(struct host *host)
{
    caller_calls(host);
    world_complete_due(host->world);
    if (host->choice->ops->maintain != NULL)
        host->choice->ops->maintain(host->pool);
}

static enum err do_invalidate_value(struct host *host, const char *name, struct problem *why)
{
    enum pool_result result = POOL_NO_MEMORY;

    for (int attempt = 0; attempt < 2 && result == POOL_NO_MEMORY; attempt++) { /* as in lease_invalidate */
        struct pool_item *value = world_value_make(host->world, name);
        if (value == NULL)
            continue;
        caller_calls(host);
        result = host->choice->ops->invalidate(host->pool, value);
        world_item_drop(host->world, value);
    }
    if (result == POOL_NO_MEMORY)
        return problem_set(why, ERR_MEMORY, "invalidate-value %s: out of memory", name);
    return ERR_NONE;
}

static enum err do_advance(struct host *host, int64_t duration_ns, struct problem *why)
{
    enum err err = clock_advance(duration_ns, why);

    if (err == ERR_NONE)
        settle(host);
    return err;
}

static enum err do_step_clock(struct host *host, int64_t duration_ns, struct problem *why)
{
    enum err err = clock_step(duration_ns, why);

    if (err == ERR_NONE)
        settle(host);
    return err;
}

static enum err do_rung(struct host *host)
{
    settle(host);
    host->rungs++;
    if (host->examples_asked)
        examples_answer(host);
    host->examples_asked = false;
    leases_check(&host->main);
    sample_answer(host);
    answer_flush(&host->answer);
    return ERR_NONE;
}

/* Answered now, or by on_shutdown_done when the last lease comes back. A second shutdown changes nothing. */
static enum err do_shutdown(struct host *host)
{
    answer_begin(&host->answer); /* guards shutdown_pending */
    bool was_pending = host->shutdown_pending;
    if (!host->shutdown_asked)
        host->shutdown_pending = true; /* before the call: the answer may come before it returns */
    host->shutdown_asked = true;
    answer_end(&host->answer);
    caller_calls(host);
    enum pool_result result = host->choice->ops->shutdown(host->pool);
    if (result == POOL_OK && host->shutdown_pending)
        on_shutdown_done(host);
    else if (result == POOL_VOID && !was_pending)
        say(host, "done shutdown\n");
    answer_flush(&host->answer);
    return ERR_NONE;
}

/* A scope belongs to the thread that names it. */
static enum err do_close_scope(struct host *host, const char *scope)
{
    char name[LEASE_SCOPE_SIZE];

    (void)world_scope_close(host->world, lease_scope_name(host, scope, name)); /* one that nobody opened is empty */
    return ERR_NONE;
}

enum err host_do_here(struct host *host, const struct plan_op *op, struct problem *why)
{
    switch (op->verb) {
    case PLAN_GET:
        return lease_get(host, op, why);
    case PLAN_RELEASE:
        return lease_release(host, op->lease, why);
    case PLAN_CANCEL:
        return lease_cancel(host, op->lease, why);
    case PLAN_INVALIDATE:
        return lease_invalidate(host, op->lease, why);
    case PLAN_INVALIDATE_VALUE:
        return do_invalidate_value(host, op->lease, why);
    case PLAN_SHARE:
        return lease_share(host, op->lease, op->key, why);
    case PLAN_KILL:
        return lease_kill(host, op->lease, why);
    case PLAN_CLOSE_SCOPE:
        return do_close_scope(host, op->scope);
    default:
        return problem_set(why, ERR_INPUT, "\"%s\" is no operation", plan_verb_name(op->verb));
    }
}

/* What changes the whole pool or the world around it waits until no thread is at work. */
static enum err do_barrier(struct host *host, const struct plan_op *op, struct problem *why)
{
    enum err err = threads_drain(host, why);

    if (err != ERR_NONE)
        return err;
    switch (op->verb) {
    case PLAN_FAIL:
        return world_fail(host->world, op->key, op->count, why);
    case PLAN_FAIL_CLOSE:
        return world_fail_close(host->world, op->key, op->count, why);
    case PLAN_SLOW:
        return world_slow(host->world, op->key, op->duration_ns, why);
    case PLAN_ADVANCE:
        return do_advance(host, op->duration_ns, why);
    case PLAN_STEP_CLOCK:
        return do_step_clock(host, op->duration_ns, why);
    case PLAN_RUNG:
        return do_rung(host);
    case PLAN_SHUTDOWN:
        return do_shutdown(host);
    default:
        return problem_set(why, ERR_INPUT, "\"%s\" is no operation", plan_verb_name(op->verb));
    }
}

static bool is_barrier(enum plan_verb verb)
{
    return verb == PLAN_FAIL || verb == PLAN_FAIL_CLOSE || verb == PLAN_SLOW || verb == PLAN_ADVANCE ||
           verb == PLAN_STEP_CLOCK || verb == PLAN_RUNG || verb == PLAN_SHUTDOWN;
}

static enum err do_supported(struct host *host, const struct plan_op *op, struct problem *why)
{
    if (op->verb == PLAN_THREAD)
        return threads_switch(host, (unsigned)op->count, why);
    if (is_barrier(op->verb))
        return do_barrier(host, op, why);
    if (host->current > 0)
        return threads_push(host, op, why);
    return host_do_here(host, op, why);
}

static enum err order_alloc_failure(struct host *host, const char *number, struct problem *why)
{
    if (host->world != NULL)
        return problem_set(why, ERR_INPUT, "expected fail-alloc before the \"pool\" line");
    return quantity_parse_count(number, &host->alloc_fails_nth, why);
}

static enum err order_leak(struct host *host, const char *number, struct problem *why)
{
    enum err err = quantity_parse_count(number, &host->planted.per_op, why);

    if (err == ERR_NONE && host->planted.per_op > PLANTED_MAX)
        err = problem_set(why, ERR_INPUT, "leak: expected at most %d bytes per operation", PLANTED_MAX);
    return err;
}

/* "schedule pct:3:42", "fail-alloc 17", "leak 8", "examples next-rung": the notes that are for us. */
static enum err do_meta(struct host *host, const char *text, struct problem *why)
{
    static const char word[] = "schedule ", fail_alloc[] = "fail-alloc ", leak[] = "leak ";

    host->examples_asked = host->examples_asked || strcmp(text, "examples next-rung") == 0;
    if (strncmp(text, fail_alloc, strlen(fail_alloc)) == 0)
        return order_alloc_failure(host, text + strlen(fail_alloc), why);
    if (strncmp(text, leak, strlen(leak)) == 0)
        return order_leak(host, text + strlen(leak), why);
    if (strncmp(text, word, strlen(word)) != 0)
        return ERR_NONE;
    if (host->world == NULL || host->threaded)
        return problem_set(why, ERR_INPUT, "expected the schedule between the \"pool\" line and the first \"thread\"");
    schedule_free(host->schedule, host->world);
    return schedule_make(text + strlen(word), host->world, &host->schedule, why);
}

enum err host_do(struct host *host, const struct plan_op *op, struct problem *why)
{
    if (op->verb == PLAN_META)
        return do_meta(host, op->text, why);
    if (op->verb == PLAN_POOL)
        return do_pool(host, op, why);
    if (host->refused)
        return ERR_NONE;
    if (host->pool == NULL)
        return problem_set(why, ERR_INPUT, "\"%s\" before the \"pool\" line", plan_verb_name(op->verb));
    plan_counts_add(&host->counts, op);
    world_note_operations(host->world, host->counts.ops);
    planted_leak(&host->planted);
    if (host_can(host, op->verb))
        return do_supported(host, op, why);
    answer_begin(&host->answer);
    answer_text(&host->answer, "unsupported ");
    answer_text(&host->answer, plan_verb_name(op->verb));
    answer_text(&host->answer, (op->verb == PLAN_ADVANCE && !host->clock.moves) || op->verb == PLAN_STEP_CLOCK
                                   ? " without libfaketime\n"
                                   : " by this pool\n");
    answer_end(&host->answer);
    return ERR_NONE;
}

int64_t host_end(struct host *host, char *lost, size_t size)
{
    answer_flush(&host->answer);
    threads_end(host);
    host->answer.muted = true;
    if (host->pool != NULL)
        host->choice->ops->free(host->pool);
    host->pool = NULL;
    if (host->world != NULL)
        callers_free(host);
    int64_t blocks = world_free(host->world, lost, size);
    host->world = NULL;
    return blocks;
}
