/*
 * exchange.c: reading and writing at the same time, within limits, and noticing how the child ends.
 *
 * One turn polls the three pipes, moves what can be moved and takes the lines that are complete. The child's end is seen by
 * waitid, not by end of file: a grandchild may hold the pipes open for ever, and a child may close them and live on.
 */
#include "harness/subject/subject_internal.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define GRACE_NS  INT64_C(2000000000) /* from a closed pipe to the exit that explains it */
#define ABSENT_NS INT64_C(1000000000) /* without a look: the harness was not running (see excuse_absence) */
#define IDLE_MS   50                  /* how late the stop flag and a silent exit may be noticed */
#define DRAIN_MAX 64                  /* reads from a dead child's pipes */

/* ---- the child's end ---- */

void exchange_kill(struct subject *subject)
{
    struct rusage usage = {0};
    int status = 0;

    if (subject->child.pid <= 0 || subject->reaped)
        return;
    kill(-subject->child.pid, SIGKILL);
    kill(subject->child.pid, SIGKILL); /* it may have left its group */
    while (wait4(subject->child.pid, &status, 0, &usage) < 0 && errno == EINTR)
        ;
    subject->reaped = true;
    /* A last resort: right after the start it is the harness's own figure, because of how posix_spawn starts a child. */
    if (subject->peak_rss_bytes == 0)
        subject->peak_rss_bytes = usage.ru_maxrss * 1024;
    subject_close_fd(&subject->child.in);
    subject_close_fd(&subject->child.out);
    subject_close_fd(&subject->child.err);
}

/* Whoever holds the other ends of its pipes may talk on for ever after it is gone: that they are busy is no reason not to look. */
static bool look_is_due(const struct subject *subject, bool waited_in_vain)
{
    return waited_in_vain || subject->lost_ns > 0 || clock_now_ns() - subject->exit_looked_ns >= IDLE_MS * NS_PER_MS;
}

/* Has it exited? It stays a zombie, so that its process group cannot be anyone else's yet. */
static bool has_exited(struct subject *subject, siginfo_t *info)
{
    subject->exit_looked_ns = clock_now_ns();
    info->si_pid = 0;
    return waitid(P_PID, (id_t)subject->child.pid, info, WEXITED | WNOHANG | WNOWAIT) == 0 && info->si_pid != 0;
}

static void describe_limit(const struct subject *subject, char *out, size_t size)
{
    char limit[32];

    quantity_print_duration(subject->timeout_ns, limit, sizeof(limit));
    snprintf(out, size,
             subject->finishing ? "did not end within the time limit of %s, though its input has ended"
                                : "no answer within the time limit of %s",
             limit);
}

/* A harness that was stopped (Ctrl-Z, a frozen container) or starved finds its limits passed and the answers unread: that time is not
 * the subject's. */
static void excuse_absence(struct subject *subject, int64_t now)
{
    int64_t absent = subject->looked_ns > 0 ? now - subject->looked_ns : 0;

    subject->looked_ns = now;
    if (absent < ABSENT_NS)
        return;
    if (__builtin_add_overflow(subject->deadline_ns, absent, &subject->deadline_ns))
        subject->deadline_ns = INT64_MAX;
    if (subject->lost_ns > 0)
        subject->lost_ns += absent;
}

static void check_limits(struct subject *subject)
{
    int64_t now = clock_now_ns();

    if (subject->state != SUBJECT_ALIVE)
        return;
    excuse_absence(subject, now);
    if (subject->stop && *subject->stop) {
        subject->state = SUBJECT_STOPPED;
        snprintf(subject->detail, sizeof(subject->detail), "stopped by the user");
    } else if (now > subject->deadline_ns) {
        subject->state = SUBJECT_HUNG;
        describe_limit(subject, subject->detail, sizeof(subject->detail));
    } else if (subject->lost_ns > 0 && !subject->finishing && now > subject->lost_ns + GRACE_NS) {
        subject->line = NULL;
        protocol_break(subject, "it closed its standard %s and lives on", subject->child.out < 0 ? "output" : "input");
    }
}

static void lost_pipe(struct subject *subject, int *fd)
{
    subject_close_fd(fd);
    if (subject->lost_ns == 0)
        subject->lost_ns = clock_now_ns();
}

/* ---- writing ---- */

/* write() that gives EPIPE instead of the signal, whatever this thread does with SIGPIPE. */
static ssize_t write_quietly(int fd, const char *bytes, size_t length)
{
    const struct timespec none = {0, 0};
    sigset_t pipe_only, before, pending;

    sigemptyset(&pipe_only);
    sigaddset(&pipe_only, SIGPIPE);
    sigpending(&pending);
    pthread_sigmask(SIG_BLOCK, &pipe_only, &before);
    ssize_t written = write(fd, bytes, length);
    int saved = errno;
    if (written < 0 && saved == EPIPE && !sigismember(&pending, SIGPIPE))
        while (sigtimedwait(&pipe_only, NULL, &none) < 0 && errno == EINTR)
            ;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    errno = saved;
    return written;
}

static void send_queue(struct subject *subject)
{
    struct buffer *queue = &subject->queue;

    while (subject->child.in >= 0 && subject->sent < queue->length) {
        ssize_t n = write_quietly(subject->child.in, queue->data + subject->sent, queue->length - subject->sent);
        if (n > 0)
            subject->sent += (size_t)n;
        else if (n < 0 && errno == EAGAIN)
            break;
        else if (n < 0 && errno != EINTR)
            lost_pipe(subject, &subject->child.in);
    }
    if (subject->child.in < 0 || subject->sent == queue->length) {
        buffer_clear(queue);
        subject->sent = 0;
    } else if (subject->sent > queue->length / 2) {
        buffer_drop_front(queue, subject->sent);
        subject->sent = 0;
    }
}

/* ---- reading ---- */

static void keep_last_answer(struct subject *subject)
{
    text_make_printable(subject->line, subject->line_length, subject->last_answer, sizeof(subject->last_answer));
}

/* Takes the complete lines in the input; what is left is the beginning of one. */
static enum err take_lines(struct subject *subject, struct problem *why)
{
    char *from = subject->input, *end = subject->input + subject->input_length, *newline;
    enum err err = ERR_NONE;

    subject->line = NULL;
    while (err == ERR_NONE && subject->state == SUBJECT_ALIVE &&
           (newline = memchr(from, '\n', (size_t)(end - from))) != NULL) {
        *newline = '\0';
        subject->line = from;
        subject->line_length = (size_t)(newline - from);
        from = newline + 1;
        if (subject->line_length > SUBJECT_LINE_MAX)
            protocol_break(subject, "a line of %zu bytes, more than 64 KiB", subject->line_length);
        else
            err = protocol_take_line(subject, why);
    }
    if (subject->line)
        keep_last_answer(subject);
    subject->line = from;
    subject->line_length = subject->input_length = (size_t)(end - from);
    if (subject->line_length > SUBJECT_LINE_MAX && !memchr(from, '\n', subject->line_length))
        protocol_break(subject, "a line of more than 64 KiB");
    memmove(subject->input, from, subject->input_length);
    subject->line = NULL;
    return err;
}

/* Reads once. *more tells whether there was anything. */
static enum err read_answers(struct subject *subject, bool *more, struct problem *why)
{
    size_t room = INPUT_SIZE - subject->input_length;
    ssize_t n = read(subject->child.out, subject->input + subject->input_length, room);

    *more = n > 0;
    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
        lost_pipe(subject, &subject->child.out);
    if (n <= 0)
        return ERR_NONE;
    subject->input_length += (size_t)n;
    subject->answer_bytes += n;
    enum err err = take_lines(subject, why);
    if (err == ERR_NONE && subject->answer_bytes > subject->answer_budget)
        protocol_break(subject, "more than 64 MiB of answers that nobody asked for between two rungs");
    return err;
}

/* Its end alone is no loss: a child may close its stderr. */
static bool read_errors(struct subject *subject)
{
    char bytes[16 * 1024];
    ssize_t n = read(subject->child.err, bytes, sizeof(bytes));

    if (n > 0)
        tail_add(subject->tail, bytes, (size_t)n);
    else if (n == 0 || (errno != EAGAIN && errno != EINTR))
        subject_close_fd(&subject->child.err);
    return n > 0;
}

/* ---- ending ---- */

static void set_exit(struct subject *subject, const siginfo_t *info)
{
    bool signalled = info->si_code != CLD_EXITED;

    subject->state = signalled ? SUBJECT_CRASHED : SUBJECT_EXITED;
    subject->code = info->si_status;
    if (signalled)
        snprintf(subject->detail, sizeof(subject->detail), "killed by signal %d (%s)", subject->code,
                 sigdescr_np(subject->code) ? sigdescr_np(subject->code) : "unknown");
    else if (!subject->finishing)
        snprintf(subject->detail, sizeof(subject->detail), "exited with status %d before it was asked to",
                 subject->code);
    else if (subject->code != 0)
        snprintf(subject->detail, sizeof(subject->detail), "exited with status %d", subject->code);
}

/* The child is dead: kills its group, so that the pipes end, and takes what it had said. */
static enum err take_leave(struct subject *subject, const siginfo_t *info, struct problem *why)
{
    enum err err = ERR_NONE;
    bool more = true;

    kill(-subject->child.pid, SIGKILL);
    for (int i = 0; i < DRAIN_MAX && more && err == ERR_NONE && subject->child.out >= 0; i++) {
        more = false;
        if (subject->state == SUBJECT_ALIVE)
            err = read_answers(subject, &more, why);
    }
    for (int i = 0; i < DRAIN_MAX && subject->child.err >= 0 && read_errors(subject); i++)
        ;
    if (subject->state != SUBJECT_ALIVE)
        return err;
    bool good = info->si_code == CLD_EXITED && info->si_status == 0;
    if (good && subject->finishing && subject->input_length > 0) {
        subject->line = subject->input;
        subject->line_length = subject->input_length;
        protocol_break(subject, "the last line has no end");
    } else {
        set_exit(subject, info);
    }
    return err;
}

static enum err move_bytes(struct subject *subject, int wait_ms, bool *idle, struct problem *why)
{
    bool unsent = subject->sent < subject->queue.length, more;
    struct pollfd fds[3] = {
        {.fd = unsent ? subject->child.in : -1, .events = POLLOUT},
        {.fd = subject->child.out, .events = POLLIN},
        {.fd = subject->child.err, .events = POLLIN},
    };
    int ready = poll(fds, ARRAY_LEN(fds), wait_ms);

    *idle = ready <= 0;
    if (ready <= 0)
        return ERR_NONE;
    if (fds[0].revents)
        send_queue(subject);
    if (fds[2].revents)
        (void)read_errors(subject);
    return fds[1].revents ? read_answers(subject, &more, why) : ERR_NONE;
}

enum err exchange_turn(struct subject *subject, int wait_ms, struct problem *why)
{
    siginfo_t info;
    bool idle = true;

    if (subject->state != SUBJECT_ALIVE)
        return ERR_NONE;
    if (wait_ms > IDLE_MS)
        wait_ms = IDLE_MS;
    if (subject->lost_ns > 0 && wait_ms > 1)
        wait_ms = 1; /* its exit is near: look often */
    enum err err = move_bytes(subject, wait_ms, &idle, why);
    if (err == ERR_NONE && subject->state == SUBJECT_ALIVE && look_is_due(subject, idle && wait_ms > 0) &&
        has_exited(subject, &info))
        err = take_leave(subject, &info, why);
    check_limits(subject);
    if (err != ERR_NONE || subject->state != SUBJECT_ALIVE) {
        for (int i = 0; i < DRAIN_MAX && subject->child.err >= 0 && read_errors(subject); i++)
            ;
        exchange_kill(subject);
    }
    return err;
}
