/* Where results go: the folder, the copy, the screen. */
#include "harness/cli/cli.h"

#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "harness/report/report.h"

#define RUNS_FOLDER "results/runs"

enum err stdout_write(const char *bytes, size_t length, struct problem *why)
{
    while (length > 0) {
        ssize_t written = write(STDOUT_FILENO, bytes, length);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return problem_set(why, ERR_SYSTEM, "cannot write to stdout: %s", strerror(errno));
        bytes += written;
        length -= (size_t)written;
    }
    return ERR_NONE;
}

/* ---- before anything runs ------------------------------------------------------------------------------------ */

/* The only sure way to know whether a folder can be written to is to write there. */
static enum err try_folder(const char *folder, struct problem *why)
{
    char path[PATH_MAX];
    int wide = snprintf(path, sizeof path, "%s/.churn.XXXXXX", folder);
    int fd = wide > 0 && (size_t)wide < sizeof path ? mkostemp(path, O_CLOEXEC) : -1;
    if (fd < 0)
        return problem_set(why, ERR_INPUT, "cannot write to the folder %.300s: %s", folder, strerror(errno));
    close(fd);
    (void)unlink(path);
    return ERR_NONE;
}

/* The folder of a file: "a/b" -> "a", "b" -> ".". */
static char *parent_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    if (!slash)
        return strdup(".");
    return slash == path ? strdup("/") : strndup(path, (size_t)(slash - path));
}

enum err output_try_file(const char *path, struct problem *why)
{
    struct stat info;
    char *folder = parent_of(path);
    if (!folder)
        return problem_set(why, ERR_MEMORY, "out of memory");
    enum err err = try_folder(folder, why);
    free(folder);
    if (err == ERR_NONE && stat(path, &info) == 0 && S_ISDIR(info.st_mode))
        err = problem_set(why, ERR_INPUT, "cannot write to %.300s: it is a folder", path);
    else if (err == ERR_NONE && access(path, F_OK) == 0 && access(path, W_OK) != 0)
        err = problem_set(why, ERR_INPUT, "cannot write to %.300s: %s", path, strerror(errno));
    return err;
}

static char *usual_folder(void)
{
    char stamp[32], *path = NULL;
    time_t now = time(NULL);
    struct tm utc;
    if (!gmtime_r(&now, &utc) || strftime(stamp, sizeof stamp, "%Y%m%dT%H%M%SZ", &utc) == 0)
        return NULL;
    return asprintf(&path, "%s/%s-%ld", RUNS_FOLDER, stamp, (long)getpid()) < 0 ? NULL : path;
}

enum err output_open(struct output *output, const struct options *options, bool wants_folder, struct problem *why)
{
    bool has_copy = options->json_file && strcmp(options->json_file, "-") != 0;
    enum err err = has_copy ? output_try_file(options->json_file, why) : ERR_NONE;
    *output = (struct output){.is_latest = wants_folder && !options->out};
    if (err != ERR_NONE || !wants_folder)
        return err;
    output->folder = options->out ? strdup(options->out) : usual_folder();
    if (!output->folder)
        return problem_set(why, ERR_MEMORY, "out of memory");
    if (folder_make(output->folder, why) != ERR_NONE) {
        problem_prefix(why, options->out ? "--out" : "the results (--out DIR puts them elsewhere)");
        return why->kind = ERR_INPUT;
    }
    return try_folder(output->folder, why);
}

void output_close(struct output *output)
{
    free(output->folder);
    *output = (struct output){0};
}

/* ---- files -------------------------------------------------------------------------------------------------------- */

static enum err save_report(const struct report *report, const char *path, const struct results *results,
                            struct problem *why)
{
    const struct report_options options = {0};
    struct buffer text = {0};
    enum err err = report->write(results, &options, &text, why);
    if (err == ERR_NONE)
        err = file_write_whole(path, text.data ? text.data : "", text.length, why);
    buffer_free(&text);
    return err;
}

/* results/runs/latest is replaced in one step: it never points nowhere. */
static enum err point_latest(const char *folder, struct problem *why)
{
    char aside[64];
    (void)snprintf(aside, sizeof aside, RUNS_FOLDER "/.latest-%ld", (long)getpid());
    if (symlink(strrchr(folder, '/') + 1, aside) != 0 || rename(aside, RUNS_FOLDER "/latest") != 0) {
        int trouble = errno;
        (void)unlink(aside);
        return problem_set(why, ERR_SYSTEM, "cannot make %s/latest: %s", RUNS_FOLDER, strerror(trouble));
    }
    return ERR_NONE;
}

/* The results file first: it is what cannot be made again. */
static enum err save_folder(const char *folder, const struct results *results, struct problem *why)
{
    enum err err = ERR_NONE;
    for (size_t pass = 0; pass < 2; pass++)
        for (size_t i = 0; err == ERR_NONE && i < report_count(); i++) {
            const struct report *report = report_at(i);
            char path[PATH_MAX];
            bool is_results = strcmp(report->name, "json") == 0;
            if (!report->file_name || is_results != (pass == 0))
                continue;
            (void)snprintf(path, sizeof path, "%s/%s", folder, report->file_name);
            err = save_report(report, path, results, why);
        }
    return err;
}

enum err output_save(const struct output *output, const struct options *options, const struct results *results,
                     struct problem *why)
{
    enum err err = output->folder ? save_folder(output->folder, results, why) : ERR_NONE;
    if (err == ERR_NONE && output->is_latest)
        err = point_latest(output->folder, why);
    if (err == ERR_NONE && options->json_file && strcmp(options->json_file, "-") != 0)
        err = results_save(results, options->json_file, why);
    return err;
}

/* ---- the screen ------------------------------------------------------------------------------------------------------ */

static bool wants_color(enum when when)
{
    const char *term = getenv("TERM"), *no_color = getenv("NO_COLOR");
    if (when != WHEN_AUTO)
        return when == WHEN_ALWAYS;
    return isatty(STDOUT_FILENO) && !(no_color && *no_color) && term && strcmp(term, "dumb") != 0;
}

static int screen_width(void)
{
    struct winsize size = {0};
    if (!isatty(STDOUT_FILENO))
        return 0;
    return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

enum err output_print(const struct output *output, const struct options *options, const struct results *results,
                      struct problem *why)
{
    bool as_json = options->json_file && strcmp(options->json_file, "-") == 0;
    const struct report *report = report_find(as_json ? "json" : "terminal");
    const struct report_options screen = {.color = wants_color(options->color),
                                          .verbose = options->verbose,
                                          .utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0,
                                          .width = screen_width(),
                                          .folder = output->folder};
    struct buffer text = {0};
    if (!report)
        return problem_set(why, ERR_SYSTEM, "this churn was built without its terminal report");
    enum err err = report->write(results, &screen, &text, why);
    if (err == ERR_NONE)
        err = stdout_write(text.data, text.length, why);
    buffer_free(&text);
    return err;
}
