/* Bad input through the built program: one clear message on stderr, nothing on stdout, exit 2, nothing written, nothing run. */
#include "harness/tests/cli_rig.h"

#include <criterion/criterion.h>
#include <string.h>

static const char GOOD[] = "scenario { about = 'a', params = { keys = 2 }, pools = { 'owner' },\n"
                           "  cycle = function(p, i) release(get(i % p.keys)) end }\n";

static size_t count_lines(const char *text)
{
    size_t lines = 0;
    for (; *text; text++)
        lines += *text == '\n';
    return lines;
}

Test(cli_input, is_refused_in_one_line, .timeout = 120)
{
    static const struct {
        const char *line, *says;
    } rows[] = {
        {"churn", "expected a command"},
        {"churn rnu good.lua", "there is no command \"rnu\" (did you mean run?)"},
        {"churn compare a b", "cannot read a"},
        {"churn compare a", "expected BASE and HEAD, or --arms"},
        {"churn compare a --arms x", "--arms: expected two pools"},
        {"churn gate", "cannot read the scenario scenarios"},
        {"churn gate --budget tombstone=0/op", "did you mean tombstones?"},
        {"churn gate --limit peak_rss=64", "--limit: expected bytes with a unit"},
        {"churn gate --ratio bytes_live=1.1", "--control"},
        {"churn report a --as htm", "did you mean html?"},
        {"churn report a", "expected -o DIR"},
        {"churn squeeze x", "there is no command \"squeeze\""},
        {"churn help rnu", "there is no command \"rnu\""},
        {"churn --bogus", "there is no option --bogus"},
        {"churn run", "expected churn run SCENARIO..."},
        {"churn run goood.lua", "cannot read the scenario goood.lua"},
        {"churn run ./goood.lua", "(did you mean good.lua?)"},
        {"churn run empty", "the folder empty holds no scenario"},
        {"churn run good.lua sub/good.lua", "two scenarios have the same name"},
        {"churn run syntax.lua", "syntax.lua:2:"},
        {"churn run endless.lua", "endless.lua"},
        {"churn run good.lua --as brodcast", "--as: there is no pool \"brodcast\" (did you mean broadcast?)"},
        {"churn run good.lua --pool brodcast", "there is no pool \"brodcast\" (did you mean broadcast?)"},
        {"churn run good.lua --pool owner:finalisers=item", "finalisers"},
        {"churn run good.lua --pool ./none.so", "./none.so cannot be loaded"},
        {"churn run good.lua --pool exec:", "expected a command after exec:"},
        {"churn run good.lua --under memchek", "there is no backend \"memchek\" (did you mean memcheck?)"},
        {"churn run good.lua --set kesy=8", "no scenario here has such a parameter (did you mean keys?)"},
        {"churn run good.lua --set keys=many", "parameter keys"},
        {"churn run good.lua --out /proc/none", "cannot make the folder /proc/none"},
        {"churn run good.lua --out good.lua", "a file of that name is in the way"},
        {"churn run good.lua --json none/x.json", "cannot write to the folder none"},
        {"churn judge none.json", "cannot read none.json"},
        {"churn judge good.lua", "good.lua:1"},
        {"churn merge good.lua", "expected -o FILE"},
        {"churn record empty", "holds no scenario"},
        {"churn record good.lua --set kesy=8", "no such parameter"},
        {"churn record good.lua -o none/x.plan", "cannot write none/x.plan"},
        {"churn replay plan", "expected --pool P"},
        {"churn replay plan --pool owner", "plan:3: column 1"},
        {"churn replay none.plan --pool owner", "cannot read none.plan"},
        {"churn list", "expected churn list"},
        {"churn list pool", "(did you mean pools?)"},
        {"churn list pools owner", "found also \"owner\""},
    };
    struct cli_rig *rig = cli_rig_open();
    cli_rig_sh(rig, "mkdir empty sub");
    cli_rig_write(rig, "good.lua", GOOD);
    cli_rig_write(rig, "sub/good.lua", GOOD);
    cli_rig_write(rig, "syntax.lua", "scenario {\n  about = = }\n");
    cli_rig_write(rig, "endless.lua", "scenario { about = 'a', cycle = function() while true do end end }\n");
    cli_rig_write(rig, "plan", "churn-plan 1\npool min=0 max=1\nrelaese a\n");
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        cli_rig_sh(rig, rows[i].line);
        cr_expect_eq(rig->code, 2, "%s: exit %d: %s", rows[i].line, rig->code, cli_rig_err(rig));
        cr_expect(strstr(cli_rig_err(rig), rows[i].says), "%s: %s", rows[i].line, cli_rig_err(rig));
        cr_expect_eq(count_lines(cli_rig_err(rig)), 1, "%s: %s", rows[i].line, cli_rig_err(rig));
        cr_expect_str_empty(cli_rig_out(rig), "%s", rows[i].line);
    }
    cr_expect_not(cli_rig_has(rig, "results"), "a refused command line must not leave a folder");
    cli_rig_close(rig);
}

Test(cli_input, an_unwritable_folder_is_found_out_before_anything_runs, .timeout = 60)
{
    struct cli_rig *rig = cli_rig_open();
    cli_rig_write(rig, "good.lua", GOOD);
    cr_assert_eq(cli_rig_sh(rig, "churn run good.lua --pool 'exec:touch ran' --out /proc/none"), 2);
    cr_assert_not(cli_rig_has(rig, "ran"));
    cli_rig_sh(rig, "churn run good.lua --pool 'exec:touch ran' --out here");
    cr_assert(cli_rig_has(rig, "ran"), "the control: this pool does run otherwise");
    cli_rig_close(rig);
}

Test(cli_input, one_bad_scenario_stops_all_before_they_run, .timeout = 60)
{
    struct cli_rig *rig = cli_rig_open();
    cli_rig_sh(rig, "mkdir many");
    cli_rig_write(rig, "many/a.lua", GOOD);
    cli_rig_write(rig, "many/b.lua", "scenario { about = 'b', cycle = function() release(get(0)) nonsense() end }\n");
    cr_assert_eq(cli_rig_sh(rig, "churn run many --pool 'exec:touch ran'"), 2);
    cr_assert(strstr(cli_rig_err(rig), "many/b.lua:1"), "%s", cli_rig_err(rig));
    cr_assert_not(cli_rig_has(rig, "ran"));
    cli_rig_close(rig);
}

Test(cli_input, help_and_version_go_to_stdout)
{
    struct cli_rig *rig = cli_rig_open();
    cr_assert_eq(cli_rig_sh(rig, "churn --version"), 0);
    cr_assert(strstr(cli_rig_out(rig), "churn 0.1.0\n") == cli_rig_out(rig), "%s", cli_rig_out(rig));
    static const char *const lines[] = {"churn --help", "churn -h", "churn help", "churn help run", "churn run --help"};
    for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
        cr_assert_eq(cli_rig_sh(rig, lines[i]), 0);
        cr_assert(strstr(cli_rig_out(rig), "usage: churn"), "%s", lines[i]);
        cr_assert_str_empty(cli_rig_err(rig));
    }
    cli_rig_close(rig);
}
