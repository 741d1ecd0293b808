/* churn holds no pool: it asks the host program which there are, and whether it can make one. */
#include "harness/cli/cli.h"

#include <stdlib.h>
#include <string.h>

#define LIMIT_MS 10000

/* `variant` is "", or a folder with its slash. */
static char *host_path(const char *build_folder, const char *variant)
{
    char *path = NULL;
    return asprintf(&path, "%s/%schurn-host", build_folder, variant) < 0 ? NULL : path;
}

/* "NAME<tab>ABOUT" */
static enum err add_line(const char *line, size_t length, struct words *names, struct words *abouts)
{
    const char *tab = memchr(line, '\t', length);
    size_t name = tab ? (size_t)(tab - line) : length;
    enum err err = words_add(names, line, name);
    if (err == ERR_NONE)
        err = words_add(abouts, tab ? tab + 1 : "", tab ? length - name - 1 : 0);
    return err;
}

enum err pools_list(const char *build_folder, struct words *names, struct words *abouts, struct problem *why)
{
    char *host = host_path(build_folder, ""), list[] = "--list";
    struct buffer text = {0};
    int status = -1;
    if (!host)
        return problem_set(why, ERR_MEMORY, "out of memory");
    char *const argv[] = {host, list, NULL};
    enum err err = capture(argv, 1, LIMIT_MS, &text, &status, why);
    if (err != ERR_NONE)
        problem_prefix(why, "the program that holds the pools (`make` builds it)");
    else if (status != 0)
        err = problem_set(why, ERR_SYSTEM, "%s --list did not work (exit status %d)", host, status);
    const char *line = text.data ? text.data : "";
    while (err == ERR_NONE && *line) {
        size_t length = strcspn(line, "\n");
        if (length > 0 && add_line(line, length, names, abouts) != ERR_NONE)
            err = problem_set(why, ERR_MEMORY, "out of memory");
        line += length + (line[length] == '\n');
    }
    buffer_free(&text);
    free(host);
    return err;
}

static enum err refuse_name(const struct words *names, const char *name, struct problem *why)
{
    struct buffer list = {0};
    char more[100];
    for (size_t i = 0; i < names->count; i++)
        buffer_addf(&list, "%s%s", i > 0 ? ", " : "", names->list[i]);
    enum err err = problem_set(why, ERR_INPUT,
                               "there is no pool \"%.60s\"%s; the pools are %s, the path of a shared "
                               "object (with a /), or exec:COMMAND",
                               name, suggestion(name, names, more, sizeof more), list.data ? list.data : "(none)");
    buffer_free(&list);
    return err;
}

/* Lets the host make the pool once: it knows the settings, and whether a shared object can be loaded. What only breaks then (a crash,
 * no answer) is a finding about the pool and left to the runs. */
static enum err try_host(const char *build_folder, const char *variant, const char *pool, struct problem *why)
{
    char *host = host_path(build_folder, variant), *spec = strdup(pool), flag[] = "--pool";
    struct buffer text = {0};
    enum err err = ERR_MEMORY;
    int status = -1;
    if (host && spec) {
        char *const argv[] = {host, flag, spec, NULL};
        err = capture(argv, 2, LIMIT_MS, &text, &status, why);
    } else {
        problem_set(why, ERR_MEMORY, "out of memory");
    }
    if (err == ERR_NONE && status == EXIT_USAGE) {
        static const char prefix[] = "churn-host: ";
        char shown[600];
        const char *said = text.data ? text.data : "the pool cannot be used";
        if (strncmp(said, prefix, strlen(prefix)) == 0)
            said += strlen(prefix);
        text_make_printable(said, strcspn(said, "\n"), shown, sizeof shown);
        err = problem_set(why, ERR_INPUT, "%s", shown);
    }
    buffer_free(&text);
    free(host);
    free(spec);
    return err;
}

/* A shared object that was built with a sanitizer can be loaded only by the host that was too. */
static enum err try_pool(const char *build_folder, const char *pool, struct problem *why)
{
    static const char *const variants[] = {"tsan/", "asan/"};
    enum err err = try_host(build_folder, "", pool, why);
    for (size_t i = 0; err == ERR_INPUT && strchr(pool, '/') && i < ARRAY_LEN(variants); i++)
        if (try_host(build_folder, variants[i], pool, NULL) == ERR_NONE)
            err = ERR_NONE;
    return err;
}

enum err pool_check(const char *build_folder, const struct words *names, const char *pool, struct problem *why)
{
    const char *command = backend_foreign_command(pool);
    char name[NAME_MAX_LEN + 1];
    if (command)
        return command[strspn(command, " ")]
                   ? ERR_NONE
                   : problem_set(why, ERR_INPUT, "--pool: expected a command after exec:, found nothing");
    (void)snprintf(name, sizeof name, "%.*s", (int)strcspn(pool, ":"), pool);
    if (!strchr(pool, '/') && !words_have(names, name))
        return refuse_name(names, name, why);
    return try_pool(build_folder, pool, why);
}
