#include "harness/report/html_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define GNUPLOT_SECONDS   60
#define GNUPLOT_POLL_NS   2000000
#define GNUPLOT_MAX_BYTES (256u << 20)

extern char **environ;

/* Script, pictures and messages lie in memory files: nothing to poll, nothing to clean up, no deadlock between two pipes. */
struct gnuplot {
    int script, pictures, messages;
    pid_t pid;
};

static enum err write_all(int fd, const char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t written = write(fd, bytes, length);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return ERR_SYSTEM;
        bytes += written;
        length -= (size_t)written;
    }
    return lseek(fd, 0, SEEK_SET) == 0 ? ERR_NONE : ERR_SYSTEM;
}

static enum err read_all(int fd, struct buffer *out)
{
    char chunk[16384];
    off_t at = 0;
    ssize_t got;
    while ((got = pread(fd, chunk, sizeof chunk, at)) > 0 && out->length < GNUPLOT_MAX_BYTES) {
        buffer_add(out, chunk, (size_t)got);
        at += got;
    }
    return out->failed ? ERR_MEMORY : got < 0 ? ERR_SYSTEM : ERR_NONE;
}

static enum err not_found(struct problem *why)
{
    return problem_set(why, ERR_SYSTEM, "gnuplot was not found (Debian: apt-get install gnuplot-nox)");
}

static enum err start(struct gnuplot *gnuplot, struct problem *why)
{
    /* -d: neither the user's nor the system's start-up file changes the picture. */
    char *const argv[] = {(char[]){"gnuplot"}, (char[]){"-d"}, NULL};
    posix_spawn_file_actions_t actions;
    if (posix_spawn_file_actions_init(&actions))
        return problem_set(why, ERR_MEMORY, "out of memory while starting gnuplot");
    int failed = posix_spawn_file_actions_adddup2(&actions, gnuplot->script, 0);
    failed = failed ? failed : posix_spawn_file_actions_adddup2(&actions, gnuplot->pictures, 1);
    failed = failed ? failed : posix_spawn_file_actions_adddup2(&actions, gnuplot->messages, 2);
    failed = failed ? failed : posix_spawnp(&gnuplot->pid, argv[0], &actions, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    if (failed == ENOENT)
        return not_found(why);
    if (failed)
        return problem_set(why, ERR_SYSTEM, "gnuplot could not be started: %s", strerror(failed));
    return ERR_NONE;
}

/* Waits for the end, at most GNUPLOT_SECONDS. */
static enum err finish(const struct gnuplot *gnuplot, struct problem *why)
{
    const struct timespec pause = {.tv_nsec = GNUPLOT_POLL_NS};
    int64_t left = GNUPLOT_SECONDS * NS_PER_SEC;
    int state = 0;
    pid_t ended;
    while ((ended = waitpid(gnuplot->pid, &state, WNOHANG)) == 0 && left > 0) {
        nanosleep(&pause, NULL);
        left -= GNUPLOT_POLL_NS;
    }
    if (ended == 0) {
        kill(gnuplot->pid, SIGKILL);
        waitpid(gnuplot->pid, &state, 0);
        return problem_set(why, ERR_SYSTEM, "gnuplot did not end within %d seconds", GNUPLOT_SECONDS);
    }
    if (ended == gnuplot->pid && WIFEXITED(state) && WEXITSTATUS(state) == 0)
        return ERR_NONE;
    /* So posix_spawn says it where the child cannot tell its parent: under Valgrind. */
    if (ended == gnuplot->pid && WIFEXITED(state) && WEXITSTATUS(state) == 127)
        return not_found(why);
    char said[256] = "", printable[512];
    ssize_t got = pread(gnuplot->messages, said, sizeof said - 1, 0);
    return problem_set(why, ERR_SYSTEM, "gnuplot failed: %s",
                       text_make_printable(said, got > 0 ? (size_t)got : 0, printable, sizeof printable));
}

enum err gnuplot_run(const struct buffer *script, struct buffer *out, struct problem *why)
{
    struct gnuplot gnuplot = {.script = memfd_create("churn-gnuplot-script", MFD_CLOEXEC),
                              .pictures = memfd_create("churn-gnuplot-pictures", MFD_CLOEXEC),
                              .messages = memfd_create("churn-gnuplot-messages", MFD_CLOEXEC)};
    enum err err = ERR_SYSTEM;
    if (gnuplot.script < 0 || gnuplot.pictures < 0 || gnuplot.messages < 0 ||
        write_all(gnuplot.script, script->data, script->length))
        problem_set(why, ERR_SYSTEM, "no room for gnuplot's script: %s", strerror(errno));
    else
        err = start(&gnuplot, why);
    err = err ? err : finish(&gnuplot, why);
    if (!err && (err = read_all(gnuplot.pictures, out)))
        problem_set(why, err, "gnuplot's pictures could not be read");
    if (gnuplot.script >= 0)
        close(gnuplot.script);
    if (gnuplot.pictures >= 0)
        close(gnuplot.pictures);
    if (gnuplot.messages >= 0)
        close(gnuplot.messages);
    return err;
}
