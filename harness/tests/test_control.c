/* test_control.c: the positive control catches what it plants, and says so when a tool is blind. */
#include "harness/driver/driver.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SAFETY INT64_C(60000000000)

/* What the control says under a backend; NULL: that backend is not here. OWNED: free. */
static char *control_under(const struct backend *backend, bool fails)
{
    struct problem why = {0};
    char *folder = NULL, *said = NULL;

    cr_assert_eq(backend_build_folder(&folder, &why), ERR_NONE);
    const struct driver_request request = {
        .backend = backend, .build_folder = folder, .timeout_ns = SAFETY, .fail_alloc = fails};
    if (backend->available(folder, &why))
        cr_assert_eq(driver_control(&request, &said, &why), ERR_NONE, "%s", why.text);
    free(folder);
    return said;
}

Test(control, catches_what_it_plants_under_every_backend)
{
    for (size_t i = 0; i < 2 * backend_count(); i++) {
        char *said = control_under(backend_at(i / 2), i % 2);
        if (said)
            cr_expect_str_eq(said, "", "%s: %s", backend_at(i / 2)->name, said);
        free(said);
    }
}

static void replace_text(char **texts, const char *from, const char *to)
{
    for (; *texts; texts++) {
        char *at = strstr(*texts, from), *text = NULL;
        if (!at)
            continue;
        cr_assert_geq(asprintf(&text, "%.*s%s%s", (int)(at - *texts), *texts, to, at + strlen(from)), 0);
        free(*texts);
        *texts = text;
    }
}

/* As under ptrace, or with a runtime that was built without it: no error, only silence. */
static enum err asan_without_leaks(const char *folder, const char *pool, struct backend_command *out,
                                   struct problem *why)
{
    enum err err = backend_find("asan")->command(folder, pool, out, why);
    if (err == ERR_NONE)
        replace_text(out->extra_env, "detect_leaks=1", "detect_leaks=0");
    return err;
}

/* The program runs without Valgrind, and a log says that all is well. */
static enum err memcheck_replaced(const char *folder, const char *pool, struct backend_command *out,
                                  struct problem *why)
{
    static const char log[] = "ERROR SUMMARY: 0 errors from 0 contexts\n";
    struct backend_command memcheck, native;
    char path[4096];
    enum err err = backend_find("memcheck")->command(folder, pool, &memcheck, why);
    cr_assert_eq(err, ERR_NONE);
    cr_assert_eq(backend_find("native")->command(folder, pool, &native, why), ERR_NONE);
    snprintf(path, sizeof(path), "%s/memcheck.1", memcheck.log_folder);
    cr_assert_eq(file_write_whole(path, log, strlen(log), why), ERR_NONE);
    native.log_folder = memcheck.log_folder;
    memcheck.log_folder = NULL;
    backend_command_free(&memcheck);
    *out = native;
    return err;
}

/* The log goes where nobody looks for it. */
static enum err memcheck_without_log(const char *folder, const char *pool, struct backend_command *out,
                                     struct problem *why)
{
    enum err err = backend_find("memcheck")->command(folder, pool, out, why);
    if (err == ERR_NONE)
        replace_text(out->argv, "--log-file=", "--log-file=/dev/null/");
    return err;
}

/* The program runs, but not under the tool. */
static enum err asan_replaced(const char *folder, const char *pool, struct backend_command *out, struct problem *why)
{
    enum err err = backend_find("asan")->command(folder, pool, out, why);
    if (err == ERR_NONE)
        replace_text(out->argv, "/asan/churn-host", "/churn-host");
    return err;
}

static enum err tsan_silent(const char *folder, const char *pool, struct backend_command *out, struct problem *why)
{
    enum err err = backend_find("tsan")->command(folder, pool, out, why);
    if (err == ERR_NONE)
        replace_text(out->extra_env, "exitcode=0", "exitcode=0:report_bugs=0");
    return err;
}

static enum err tsan_replaced(const char *folder, const char *pool, struct backend_command *out, struct problem *why)
{
    enum err err = backend_find("tsan")->command(folder, pool, out, why);
    if (err == ERR_NONE)
        replace_text(out->argv, "/tsan/churn-host", "/churn-host");
    return err;
}

static const struct {
    const char *name;
    enum err (*command)(const char *folder, const char *pool, struct backend_command *out, struct problem *why);
    const char *says;
} BLIND[] = {
    {"asan", asan_without_leaks, "a lost block was not reported"},
    {"asan", asan_replaced, "a lost block was not reported"},
    {"memcheck", memcheck_replaced, "a lost block was not reported"},
    {"memcheck", memcheck_without_log, "did not end well"},
    {"tsan", tsan_silent, "wrote to the same memory unguarded were not reported"},
    {"tsan", tsan_replaced, "wrote to the same memory unguarded were not reported"},
};

Test(control, notices_a_tool_that_sees_nothing)
{
    for (size_t i = 0; i < ARRAY_LEN(BLIND); i++) {
        struct backend blind = *backend_find(BLIND[i].name);
        blind.command = BLIND[i].command;
        char *said = control_under(&blind, false);
        if (said)
            cr_expect(strstr(said, BLIND[i].says), "row %zu, %s: \"%s\"", i, BLIND[i].name, said);
        free(said);
    }
}

/* The pool that leaks nothing, in the place of the one that does. */
static enum err honest(const char *folder, const char *pool, struct backend_command *out, struct problem *why)
{
    (void)pool;
    return backend_find("native")->command(folder, "owner", out, why);
}

Test(control, notices_that_nothing_leaks)
{
    struct backend native = *backend_find("native");
    native.command = honest;
    char *said = control_under(&native, false);
    cr_assert_not_null(said);
    cr_expect(strstr(said, "one entry left behind in three cycles was not seen"), "%s", said);
    free(said);
}

/* A word that it does not know must not make it plant less than was asked for. */
Test(control, refuses_what_it_cannot_plant)
{
    static const char *const settings[] = {"lost=counted,", "lost=counted,rac", "lost=countedx,race", "lost=", ""};

    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
        char command[200];
        snprintf(command, sizeof command,
                 "echo pool min=0 max=1 ttl=inf | build/churn-host --pool control:%s 2>/dev/null >&2", settings[i]);
        cr_expect_neq(system(command), 0, "%s", settings[i]);
    }
    cr_expect_eq(system("echo pool min=0 max=1 ttl=inf | build/churn-host --pool control:lost=counted,race >/dev/null"),
                 0);
}
