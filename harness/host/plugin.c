#include "harness/host/plugin.h"

/* What a pool is given has no room for a context of ours (env->alloc gets only a population): so there is one plug-in in a
 * process, and at any time one pool of it. Its finalizers need no door: they are in the application's scope, which the host never
 * closes. */
static struct {
    const struct keyed_pool_ops *real;
    struct keyed_pool_ops ops;
    const struct pool_env *real_env;
    struct pool_env env;
} plugin;

/* What CALL gives, made in that place. */
#define IN(PLACE, CALL)                                                                                                \
    __extension__({                                                                                                    \
        enum place was_ = place_enter(PLACE);                                                                          \
        __auto_type result_ = (CALL);                                                                                  \
        (void)place_enter(was_);                                                                                       \
        result_;                                                                                                       \
    })
/* The same for a CALL that gives nothing. */
#define DO_IN(PLACE, CALL)                                                                                             \
    do {                                                                                                               \
        enum place was_ = place_enter(PLACE);                                                                          \
        CALL;                                                                                                          \
        (void)place_enter(was_);                                                                                       \
    } while (0)

/* ---- out of the pool: the world ---------------------------------------------------------------------------------- */

static enum pool_result env_create(void *ctx, const char *key, void *ticket, struct pool_item **item)
{
    return IN(PLACE_HOST, plugin.real_env->create(ctx, key, ticket, item));
}

static enum pool_result env_destroy(void *ctx, struct pool_item *item)
{
    return IN(PLACE_HOST, plugin.real_env->destroy(ctx, item));
}

static uint64_t env_item_value(void *ctx, const struct pool_item *item)
{
    return IN(PLACE_HOST, plugin.real_env->item_value(ctx, item));
}

static void env_item_ref(void *ctx, struct pool_item *item)
{
    DO_IN(PLACE_HOST, plugin.real_env->item_ref(ctx, item));
}

static void env_item_unref(void *ctx, struct pool_item *item)
{
    DO_IN(PLACE_HOST, plugin.real_env->item_unref(ctx, item));
}

static void env_item_hold(void *ctx, struct pool_item *item)
{
    DO_IN(PLACE_HOST, plugin.real_env->item_hold(ctx, item));
}

static struct pool_population *env_population(void *ctx, const char *name)
{
    return IN(PLACE_HOST, plugin.real_env->population(ctx, name));
}

static void *env_alloc(struct pool_population *population, size_t size)
{
    return IN(PLACE_HOST, plugin.real_env->alloc(population, size));
}

static void env_free(struct pool_population *population, void *ptr, size_t size)
{
    DO_IN(PLACE_HOST, plugin.real_env->free(population, ptr, size));
}

static struct pool_finalizer *env_scope_add(void *ctx, struct pool_scope *scope, pool_finalizer_fn run, void *arg)
{
    return IN(PLACE_HOST, plugin.real_env->scope_add(ctx, scope, run, arg));
}

static void env_scope_remove(void *ctx, struct pool_finalizer *finalizer)
{
    DO_IN(PLACE_HOST, plugin.real_env->scope_remove(ctx, finalizer));
}

static void env_lease_done(void *ctx, struct pool_lease *lease, enum pool_result result)
{
    DO_IN(PLACE_HOST, plugin.real_env->lease_done(ctx, lease, result));
}

static void env_shutdown_done(void *ctx)
{
    DO_IN(PLACE_HOST, plugin.real_env->shutdown_done(ctx));
}

static void env_yield(void *ctx)
{
    DO_IN(PLACE_HOST, plugin.real_env->yield(ctx));
}

static const struct pool_env *env_guard(const struct pool_env *env)
{
    plugin.real_env = env;
    plugin.env = (struct pool_env){
        .ctx = env->ctx,
        .create = env_create,
        .destroy = env_destroy,
        .item_value = env_item_value,
        .item_ref = env_item_ref,
        .item_unref = env_item_unref,
        .item_hold = env_item_hold,
        .population = env_population,
        .alloc = env_alloc,
        .free = env_free,
        .scope_add = env_scope_add,
        .scope_remove = env_scope_remove,
        .lease_done = env_lease_done,
        .shutdown_done = env_shutdown_done,
        .yield = env->yield != NULL ? env_yield : NULL,
    };
    return &plugin.env;
}

/* ---- into the pool ----------------------------------------------------------------------------------------------- */

static enum pool_result op_make(const struct pool_config *config, const struct pool_env *env, struct keyed_pool **out,
                                char *message, size_t size)
{
    const struct pool_env *guarded = env_guard(env);

    return IN(PLACE_PLUGIN, plugin.real->make(config, guarded, out, message, size));
}

static void op_free(struct keyed_pool *pool)
{
    DO_IN(PLACE_PLUGIN, plugin.real->free(pool));
}

static enum pool_result op_get(struct keyed_pool *pool, const char *key, struct pool_lease *lease)
{
    return IN(PLACE_PLUGIN, plugin.real->get(pool, key, lease));
}

static enum pool_result op_release(struct keyed_pool *pool, struct pool_lease *lease)
{
    return IN(PLACE_PLUGIN, plugin.real->release(pool, lease));
}

static enum pool_result op_cancel(struct keyed_pool *pool, struct pool_lease *lease)
{
    return IN(PLACE_PLUGIN, plugin.real->cancel(pool, lease));
}

static enum pool_result op_invalidate(struct keyed_pool *pool, struct pool_item *item)
{
    return IN(PLACE_PLUGIN, plugin.real->invalidate(pool, item));
}

static enum pool_result op_share(struct keyed_pool *pool, struct pool_lease *lease, const char *key)
{
    return IN(PLACE_PLUGIN, plugin.real->share(pool, lease, key));
}

static void op_created(struct keyed_pool *pool, void *ticket, enum pool_result result, struct pool_item *item)
{
    DO_IN(PLACE_PLUGIN, plugin.real->created(pool, ticket, result, item));
}

static void op_maintain(struct keyed_pool *pool)
{
    DO_IN(PLACE_PLUGIN, plugin.real->maintain(pool));
}

static enum pool_result op_shutdown(struct keyed_pool *pool)
{
    return IN(PLACE_PLUGIN, plugin.real->shutdown(pool));
}

static void op_stats(struct keyed_pool *pool, struct pool_stats *out)
{
    DO_IN(PLACE_PLUGIN, plugin.real->stats(pool, out));
}

static void op_stats_by_key(struct keyed_pool *pool, pool_tell_fn tell, void *ctx)
{
    DO_IN(PLACE_PLUGIN, plugin.real->stats_by_key(pool, tell, ctx));
}

const struct keyed_pool_ops *plugin_guard(const struct keyed_pool_ops *ops)
{
    plugin.real = ops;
    plugin.ops = (struct keyed_pool_ops){
        .abi = KEYED_POOL_ABI,
        .name = ops->name,
        .about = ops->about,
        .make = op_make,
        .free = op_free,
        .get = op_get,
        .release = op_release,
        .cancel = ops->cancel != NULL ? op_cancel : NULL,
        .invalidate = op_invalidate,
        .share = ops->share != NULL ? op_share : NULL,
        .created = ops->created != NULL ? op_created : NULL,
        .maintain = ops->maintain != NULL ? op_maintain : NULL,
        .shutdown = op_shutdown,
        .stats = op_stats,
        .stats_by_key = ops->abi > 1 && ops->stats_by_key != NULL ? op_stats_by_key : NULL,
    };
    return &plugin.ops;
}
