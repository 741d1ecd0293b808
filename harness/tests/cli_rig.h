/* Runs the built churn as a user does: in an empty folder of its own, with both streams kept. */
#ifndef CHURN_TESTS_CLI_RIG_H
#define CHURN_TESTS_CLI_RIG_H

#include "harness/base/base.h"

struct cli_rig {
    char folder[64];  /* the working folder; removed by cli_rig_close */
    char build[1024]; /* where churn is */
    char top[1024];   /* the source tree */
    struct buffer out, err;
    int code; /* exit status; 128 + signal */
};

struct cli_rig *cli_rig_open(void);
void cli_rig_close(struct cli_rig *rig);

/* A shell line; "churn" is the built one, $TOP the source tree. Returns the exit status. */
int cli_rig_sh(struct cli_rig *rig, const char *line);

/* Writes a file into the folder. */
void cli_rig_write(struct cli_rig *rig, const char *name, const char *text);
bool cli_rig_has(const struct cli_rig *rig, const char *name);

/* What the streams said, "" for nothing. */
const char *cli_rig_out(const struct cli_rig *rig);
const char *cli_rig_err(const struct cli_rig *rig);

#endif
