/* Settings "NAME=VALUE:NAME=VALUE" and the registry of defects. */
#include "pools/core/core.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define DEFECTS_MAX 64

static struct {
    const struct pool_defect *defects[DEFECTS_MAX]; /* sorted by name; filled before main, read-only after */
    size_t count;
} registry;

void pool_defect_add(const struct pool_defect *defect)
{
    size_t at = registry.count;
    if (registry.count == DEFECTS_MAX) {
        fprintf(stderr, "pools: more than %d defects: raise DEFECTS_MAX in %s\n", DEFECTS_MAX, __FILE__);
        abort();
    }
    for (; at > 0 && strcmp(registry.defects[at - 1]->name, defect->name) > 0; at--)
        registry.defects[at] = registry.defects[at - 1];
    registry.defects[at] = defect;
    registry.count++;
}

size_t pool_defect_count(void)
{
    return registry.count;
}

const struct pool_defect *pool_defect_at(size_t index)
{
    return index < registry.count ? registry.defects[index] : NULL;
}

const struct pool_defect *pool_defect_find(const char *name)
{
    for (size_t i = 0; i < registry.count; i++) {
        if (strcmp(registry.defects[i]->name, name) == 0)
            return registry.defects[i];
    }
    return NULL;
}

/* Where a message goes; cut at its end. */
struct text {
    char *data;
    size_t size, length;
};

__attribute__((format(printf, 2, 3))) static void text_add(struct text *text, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    if (text->length < text->size) {
        int length = vsnprintf(text->data + text->length, text->size - text->length, format, arguments);
        text->length += length > 0 ? (size_t)length : 0;
    }
    va_end(arguments);
}

static bool applies(const struct pool_defect *defect, const struct pool_strategy *strategy)
{
    return !defect->only || strcmp(defect->only, strategy->name) == 0;
}

static void list_allowed(struct text *message, const struct pool_strategy *strategy)
{
    const char *separator = "";
    text_add(message, "; allowed are finalizers=item, finalizers=captured and defect=NAME with NAME one of ");
    for (size_t i = 0; i < registry.count; i++) {
        if (!applies(registry.defects[i], strategy))
            continue;
        text_add(message, "%s%s", separator, registry.defects[i]->name);
        separator = ", ";
    }
}

/* The strategy's five over the right answers. */
static void strategy_overlay(struct pool_decisions *decide, const struct pool_strategy *strategy)
{
    *decide = pool_decisions_right;
    decide->admit = strategy->decisions.admit;
    decide->dismiss = strategy->decisions.dismiss;
    decide->is_valid = strategy->decisions.is_valid;
    decide->invalidate = strategy->decisions.invalidate;
    decide->may_forget = strategy->decisions.may_forget;
}

/* A table of function pointers, compared one by one. */
union answers {
    struct pool_decisions decide;
    void (*answer[sizeof(struct pool_decisions) / sizeof(void (*)(void))])(void);
};

/* True when `defect` answers a question that an earlier setting has answered already. */
static bool clashes(const union answers *base, const union answers *now, const struct pool_defect *defect)
{
    union answers after = *base;
    defect->apply(&after.decide);
    for (size_t i = 0; i < POOL_ARRAY_LEN(after.answer); i++) {
        if (after.answer[i] != base->answer[i] && now->answer[i] != base->answer[i])
            return true;
    }
    return false;
}

static enum pool_result apply_defect(union answers *now, const struct pool_strategy *strategy, const char *name,
                                     struct text *message)
{
    const struct pool_defect *defect = pool_defect_find(name);
    union answers base;
    if (!defect) {
        text_add(message, "unknown defect \"%s\"", name);
        list_allowed(message, strategy);
        return POOL_BAD_SETTING;
    }
    if (!applies(defect, strategy)) {
        text_add(message, "defect \"%s\" is a wrong answer to a question that only pool \"%s\" asks", name,
                 defect->only);
        return POOL_BAD_SETTING;
    }
    strategy_overlay(&base.decide, strategy);
    if (clashes(&base, now, defect)) {
        text_add(message, "defect \"%s\" answers a question that an earlier defect answers already: choose one", name);
        return POOL_BAD_SETTING;
    }
    defect->apply(&now->decide);
    return POOL_OK;
}

static enum pool_result apply_finalizers(union answers *now, const char *value, struct text *message)
{
    if (strcmp(value, "captured") == 0) {
        now->decide.own_item = captured_own_item;
        now->decide.close_item = captured_close_item;
        return POOL_OK;
    }
    if (strcmp(value, "item") == 0)
        return POOL_OK;
    text_add(message, "finalizers=\"%s\": expected item or captured", value);
    return POOL_BAD_SETTING;
}

static enum pool_result apply_one(union answers *now, const struct pool_strategy *strategy, char *setting,
                                  struct text *message)
{
    char *value = strchr(setting, '=');
    if (value) {
        *value++ = '\0';
        if (strcmp(setting, "finalizers") == 0)
            return apply_finalizers(now, value, message);
        if (strcmp(setting, "defect") == 0)
            return apply_defect(now, strategy, value, message);
    }
    text_add(message, "unknown setting \"%s\"", setting);
    list_allowed(message, strategy);
    return POOL_BAD_SETTING;
}

enum pool_result pool_settings_apply(struct pool_decisions *decide, const struct pool_strategy *strategy,
                                     const char *settings, char *message, size_t size)
{
    struct text text = {message, size, 0};
    union answers now;
    enum pool_result result = POOL_OK;
    strategy_overlay(&now.decide, strategy);
    while (result == POOL_OK && settings && *settings) {
        char setting[128];
        size_t length = strcspn(settings, ":");
        if (length >= sizeof(setting)) {
            text_add(&text, "a setting of %zu characters is too long", length);
            return POOL_BAD_SETTING;
        }
        memcpy(setting, settings, length);
        setting[length] = '\0';
        result = apply_one(&now, strategy, setting, &text);
        settings += length + (settings[length] == ':');
    }
    *decide = now.decide;
    return result;
}
