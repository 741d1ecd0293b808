/* churn record: the plan of a scenario, as text. A plan may be long: it is never held in memory. */
#include "harness/cli/cli.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHUNK 65536

/* Where the text goes: stdout, or a file aside that becomes the plan at the end. */
struct sink {
    const char *path; /* NULL: stdout */
    char aside[PATH_MAX];
    int fd;
};

static enum err sink_open(struct sink *sink, const char *path, struct problem *why)
{
    *sink = (struct sink){.path = path && strcmp(path, "-") != 0 ? path : NULL, .fd = -1};
    if (!sink->path)
        return ERR_NONE;
    int wide = snprintf(sink->aside, sizeof sink->aside, "%s.XXXXXX", path);
    if (wide > 0 && (size_t)wide < sizeof sink->aside)
        sink->fd = mkostemp(sink->aside, O_CLOEXEC);
    if (sink->fd < 0)
        return problem_set(why, ERR_INPUT, "cannot write %.300s: %s", path, strerror(errno));
    return ERR_NONE;
}

static enum err sink_write(struct sink *sink, struct buffer *text, struct problem *why)
{
    size_t sent = 0;
    if (text->failed)
        return problem_set(why, ERR_MEMORY, "out of memory while writing a plan");
    if (!sink->path) {
        enum err err = stdout_write(text->data, text->length, why);
        buffer_clear(text);
        return err;
    }
    while (sent < text->length) {
        ssize_t written = write(sink->fd, text->data + sent, text->length - sent);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return problem_set(why, ERR_SYSTEM, "cannot write %.300s: %s", sink->path, strerror(errno));
        sent += (size_t)written;
    }
    buffer_clear(text);
    return ERR_NONE;
}

/* `err` is what happened before: then nothing is left behind. */
static enum err sink_close(struct sink *sink, enum err err, struct problem *why)
{
    if (sink->fd < 0)
        return err;
    bool good = fchmod(sink->fd, 0644) == 0;
    good = close(sink->fd) == 0 && good;
    if (err == ERR_NONE && (!good || rename(sink->aside, sink->path) != 0))
        err = problem_set(why, ERR_SYSTEM, "cannot write %.300s: %s", sink->path, strerror(errno));
    if (err != ERR_NONE)
        (void)unlink(sink->aside);
    return err;
}

static enum err write_plan(struct plan_source *source, struct sink *sink, struct problem *why)
{
    struct buffer text = {0};
    struct interrupt interrupt;
    enum err err = ERR_NONE;
    bool done = false;
    plan_print_header(&text);
    interrupt_open(&interrupt);
    while (err == ERR_NONE && !done) {
        struct plan_op op;
        err = source->next(source, &op, &done, why);
        if (err == ERR_NONE && !done)
            plan_op_print(&op, &text);
        if (err != ERR_NONE || (!done && text.length < CHUNK))
            continue;
        err = sink_write(sink, &text, why);
        if (err == ERR_NONE && interrupt_wait(&interrupt, 0))
            err = problem_set(why, ERR_STOPPED, "stopped; nothing was written");
    }
    interrupt_close(&interrupt);
    buffer_free(&text);
    return err;
}

static enum err check_settings(const struct scenario *scenario, const struct options *options, struct problem *why)
{
    for (size_t i = 0; i < options->settings.count; i++)
        if (!scenario_has_param(scenario, options->settings.list[i].name))
            return problem_set(why, ERR_INPUT, "--set %s: the scenario %s has no such parameter",
                               options->settings.list[i].name, scenario_name(scenario));
    return ERR_NONE;
}

static enum err open_plan(const struct scenario *scenario, const struct options *options, struct plan_source **out,
                          struct problem *why)
{
    const struct scenario_request request = {.overrides = options->settings.list,
                                             .override_count = options->settings.count,
                                             .pool = options->pools.count > 0 ? options->pools.list[0]
                                                                              : scenario_pool(scenario, 0),
                                             .seed = options->seed,
                                             .dose = 1};
    struct scenario_plan *plan = NULL;
    enum err err = scenario_plan_open(scenario_file(scenario), &request, &plan, why);
    *out = err == ERR_NONE ? scenario_plan_source(plan) : NULL;
    return err;
}

enum err command_record(const struct call *call, enum exit_code *code, struct problem *why)
{
    const struct options *options = call->options;
    struct words files = {0};
    struct scenario *scenario = NULL;
    struct plan_source *source = NULL;
    struct sink sink = {.fd = -1};
    *code = EXIT_PASS;
    enum err err = scenarios_find(&options->operands, &files, why);
    if (err == ERR_NONE && files.count != 1)
        err = problem_set(why, ERR_INPUT, "expected one scenario, found %zu in the folder %s", files.count,
                          options->operands.list[0]);
    if (err == ERR_NONE)
        err = scenario_load(files.list[0], &scenario, why);
    if (err == ERR_NONE)
        err = check_settings(scenario, options, why);
    if (err == ERR_NONE)
        err = open_plan(scenario, options, &source, why);
    if (err == ERR_NONE)
        err = sink_open(&sink, options->output, why);
    if (err == ERR_NONE)
        err = write_plan(source, &sink, why);
    err = sink_close(&sink, err, why);
    if (source)
        source->free(source);
    scenario_free(scenario);
    words_free(&files);
    return err;
}
