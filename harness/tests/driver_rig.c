#include "harness/tests/driver_rig.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void driver_rig_write(struct temporary *file, const char *suffix, const char *text)
{
    struct problem why = {0};

    snprintf(file->path, sizeof(file->path), "/tmp/churn-test-XXXXXX%s", suffix);
    int fd = mkstemps(file->path, (int)strlen(suffix));
    cr_assert_geq(fd, 0);
    close(fd);
    cr_assert_eq(file_write_whole(file->path, text, strlen(text), &why), ERR_NONE, "%s", why.text);
}

static struct driver_request complete(const struct driver_request *asked, const char *pool, char **folder)
{
    struct driver_request request = *asked;
    struct problem why = {0};

    cr_assert_eq(backend_build_folder(folder, &why), ERR_NONE, "%s", why.text);
    request.build_folder = *folder;
    request.scenario.pool = pool;
    request.scenario.dose = 1;
    if (!request.backend)
        request.backend = backend_find("native");
    return request;
}

struct run *driver_rig_replay(const char *plan, const char *pool, const struct driver_request *asked)
{
    struct temporary file;
    struct problem why = {0};
    struct run *run = NULL;
    char *folder = NULL;
    struct driver_request request = complete(asked, pool, &folder);

    driver_rig_write(&file, ".plan", plan);
    cr_assert_eq(driver_replay(file.path, &request, &run, &why), ERR_NONE, "%s", why.text);
    unlink(file.path);
    free(folder);
    return run;
}

struct run *driver_rig_run(const char *scenario, const char *pool, bool twin, const struct driver_request *asked)
{
    struct temporary file;
    struct problem why = {0};
    struct run *run = NULL;
    char *folder = NULL;
    struct driver_request request = complete(asked, pool, &folder);

    driver_rig_write(&file, ".lua", scenario);
    request.scenario_path = file.path;
    if (request.backend->available(folder, &why))
        cr_assert_eq(driver_run(&request, twin, &run, &why), ERR_NONE, "%s", why.text);
    else
        cr_log_warn("%s", why.text);
    unlink(file.path);
    free(folder);
    return run;
}

int64_t driver_rig_value(const struct run *run, const char *name, size_t rung)
{
    const struct series *series = run_series(run, name);

    cr_assert_not_null(series, "%s", name);
    cr_assert_lt(rung, run->rung_count);
    return series->values[rung];
}
