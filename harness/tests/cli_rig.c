#include "harness/tests/cli_rig.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/backend/backend.h"

struct cli_rig *cli_rig_open(void)
{
    struct cli_rig *rig = calloc(1, sizeof *rig);
    char *build = NULL;
    cr_assert_not_null(rig);
    snprintf(rig->folder, sizeof rig->folder, "/tmp/churn-cli-XXXXXX");
    cr_assert_not_null(mkdtemp(rig->folder));
    cr_assert_eq(backend_build_folder(&build, NULL), ERR_NONE);
    cr_assert_not_null(realpath(build, rig->build));
    cr_assert_not_null(getcwd(rig->top, sizeof rig->top));
    free(build);
    return rig;
}

void cli_rig_close(struct cli_rig *rig)
{
    char line[200];
    snprintf(line, sizeof line, "rm -rf %s", rig->folder);
    cr_assert_eq(system(line), 0);
    buffer_free(&rig->out);
    buffer_free(&rig->err);
    free(rig);
}

static void read_stream(const struct cli_rig *rig, const char *name, struct buffer *out)
{
    char path[100];
    buffer_free(out);
    snprintf(path, sizeof path, "%s/%s", rig->folder, name);
    cr_assert_eq(file_read_whole(path, 64 << 20, out, NULL), ERR_NONE);
}

int cli_rig_sh(struct cli_rig *rig, const char *line)
{
    struct buffer script = {0};
    /* The sanitizer and Valgrind lanes test churn itself elsewhere; here only what it says counts. */
    buffer_addf(&script, "cd %s && unset CI NO_COLOR LD_PRELOAD; PATH=\"%s:$PATH\" TOP=\"%s\" LC_ALL=C.UTF-8; ",
                rig->folder, rig->build, rig->top);
    buffer_addf(&script, "export PATH TOP LC_ALL; { %s\n} >stdout.txt 2>stderr.txt </dev/null", line);
    cr_assert_not(script.failed);
    int how = system(script.data);
    buffer_free(&script);
    read_stream(rig, "stdout.txt", &rig->out);
    read_stream(rig, "stderr.txt", &rig->err);
    rig->code = WIFEXITED(how) ? WEXITSTATUS(how) : 128 + WTERMSIG(how);
    return rig->code;
}

void cli_rig_write(struct cli_rig *rig, const char *name, const char *text)
{
    char path[200];
    snprintf(path, sizeof path, "%s/%s", rig->folder, name);
    cr_assert_eq(file_write_whole(path, text, strlen(text), NULL), ERR_NONE);
}

bool cli_rig_has(const struct cli_rig *rig, const char *name)
{
    char path[200];
    snprintf(path, sizeof path, "%s/%s", rig->folder, name);
    return access(path, F_OK) == 0;
}

const char *cli_rig_out(const struct cli_rig *rig)
{
    return rig->out.data ? rig->out.data : "";
}

const char *cli_rig_err(const struct cli_rig *rig)
{
    return rig->err.data ? rig->err.data : "";
}
