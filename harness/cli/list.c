/* churn list: what there is, as a table for people or JSON for programs. */
#include "harness/cli/cli.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "harness/probe/probe.h"
#include "harness/report/report.h"

/* Three texts a line: a name, a detail whose meaning depends on the list, a sentence. */
struct listing {
    struct words names, details, abouts;
};

static enum err add(struct listing *listing, const char *name, const char *detail, const char *about)
{
    enum err err = words_add_text(&listing->names, name);
    if (err == ERR_NONE)
        err = words_add_text(&listing->details, detail ? detail : "");
    if (err == ERR_NONE)
        err = words_add_text(&listing->abouts, about ? about : "");
    return err;
}

static enum err list_pools(const struct words *operands, struct listing *listing, struct problem *why)
{
    char *folder = NULL;
    (void)operands;
    enum err err = backend_build_folder(&folder, why);
    if (err == ERR_NONE)
        err = pools_list(folder, &listing->names, &listing->abouts, why);
    for (size_t i = 0; err == ERR_NONE && i < listing->names.count; i++)
        err = words_add_text(&listing->details, "");
    free(folder);
    return err;
}

static enum err list_scenarios(const struct words *operands, struct listing *listing, struct problem *why)
{
    char usual[] = "scenarios", *list[] = {operands->count > 1 ? operands->list[1] : usual};
    const struct words folder = {.list = list, .count = 1};
    struct words files = {0};
    enum err err = scenarios_find(&folder, &files, why);
    for (size_t i = 0; err == ERR_NONE && i < files.count; i++) {
        struct scenario *scenario = NULL;
        err = scenario_load(files.list[i], &scenario, why);
        if (err == ERR_NONE)
            err = add(listing, scenario_name(scenario), scenario_source(scenario), scenario_about(scenario));
        scenario_free(scenario);
    }
    words_free(&files);
    return err;
}

static enum err list_probes(const struct words *operands, struct listing *listing, struct problem *why)
{
    enum err err = ERR_NONE;
    (void)operands;
    for (size_t i = 0; err == ERR_NONE && i < probe_count(); i++) {
        const struct metric *metric = metric_find(probe_at(i)->name);
        err = add(listing, probe_at(i)->name, metric ? metric->unit : "", probe_at(i)->about);
    }
    return err == ERR_NONE ? ERR_NONE : problem_set(why, err, "out of memory");
}

static enum err list_reports(const struct words *operands, struct listing *listing, struct problem *why)
{
    enum err err = ERR_NONE;
    (void)operands;
    for (size_t i = 0; err == ERR_NONE && i < report_count(); i++)
        err = add(listing, report_at(i)->name, report_at(i)->file_name ? report_at(i)->file_name : "(the screen)",
                  report_at(i)->about);
    return err == ERR_NONE ? ERR_NONE : problem_set(why, err, "out of memory");
}

static enum err list_backends(const struct words *operands, struct listing *listing, struct problem *why)
{
    char *folder = NULL;
    (void)operands;
    enum err err = backend_build_folder(&folder, why);
    for (size_t i = 0; err == ERR_NONE && i < backend_count(); i++) {
        struct problem missing = {0};
        bool here = backend_at(i)->available(folder, &missing);
        char *about = NULL;
        if (asprintf(&about, "%s%s%s", backend_at(i)->about, here ? "" : "; ", here ? "" : missing.text) < 0)
            err = ERR_MEMORY;
        else
            err = add(listing, backend_at(i)->name, here ? "here" : "missing", about);
        free(about);
    }
    free(folder);
    return err;
}

static enum err list_metrics(const struct words *operands, struct listing *listing, struct problem *why)
{
    enum err err = ERR_NONE;
    (void)operands;
    for (size_t i = 0; err == ERR_NONE && i < metric_count(); i++)
        err = add(listing, metric_at(i)->name, metric_at(i)->unit, metric_at(i)->about);
    return err == ERR_NONE ? ERR_NONE : problem_set(why, err, "out of memory");
}

static const struct list_kind {
    const char *name;
    const char *detail; /* the JSON member of the second column; NULL: there is none */
    enum err (*fill)(const struct words *operands, struct listing *listing, struct problem *why);
} kinds[] = {
    {"pools", NULL, list_pools},       {"scenarios", "source", list_scenarios}, {"probes", "unit", list_probes},
    {"reports", "file", list_reports}, {"backends", "state", list_backends},    {"metrics", "unit", list_metrics},
};

/* ---- printing ------------------------------------------------------------------------------------------------- */

static size_t widest(const struct words *words)
{
    size_t most = 0;
    for (size_t i = 0; i < words->count; i++)
        if (strlen(words->list[i]) > most)
            most = strlen(words->list[i]);
    return most;
}

static void print_table(const struct listing *listing, const struct list_kind *kind, struct buffer *out)
{
    int name = (int)widest(&listing->names), detail = (int)widest(&listing->details);
    for (size_t i = 0; i < listing->names.count; i++) {
        buffer_addf(out, "%-*s  ", name, listing->names.list[i]);
        if (kind->detail && detail > 0)
            buffer_addf(out, "%-*s  ", detail, listing->details.list[i]);
        buffer_addf(out, "%s\n", listing->abouts.list[i]);
    }
}

static enum err print_json(const struct listing *listing, const struct list_kind *kind, struct buffer *out)
{
    json_t *array = json_array();
    enum err err = array ? ERR_NONE : ERR_MEMORY;
    for (size_t i = 0; err == ERR_NONE && i < listing->names.count; i++) {
        json_t *object = json_pack("{s:s, s:s}", "name", listing->names.list[i], "about", listing->abouts.list[i]);
        if (kind->detail && object &&
            json_object_set_new(object, kind->detail, json_string(listing->details.list[i])) != 0)
            err = ERR_MEMORY;
        if (!object || json_array_append_new(array, object) != 0)
            err = ERR_MEMORY;
    }
    char *text = err == ERR_NONE ? json_dumps(array, JSON_INDENT(2)) : NULL;
    if (text)
        buffer_addf(out, "%s\n", text);
    else
        err = ERR_MEMORY;
    free(text);
    json_decref(array);
    return err;
}

static const struct list_kind *find_kind(const char *name, struct problem *why)
{
    struct words names = {0};
    char more[100];
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
        if (strcmp(kinds[i].name, name) == 0)
            return &kinds[i];
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
        if (words_add_text(&names, kinds[i].name) != ERR_NONE)
            break;
    problem_set(why, ERR_INPUT,
                "there is no list of \"%.60s\"%s; expected pools, scenarios, probes, reports, backends or metrics",
                name, suggestion(name, &names, more, sizeof more));
    words_free(&names);
    return NULL;
}

enum err command_list(const struct call *call, enum exit_code *code, struct problem *why)
{
    const struct words *operands = &call->options->operands;
    const struct list_kind *kind = find_kind(operands->list[0], why);
    struct listing listing = {0};
    struct buffer text = {0};
    *code = EXIT_PASS;
    if (!kind)
        return ERR_INPUT;
    if (operands->count > 1 && kind->fill != list_scenarios)
        return problem_set(why, ERR_INPUT, "expected churn list %s, found also \"%s\"", kind->name, operands->list[1]);
    enum err err = kind->fill(operands, &listing, why);
    if (err == ERR_NONE && call->options->json)
        err = print_json(&listing, kind, &text);
    else if (err == ERR_NONE)
        print_table(&listing, kind, &text);
    if (err == ERR_MEMORY || text.failed)
        err = problem_set(why, ERR_MEMORY, "out of memory while listing");
    if (err == ERR_NONE)
        err = stdout_write(text.data, text.length, why);
    words_free(&listing.names);
    words_free(&listing.details);
    words_free(&listing.abouts);
    buffer_free(&text);
    return err;
}
