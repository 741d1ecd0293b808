/* Short programs that are asked a question: the host for its pools, valgrind for its version. */
#include "harness/cli/cli.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define ANSWER_MOST (256 * 1024)

extern char **environ;

static int64_t now_ms(void)
{
    return clock_now_ns() / NS_PER_MS;
}

/* stdin and the stream that nobody wants are /dev/null; the other is the pipe. */
static int start(char *const *argv, int stream, int pipe_end, pid_t *pid)
{
    posix_spawn_file_actions_t actions;
    int other = stream == STDOUT_FILENO ? STDERR_FILENO : STDOUT_FILENO;
    int rc = posix_spawn_file_actions_init(&actions);
    if (rc != 0)
        return rc;
    rc = posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    if (rc == 0)
        rc = posix_spawn_file_actions_addopen(&actions, other, "/dev/null", O_WRONLY, 0);
    if (rc == 0)
        rc = posix_spawn_file_actions_adddup2(&actions, pipe_end, stream);
    if (rc == 0)
        rc = posix_spawnp(pid, argv[0], &actions, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    return rc;
}

/* Reads until the end, the time limit, or too much. False: not to the end. */
static bool read_answer(int fd, int limit_ms, struct buffer *out)
{
    char block[4096];
    int64_t until = now_ms() + limit_ms;
    while (out->length < ANSWER_MOST) {
        struct pollfd wait = {.fd = fd, .events = POLLIN};
        int64_t left = until - now_ms();
        int ready = left > 0 ? poll(&wait, 1, (int)left) : 0;
        if (ready < 0 && errno == EINTR)
            continue;
        if (ready <= 0)
            return false;
        ssize_t got = read(fd, block, sizeof block);
        if (got <= 0)
            return got == 0;
        buffer_add(out, block, (size_t)got);
    }
    return false;
}

enum err capture(char *const *argv, int stream, int limit_ms, struct buffer *out, int *status, struct problem *why)
{
    int ends[2], how = 0;
    pid_t pid = -1;
    *status = -1;
    if (pipe2(ends, O_CLOEXEC) != 0)
        return problem_set(why, ERR_SYSTEM, "cannot make a pipe for %s: %s", argv[0], strerror(errno));
    int rc = start(argv, stream, ends[1], &pid);
    close(ends[1]);
    if (rc == 0) {
        if (!read_answer(ends[0], limit_ms, out))
            kill(pid, SIGKILL);
        while (waitpid(pid, &how, 0) < 0 && errno == EINTR)
            continue;
        if (WIFEXITED(how))
            *status = WEXITSTATUS(how);
    }
    close(ends[0]);
    if (rc != 0)
        return problem_set(why, ERR_SYSTEM, "cannot start %s: %s", argv[0], strerror(rc));
    return out->failed ? problem_set(why, ERR_MEMORY, "out of memory while asking %s", argv[0]) : ERR_NONE;
}
