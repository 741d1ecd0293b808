/* describe.c: what was asked of a run, and the command that asks for it again. */
#include "harness/driver/driver_internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Quoted for a shell when it needs to be. */
static void add_word(struct buffer *out, const char *word)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-+=:,./@%";

    if (word[0] && word[strspn(word, plain)] == '\0') {
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
    add_word(out, value);
}

static enum err write_repeat(const struct drive *drive, const char *file)
{
    struct run *run = drive->run;
    struct buffer text = {0}, setting = {0};

    buffer_add_text(&text, drive->plan ? "churn run " : "churn replay ");
    add_word(&text, file);
    add_option(&text, "--pool", run->pool);
    if (run->as)
        add_option(&text, "--as", run->as);
    add_option(&text, "--under", run->backend);
    for (size_t i = 0; i < run->param_count; i++) {
        buffer_clear(&setting);
        buffer_addf(&setting, "%s=%s", run->params[i].name, run->params[i].value);
        add_option(&text, "--set", setting.failed ? "" : setting.data);
    }
    if (drive->plan)
        buffer_addf(&text, " --seed %" PRIu64, run->seed);
    if (drive->request->threads > 0)
        buffer_addf(&text, " --threads %u", drive->request->threads);
    if (drive->request->threads > 0 && drive->request->schedule)
        add_option(&text, "--schedule", drive->request->schedule);
    enum err err = text.failed || setting.failed ? ERR_MEMORY : run_set_text(&run->repeat, text.data);
    buffer_free(&text);
    buffer_free(&setting);
    return err;
}

static enum err copy_params(const struct drive *drive)
{
    size_t count = 0;
    const struct setting *params = drive->plan ? scenario_plan_params(drive->plan, &count) : NULL;
    enum err err = ERR_NONE;

    for (size_t i = 0; err == ERR_NONE && i < count; i++)
        err = run_add_param(drive->run, params[i].name, params[i].value);
    return err;
}

/* They tell runs apart like any parameter; no scenario has one of these names. */
static enum err add_thread_params(struct run *run, const struct driver_request *request)
{
    char number[16];

    if (request->threads == 0)
        return ERR_NONE;
    snprintf(number, sizeof(number), "%u", request->threads);
    enum err err = run_add_param(run, "threads", number);
    return err == ERR_NONE && request->schedule ? run_add_param(run, "schedule", request->schedule) : err;
}

/* "scenarios/zio-9306.lua" -> "zio-9306" */
static enum err set_name(struct run *run, const char *file)
{
    const char *slash = strrchr(file, '/'), *base = slash ? slash + 1 : file;
    char *name = strdup(base);

    if (!name)
        return ERR_MEMORY;
    char *dot = strrchr(name, '.');
    if (dot && dot != name)
        *dot = '\0';
    enum err err = run_set_text(&run->scenario, name);
    free(name);
    return err;
}

/* What the command line says of a metric takes the place of what the scenario says. */
static enum err add_thresholds(struct drive *drive, struct problem *why)
{
    const struct thresholds *asked = drive->request->thresholds;
    enum err err = drive->plan ? scenario_plan_thresholds(drive->plan, &drive->run->thresholds, why) : ERR_NONE;

    for (size_t i = 0; err == ERR_NONE && asked && i < asked->count; i++)
        if (thresholds_add(&drive->run->thresholds, &asked->list[i]) != ERR_NONE)
            err = problem_set(why, ERR_MEMORY, "out of memory while preparing a run");
    return err;
}

enum err drive_describe(struct drive *drive, const char *file, struct problem *why)
{
    const struct driver_request *request = drive->request;
    struct run *run = drive->run;
    enum err err = set_name(run, file);

    run->seed = request->scenario.seed;
    run->cycles_per_rung = drive->plan ? scenario_plan_cycles_per_rung(drive->plan) : 1;
    run->period = drive->plan ? scenario_plan_period(drive->plan) : 1;
    if (drive->plan) {
        run->pool_min = scenario_plan_shape(drive->plan)->min;
        run->pool_max = scenario_plan_shape(drive->plan)->max;
    }
    if (err == ERR_NONE)
        err = run_set_text(&run->file, file);
    if (err == ERR_NONE)
        err = run_set_text(&run->pool, request->scenario.pool);
    if (err == ERR_NONE && drive->plan)
        err = run_set_text(&run->as, request->scenario.as);
    if (err == ERR_NONE)
        err = run_set_text(&run->backend, request->backend->name);
    if (err == ERR_NONE)
        err = copy_params(drive);
    if (err == ERR_NONE)
        err = write_repeat(drive, file);
    if (err == ERR_NONE)
        err = add_thread_params(run, request);
    if (err != ERR_NONE)
        return problem_set(why, err, "out of memory while preparing a run");
    err = add_thresholds(drive, why);
    if (err != ERR_NONE)
        return err;
    return drive->plan ? scenario_plan_expectation(drive->plan, &run->expectation, why) : ERR_NONE;
}
