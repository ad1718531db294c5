/* What the header allows a program to do wrong: NULL, wrong sizes, nonsense. Nothing of it lets a packet pass. */

#include "test.h"

static void null_denies(netpol_reader *reader) {
    netpol_packet packet = tcp("10.0.1.3", "10.0.1.2", 7379);
    netpol_verdict verdict;
    memset(&verdict, 0xff, sizeof verdict);
    CHECK(netpol_reader_verdict(NULL, &packet, &verdict) == NETPOL_NULL);
    CHECK(verdict.summary == NETPOL_SUMMARY_DENY);
    memset(&verdict, 0xff, sizeof verdict);
    CHECK(netpol_reader_verdict(reader, NULL, &verdict) == NETPOL_NULL);
    CHECK(verdict.summary == NETPOL_SUMMARY_DENY);
    CHECK(netpol_reader_verdict(reader, &packet, NULL) == NETPOL_NULL);
    memset(&verdict, 0xff, sizeof verdict);
    CHECK(netpol_reader_verdict_batch(reader, NULL, &verdict, 1) == NETPOL_NULL);
    CHECK(verdict.summary == NETPOL_SUMMARY_DENY);
    CHECK(netpol_reader_verdict_batch(reader, NULL, NULL, 0) == NETPOL_OK);
    netpol_engine_free(NULL);
    netpol_reader_free(NULL);
    netpol_error_free(NULL);
    netpol_report_free(NULL);
    netpol_text_free(NULL);
}

static void wrong_sizes_deny(netpol_engine *engine, netpol_reader *reader) {
    netpol_packet packet = tcp("10.0.1.3", "10.0.1.2", 7379);
    netpol_settings settings;
    netpol_endpoint endpoint;
    netpol_engine *other = NULL;
    netpol_verdict verdict;
    netpol_error *error = NULL;
    packet.size = 1;
    memset(&verdict, 0xff, sizeof verdict);
    CHECK(netpol_reader_verdict(reader, &packet, &verdict) == NETPOL_WRONG_SIZE);
    CHECK(verdict.summary == NETPOL_SUMMARY_DENY);
    CHECK(netpol_settings_default(&settings, 1, NULL) == NETPOL_WRONG_SIZE);
    CHECK(netpol_settings_default(&settings, sizeof settings, NULL) == NETPOL_OK);
    settings.size = sizeof settings + 1;
    CHECK(netpol_engine_new(&settings, &other, NULL) == NETPOL_WRONG_SIZE && other == NULL);
    memset(&endpoint, 0, sizeof endpoint);
    CHECK(netpol_engine_add_endpoint(engine, &endpoint, NULL, &error) == NETPOL_WRONG_SIZE);
    CHECK(netpol_error_status(error) == NETPOL_WRONG_SIZE);
    CHECK(strstr(netpol_error_message(error).data, "`endpoint`") != NULL);
    netpol_error_free(error);
}

static void nonsense_is_reported(netpol_engine *engine) {
    netpol_report *report = NULL;
    netpol_problem problem;
    netpol_error *error = NULL;
    netpol_str text = netpol_str_of("kind: CiliumNetworkPolicy\napiVersion: cilium.io/v2\nspec: 7\n");
    CHECK(netpol_engine_apply(engine, netpol_str_of("bad.yaml"), text, &report, &error) ==
          NETPOL_BAD_DOCUMENT);
    CHECK(netpol_report_len(report) > 0);
    CHECK(netpol_report_problem(report, 0, &problem, NULL) == NETPOL_OK);
    CHECK(problem.severity == NETPOL_ERROR && problem.line > 0 && problem.column > 0);
    CHECK(problem.file.len == 8 && memcmp(problem.file.data, "bad.yaml", 8) == 0);
    CHECK(problem.code.len > 0 && problem.message.len > 0);
    CHECK(says(netpol_report_text(report), "bad.yaml:"));
    netpol_report_free(report);
    netpol_error_free(error);
    text.data = "\xff\xfe";
    text.len = 2;
    CHECK(netpol_engine_apply(engine, netpol_str_of("bytes"), text, NULL, NULL) ==
          NETPOL_BAD_DOCUMENT);
    CHECK(netpol_engine_learn_message(engine, 1, (const uint8_t *)"dns", 3, 0, NULL, NULL) ==
          NETPOL_BAD_MESSAGE);
    CHECK(netpol_engine_remove_endpoint(engine, 99, NULL) == NETPOL_UNKNOWN_ENDPOINT);
}

int main(void) {
    netpol_engine *engine = world();
    netpol_reader *reader = reader_of(engine);
    null_denies(reader);
    wrong_sizes_deny(engine, reader);
    nonsense_is_reported(engine);
    netpol_reader_free(reader);
    netpol_engine_free(engine);
    return 0;
}
