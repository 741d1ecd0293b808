/* common.c: putting commands together, and reading what tools wrote. */
#include "harness/backend/backend_internal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOG_READ_MAX ((off_t)1024 * 1024) /* of one file: summaries stand at the end */
#define LOG_KEEP_MAX ((size_t)16 * 1024)  /* of all in a run */

/* ---- lists ---- */

void text_list_addf(struct text_list *list, const char *format, ...)
{
    char *text = NULL;
    va_list args;

    va_start(args, format);
    int length = vasprintf(&text, format, args);
    va_end(args);
    char **items = length < 0 ? NULL : realloc(list->items, (list->count + 2) * sizeof(*items));
    if (!items) {
        if (length >= 0)
            free(text);
        list->failed = true;
        return;
    }
    list->items = items;
    list->items[list->count++] = text;
    list->items[list->count] = NULL;
}

void text_list_free(struct text_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        free(list->items[i]);
    free(list->items);
    *list = (struct text_list){0};
}

/* ---- commands ---- */

const char *backend_foreign_command(const char *pool)
{
    static const char prefix[] = "exec:";

    return strncmp(pool, prefix, strlen(prefix)) == 0 ? pool + strlen(prefix) : NULL;
}

/* Below $TMPDIR. */
static enum err make_log_folder(struct backend_command *command, struct problem *why)
{
    const char *base = getenv("TMPDIR");
    char *path = NULL;

    if (!base || base[0] != '/')
        base = "/tmp";
    if (asprintf(&path, "%s/churn-XXXXXX", base) < 0)
        return problem_set(why, ERR_MEMORY, "out of memory");
    if (!mkdtemp(path)) {
        enum err err =
            problem_set(why, ERR_SYSTEM, "cannot make a folder for logs below %s (TMPDIR): %s", base, strerror(errno));
        free(path);
        return err;
    }
    command->log_folder = path;
    return ERR_NONE;
}

enum err command_open(const char *backend, const char *pool, struct backend_command *out, struct problem *why)
{
    *out = (struct backend_command){0};
    if (backend_foreign_command(pool))
        return problem_set(why, ERR_INPUT, "a foreign program runs under native only: %s cannot look into it", backend);
    return make_log_folder(out, why);
}

void command_add_host(struct text_list *argv, const char *build_folder, const char *program, const char *pool)
{
    text_list_addf(argv, "%s/%s", build_folder, program);
    text_list_addf(argv, "--pool");
    text_list_addf(argv, "%s", pool);
}

/* With NO_CACHE it reads FAKETIME at every call, so that the host moves its own clock; MT because the other variant dies
 * in LeakSanitizer's threads; no shared memory (later versions obey), because runs go in parallel; no stat, because it takes a semaphore that is
 * gone when LeakSanitizer looks up the names for its report, and the process aborts instead of reporting. */
void command_add_faketime(struct backend_command *command, struct text_list *env)
{
    const char *library = backend_faketime(NULL);

    if (!library)
        return;
    text_list_addf(env, "LD_PRELOAD=%s", library);
    text_list_addf(env, "FAKETIME=+0");
    text_list_addf(env, "FAKETIME_NO_CACHE=1");
    text_list_addf(env, "FAKETIME_DISABLE_SHM=1");
    text_list_addf(env, "NO_FAKE_STAT=1");
    command->clock_name = faketime_share();
    if (command->clock_name)
        text_list_addf(env, "FAKETIME_SHARED=%s %s", command->clock_name, command->clock_name);
}

enum err command_set(struct backend_command *command, struct text_list *argv, struct text_list *env,
                     struct problem *why)
{
    text_list_addf(env, "CHURN=1"); /* the list is never NULL; a subject may want to know who started it */
    if (argv->failed || env->failed) {
        text_list_free(argv);
        text_list_free(env);
        return problem_set(why, ERR_MEMORY, "out of memory while preparing a command");
    }
    command->argv = argv->items;
    command->extra_env = env->items;
    return ERR_NONE;
}

static void free_texts(char **texts)
{
    for (size_t i = 0; texts && texts[i]; i++)
        free(texts[i]);
    free(texts);
}

static void remove_folder(const char *path)
{
    DIR *folder = opendir(path);

    for (const struct dirent *entry; folder && (entry = readdir(folder)) != NULL;)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            unlinkat(dirfd(folder), entry->d_name, 0);
    if (folder)
        closedir(folder);
    rmdir(path);
}

void backend_command_free(struct backend_command *command)
{
    free_texts(command->argv);
    free_texts(command->extra_env);
    if (command->log_folder)
        remove_folder(command->log_folder);
    free(command->log_folder);
    faketime_unshare(command->clock_name);
    *command = (struct backend_command){0};
}

bool program_is_there(const char *build_folder, const char *name, const char *advice, struct problem *why)
{
    char path[4096];

    snprintf(path, sizeof(path), "%s/%s", build_folder, name);
    if (access(path, X_OK) == 0)
        return true;
    problem_set(why, ERR_SYSTEM, "%s: %s; %s", path, strerror(errno), advice);
    return false;
}

bool program_is_in_path(const char *program)
{
    const char *path = getenv("PATH");
    struct problem unused;

    while (path && *path) {
        char folder[4096];
        size_t length = strcspn(path, ":");
        if (length > 0 && length < sizeof(folder)) {
            memcpy(folder, path, length);
            folder[length] = '\0';
            if (program_is_there(folder, program, "", &unused))
                return true;
        }
        path += length + (path[length] == ':');
    }
    return false;
}

/* ---- logs ---- */

static enum err read_tail(int folder, const char *name, struct buffer *out, struct problem *why)
{
    char bytes[16 * 1024];
    int fd = openat(folder, name, O_RDONLY | O_CLOEXEC);
    struct stat info;
    ssize_t n = 0;

    if (fd < 0 || fstat(fd, &info) != 0) {
        enum err err = problem_set(why, ERR_SYSTEM, "cannot read the tool's log %s: %s", name, strerror(errno));
        if (fd >= 0)
            close(fd);
        return err;
    }
    off_t at = info.st_size > LOG_READ_MAX ? info.st_size - LOG_READ_MAX : 0;
    for (; (n = pread(fd, bytes, sizeof(bytes), at)) > 0; at += n)
        buffer_add(out, bytes, (size_t)n);
    close(fd);
    if (n < 0)
        return problem_set(why, ERR_SYSTEM, "cannot read the tool's log %s: %s", name, strerror(errno));
    return ERR_NONE;
}

enum err command_read_logs(const struct backend_command *command, struct buffer *out, struct problem *why)
{
    DIR *folder = opendir(command->log_folder);
    enum err err = ERR_NONE;

    if (!folder)
        return problem_set(why, ERR_SYSTEM, "cannot read %s: %s", command->log_folder, strerror(errno));
    for (const struct dirent *entry; err == ERR_NONE && (entry = readdir(folder)) != NULL;)
        if (entry->d_name[0] != '.')
            err = read_tail(dirfd(folder), entry->d_name, out, why);
    closedir(folder);
    if (err == ERR_NONE && out->failed)
        err = problem_set(why, ERR_MEMORY, "out of memory while reading the tool's logs");
    return err;
}

enum err run_add_log(struct run *run, const char *heading, const char *text, size_t length)
{
    struct buffer all = {0};
    enum err err = ERR_MEMORY;

    if (length > LOG_KEEP_MAX) {
        text += length - LOG_KEEP_MAX;
        length = LOG_KEEP_MAX;
    }
    if (run->log)
        buffer_addf(&all, "%s\n", run->log);
    buffer_addf(&all, "%s:\n", heading);
    buffer_add(&all, text, length);
    if (!all.failed)
        err = run_set_text(&run->log, all.data);
    buffer_free(&all);
    return err;
}

int64_t text_count(const char *text, const char *what)
{
    int64_t count = 0;

    for (const char *at = text; (at = strstr(at, what)) != NULL; at += strlen(what))
        count++;
    return count;
}

bool text_last_number(const char *text, const char *label, int64_t *out)
{
    bool found = false;

    for (const char *at = text; at && (at = strstr(at, label)) != NULL;) {
        at += strlen(label);
        at += strspn(at, " ");
        if (*at < '0' || *at > '9')
            continue;
        for (*out = 0; (*at >= '0' && *at <= '9') || *at == ','; at++)
            *out = *at == ',' ? *out : *out * 10 + (*at - '0');
        found = true;
    }
    return found;
}
