/* faketime.c: where libfaketime is, and what its processes share. */
#include "harness/backend/backend_internal.h"

#include <fcntl.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define SHARED_WORDS 64
#define NAME_TRIES   100

/* Debian's places by architecture, then what others use. */
static const char *const PLACES[] = {
    "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1",
    "/usr/lib/aarch64-linux-gnu/faketime/libfaketimeMT.so.1",
    "/usr/lib/arm-linux-gnueabihf/faketime/libfaketimeMT.so.1",
    "/usr/lib/i386-linux-gnu/faketime/libfaketimeMT.so.1",
    "/usr/lib/powerpc64le-linux-gnu/faketime/libfaketimeMT.so.1",
    "/usr/lib/s390x-linux-gnu/faketime/libfaketimeMT.so.1",
    "/usr/lib/riscv64-linux-gnu/faketime/libfaketimeMT.so.1",
    "/usr/lib64/faketime/libfaketimeMT.so.1",
    "/usr/lib/faketime/libfaketimeMT.so.1",
    "/usr/local/lib/faketime/libfaketimeMT.so.1",
};

const char *backend_faketime(struct problem *why)
{
    for (size_t i = 0; i < ARRAY_LEN(PLACES); i++)
        if (access(PLACES[i], R_OK) == 0)
            return PLACES[i];
    problem_set(why, ERR_SYSTEM, "libfaketimeMT.so.1 is not there; `make setup` installs it");
    return NULL;
}

/*
 * libfaketime keeps a semaphore and a piece of shared memory for a group of processes. Each process that finds none makes them,
 * named after its process id, and a process that is killed, or that Valgrind's launcher became by exec, leaves them behind:
 * litter, and worse, the next process of that id finds them and has other files open than its twin. So each run brings
 * its own, as the faketime program does, under a name of its own.
 */

/* Two counters, then the clocks at the start, each a second and a nanosecond: -1 means that it is not known yet. */
static bool write_shared(int fd)
{
    int64_t words[SHARED_WORDS] = {0};

    for (size_t i = 3; i < SHARED_WORDS; i += 2)
        words[i] = -1;
    return write(fd, words, sizeof(words)) == (ssize_t)sizeof(words);
}

static bool make_shared(const char *name)
{
    int fd = shm_open(name, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);

    if (fd < 0)
        return false;
    bool written = write_shared(fd);
    close(fd);
    sem_t *semaphore = written ? sem_open(name, O_CREAT | O_EXCL, 0600, 1) : SEM_FAILED;
    if (semaphore == SEM_FAILED) {
        shm_unlink(name);
        return false;
    }
    sem_close(semaphore);
    return true;
}

char *faketime_share(void)
{
    char name[64];
    struct timespec now;

    for (int i = 0; i < NAME_TRIES; i++) {
        clock_gettime(CLOCK_REALTIME, &now);
        snprintf(name, sizeof(name), "/churn-%d-%lld-%ld", (int)getpid(), (long long)now.tv_sec, now.tv_nsec);
        if (!make_shared(name))
            continue;
        char *copy = strdup(name);
        if (!copy) {
            sem_unlink(name);
            shm_unlink(name);
        }
        return copy;
    }
    return NULL;
}

void faketime_unshare(char *name)
{
    if (!name)
        return;
    sem_unlink(name);
    shm_unlink(name);
    free(name);
}
