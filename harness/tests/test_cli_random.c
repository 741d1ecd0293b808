/* Random plans with everything that can go wrong (scenarios/selftest/faults.lua): sound pools stay sound, and bugs that need an accident
 * are met. --ops tries seed after seed. */
#include "harness/tests/cli_rig.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static void expect(const char *words, int code, const char *says)
{
    struct cli_rig *rig = cli_rig_open();
    char line[300];
    snprintf(line, sizeof line, "churn run $TOP/scenarios/selftest/faults.lua --no-twin --out out %s", words);
    cli_rig_sh(rig, line);
    cr_expect_eq(rig->code, code, "%s: exit %d\n%s%s", words, rig->code, cli_rig_out(rig), cli_rig_err(rig));
    cr_expect(strstr(cli_rig_out(rig), says), "%s: no \"%s\" in\n%s", words, says, cli_rig_out(rig));
    cli_rig_close(rig);
}

Test(cli_random, sound_pools_stay_sound, .timeout = 120)
{
    expect("--pool owner,membership --ops 20k", 0, "2 passed");
    expect("--pool owner,membership --ops 20k --set slows=true", 0, "2 passed");
    expect("--pool owner,membership --ops 4k --set slows=true --set min=1 --set max=3 --check-each", 0, "2 passed");
}

Test(cli_random, bugs_are_met, .timeout = 120)
{
    expect("--pool owner:defect=unserved_waiters --ops 20k", 1, "I3");
    expect("--pool owner:defect=failed_create_keeps_slot --ops 20k", 1, "I3");
}

/* netty/netty#9669: the caller gives up while his item is being made. It takes factories that are slow. */
Test(cli_random, some_only_by_a_slow_factory, .timeout = 120)
{
    expect("--pool owner:defect=drop_after_cancel --ops 20k", 0, "1 passed");
    expect("--pool owner:defect=drop_after_cancel --ops 20k --set slows=true", 1, "I1");
}
