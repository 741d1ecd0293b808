/* threads.c: threads alive. */
#include "harness/probe/probe.h"
#include "harness/probe/proc.h"

#include <pthread.h>
#include <unistd.h>

#define CHECK_THREADS 3

static bool read_threads(pid_t pid, int64_t *out)
{
    char text[4096];

    return proc_read(pid, "status", text, sizeof(text)) && proc_find_number(text, "Threads", out);
}

static void *wait_for_end(void *arg)
{
    pthread_mutex_t *gate = arg;

    pthread_mutex_lock(gate);
    pthread_mutex_unlock(gate);
    return NULL;
}

static enum err check_threads(struct problem *why)
{
    pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
    pthread_t threads[CHECK_THREADS];
    int64_t before = 0, after = 0;
    int started = 0;
    bool seen = read_threads(getpid(), &before);

    pthread_mutex_lock(&gate);
    while (started < CHECK_THREADS && pthread_create(&threads[started], NULL, wait_for_end, &gate) == 0)
        started++;
    seen = seen && started == CHECK_THREADS && read_threads(getpid(), &after);
    pthread_mutex_unlock(&gate);
    while (started > 0)
        pthread_join(threads[--started], NULL);
    if (!seen)
        return problem_set(why, ERR_SYSTEM, "probe threads: cannot read /proc/self/status, or start %d threads",
                           CHECK_THREADS);
    return proc_expect_change("threads", before, after, CHECK_THREADS, 0, why);
}

static const struct probe threads = {
    .name = "threads", .about = "threads alive", .read = read_threads, .self_check = check_threads};
PROBE_REGISTER(threads)
