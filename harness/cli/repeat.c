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

static void add_run(struct buffer *out, const struct run *run, const char *command)
{
    struct buffer setting = {0};
    buffer_addf(out, " %s ", command);
    add_word(out, run->file ? run->file : "");
    add_option(out, "--pool", run->pool);
    if (run->as)
        add_option(out, "--as", run->as);
    add_option(out, "--under", run->backend);
    for (size_t i = 0; i < run->param_count; i++) {
        buffer_clear(&setting);
        buffer_addf(&setting, "%s=%s", run->params[i].name, run->params[i].value);
        add_option(out, "--set", setting.data);
    }
    buffer_addf(out, " --seed %" PRIu64, run->seed);
    out->failed |= setting.failed;
    buffer_free(&setting);
}

/* What the command line stated; the scenario states its own again. */
static void add_thresholds(struct buffer *out, const struct run *run)
{
    const struct thresholds *thresholds = &run->thresholds;
    const char *control = NULL;
    for (size_t i = 0; i < thresholds->count; i++) {
        const struct threshold *threshold = &thresholds->list[i];
        char option[32];
        (void)snprintf(option, sizeof option, "--%s", threshold_kind_name(threshold->kind));
        if (threshold->from_command)
            add_option(out, option, threshold->text);
        control = threshold->control ? threshold->control : control;
    }
    if (control)
        add_option(out, "--control", control);
    if (control && strcmp(control, run->pool ? run->pool : "") != 0)
        add_option(out, "--pool", control);
}

/* What failed in the gate is tried again in the gate: with its baseline, and with the stacks of what grows. */
static bool is_gate(const struct call *call)
{
    return call->argc > 1 && strcmp(call->argv[1], command_at(COMMAND_GATE)->name) == 0;
}

/* The driver knows best what it ran; it does not know how churn was called. A run that never reached it is described here. */
enum err repeat_set(struct run *run, const struct call *call, bool is_plan)
{
    static const char name[] = "churn", run_command[] = "churn run ";
    struct buffer text = {0};
    char limit[32];
    add_word(&text, call->program);
    if (is_gate(call) && run->repeat && strncmp(run->repeat, run_command, strlen(run_command)) == 0)
        buffer_addf(&text, " gate %s", run->repeat + strlen(run_command));
    else if (run->repeat && strncmp(run->repeat, name, strlen(name)) == 0)
        buffer_add_text(&text, run->repeat + strlen(name));
    else
        add_run(&text, run, is_plan ? "replay" : is_gate(call) ? "gate" : "run");
    if (call->options->timeout_ns > 0) {
        quantity_print_duration(call->options->timeout_ns, limit, sizeof limit);
        add_option(&text, "--timeout", limit);
    }
    if (is_gate(call) && call->options->baseline)
        add_option(&text, "--baseline", call->options->baseline);
    if (call->options->check_each)
        buffer_add_text(&text, " --check-each");
    if (!is_plan)
        add_thresholds(&text, run);
    enum err err = text.failed ? ERR_MEMORY : run_set_text(&run->repeat, text.data);
    buffer_free(&text);
    return err;
}
