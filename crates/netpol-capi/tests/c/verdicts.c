/* The way of a well-behaved program: load, publish, ask, explain, change, free. */

#include "test.h"

static void judges_packets(netpol_reader *reader) {
    netpol_packet packets[3];
    netpol_verdict verdicts[3];
    netpol_verdict one;
    packets[0] = tcp("10.0.1.3", "10.0.1.2", 7379);
    packets[1] = tcp("192.0.2.1", "10.0.1.2", 7379);
    packets[2] = tcp("10.0.1.3", "10.0.1.2", 80);
    CHECK(netpol_reader_verdict_batch(reader, packets, verdicts, 3) == NETPOL_OK);
    CHECK(verdicts[0].summary == NETPOL_SUMMARY_ALLOW);
    CHECK(verdicts[1].summary == NETPOL_SUMMARY_DENY);
    CHECK(verdicts[1].ingress.decision == NETPOL_DECISION_DEFAULT_DENY);
    CHECK(verdicts[2].summary == NETPOL_SUMMARY_REDIRECT);
    CHECK(netpol_reader_verdict(reader, &packets[0], &one) == NETPOL_OK);
    CHECK(memcmp(&one, &verdicts[0], sizeof one) == 0);
}

static void judges_bytes(netpol_reader *reader) {
    /* Ethernet, IPv4 and TCP from 10.0.1.3 to port 7379 of 10.0.1.2. */
    uint8_t frame[54] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x08, 0x00, 0x45, 0, 0, 40, 0, 0,
                         0x40, 0, 64, 6, 0, 0, 10, 0, 1, 3, 10, 0, 1, 2, 0x9c, 0x40, 0x1c, 0xd3,
                         0, 0, 0, 0, 0, 0, 0, 0, 0x50, 0x02};
    netpol_frame_verdict one;
    netpol_frame_verdict verdicts[3];
    netpol_bytes frames[3];
    CHECK(netpol_reader_frame_verdict(reader, frame, sizeof frame, &one) == NETPOL_OK);
    CHECK(one.kind == NETPOL_FRAME_PACKET && one.allowed == 1);
    CHECK(one.verdict.ingress.port == 7379 && one.verdict.ingress.protocol == 6);
    CHECK(netpol_reader_ip_verdict(reader, frame + 14, sizeof frame - 14, &verdicts[0]) ==
          NETPOL_OK);
    CHECK(memcmp(&one, &verdicts[0], sizeof one) == 0);
    frames[0].data = frame;
    frames[0].len = sizeof frame;
    frames[1].data = frame;
    frames[1].len = 30;
    frames[2].data = NULL;
    frames[2].len = 7;
    CHECK(netpol_reader_frame_verdict_batch(reader, frames, verdicts, 2) == NETPOL_OK);
    CHECK(memcmp(&one, &verdicts[0], sizeof one) == 0);
    CHECK(verdicts[1].kind == NETPOL_FRAME_DROP && verdicts[1].allowed == 0);
    CHECK(verdicts[1].drop_reason == NETPOL_DROP_TRUNCATED);
    CHECK(netpol_reader_frame_verdict_batch(reader, frames, verdicts, 3) == NETPOL_NULL);
    CHECK(verdicts[0].allowed == 1 && verdicts[2].allowed == 0);
    CHECK(netpol_reader_frame_verdict(reader, NULL, 7, &one) == NETPOL_NULL && one.allowed == 0);
    CHECK(netpol_reader_frame_verdict(NULL, frame, sizeof frame, &one) == NETPOL_NULL);
    CHECK(one.allowed == 0 && one.verdict.summary == NETPOL_SUMMARY_DENY);
    CHECK(netpol_reader_ip_verdict_batch(reader, NULL, NULL, 0) == NETPOL_OK);
}

static void judges_requests(netpol_reader *reader) {
    netpol_packet packet = tcp("10.0.1.3", "10.0.1.2", 80);
    netpol_http_request request;
    netpol_header header;
    netpol_verdict verdict;
    netpol_text *rule = NULL;
    bool allowed = false;
    CHECK(netpol_reader_verdict(reader, &packet, &verdict) == NETPOL_OK);
    header.name = netpol_str_of("X-Team");
    header.value = netpol_str_of("blue");
    memset(&request, 0, sizeof request);
    request.size = sizeof request;
    request.method = netpol_str_of("GET");
    request.path = netpol_str_of("/public/index");
    request.headers = &header;
    request.n_headers = 1;
    CHECK(netpol_reader_http(reader, &verdict.ingress, NULL, &request, &allowed, &rule, NULL) ==
          NETPOL_OK);
    CHECK(allowed && says(rule, "database-policy"));
    request.method = netpol_str_of("PUT");
    CHECK(netpol_reader_http(reader, &verdict.ingress, NULL, &request, &allowed, &rule, NULL) ==
          NETPOL_OK);
    CHECK(!allowed && rule == NULL);
}

static void explains(const netpol_engine *engine) {
    netpol_packet packet = tcp("10.0.1.3", "10.0.1.2", 7379);
    netpol_text *text = NULL;
    netpol_stats stats;
    CHECK(netpol_engine_explain(engine, &packet, NETPOL_FORMAT_TEXT, &text, NULL) == NETPOL_OK);
    CHECK(says(text, "policy.yaml:7"));
    CHECK(netpol_engine_policy_map(engine, 0, NETPOL_FORMAT_JSON, &text, NULL) == NETPOL_OK);
    CHECK(says(text, "\"ingressEnforced\":true"));
    CHECK(netpol_engine_stats(engine, &stats, NULL) == NETPOL_OK);
    CHECK(stats.policies == 1 && stats.endpoints == 2 && stats.revision == 1);
}

static void count_delta(void *context, uint32_t endpoint, uint8_t kind,
                        const netpol_map_entry *entry) {
    CHECK(endpoint <= 1 && kind >= NETPOL_DELTA_ADD && kind <= NETPOL_DELTA_REMOVE);
    CHECK(entry->direction == NETPOL_INGRESS || entry->direction == NETPOL_EGRESS);
    *(size_t *)context += 1;
}

static void changes(netpol_engine *engine, netpol_reader *reader) {
    netpol_packet packet = tcp("192.0.2.1", "10.0.1.2", 7379);
    netpol_callbacks callbacks;
    netpol_report *report = NULL;
    netpol_applied applied;
    netpol_verdict verdict;
    size_t deltas = 0;
    uint64_t revision = 0;
    memset(&callbacks, 0, sizeof callbacks);
    callbacks.size = sizeof callbacks;
    callbacks.context = &deltas;
    callbacks.delta = count_delta;
    CHECK(netpol_engine_delete(engine, netpol_str_of("policy.yaml"), netpol_str_of(POLICY), &report,
                               NULL) == NETPOL_OK);
    CHECK(netpol_report_applied(report, &applied, NULL) == NETPOL_OK);
    CHECK(applied.removed == 1);
    netpol_report_free(report);
    CHECK(netpol_reader_verdict(reader, &packet, &verdict) == NETPOL_OK);
    CHECK(verdict.summary == NETPOL_SUMMARY_DENY);
    CHECK(netpol_engine_publish(engine, &callbacks, &revision, NULL) == NETPOL_OK);
    CHECK(revision == 2 && deltas > 0);
    CHECK(netpol_reader_verdict(reader, &packet, &verdict) == NETPOL_OK);
    CHECK(verdict.summary == NETPOL_SUMMARY_ALLOW);
}

int main(void) {
    netpol_engine *engine = world();
    netpol_reader *reader = reader_of(engine);
    judges_packets(reader);
    judges_bytes(reader);
    judges_requests(reader);
    explains(engine);
    changes(engine, reader);
    netpol_engine_free(engine);
    CHECK(netpol_reader_revision(reader) == 2);
    netpol_reader_free(reader);
    return 0;
}
