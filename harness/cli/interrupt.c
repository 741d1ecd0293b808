/*
 * Signals are blocked in every thread and fetched by the one that waits (sigtimedwait): no handler, nothing that must be
 * async-signal-safe. The children get an empty mask from subject.
 */
#include "harness/cli/cli.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static sigset_t wanted_signals(void)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
    sigset_t set;
    sigemptyset(&set);
    for (size_t i = 0; i < ARRAY_LEN(signals); i++) {
        struct sigaction action;
        /* nohup and background jobs of a script ignore some: let them. */
        if (sigaction(signals[i], NULL, &action) == 0 && action.sa_handler != SIG_IGN)
            sigaddset(&set, signals[i]);
    }
    return set;
}

void interrupt_open(struct interrupt *interrupt)
{
    sigset_t set = wanted_signals(), old;
    _Static_assert(sizeof old <= sizeof interrupt->saved, "struct interrupt must hold a sigset_t");
    interrupt->seen = 0;
    (void)pthread_sigmask(SIG_BLOCK, &set, &old);
    memcpy(interrupt->saved, &old, sizeof old);
}

/* The pids in a file like /proc/self/task/17/children; each leads its own process group. */
static void kill_listed(const char *path)
{
    FILE *file = fopen(path, "re");
    int pid;
    while (file && fscanf(file, "%d", &pid) == 1)
        if (pid > 1 && kill(-pid, SIGKILL) != 0)
            (void)kill(pid, SIGKILL);
    if (file)
        (void)fclose(file);
}

static void kill_children(void)
{
    static const char tasks[] = "/proc/self/task";
    DIR *folder = opendir(tasks);
    for (const struct dirent *entry; folder && (entry = readdir(folder)) != NULL;) {
        char path[sizeof tasks + sizeof entry->d_name + 16];
        (void)snprintf(path, sizeof path, "%s/%s/children", tasks, entry->d_name);
        if (entry->d_name[0] != '.')
            kill_listed(path);
    }
    if (folder)
        closedir(folder);
}

bool interrupt_wait(struct interrupt *interrupt, int ms)
{
    sigset_t set = wanted_signals();
    const struct timespec limit = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};
    if (sigtimedwait(&set, NULL, &limit) > 0 && ++interrupt->seen > 1) {
        kill_children();
        _exit(EXIT_INTERRUPTED);
    }
    return interrupt->seen > 0;
}

void interrupt_close(struct interrupt *interrupt)
{
    sigset_t old;
    memcpy(&old, interrupt->saved, sizeof old);
    (void)pthread_sigmask(SIG_SETMASK, &old, NULL);
}
