/*
 * JUnit XML, one suite per scenario, one case per run. It keeps to what both public schemas know (the one of Apache Ant's formatter and
 * the stricter half of Jenkins' junit-10): so no attribute and no element that only one reader understands.
 *
 * A fail is a <failure>; broken and inconclusive are an <error>, because they say nothing about the pool.
 */
#include "harness/report/report.h"
#include "harness/report/report_overview.h"
#include "harness/report/report_text.h"

#include <inttypes.h>
#include <libxml/xmlwriter.h>
#include <stdlib.h>
#include <string.h>

struct junit {
    xmlTextWriterPtr writer;
    bool failed;
};

struct totals {
    size_t tests, failures, errors, skipped;
    int64_t wall_ns;
};

static const xmlChar *xml(const char *text)
{
    return (const xmlChar *)text;
}

static void check(struct junit *junit, int written)
{
    if (written < 0)
        junit->failed = true;
}

static void begin(struct junit *junit, const char *element)
{
    check(junit, xmlTextWriterStartElement(junit->writer, xml(element)));
}

static void end(struct junit *junit)
{
    check(junit, xmlTextWriterEndElement(junit->writer));
}

/* What was gathered in `text` becomes an attribute (`name` is given) or the element's text; the buffer is empty afterwards. */
static void put(struct junit *junit, const char *name, struct buffer *text)
{
    if (text->failed)
        junit->failed = true;
    const char *data = text->data && !text->failed ? text->data : "";
    check(junit, name ? xmlTextWriterWriteAttribute(junit->writer, xml(name), xml(data))
                      : xmlTextWriterWriteString(junit->writer, xml(data)));
    buffer_clear(text);
}

static void attribute(struct junit *junit, const char *name, const char *value)
{
    struct buffer text = {0};
    text_add(&text, value, MARKUP_LINE);
    put(junit, name, &text);
    buffer_free(&text);
}

static void attribute_count(struct junit *junit, const char *name, size_t count)
{
    check(junit, xmlTextWriterWriteFormatAttribute(junit->writer, xml(name), "%zu", count));
}

static void attribute_seconds(struct junit *junit, const char *name, int64_t ns)
{
    check(junit, xmlTextWriterWriteFormatAttribute(junit->writer, xml(name), "%.3f", (double)(ns > 0 ? ns : 0) / 1e9));
}

static void property(struct junit *junit, const char *name, const char *value)
{
    if (!value || !*value)
        return;
    begin(junit, "property");
    attribute(junit, "name", name);
    attribute(junit, "value", value);
    end(junit);
}

static struct totals count(const struct run *const *runs, size_t run_count)
{
    struct totals totals = {.tests = run_count};
    for (size_t i = 0; i < run_count; i++) {
        totals.failures += runs[i]->status == STATUS_FAIL;
        totals.errors += runs[i]->status == STATUS_BROKEN || runs[i]->status == STATUS_INCONCLUSIVE;
        totals.skipped += runs[i]->status == STATUS_SKIP;
        int64_t wall_ns = runs[i]->wall_ns > 0 ? runs[i]->wall_ns : 0;
        totals.wall_ns = wall_ns > INT64_MAX - totals.wall_ns ? INT64_MAX : totals.wall_ns + wall_ns;
    }
    return totals;
}

/* The text of a failure: why, every unexpected finding, the command that repeats it, who allocated, and what the subject said last. */
static void put_details(struct junit *junit, const struct run *run)
{
    struct buffer text = {0};
    text_add(&text, text_reason(run), MARKUP_XML);
    buffer_add_text(&text, "\n");
    for (size_t i = 0; i < run->found_count; i++) {
        const struct found *found = &run->found[i];
        if (found->expected)
            continue;
        buffer_add_text(&text, "  ");
        text_add_finding(&text, found->finding, found->metric, found->rate, found->rate_unit, MARKUP_XML);
        if (found->detail) {
            buffer_add_text(&text, ": ");
            text_add(&text, found->detail, MARKUP_XML);
        }
        buffer_add_text(&text, "\n");
    }
    buffer_add_text(&text, "repeat: ");
    text_add(&text, run->repeat, MARKUP_XML);
    if (run->stack) {
        buffer_add_text(&text, "\n\nallocated by, as memcheck lists what grew:\n");
        text_add(&text, run->stack, MARKUP_XML);
    }
    if (run->log && *run->log) {
        buffer_add_text(&text, "\n\n");
        text_add(&text, run->log, MARKUP_XML);
    }
    put(junit, NULL, &text);
    buffer_free(&text);
}

static void put_outcome(struct junit *junit, const struct run *run)
{
    static const char *const elements[STATUS_COUNT] = {[STATUS_FAIL] = "failure",
                                                       [STATUS_BROKEN] = "error",
                                                       [STATUS_INCONCLUSIVE] = "error",
                                                       [STATUS_SKIP] = "skipped"};
    if (!elements[run->status])
        return;
    begin(junit, elements[run->status]);
    attribute(junit, "message", text_reason(run));
    if (run->status != STATUS_SKIP) {
        attribute(junit, "type", run->status == STATUS_FAIL ? finding_name(run->finding) : status_name(run->status));
        put_details(junit, run);
    }
    end(junit);
}

/* classname: how CI systems group cases; dots would make folders of it. */
static void put_case(struct junit *junit, const struct run *run)
{
    struct buffer text = {0};
    begin(junit, "testcase");
    buffer_add_text(&text, "churn.");
    text_add(&text, run->scenario, MARKUP_LINE);
    put(junit, "classname", &text);
    text_add_run(&text, run, MARKUP_LINE);
    put(junit, "name", &text);
    attribute_seconds(junit, "time", run->wall_ns);
    put_outcome(junit, run);
    end(junit);
    buffer_free(&text);
}

/* Ant's schema wants seconds without a zone. */
static void put_timestamp(struct junit *junit, const char *started)
{
    char stamp[20] = "1970-01-01T00:00:00";
    if (started && strlen(started) >= sizeof stamp - 1)
        memcpy(stamp, started, sizeof stamp - 1);
    attribute(junit, "timestamp", stamp);
}

static void put_machine(struct junit *junit, const struct results *results)
{
    begin(junit, "properties");
    property(junit, "churn.version", results->version);
    property(junit, "machine.system", results->machine.system);
    property(junit, "machine.kernel", results->machine.kernel);
    property(junit, "machine.processor", results->machine.processor);
    property(junit, "compiler", results->machine.compiler);
    property(junit, "valgrind", results->machine.valgrind);
    end(junit);
}

static void put_suite(struct junit *junit, const struct results *results, const struct run_slice *suite, size_t id)
{
    struct totals totals = count(suite->runs, suite->count);
    begin(junit, "testsuite");
    attribute(junit, "name", suite->runs[0]->scenario);
    attribute(junit, "package", "churn");
    attribute_count(junit, "id", id);
    put_timestamp(junit, results->started);
    attribute(junit, "hostname", "localhost");
    attribute_count(junit, "tests", totals.tests);
    attribute_count(junit, "failures", totals.failures);
    attribute_count(junit, "errors", totals.errors);
    attribute_count(junit, "skipped", totals.skipped);
    attribute_seconds(junit, "time", totals.wall_ns);
    put_machine(junit, results);
    for (size_t i = 0; i < suite->count; i++)
        put_case(junit, suite->runs[i]);
    begin(junit, "system-out");
    end(junit);
    begin(junit, "system-err");
    end(junit);
    end(junit);
}

/* All panels of a scenario are one suite. */
static void put_suites(struct junit *junit, const struct results *results, const struct overview *overview)
{
    size_t id = 0;
    for (size_t i = 0; i < overview->run_count; id++) {
        struct run_slice suite = {&overview->runs[i], 0};
        while (i < overview->run_count && text_same(overview->runs[i]->scenario, suite.runs[0]->scenario)) {
            suite.count++;
            i++;
        }
        put_suite(junit, results, &suite, id);
    }
}

static void put_document(struct junit *junit, const struct results *results, const struct overview *overview)
{
    xmlTextWriterSetIndent(junit->writer, 1);
    check(junit, xmlTextWriterStartDocument(junit->writer, NULL, "UTF-8", NULL));
    begin(junit, "testsuites");
    put_suites(junit, results, overview);
    end(junit);
    check(junit, xmlTextWriterEndDocument(junit->writer));
}

static enum err write_junit(const struct results *results, const struct report_options *options, struct buffer *out,
                            struct problem *why)
{
    (void)options;
    struct overview overview = {0};
    enum err err = overview_make(&overview, results);
    xmlBufferPtr bytes = err ? NULL : xmlBufferCreate();
    struct junit junit = {.writer = bytes ? xmlNewTextWriterMemory(bytes, 0) : NULL};
    if (junit.writer) {
        put_document(&junit, results, &overview);
        xmlFreeTextWriter(junit.writer);
        buffer_add(out, xmlBufferContent(bytes), (size_t)xmlBufferLength(bytes));
    }
    if (!junit.writer || junit.failed || out->failed)
        err = problem_set(why, ERR_MEMORY, "out of memory while writing the junit report");
    if (bytes)
        xmlBufferFree(bytes);
    overview_free(&overview);
    return err;
}

static const struct report report = {
    .name = "junit",
    .file_name = "junit.xml",
    .about = "JUnit XML, for every CI system's test view",
    .write = write_junit,
};
REPORT_REGISTER(report)
