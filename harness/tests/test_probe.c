/* test_probe.c: every probe sees a change of known size. */
#include "harness/probe/probe.h"

#include <criterion/criterion.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct probe *find(const char *name)
{
    for (size_t i = 0; i < probe_count(); i++)
        if (strcmp(probe_at(i)->name, name) == 0)
            return probe_at(i);
    return NULL;
}

Test(probe, the_registry_is_sorted_and_complete)
{
    static const char *const names[] = {"cpu_ns", "fds", "pss_bytes", "rss_bytes", "threads"};

    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        cr_expect_not_null(find(names[i]), "%s", names[i]);
    for (size_t i = 1; i < probe_count(); i++)
        cr_expect_lt(strcmp(probe_at(i - 1)->name, probe_at(i)->name), 0);
    cr_expect_null(probe_at(probe_count()));
}

Test(probe, checks_itself)
{
    for (size_t i = 0; i < probe_count(); i++) {
        struct problem why = {0};
        cr_expect_eq(probe_at(i)->self_check(&why), ERR_NONE, "%s", why.text);
    }
}

/* Of another process: a child with 3 + 5 files and one thread. */
Test(probe, reads_another_process)
{
    int ready[2], end[2];
    int64_t fds = 0, threads = 0;
    char byte;

    cr_assert_eq(pipe(ready), 0);
    cr_assert_eq(pipe(end), 0);
    pid_t pid = fork();
    cr_assert_geq(pid, 0);
    if (pid == 0) {
        int64_t before = 0;
        for (int i = 0; i < 5; i++)
            before += dup(0) >= 0;
        close(end[1]);
        if (write(ready[1], "r", 1) == 1 && before == 5)
            (void)!read(end[0], &byte, 1);
        _exit(0);
    }
    int64_t own = 0;
    cr_assert_eq(read(ready[0], &byte, 1), 1);
    cr_expect(find("fds")->read(getpid(), &own));
    cr_expect(find("fds")->read(pid, &fds));
    cr_expect(find("threads")->read(pid, &threads));
    cr_expect_eq(fds, own - 1 + 5 - 1); /* own: one more, to read itself; the child closed one end */
    cr_expect_eq(threads, 1);
    close(end[1]);
    waitpid(pid, NULL, 0);
}

Test(probe, a_process_that_is_gone_gives_no_value)
{
    int64_t value = 0;
    pid_t pid = fork();

    if (pid == 0)
        _exit(0);
    waitpid(pid, NULL, 0);
    for (size_t i = 0; i < probe_count(); i++)
        cr_expect_not(probe_at(i)->read(pid, &value), "%s", probe_at(i)->name);
}
