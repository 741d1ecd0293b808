/*
 * libfaketime 0.9.10 makes two files in /dev/shm for each process and removes them at its exit; a process that is killed, as hanging pools
 * are, leaves them behind. The next process that gets the same pid then runs with two descriptors fewer (both files there), or dies at
 * once (one of them). So the files of processes that are no more are swept before and after the runs.
 */
#include "harness/cli/cli.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const prefixes[] = {"faketime_shm_", "sem.faketime_sem_"};

/* The pid in the name of such a file; 0: it is another file. */
static pid_t pid_in(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(prefixes); i++) {
        size_t length = strlen(prefixes[i]);
        char *end = NULL;
        if (strncmp(name, prefixes[i], length) != 0)
            continue;
        long pid = strtol(name + length, &end, 10);
        return end > name + length && *end == '\0' && pid > 0 && pid <= INT32_MAX ? (pid_t)pid : 0;
    }
    return 0;
}

static bool is_dead(pid_t pid)
{
    return kill(pid, 0) != 0 && errno == ESRCH;
}

void litter_sweep(void)
{
    DIR *folder = opendir("/dev/shm");
    for (const struct dirent *entry; folder && (entry = readdir(folder)) != NULL;) {
        struct stat info;
        pid_t pid = pid_in(entry->d_name);
        if (pid > 0 && is_dead(pid) && fstatat(dirfd(folder), entry->d_name, &info, AT_SYMLINK_NOFOLLOW) == 0 &&
            info.st_uid == geteuid())
            (void)unlinkat(dirfd(folder), entry->d_name, 0);
    }
    if (folder)
        closedir(folder);
}
