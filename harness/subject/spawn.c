/* spawn.c: starting the child: three pipes, its own process group, its environment. */
#include "harness/subject/subject_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern char **environ;

#define PIPE_BYTES (256 * 1024) /* fewer switches between the two processes; a smaller pipe works as well */

void subject_close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static bool same_name(const char *a, const char *b)
{
    size_t length = strcspn(a, "=");

    return strncmp(a, b, length) == 0 && b[length] == '=';
}

/* Our environment with `extra` added, which wins. The array is OWNED, its texts are not. NULL: out of memory. */
static char **merge_environment(char *const *extra)
{
    size_t ours = 0, added = 0, used = 0;

    while (environ && environ[ours])
        ours++;
    while (extra && extra[added])
        added++;
    char **merged = calloc(ours + added + 1, sizeof(*merged));
    if (!merged)
        return NULL;
    for (size_t i = 0; i < ours; i++) {
        bool replaced = false;
        for (size_t j = 0; j < added && !replaced; j++)
            replaced = same_name(extra[j], environ[i]);
        if (!replaced)
            merged[used++] = environ[i];
    }
    for (size_t j = 0; j < added; j++)
        merged[used++] = extra[j];
    return merged;
}

/* A pipe whose end `ours` (0 reads, 1 writes) does not block. */
static bool open_pipe(int fds[2], int ours)
{
    if (pipe2(fds, O_CLOEXEC) != 0) {
        fds[0] = fds[1] = -1;
        return false;
    }
    (void)fcntl(fds[ours], F_SETPIPE_SZ, PIPE_BYTES);
    return fcntl(fds[ours], F_SETFL, O_NONBLOCK) == 0;
}

/* The child gets default signals and an empty mask, whatever this thread has. */
static int set_attributes(posix_spawnattr_t *attr)
{
    sigset_t none, usual;

    sigemptyset(&none);
    sigemptyset(&usual);
    sigaddset(&usual, SIGPIPE);
    sigaddset(&usual, SIGINT);
    sigaddset(&usual, SIGTERM);
    int rc = posix_spawnattr_setflags(attr, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    if (rc == 0)
        rc = posix_spawnattr_setpgroup(attr, 0);
    if (rc == 0)
        rc = posix_spawnattr_setsigmask(attr, &none);
    if (rc == 0)
        rc = posix_spawnattr_setsigdefault(attr, &usual);
    return rc;
}

static int start(char *const *argv, char *const *env, const int child_ends[3], pid_t *pid)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attr;
    int rc = posix_spawn_file_actions_init(&actions);

    if (rc != 0)
        return rc;
    rc = posix_spawnattr_init(&attr);
    if (rc != 0)
        goto out_actions;
    rc = set_attributes(&attr);
    for (int i = 0; rc == 0 && i < 3; i++)
        rc = posix_spawn_file_actions_adddup2(&actions, child_ends[i], i);
    /* Whatever else this process has open, close-on-exec or not, is no business of the child's: its files are counted. */
    if (rc == 0)
        rc = posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
    if (rc == 0)
        rc = posix_spawnp(pid, argv[0], &actions, &attr, argv, env);
    posix_spawnattr_destroy(&attr);
out_actions:
    posix_spawn_file_actions_destroy(&actions);
    return rc;
}

enum err subject_spawn(const struct subject_launch *launch, struct subject_child *out, struct problem *why)
{
    int in[2] = {-1, -1}, answers[2] = {-1, -1}, errors[2] = {-1, -1};
    char **env = merge_environment(launch->extra_env);
    enum err err = ERR_NONE;

    *out = (struct subject_child){.pid = -1, .in = -1, .out = -1, .err = -1};
    if (!env)
        return problem_set(why, ERR_MEMORY, "out of memory while starting %s", launch->argv[0]);
    if (!open_pipe(in, 1) || !open_pipe(answers, 0) || !open_pipe(errors, 0)) {
        err = problem_set(why, ERR_SYSTEM, "cannot make a pipe for %s: %s", launch->argv[0], strerror(errno));
        goto out;
    }
    int rc = start(launch->argv, env, (const int[3]){in[0], answers[1], errors[1]}, &out->pid);
    if (rc != 0) {
        out->pid = -1;
        err = problem_set(why, ERR_SYSTEM, "cannot start %s: %s", launch->argv[0], strerror(rc));
        goto out;
    }
    out->in = in[1];
    out->out = answers[0];
    out->err = errors[0];
    in[1] = answers[0] = errors[0] = -1;
out:
    for (int i = 0; i < 2; i++) {
        subject_close_fd(&in[i]);
        subject_close_fd(&answers[i]);
        subject_close_fd(&errors[i]);
    }
    free(env);
    return err;
}
