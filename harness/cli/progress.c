/*
 * Progress on stderr. On a terminal one line that moves; otherwise (a file, a pipe, CI=true) a plain line every few seconds. All of it is
 * drawn by progress_tick, which the main thread calls; workers only leave their news here.
 */
#include "harness/cli/cli.h"

#include <inttypes.h>
#include <langinfo.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#define MOVE_MS  100
#define PLAIN_MS 5000
#define BAR      16

struct progress {
    pthread_mutex_t lock; /* guards everything below */
    bool quiet, verbose, moving, utf8;
    bool drawn; /* the moving line is on the screen */
    size_t total, done, troubles;
    int64_t total_weight, done_weight; /* by the backends' slowdown: the slow runs come first */
    int64_t started_ms, drawn_ms;
    int64_t ops;             /* sent up to now, as far as rungs told */
    const struct job *shown; /* the run that was begun last; when it ended, the first that tells something */
    size_t rung, rungs;      /* of it; 0: not known */
    char now[160];           /* its name */
};

static int64_t now_ms(void)
{
    return clock_now_ns() / NS_PER_MS;
}

static int64_t weight(const struct job *job)
{
    return job->skip ? 0 : job->backend->slowdown;
}

bool progress_can_move(void)
{
    const char *term = getenv("TERM"), *ci = getenv("CI");
    bool in_ci = ci && *ci && strcmp(ci, "false") != 0 && strcmp(ci, "0") != 0;
    return isatty(STDERR_FILENO) && !in_ci && term && strcmp(term, "dumb") != 0;
}

enum err progress_open(const struct options *options, const struct matrix *matrix, struct progress **out,
                       struct problem *why)
{
    struct progress *progress = calloc(1, sizeof *progress);
    if (!progress)
        return problem_set(why, ERR_MEMORY, "out of memory while starting the runs");
    pthread_mutex_init(&progress->lock, NULL);
    progress->quiet = options->quiet;
    progress->verbose = options->verbose;
    progress->moving = progress_can_move();
    progress->utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
    progress->total = matrix->job_count;
    for (size_t i = 0; i < matrix->job_count; i++)
        progress->total_weight += weight(&matrix->jobs[i]);
    progress->started_ms = progress->drawn_ms = now_ms();
    *out = progress;
    return ERR_NONE;
}

/* "zio-9306 keys=64 broadcast memcheck", printable. */
static void name_job(const struct job *job, char *out, size_t size)
{
    struct buffer text = {0};
    const char *slash = strrchr(job->path, '/'), *base = slash ? slash + 1 : job->path;
    const char *dot = strrchr(base, '.');
    buffer_addf(&text, "%.*s", dot && dot > base ? (int)(dot - base) : (int)strlen(base), base);
    for (size_t i = 0; job->params && i < job->params->count; i++)
        buffer_addf(&text, " %s=%s", job->params->list[i].name, job->params->list[i].value);
    buffer_addf(&text, " %s %s", job->pool, job->backend->name);
    text_make_printable(text.failed ? "" : text.data, text.failed ? 0 : text.length, out, size);
    buffer_free(&text);
}

static void erase(struct progress *progress)
{
    if (progress->drawn)
        (void)fputs("\r\033[K", stderr);
    progress->drawn = false;
}

static void add_bar(const struct progress *progress, struct buffer *out)
{
    int64_t filled = progress->total_weight > 0 ? BAR * progress->done_weight / progress->total_weight : BAR;
    for (int64_t i = 0; i < BAR; i++)
        if (progress->utf8)
            buffer_add_text(out, i < filled ? "█" : "░");
        else
            buffer_add_text(out, i < filled ? "#" : ".");
}

static void add_time(const struct progress *progress, struct buffer *out)
{
    int64_t seconds = (now_ms() - progress->started_ms) / 1000;
    buffer_addf(out, "%" PRId64 ":%02" PRId64, seconds / 60, seconds % 60);
    if (progress->done_weight > 0 && progress->done < progress->total) {
        int64_t left = seconds * (progress->total_weight - progress->done_weight) / progress->done_weight;
        buffer_addf(out, ", about %" PRId64 ":%02" PRId64 " left", left / 60, left % 60);
    }
    if (progress->ops > 0 && seconds > 0)
        buffer_addf(out, ", %" PRId64 " op/s", progress->ops / seconds);
}

static void add_troubles(const struct progress *progress, struct buffer *out)
{
    if (progress->troubles > 0)
        buffer_addf(out, ", %zu to look at", progress->troubles);
}

/* A line that is longer than the screen would leave a trail. */
static size_t cut_line(const struct buffer *line)
{
    struct winsize size = {0};
    size_t columns = 80, used = 0, bytes = 0;
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        columns = size.ws_col;
    while (bytes < line->length) {
        size_t step = text_utf8_sequence(line->data + bytes, line->length - bytes);
        if (++used >= columns)
            break;
        bytes += step > 0 ? step : 1;
    }
    return bytes;
}

static void add_now(const struct progress *progress, const char *before, struct buffer *out)
{
    if (!*progress->now)
        return;
    buffer_add_text(out, before);
    if (progress->rungs > 0)
        buffer_addf(out, "rung %zu/%zu of ", progress->rung, progress->rungs);
    else if (progress->rung > 0)
        buffer_addf(out, "rung %zu of ", progress->rung);
    buffer_add_text(out, progress->now); /* last, for it is what a narrow screen cuts */
}

static void draw_moving(struct progress *progress)
{
    struct buffer line = {0};
    add_bar(progress, &line);
    buffer_addf(&line, " %zu/%zu  ", progress->done, progress->total);
    add_time(progress, &line);
    add_troubles(progress, &line);
    add_now(progress, "  ", &line);
    if (!line.failed)
        (void)fprintf(stderr, "\r%.*s\033[K", (int)cut_line(&line), line.data);
    progress->drawn = true;
    buffer_free(&line);
}

static void draw_plain(struct progress *progress)
{
    struct buffer line = {0};
    buffer_addf(&line, "churn: %zu of %zu runs, ", progress->done, progress->total);
    add_time(progress, &line);
    add_troubles(progress, &line);
    add_now(progress, "; now ", &line);
    if (!line.failed)
        (void)fprintf(stderr, "%s\n", line.data);
    buffer_free(&line);
}

static void show(struct progress *progress, const struct job *job)
{
    name_job(job, progress->now, sizeof progress->now);
    progress->shown = job;
    progress->rung = progress->rungs = 0;
}

void progress_begin(struct progress *progress, const struct job *job)
{
    pthread_mutex_lock(&progress->lock);
    show(progress, job);
    pthread_mutex_unlock(&progress->lock);
}

void progress_rung(struct progress *progress, const struct job *job, size_t rung, size_t rungs, int64_t ops)
{
    pthread_mutex_lock(&progress->lock);
    progress->ops += ops;
    if (!progress->shown)
        show(progress, job);
    if (progress->shown == job) {
        progress->rung = rung;
        progress->rungs = rungs;
    }
    pthread_mutex_unlock(&progress->lock);
}

static bool is_trouble(const struct job *job)
{
    return job->run && job->run->status != STATUS_PASS && job->run->ending != ENDING_SKIPPED &&
           job->run->ending != ENDING_STOPPED;
}

static void say_end(struct progress *progress, const struct job *job)
{
    char name[sizeof progress->now];
    const struct run *run = job->run;
    bool skipped = !run || run->ending == ENDING_SKIPPED || run->ending == ENDING_STOPPED;
    name_job(job, name, sizeof name);
    erase(progress);
    (void)fprintf(stderr, "churn: %s: %s", name, skipped ? "not run" : finding_name(run->finding));
    if (!skipped)
        (void)fprintf(stderr, ", %s, %.2f s", status_name(run->status), (double)run->wall_ns / 1e9);
    (void)fputs("\n", stderr);
}

void progress_end(struct progress *progress, const struct job *job)
{
    pthread_mutex_lock(&progress->lock);
    progress->done++;
    if (progress->shown == job)
        progress->shown = NULL; /* its name stays until another one tells something */
    progress->done_weight += weight(job);
    progress->troubles += is_trouble(job);
    if (progress->verbose && !progress->quiet)
        say_end(progress, job);
    pthread_mutex_unlock(&progress->lock);
}

void progress_tick(struct progress *progress)
{
    pthread_mutex_lock(&progress->lock);
    int64_t now = now_ms();
    if (!progress->quiet && now - progress->drawn_ms >= (progress->moving ? MOVE_MS : PLAIN_MS)) {
        progress->drawn_ms = now;
        if (progress->moving)
            draw_moving(progress);
        else
            draw_plain(progress);
        (void)fflush(stderr);
    }
    pthread_mutex_unlock(&progress->lock);
}

void progress_close(struct progress *progress, bool stopped)
{
    if (!progress)
        return;
    erase(progress);
    if (stopped)
        (void)fprintf(stderr, "churn: stopped after %zu of %zu runs\n", progress->done, progress->total);
    pthread_mutex_destroy(&progress->lock);
    free(progress);
}
