/* From the words on the command line to scenario files. */
#include "harness/cli/cli.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static bool is_scenario(const char *name)
{
    size_t length = strlen(name);
    return name[0] != '.' && length > 4 && strcmp(name + length - 4, ".lua") == 0;
}

/* All scenarios right in a folder, sorted; folders below are other collections and must be named. */
static enum err list_folder(const char *path, struct words *files, struct problem *why)
{
    DIR *folder = opendir(path);
    struct words found = {0};
    size_t length = strlen(path);
    enum err err = ERR_NONE;
    if (!folder)
        return problem_set(why, ERR_INPUT, "cannot read the folder %s: %s", path, strerror(errno));
    while (length > 1 && path[length - 1] == '/')
        length--;
    for (const struct dirent *entry; err == ERR_NONE && (entry = readdir(folder)) != NULL;) {
        char *file = NULL;
        if (!is_scenario(entry->d_name))
            continue;
        if (asprintf(&file, "%.*s/%s", (int)length, path, entry->d_name) < 0)
            err = ERR_MEMORY;
        else
            err = words_add_text(&found, file);
        free(file);
    }
    closedir(folder);
    words_sort(&found);
    for (size_t i = 0; err == ERR_NONE && i < found.count; i++)
        if (!words_have(files, found.list[i]))
            err = words_add_text(files, found.list[i]);
    if (err != ERR_NONE)
        problem_set(why, err, "out of memory while reading the folder %s", path);
    else if (found.count == 0)
        err = problem_set(why, ERR_INPUT, "the folder %s holds no scenario (no .lua file)", path);
    words_free(&found);
    return err;
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* A scenario of that folder with nearly that name, as " (did you mean ...?)". */
static bool guess_file(const char *folder, const char *wanted, char *out, size_t size)
{
    struct words files = {0}, names = {0};
    if (list_folder(folder, &files, NULL) == ERR_NONE)
        for (size_t i = 0; i < files.count; i++)
            if (words_add_text(&names, base_name(files.list[i])) != ERR_NONE)
                break;
    const char *near = text_closest(wanted, (const char *const *)names.list, names.count);
    if (near && strcmp(folder, ".") == 0)
        (void)snprintf(out, size, " (did you mean %.100s?)", near);
    else if (near)
        (void)snprintf(out, size, " (did you mean %.150s/%.100s?)", folder, near);
    words_free(&files);
    words_free(&names);
    return near != NULL;
}

/* A file that is not there: perhaps a neighbour was meant, or one in the usual folder. */
static enum err refuse_missing(const char *path, int reason, struct problem *why)
{
    const char *slash = strrchr(path, '/'), *base = base_name(path);
    char folder[1024] = ".", wanted[300], more[300] = "";
    if (slash)
        (void)snprintf(folder, sizeof folder, "%.*s", (int)(slash - path), path);
    (void)snprintf(wanted, sizeof wanted, "%.200s%s", base, is_scenario(base) ? "" : ".lua");
    if (!guess_file(folder, wanted, more, sizeof more) && !slash)
        (void)guess_file("scenarios", wanted, more, sizeof more);
    return problem_set(why, ERR_INPUT, "cannot read the scenario %.200s: %s%s", path, strerror(reason), more);
}

/* Runs are known by the scenario's name: two files of one name could not be told apart in the results. */
static enum err refuse_namesakes(const struct words *files, struct problem *why)
{
    for (size_t i = 0; i < files->count; i++)
        for (size_t j = 0; j < i; j++)
            if (strcmp(base_name(files->list[i]), base_name(files->list[j])) == 0)
                return problem_set(why, ERR_INPUT, "two scenarios have the same name: %s and %s", files->list[j],
                                   files->list[i]);
    return ERR_NONE;
}

enum err scenarios_find(const struct words *operands, struct words *files, struct problem *why)
{
    for (size_t i = 0; i < operands->count; i++) {
        const char *path = operands->list[i];
        struct stat info;
        enum err err = ERR_NONE;
        if (stat(path, &info) != 0)
            return refuse_missing(path, errno, why);
        if (S_ISDIR(info.st_mode))
            err = list_folder(path, files, why);
        else if (!words_have(files, path) && words_add_text(files, path) != ERR_NONE)
            err = problem_set(why, ERR_MEMORY, "out of memory");
        if (err != ERR_NONE)
            return err;
    }
    return refuse_namesakes(files, why);
}
