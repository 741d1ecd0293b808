#include "pools/tests/rig.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- what the world tells --------------------------------------------------------------------------------------- */

static void told_misuse(void *ctx, uint64_t identity, const char *what)
{
    struct rig *rig = ctx;
    (void)identity;
    rig->misuse = what;
    rig->misuses++;
}

static void told_lease_done(void *ctx, struct pool_lease *lease, enum pool_result result)
{
    struct rig *rig = ctx;
    struct loan *loan = lease->user;
    loan->result = result;
    loan->answers++;
    if (rig->on_done)
        rig->on_done(loan);
}

static void told_shutdown_done(void *ctx)
{
    struct rig *rig = ctx;
    rig->shutdowns_done++;
}

/* ---- the rig ---------------------------------------------------------------------------------------------------- */

void rig_open_world(struct rig *rig, const struct keyed_pool_ops *ops, struct shape shape)
{
    const struct plan_shape plan = {.min = (int64_t)shape.min,
                                    .max = (int64_t)shape.max,
                                    .ttl_ns = shape.ttl_ns,
                                    .reuse_identities = shape.reuse_identities};
    const struct world_listener listener = {
        .ctx = rig, .misuse = told_misuse, .lease_done = told_lease_done, .shutdown_done = told_shutdown_done};
    struct problem why = {0};
    *rig = (struct rig){.ops = ops, .max = (int64_t)shape.max};
    cr_assert_eq(world_make(&plan, &listener, &rig->world, &why), ERR_NONE, "%s", why.text);
    rig->env = *world_env(rig->world);
}

enum pool_result rig_open_pool(struct rig *rig, struct shape shape)
{
    const struct pool_config config = {.min = shape.min,
                                       .max = shape.max,
                                       .ttl_ns = shape.ttl_ns,
                                       .scope = shape.own_scope ? world_scope(rig->world, "app")
                                                                : world_app_scope(rig->world),
                                       .settings = shape.settings ? shape.settings : ""};
    char message[800] = "";
    enum pool_result result = rig->ops->make(&config, &rig->env, &rig->pool, message, sizeof(message));
    if (result == POOL_BAD_SETTING && *config.settings != '\0' && contract_is_plugin(rig->ops))
        cr_skip_test("%s has no %s", rig->ops->name, config.settings);
    cr_assert_neq(result, POOL_BAD_SETTING, "%s: %s", rig->ops->name, message);
    if (result == POOL_OK)
        world_set_pool(rig->world, rig->ops, rig->pool);
    return result;
}

void rig_open(struct rig *rig, const struct keyed_pool_ops *ops, struct shape shape)
{
    rig_open_world(rig, ops, shape);
    cr_assert_eq(rig_open_pool(rig, shape), POOL_OK);
}

int64_t rig_close_misused(struct rig *rig)
{
    rig->ops->free(rig->pool);
    return world_free(rig->world, rig->lost, sizeof(rig->lost));
}

void rig_close(struct rig *rig)
{
    cr_expect_eq(rig_close_misused(rig), 0, "%s: lost %s", rig->ops->name, rig->lost);
    cr_expect_eq(rig->misuses, 0, "%s: %s", rig->ops->name, rig->misuse ? rig->misuse : "");
}

int64_t rig_stat(struct rig *rig, enum pool_stat stat)
{
    struct pool_stats stats;
    rig->ops->stats(rig->pool, &stats);
    return stats.value[stat];
}

int64_t rig_blocks(struct rig *rig, const char *population)
{
    struct world_population found;
    for (size_t i = 0; world_population(rig->world, i, &found); i++) {
        if (strcmp(found.name, population) == 0)
            return found.blocks;
    }
    return 0;
}

void rig_slow(struct rig *rig, const char *key)
{
    cr_assert_eq(world_slow(rig->world, key, 1, NULL), ERR_NONE); /* one nanosecond: due when somebody asks */
}

void rig_quick(struct rig *rig, const char *key)
{
    cr_assert_eq(world_slow(rig->world, key, 0, NULL), ERR_NONE);
}

void rig_complete(struct rig *rig)
{
    world_complete_due(rig->world);
}

void rig_fail(struct rig *rig, const char *key, int64_t count)
{
    cr_assert_eq(world_fail(rig->world, key, count, NULL), ERR_NONE);
}

void rig_check(struct rig *rig)
{
    struct pool_stats stats;
    rig->ops->stats(rig->pool, &stats);
    const int64_t *value = stats.value;
    int64_t held = value[POOL_STAT_IDLE] + value[POOL_STAT_LEASED] + value[POOL_STAT_CLOSING];
    int64_t size = held + value[POOL_STAT_CREATING];
    cr_assert_eq(world_count(rig->world, WORLD_HOLDS), held, "%s: I1: %lld held, the pool counts %lld", rig->ops->name,
                 (long long)world_count(rig->world, WORLD_HOLDS), (long long)held);
    cr_assert_eq(world_count(rig->world, WORLD_CREATING), value[POOL_STAT_CREATING], "%s: creating", rig->ops->name);
    cr_assert_eq(value[POOL_STAT_SIZE], size, "%s: I2: size", rig->ops->name);
    cr_assert_leq(size, rig->max * value[POOL_STAT_KEYS], "%s: I2: above max", rig->ops->name);
    for (int i = 0; i < POOL_STAT_COUNT; i++)
        cr_assert(i == POOL_STAT_FREE || value[i] >= -1, "%s: %s is negative", rig->ops->name,
                  pool_stat_name((enum pool_stat)i));
    cr_assert_leq(value[POOL_STAT_WAITERS_GHOST], 0, "%s: I4: ghosts", rig->ops->name);
}

/* ---- loans ------------------------------------------------------------------------------------------------------ */

void loan_drop(struct loan *loan)
{
    if (loan->item)
        world_item_drop(loan->rig->world, loan->item);
    loan->item = NULL;
}

enum pool_result loan_now(const struct loan *loan)
{
    cr_assert_leq(loan->answers, 1, "answered twice");
    return loan->answers ? loan->result : POOL_PENDING;
}

enum pool_result loan_get(struct rig *rig, struct loan *loan, const char *key)
{
    loan_drop(loan);
    loan->rig = rig;
    loan->lease.user = loan;
    loan->answers = 0;
    enum pool_result result = rig->ops->get(rig->pool, key, &loan->lease);
    return result == POOL_PENDING ? loan_now(loan) : result;
}

/* Keeps the item that the loan has now, so that it can be invalidated after it was closed. */
static void remember_item(struct loan *loan)
{
    if (!loan->lease.item || loan->item == loan->lease.item)
        return;
    loan_drop(loan);
    if (world_item_keep(loan->rig->world, loan->lease.item))
        loan->item = loan->lease.item;
}

uint64_t loan_identity(const struct loan *loan)
{
    const struct pool_item *item = loan->lease.item ? loan->lease.item : loan->item;
    return item ? world_item_identity(item) : 0;
}

enum pool_result loan_release(struct loan *loan)
{
    remember_item(loan);
    return loan->rig->ops->release(loan->rig->pool, &loan->lease);
}

enum pool_result loan_cancel(struct loan *loan)
{
    return loan->rig->ops->cancel(loan->rig->pool, &loan->lease);
}

enum pool_result loan_invalidate(struct loan *loan)
{
    remember_item(loan);
    return loan->rig->ops->invalidate(loan->rig->pool, loan->item);
}

enum pool_result loan_share(struct loan *loan, const char *key)
{
    if (loan->rig->ops->share == NULL)
        cr_skip_test("%s cannot share", loan->rig->ops->name);
    return loan->rig->ops->share(loan->rig->pool, &loan->lease, key);
}

void lend(struct rig *rig, struct loan *loan, const char *key)
{
    enum pool_result result = loan_get(rig, loan, key);
    cr_assert_eq(result, POOL_OK, "%s: get %s gave %s", rig->ops->name, key, pool_result_name(result));
    cr_assert_not_null(loan->lease.item);
}

void churn_once(struct rig *rig, struct loan *loan, const char *key)
{
    lend(rig, loan, key);
    cr_assert_eq(loan_invalidate(loan), POOL_OK);
    cr_assert_eq(loan_release(loan), POOL_OK);
    loan_drop(loan);
}

const char *key_name(int index, char name[32])
{
    (void)snprintf(name, 32, "k%d", index);
    return name;
}

/* ---- the pools under test --------------------------------------------------------------------------------------- */

/* Shared objects of the build folder that are put through the suite as well. */
static const char *const plugins[] = {"skeleton.so"};

static const struct keyed_pool_ops *plugin_at(size_t index)
{
    const char *folder = getenv("CHURN_BUILD");
    keyed_pool_plugin_fn plugin = NULL;
    char path[1024];

    (void)snprintf(path, sizeof(path), "%s/%s", folder ? folder : "build", plugins[index]);
    void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    cr_assert_not_null(handle, "%s", dlerror());
    void *symbol = dlsym(handle, KEYED_POOL_PLUGIN_SYMBOL);
    memcpy(&plugin, &symbol, sizeof(plugin));
    cr_assert_not_null(plugin);
    cr_assert_null(pool_ops_check(plugin()));
    return plugin();
}

const struct keyed_pool_ops *contract_pool_at(size_t index)
{
    size_t built_in = pool_registry_count();
    return index < built_in ? pool_registry_at(index) : plugin_at(index - built_in);
}

bool contract_is_plugin(const struct keyed_pool_ops *ops)
{
    return pool_registry_find(ops->name) != ops;
}

int64_t contract_finalizers(const struct keyed_pool_ops *ops, int64_t ours)
{
    return contract_is_plugin(ops) ? 0 : ours;
}

struct criterion_test_params contract_parameters(void)
{
    static size_t indexes[16];
    size_t count = pool_registry_count() + ARRAY_LEN(plugins);
    for (size_t i = 0; i < count && i < ARRAY_LEN(indexes); i++)
        indexes[i] = i;
    return cr_make_param_array(size_t, indexes, count);
}
