/* subject.c: the life of a subject, as its users see it. */
#include "harness/subject/subject_internal.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SEND_SIZE ((size_t)64 * 1024)   /* what is worth a system call */
#define QUEUE_MAX ((size_t)1024 * 1024) /* never more unsent than this */
#define WAIT_MS   1000

static int64_t deadline_after(int64_t timeout_ns)
{
    int64_t deadline;

    if (timeout_ns <= 0 || __builtin_add_overflow(clock_now_ns(), timeout_ns, &deadline))
        return INT64_MAX;
    return deadline;
}

static struct subject *make(const struct subject_launch *launch, subject_event_fn on_event, void *ctx)
{
    struct subject *subject = calloc(1, sizeof(*subject));

    if (!subject)
        return NULL;
    subject->child = (struct subject_child){.pid = -1, .in = -1, .out = -1, .err = -1};
    subject->on_event = on_event;
    subject->ctx = ctx;
    subject->stop = launch->stop;
    subject->timeout_ns = launch->timeout_ns;
    subject->deadline_ns = deadline_after(launch->timeout_ns);
    subject->answer_budget = SUBJECT_FLOOD_MAX;
    subject->input = malloc(INPUT_SIZE);
    subject->tail = calloc(1, sizeof(*subject->tail));
    if (!subject->input || !subject->tail) {
        subject_close(subject);
        return NULL;
    }
    return subject;
}

enum err subject_open(const struct subject_launch *launch, subject_event_fn on_event, void *ctx, struct subject **out,
                      struct problem *why)
{
    struct subject *subject = make(launch, on_event, ctx);
    enum err err;

    *out = NULL;
    if (!subject)
        return problem_set(why, ERR_MEMORY, "out of memory while starting %s", launch->argv[0]);
    err = subject_spawn(launch, &subject->child, why);
    while (err == ERR_NONE && !subject->greeted && subject->state == SUBJECT_ALIVE)
        err = exchange_turn(subject, WAIT_MS, why);
    if (err != ERR_NONE) {
        subject_close(subject);
        return err;
    }
    *out = subject;
    return ERR_NONE;
}

/* ---- sending ---- */

static void note_asked(struct subject *subject, const struct plan_op *op, size_t from)
{
    size_t length = subject->queue.length - from;

    if (length > 0 && length <= sizeof(subject->last_op)) {
        memcpy(subject->last_op, subject->queue.data + from, length);
        subject->last_op[length - 1] = '\0'; /* over the newline */
    }
    subject->answer_budget += SUBJECT_ANSWER_MAX;
    if (op->verb == PLAN_RUNG) {
        subject->rungs_asked++;
        subject->last_asked_shutdown = false;
    } else if (op->verb == PLAN_SHUTDOWN) {
        subject->shutdowns_asked++;
        subject->last_asked_shutdown = true;
    }
}

enum err subject_send(struct subject *subject, const struct plan_op *op, struct problem *why)
{
    size_t before = subject->queue.length;
    enum err err = ERR_NONE;

    if (subject->state != SUBJECT_ALIVE || subject->finishing)
        return ERR_NONE;
    plan_op_print(op, &subject->queue);
    if (subject->queue.failed)
        return problem_set(why, ERR_MEMORY, "out of memory while sending");
    note_asked(subject, op, before);
    if (subject->queue.length / SEND_SIZE != before / SEND_SIZE)
        err = exchange_turn(subject, 0, why);
    while (err == ERR_NONE && subject->state == SUBJECT_ALIVE &&
           subject->queue.length - subject->sent > QUEUE_MAX - sizeof(subject->last_op))
        err = exchange_turn(subject, WAIT_MS, why);
    return err;
}

/* ---- waiting ---- */

static bool is_answered(const struct subject *subject)
{
    if (subject->sent < subject->queue.length)
        return false;
    if (subject->last_asked_shutdown)
        return subject->shutdowns_answered > 0; /* closed is closed: one answer is enough for all that asked */
    return subject->rungs_answered == subject->rungs_asked;
}

/* The high-water mark of the child's own memory. wait4's figure would include the harness's at the time of the start. */
static void note_peak_rss(struct subject *subject)
{
    char path[64], text[4096];
    long long kib = 0;

    snprintf(path, sizeof(path), "/proc/%d/status", (int)subject->child.pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return;
    ssize_t n = pread(fd, text, sizeof(text) - 1, 0);
    close(fd);
    text[n > 0 ? n : 0] = '\0';
    const char *line = strstr(text, "\nVmHWM:");
    if (line)
        kib = strtoll(line + strlen("\nVmHWM:"), NULL, 10);
    if (kib * 1024 > subject->peak_rss_bytes)
        subject->peak_rss_bytes = kib * 1024;
}

enum err subject_wait(struct subject *subject, struct problem *why)
{
    enum err err = ERR_NONE;

    while (err == ERR_NONE && subject->state == SUBJECT_ALIVE && !is_answered(subject))
        err = exchange_turn(subject, WAIT_MS, why);
    if (subject->state == SUBJECT_ALIVE)
        note_peak_rss(subject);
    return err;
}

enum err subject_finish(struct subject *subject, struct problem *why)
{
    enum err err = ERR_NONE;

    if (subject->state == SUBJECT_ALIVE)
        note_peak_rss(subject);
    while (err == ERR_NONE && subject->state == SUBJECT_ALIVE) {
        if (subject->sent == subject->queue.length) {
            subject->finishing = true;
            subject_close_fd(&subject->child.in);
        }
        err = exchange_turn(subject, WAIT_MS, why);
    }
    return err;
}

/* ---- looking ---- */

const struct subject_greeting *subject_greeting(const struct subject *subject)
{
    return &subject->greeting;
}

pid_t subject_pid(const struct subject *subject)
{
    return subject->child.pid;
}

struct subject_ending subject_ending(const struct subject *subject)
{
    return (struct subject_ending){.state = subject->state, .code = subject->code, .detail = subject->detail};
}

const char *subject_stderr(const struct subject *subject)
{
    return tail_text(subject->tail);
}

const char *subject_last_op(const struct subject *subject)
{
    return subject->last_op;
}

const char *subject_last_answer(const struct subject *subject)
{
    return subject->last_answer;
}

int64_t subject_peak_rss_bytes(const struct subject *subject)
{
    return subject->peak_rss_bytes;
}

void subject_close(struct subject *subject)
{
    if (!subject)
        return;
    exchange_kill(subject);
    json_decref(subject->greeting_json);
    free(subject->counters);
    buffer_free(&subject->queue);
    free(subject->input);
    free(subject->tail);
    free(subject);
}
