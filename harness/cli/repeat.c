/* The command that does a run again, ready to be pasted into a shell. */
#include "harness/cli/cli.h"

#include <inttypes.h>
#include <string.h>

static void add_word(struct buffer *out, const char *word)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-+=:,./@%";
    if (*word && word[strspn(word, plain)] == '\0') {
        buffer_add_text(out, word);
        return;
    }
    buffer_add_text(out, "'");
    for (const char *at = word; *at; at++)
        buffer_add(out, *at == '\'' ? "'\\''" : at, *at == '\'' ? 4 : 1);
    buffer_add_text(out, "'");
}

static void add_option(struct buffer *out, const char *option, const char *value)
{
    buffer_addf(out, " %s ", option);
    add_word(out, value ? value : "");
}

enum err repeat_set(struct run *run, const struct call *call, bool is_plan)
{
    struct buffer text = {0}, setting = {0};
    char limit[32];
    add_word(&text, call->program);
    buffer_add_text(&text, is_plan ? " replay " : " run ");
    add_word(&text, run->file ? run->file : "");
    add_option(&text, "--pool", run->pool);
    add_option(&text, "--under", run->backend);
    for (size_t i = 0; i < run->param_count; i++) {
        buffer_clear(&setting);
        buffer_addf(&setting, "%s=%s", run->params[i].name, run->params[i].value);
        add_option(&text, "--set", setting.data);
    }
    buffer_addf(&text, " --seed %" PRIu64, run->seed);
    if (call->options->timeout_ns > 0) {
        quantity_print_duration(call->options->timeout_ns, limit, sizeof limit);
        add_option(&text, "--timeout", limit);
    }
    enum err err = text.failed || setting.failed ? ERR_MEMORY : run_set_text(&run->repeat, text.data);
    buffer_free(&text);
    buffer_free(&setting);
    return err;
}
