#include "harness/host/host.h"
#include "harness/host/plugin.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

/* ---- shared objects ---------------------------------------------------------------------------------------------- */

/* The object stays loaded until the process ends: its functions are in use until then. */
static enum err plugin_load(const char *path, const struct keyed_pool_ops **out, struct problem *why)
{
    void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    keyed_pool_plugin_fn plugin = NULL;
    const char *wrong = NULL;

    if (handle == NULL)
        return problem_set(why, ERR_INPUT, "pool %s cannot be loaded: %s", path, dlerror());
    void *symbol = dlsym(handle, KEYED_POOL_PLUGIN_SYMBOL);
    memcpy(&plugin, &symbol, sizeof plugin); /* ISO C has no cast from an object to a function */
    if (plugin == NULL)
        return problem_set(why, ERR_INPUT, "%s is no pool: it exports no function %s (see pools/keyed_pool.h)", path,
                           KEYED_POOL_PLUGIN_SYMBOL);
    *out = plugin();
    wrong = *out == NULL ? "its " KEYED_POOL_PLUGIN_SYMBOL "() returned NULL" : pool_ops_check(*out);
    if (wrong != NULL)
        return problem_set(why, ERR_INPUT, "the pool in %s cannot be used: %s", path, wrong);
    plugin_memory_watch();
    *out = plugin_guard(*out);
    return ERR_NONE;
}

static enum err builtin_find(const char *name, const struct keyed_pool_ops **out, struct problem *why)
{
    char known[400] = "";
    size_t used = 0;

    *out = strcmp(name, "control") == 0 ? control_pool() : pool_registry_find(name);
    if (*out != NULL)
        return ERR_NONE;
    for (size_t i = 0; i < pool_registry_count() && used < sizeof known; i++)
        used +=
            (size_t)snprintf(known + used, sizeof known - used, "%s%s", i > 0 ? ", " : "", pool_registry_at(i)->name);
    return problem_set(why, ERR_INPUT, "there is no pool \"%s\"; expected one of: %s; or the path of a shared object",
                       name, known);
}

/* ---- trying it out ----------------------------------------------------------------------------------------------- */

static void note_counters(struct pool_choice *choice, struct keyed_pool *pool)
{
    struct pool_stats stats;

    for (size_t i = 0; i < POOL_STAT_COUNT; i++)
        stats.value[i] = -1;
    choice->ops->stats(pool, &stats);
    for (size_t i = 0; i < POOL_STAT_COUNT; i++)
        choice->counts[i] = stats.value[i] != -1;
}

static enum err choice_try(struct pool_choice *choice, struct problem *why)
{
    const struct world_listener nobody = {0};
    struct plan_shape shape;
    struct world *world = NULL;
    struct keyed_pool *pool = NULL;
    char message[700] = ""; /* an unknown defect is answered by the names of all */
    enum err err = plan_shape_parse("min=0 max=1", &shape, why);

    if (err == ERR_NONE)
        err = world_make(&shape, &nobody, &world, why);
    if (err != ERR_NONE)
        return err;
    const struct pool_config config = {
        .min = 0, .max = 1, .ttl_ns = INT64_MAX, .scope = world_app_scope(world), .settings = choice->settings};
    enum pool_result result = choice->ops->make(&config, world_env(world), &pool, message, sizeof message);
    if (result == POOL_OK) {
        note_counters(choice, pool);
        choice->ops->free(pool);
    } else if (result == POOL_BAD_SETTING) {
        err = problem_set(why, ERR_INPUT, "pool %s: %s", choice->spec, message);
    } else {
        err = problem_set(why, ERR_SYSTEM, "pool %s cannot be made: %s", choice->spec, pool_result_name(result));
    }
    (void)world_free(world, NULL, 0); /* what it may have lost shows at the end of a real run */
    return err;
}

/* ---- the choice -------------------------------------------------------------------------------------------------- */

enum err pool_choose(const char *spec, struct pool_choice *out, struct problem *why)
{
    const char *slash = strrchr(spec, '/');
    const char *colon = strchr(slash != NULL ? slash : spec, ':'); /* a folder's name may hold a colon */
    char name[1024];
    size_t length = colon != NULL ? (size_t)(colon - spec) : strlen(spec);

    *out = (struct pool_choice){.spec = spec, .settings = colon != NULL ? colon + 1 : ""};
    if (length == 0 || length >= sizeof name)
        return problem_set(why, ERR_INPUT, "\"%s\" names no pool; expected NAME[:SETTING=VALUE]...", spec);
    memcpy(name, spec, length);
    name[length] = '\0';
    enum err err = slash != NULL ? plugin_load(name, &out->ops, why) : builtin_find(name, &out->ops, why);
    if (err != ERR_NONE)
        return err;
    return choice_try(out, why);
}
