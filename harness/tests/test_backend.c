/* test_backend.c: commands are put together right, and each tool's log says what was planted. */
#include "harness/backend/backend.h"
#include "harness/subject/subject.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <sys/stat.h>
#include <unistd.h>

#define SAFETY INT64_C(120000000000)

static bool has_word(char *const *words, const char *word)
{
    for (; *words; words++)
        if (strcmp(*words, word) == 0)
            return true;
    return false;
}

static bool has_prefix(char *const *words, const char *prefix)
{
    for (; *words; words++)
        if (strncmp(*words, prefix, strlen(prefix)) == 0)
            return true;
    return false;
}

Test(backend, the_registry_is_sorted_and_finds)
{
    static const char *const names[] = {"asan", "memcheck", "native"};

    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        cr_assert_not_null(backend_find(names[i]), "%s", names[i]);
        cr_expect_str_eq(backend_find(names[i])->name, names[i]);
    }
    for (size_t i = 1; i < backend_count(); i++)
        cr_expect_lt(strcmp(backend_at(i - 1)->name, backend_at(i)->name), 0);
    cr_expect_null(backend_at(backend_count()));
    cr_expect_null(backend_find("valgrind"));
}

Test(backend, a_pool_runs_in_the_host)
{
    struct backend_command command;
    struct problem why = {0};

    cr_assert_eq(backend_find("native")->command("/b", "owner:defect=x", &command, &why), ERR_NONE);
    cr_expect_str_eq(command.argv[0], "/b/churn-host");
    cr_expect_str_eq(command.argv[1], "--pool");
    cr_expect_str_eq(command.argv[2], "owner:defect=x");
    cr_expect_null(command.argv[3]);
    cr_expect_eq(has_prefix(command.extra_env, "LD_PRELOAD="), backend_faketime(NULL) != NULL);
    backend_command_free(&command);
}

Test(backend, a_foreign_program_runs_by_itself)
{
    struct backend_command command;
    struct problem why = {0};

    cr_assert_eq(backend_find("native")->command("/b", "exec:java -jar x.jar", &command, &why), ERR_NONE);
    cr_expect_str_eq(command.argv[0], "/bin/sh");
    cr_expect_str_eq(command.argv[2], "exec java -jar x.jar");
    cr_expect_not(has_prefix(command.extra_env, "LD_PRELOAD="));
    backend_command_free(&command);
    cr_expect_eq(backend_find("asan")->command("/b", "exec:java", &command, &why), ERR_INPUT);
    backend_command_free(&command);
    cr_expect_eq(backend_find("memcheck")->command("/b", "exec:java", &command, &why), ERR_INPUT);
    cr_expect_str_eq(why.text, "a foreign program runs under native only: memcheck cannot look into it");
    backend_command_free(&command);
}

Test(backend, the_log_folder_goes_with_the_command)
{
    struct backend_command command;
    struct problem why = {0};
    struct stat info;
    char path[300];

    cr_assert_eq(backend_find("memcheck")->command("/b", "owner", &command, &why), ERR_NONE);
    cr_expect_str_eq(command.argv[0], "valgrind");
    cr_expect(has_word(command.argv, "--leak-check=full"));
    snprintf(path, sizeof(path), "%s", command.log_folder);
    cr_expect_eq(stat(path, &info), 0);
    backend_command_free(&command);
    cr_expect_neq(stat(path, &info), 0);
}

/* In /dev/shm, whose names say whose they are. */
static int count_shared(const char *part)
{
    DIR *folder = opendir("/dev/shm");
    int count = 0;

    for (const struct dirent *entry; folder && (entry = readdir(folder)) != NULL;)
        count += strstr(entry->d_name, part) != NULL;
    if (folder)
        closedir(folder);
    return count;
}

/* Otherwise a process that is killed leaves it behind, and the next of that process id has other files open. */
Test(backend, the_clock_is_shared_by_the_run_and_goes_with_it)
{
    struct backend_command command;
    struct problem why = {0};
    char mine[32];

    snprintf(mine, sizeof(mine), "churn-%d-", (int)getpid());
    cr_assert_eq(backend_find("native")->command("/b", "owner", &command, &why), ERR_NONE);
    if (backend_faketime(NULL)) {
        cr_expect(has_prefix(command.extra_env, "FAKETIME_SHARED=/churn-"));
        cr_expect_eq(count_shared(mine), 2);
    }
    backend_command_free(&command);
    cr_expect_eq(count_shared(mine), 0);
}

Test(backend, says_what_is_missing)
{
    struct problem why = {0};

    cr_expect_not(backend_find("native")->available("/nowhere", &why));
    cr_expect_str_eq(why.text, "/nowhere/churn-host: No such file or directory; build it with `make`");
    cr_expect_not(backend_find("asan")->available("/nowhere", &why));
    cr_expect_not(backend_find("memcheck")->available("/nowhere", &why));
}

/* ---- the tools themselves, on planted mistakes ---- */

struct planted {
    const char *backend, *mistake;
    int64_t errors, lost_bytes;
    enum subject_state state;
    int code;
};

/* Valgrind lets the program go on; ASan ends it with the status that it was given. */
static const struct planted PLANTED[] = {
    {"native", "clean", 0, 0, SUBJECT_EXITED, 0},
    {"memcheck", "clean", 0, 0, SUBJECT_EXITED, 0},
    {"asan", "clean", 0, 0, SUBJECT_EXITED, 0},
    {"memcheck", "leak", 0, 80, SUBJECT_EXITED, 0},
    {"asan", "leak", 0, 80, SUBJECT_EXITED, ENDING_CODE_LOST},
    {"memcheck", "leak-chain", 0, 128, SUBJECT_EXITED, 0},
    {"asan", "leak-chain", 0, 128, SUBJECT_EXITED, ENDING_CODE_LOST},
    {"memcheck", "read-beyond", 1, 0, SUBJECT_EXITED, 0},
    {"asan", "read-beyond", 1, 0, SUBJECT_EXITED, ENDING_CODE_LOST},
    {"memcheck", "read-freed", 1, 0, SUBJECT_EXITED, 0},
    {"asan", "read-freed", 1, 0, SUBJECT_EXITED, ENDING_CODE_LOST},
    {"native", "crash", 0, 0, SUBJECT_CRASHED, SIGSEGV},
    {"memcheck", "crash", 1, 0, SUBJECT_CRASHED, SIGSEGV},
    {"asan", "crash", 1, 0, SUBJECT_EXITED, ENDING_CODE_LOST},
};

static void build_planted(const char *folder)
{
    const char *const asan = "-fsanitize=address ";
    char command[1000];

    for (int i = 0; i < 2; i++) {
        snprintf(command, sizeof(command),
                 "mkdir -p %s/asan && cc -g -O0 %s-o %s/%schurn-host harness/tests/subjects/planted.c", folder,
                 i ? asan : "", folder, i ? "asan/" : "");
        cr_assert_eq(system(command), 0, "%s", command);
    }
}

static void remove_planted(const char *folder)
{
    char command[1000];

    snprintf(command, sizeof(command), "rm -rf '%s'", folder);
    cr_expect_eq(system(command), 0);
}

/* What libfaketime makes by itself for each process. An old one may be there under the same number: process ids come again. */
static bool left_by_process(pid_t pid, time_t since)
{
    char path[64];
    struct stat info;

    snprintf(path, sizeof(path), "/dev/shm/faketime_shm_%d", (int)pid);
    return stat(path, &info) == 0 && info.st_ctime >= since;
}

static void run_planted(const char *folder, const struct planted *planted)
{
    const struct backend *backend = backend_find(planted->backend);
    struct backend_command command;
    struct problem why = {0};
    struct subject *subject = NULL;
    struct run *run = run_make();
    time_t began = time(NULL);

    if (!backend->available(folder, &why)) {
        cr_log_warn("%s: %s", planted->backend, why.text);
        run_free(run);
        return;
    }
    cr_assert_eq(backend->command(folder, planted->mistake, &command, &why), ERR_NONE, "%s", why.text);
    struct subject_launch launch = {.argv = command.argv, .extra_env = command.extra_env, .timeout_ns = SAFETY};
    cr_assert_eq(subject_open(&launch, NULL, NULL, &subject, &why), ERR_NONE, "%s", why.text);
    cr_assert_eq(subject_finish(subject, &why), ERR_NONE, "%s", why.text);
    cr_expect_not(left_by_process(subject_pid(subject), began), "%s", planted->backend);
    struct subject_ending ending = subject_ending(subject);
    cr_expect_eq(ending.state, planted->state, "%s, %s: %s", planted->backend, planted->mistake, ending.detail);
    cr_expect_eq(ending.code, planted->code, "%s, %s: %s", planted->backend, planted->mistake, ending.detail);
    cr_assert_eq(backend->read_logs(&command, run, &why), ERR_NONE, "%s", why.text);
    cr_expect_eq(run->tool_errors, planted->errors, "%s, %s: %d errors\n%s", planted->backend, planted->mistake,
                 (int)run->tool_errors, run->log ? run->log : "");
    cr_expect_eq(run->lost_bytes, planted->lost_bytes, "%s, %s: %d bytes lost\n%s", planted->backend, planted->mistake,
                 (int)run->lost_bytes, run->log ? run->log : "");
    cr_expect_eq(run->log != NULL, planted->errors > 0 || planted->lost_bytes > 0);
    subject_close(subject);
    backend_command_free(&command);
    run_free(run);
}

/* A log that was cut off may have lost the errors: who ended well under the tool is not clean for that. */
Test(backend, half_a_log_of_valgrind_proves_nothing)
{
    static const char *const names[] = {"memcheck", "helgrind"};
    static const struct {
        enum ending ending;
        const char *log;
        enum err err;
    } rows[] = {
        {ENDING_DONE, "==1== Memcheck\n==1== ERROR SUMMARY: 0 errors from 0 contexts\n", ERR_NONE},
        {ENDING_DONE, "==1== Memcheck\n==1== Inval", ERR_SYSTEM},
        {ENDING_EXITED, "==1== Memcheck\n==1== Inval", ERR_SYSTEM},
        {ENDING_HUNG, "==1== Memcheck\n==1== Inval", ERR_NONE},
        {ENDING_CRASHED, "==1== Memcheck\n==1== Inval", ERR_NONE},
    };
    for (size_t i = 0; i < ARRAY_LEN(names) * ARRAY_LEN(rows); i++) {
        const struct backend *backend = backend_find(names[i % ARRAY_LEN(names)]);
        const char *log = rows[i / ARRAY_LEN(names)].log;
        struct backend_command command;
        struct problem why = {0};
        struct run *run = run_make();
        char path[4096];
        cr_assert_eq(backend->command("build", "owner", &command, &why), ERR_NONE, "%s", why.text);
        snprintf(path, sizeof(path), "%s/%s.1", command.log_folder, backend->name);
        cr_assert_eq(file_write_whole(path, log, strlen(log), &why), ERR_NONE, "%s", why.text);
        run->ending = rows[i / ARRAY_LEN(names)].ending;
        cr_expect_eq(backend->read_logs(&command, run, &why), rows[i / ARRAY_LEN(names)].err, "%s: %s", backend->name,
                     log);
        backend_command_free(&command);
        run_free(run);
    }
}

Test(backend, finds_what_was_planted_and_nothing_else)
{
    char folder[] = "/tmp/churn-planted-XXXXXX";

    cr_assert_not_null(mkdtemp(folder));
    build_planted(folder);
    for (size_t i = 0; i < ARRAY_LEN(PLANTED); i++)
        run_planted(folder, &PLANTED[i]);
    remove_planted(folder);
}
