#include "harness/tests/report_sample.h"

#include <criterion/criterion.h>
#include <libxml/parser.h>
#include <libxml/xmlschemas.h>
#include <libxml/xpath.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SCHEMA "harness/tests/data/junit.xsd"

/* 0: the text fits the schema. */
static int validate(const char *text)
{
    xmlSchemaParserCtxtPtr parser = xmlSchemaNewParserCtxt(SCHEMA);
    xmlSchemaPtr schema = xmlSchemaParse(parser);
    cr_assert_not_null(schema, "%s could not be read (tests run from the top folder)", SCHEMA);
    xmlSchemaValidCtxtPtr context = xmlSchemaNewValidCtxt(schema);
    xmlDocPtr document = xmlReadMemory(text, (int)strlen(text), "junit.xml", NULL, XML_PARSE_NONET);
    cr_assert_not_null(document, "not well-formed");
    int result = xmlSchemaValidateDoc(context, document);
    xmlFreeDoc(document);
    xmlSchemaFreeValidCtxt(context);
    xmlSchemaFree(schema);
    xmlSchemaFreeParserCtxt(parser);
    xmlCleanupParser();
    return result;
}

static double evaluate(const char *text, const char *expression)
{
    xmlDocPtr document = xmlReadMemory(text, (int)strlen(text), "junit.xml", NULL, XML_PARSE_NONET);
    xmlXPathContextPtr context = xmlXPathNewContext(document);
    xmlXPathObjectPtr value = xmlXPathEvalExpression((const xmlChar *)expression, context);
    cr_assert_not_null(value);
    double number = xmlXPathCastToNumber(value);
    xmlXPathFreeObject(value);
    xmlXPathFreeContext(context);
    xmlFreeDoc(document);
    return number;
}

Test(report_junit, fits_the_schema)
{
    struct results *all[] = {sample_good(), sample_troubled(), sample_large(), results_make()};
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        char *text = sample_write(all[i], "junit");
        cr_assert_eq(validate(text), 0, "sample %zu", i);
        free(text);
        results_free(all[i]);
    }
}

static void say_nothing(void *context, const char *format, ...)
{
    (void)context;
    (void)format;
}

/* The schema itself is worth something: a file with a case too many attributes does not fit. */
Test(report_junit, schema_refuses)
{
    xmlSetGenericErrorFunc(NULL, say_nothing);
    cr_assert_neq(validate("<testsuites><testsuite name='x'/></testsuites>"), 0);
    cr_assert_neq(validate("<testsuites tests='1'/>"), 0);
}

Test(report_junit, counts_are_those_of_the_cases)
{
    struct results *results = sample_troubled();
    char *text = sample_write(results, "junit");
    cr_assert_float_eq(evaluate(text, "count(//testcase)"), (double)results->run_count, 0.1);
    cr_assert_float_eq(evaluate(text, "sum(//testsuite/@tests)"), (double)results->run_count, 0.1);
    /* 3 leaks, a hang, a violation; broken and inconclusive; one skip */
    cr_assert_float_eq(evaluate(text, "count(//failure)"), 5, 0.1);
    cr_assert_float_eq(evaluate(text, "sum(//testsuite/@failures)"), 5, 0.1);
    cr_assert_float_eq(evaluate(text, "count(//error)"), 2, 0.1);
    cr_assert_float_eq(evaluate(text, "sum(//testsuite/@errors)"), 2, 0.1);
    cr_assert_float_eq(evaluate(text, "count(//skipped)"), 1, 0.1);
    cr_assert_float_eq(evaluate(text, "count(//testsuite)"), 7, 0.1);
    cr_assert_float_eq(evaluate(text, "count(//failure[contains(.,'repeat: churn run scenarios/scope-close.lua')])"), 3,
                       0.1);
    cr_assert_float_eq(evaluate(text, "count(//failure[contains(.,'invalidate_owner (owner.c:41)')])"), 3, 0.1);
    free(text);
    results_free(results);
}

Test(report_junit, names_are_unique)
{
    struct results *results = sample_large();
    char *text = sample_write(results, "junit");
    cr_assert_float_eq(evaluate(text, "count(//testcase[@name = preceding::testcase/@name])"), 0, 0.1);
    free(text);
    results_free(results);
}

Test(report_junit, noncharacters_are_no_xml)
{
    struct results *results = sample_good();
    cr_assert_eq(run_set_text(&results->runs[0]->scenario, "a\xEF\xBF\xBF"
                                                           "b\xEF\xBF\xBE ü"),
                 ERR_NONE);
    char *text = sample_write(results, "junit");
    cr_assert_eq(validate(text), 0);
    cr_assert_not_null(strstr(text, "a?b? ü"));
    free(text);
    results_free(results);
}
