/* churn noise as a user calls it, on a pool whose growth is known. */
#include "harness/tests/cli_rig.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

/* Small and quick: 30000 operations in 390 rungs. */
static const char scenario[] =
    "scenario { about = 'borrow and give back', params = { keys = 2 }, pools = { 'owner' },\n"
    "  cycles = 40, cycle = function(p, i) release(get(i % p.keys)) end }\n";

static struct cli_rig *open_rig(void)
{
    struct cli_rig *rig = cli_rig_open();
    cli_rig_write(rig, "s.lua", scenario);
    return rig;
}

static void expect(struct cli_rig *rig, const char *line, int code, const char *out, const char *err)
{
    cli_rig_sh(rig, line);
    cr_expect_eq(rig->code, code, "%s: exit %d\n%s%s", line, rig->code, cli_rig_out(rig), cli_rig_err(rig));
    cr_expect(!out || strstr(cli_rig_out(rig), out), "%s: no \"%s\" in\n%s", line, out, cli_rig_out(rig));
    cr_expect(!err || strstr(cli_rig_err(rig), err), "%s: no \"%s\" in\n%s", line, err, cli_rig_err(rig));
}

static void leak(struct cli_rig *rig, const char *settings, const char *more, int code, const char *out)
{
    char line[400];
    snprintf(line, sizeof line,
             "LEAK=$(dirname $(command -v churn))/selftest/leak.so; "
             "churn noise s.lua --ops 30k --metric rss_bytes --pool $LEAK%s %s",
             settings, more);
    expect(rig, line, code, out, NULL);
}

Test(cli_noise, a_clean_pool_does_not_grow, .timeout = 120)
{
    struct cli_rig *rig = open_rig();
    leak(rig, "", "", 0, "no growth seen");
    cr_expect_null(strstr(cli_rig_out(rig), "again"), "one batch is enough when it shows nothing");
    /* so short, pss_bytes may scatter too much to show the planted leak */
    expect(rig, "churn noise s.lua --ops 3k --processes 2 --pool owner || [ $? -eq 3 ]", 0, "pss_bytes", NULL);
    cli_rig_close(rig);
}

/* D6: what sees no planted leak does not say that there is none. */
Test(cli_noise, without_a_planted_leak_nothing_is_known, .timeout = 120)
{
    struct cli_rig *rig = open_rig();
    expect(rig, "churn noise s.lua --ops 30k --metric rss_bytes --processes 4 --json n.json", 0,
           "rss_bytes shows a planted leak of ", NULL);
    expect(rig,
           "cd $TOP && python3 scripts/verdict-oracle $OLDPWD/n.json && python3 -c '\n"
           "import json, math, sys\n"
           "result = json.load(open(sys.argv[1]))\n"
           "planted, leak = result[\"planted\"], result[\"planted\"][\"leak\"]\n"
           "wanted = max(8, math.ceil(16 * result[\"batches\"][0][\"metrics\"][0][\"detectable\"]))\n"
           "assert leak == wanted and len(planted[\"pool\"]) == 3, planted\n"
           "assert abs(planted[\"metrics\"][0][\"mean\"] / leak - 1) < 0.05, planted[\"metrics\"]\n"
           "' $OLDPWD/n.json",
           0, NULL, NULL);
    cli_rig_write(rig, "deaf", "#!/bin/sh\nsed -u '/^meta leak/d' | \"$REAL\"/churn-host \"$@\"\n");
    expect(rig,
           "export REAL=$(dirname $(command -v churn)); cp $REAL/churn churn; chmod +x deaf; mv deaf churn-host;"
           "./churn noise s.lua --ops 3k --metric rss_bytes --processes 2 --json d.json",
           3, "inconclusive: rss_bytes did not show a planted leak", NULL);
    expect(rig, "cd $TOP && python3 scripts/verdict-oracle $OLDPWD/d.json", 0, NULL, NULL);
    cli_rig_close(rig);
}

Test(cli_noise, growth_warns_and_plain_growth_fails, .timeout = 120)
{
    struct cli_rig *rig = open_rig();
    leak(rig, ":bytes=2", "", 0, "warning: rss_bytes grows");
    cr_expect_not_null(strstr(cli_rig_out(rig), "again"), "the second batch");
    leak(rig, ":bytes=64", "--processes 3", 1, "failed: rss_bytes grows");
    cli_rig_close(rig);
}

Test(cli_noise, a_control_arm_is_taken_off, .timeout = 120)
{
    struct cli_rig *rig = open_rig();
    static const char more[] = "--processes 4 --control $LEAK:bytes=16";
    leak(rig, ":bytes=16", more, 0, "no growth seen");
    cr_expect_not_null(strstr(cli_rig_out(rig), "N2"));
    leak(rig, ":bytes=32", more, 1, "failed: rss_bytes grows");
    cli_rig_close(rig);
}

/* The slope is the planted rate: 3 bytes per operation, known to 5 %. */
Test(cli_noise, json_holds_what_the_oracle_recomputes, .timeout = 120)
{
    struct cli_rig *rig = open_rig();
    leak(rig, ":bytes=3", "--processes 4 --seed 18446744073709551615 --json n.json", 0, "grows");
    expect(rig,
           "cd $TOP && python3 scripts/verdict-oracle $OLDPWD/n.json && python3 -c '\n"
           "import json, sys\n"
           "result = json.load(open(sys.argv[1]))\n"
           "means = [batch[\"metrics\"][0][\"mean\"] for batch in result[\"batches\"]]\n"
           "assert len(means) == 2 and all(abs(mean - 3) < 0.15 for mean in means), means\n"
           "seeds = [p[\"seed\"] for batch in result[\"batches\"] for p in batch[\"pool\"]]\n"
           "assert len(set(seeds)) == 8 and seeds[0] == str(2**64 - 1), seeds\n"
           "' $OLDPWD/n.json",
           0, NULL, NULL);
    leak(rig, "", "--processes 2 --json -", 0, "{\"format\":\"churn-noise/1\"");
    cli_rig_close(rig);
}

Test(cli_noise, a_calibration_is_measured_once, .timeout = 120)
{
    struct cli_rig *rig = open_rig();
    static const char noise[] = "churn noise s.lua --ops 1k --processes 2 --metric rss_bytes --calibration c.json";
    expect(rig, noise, 0, NULL, "calibrating");
    cr_expect_null(strstr(cli_rig_out(rig), "was not measured"));
    expect(rig, noise, 0, NULL, NULL);
    cr_expect_null(strstr(cli_rig_err(rig), "calibrating"), "the second time it is read");
    expect(rig, "sed -i 's/\"rss_bytes\": .*/\"rss_bytes\": 7.5/' c.json", 0, NULL, NULL);
    expect(rig, noise, 0, "7.500", NULL);
    expect(rig, "churn noise s.lua --ops 1k --processes 3 --metric rss_bytes --calibration c.json", 2, NULL,
           "another value of \"processes\"");
    expect(rig, "churn noise s.lua --ops 1k --processes 2 --metric pss_bytes --calibration c.json", 2, NULL,
           "says nothing of pss_bytes");
    expect(rig, "echo x >c.json; churn noise s.lua --calibration c.json", 2, NULL, "not a calibration");
    cli_rig_close(rig);
}

Test(cli_noise, mistakes_and_skips_have_their_exit_codes, .timeout = 120)
{
    struct cli_rig *rig = open_rig();
    expect(rig, "churn noise", 2, NULL, "SCENARIO");
    expect(rig, "churn noise s.lua --processes 1", 2, NULL, "from 2 to 64");
    expect(rig, "churn noise s.lua --metric wall_ns", 2, NULL, "a metric in bytes");
    expect(rig, "churn noise s.lua --set kyes=1", 2, NULL, "no such parameter");
    expect(rig, "churn noise s.lua --pool owner,membership", 2, NULL, "one pool");
    expect(rig, "churn noise s.lua --control nobody", 2, NULL, "there is no pool");
    expect(rig, "churn noise s.lua --json no/such/folder.json", 2, NULL, "cannot write");
    cli_rig_write(rig, "share.lua",
                  "scenario { about = 'x', pools = { 'owner' },\n"
                  "  cycle = function() local l = get(0) share(l, 1) release(l) end }\n");
    expect(rig, "churn noise share.lua --pool $(dirname $(command -v churn))/selftest/leak.so", 77, NULL, "share");
    expect(rig, "churn noise s.lua --pool $(dirname $(command -v churn))/selftest/toy.so:plant=crash", 3, NULL,
           "nothing to measure");
    cli_rig_close(rig);
}
