/* What the tests in C share. They compile as C11 and as C++17. */

#ifndef NETPOL_TEST_H
#define NETPOL_TEST_H

#include <netpol.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Ends the program unless a condition holds, also where assertions are switched off. */
#define CHECK(condition)                                                          \
    do {                                                                          \
        if (!(condition)) {                                                       \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition); \
            exit(1);                                                              \
        }                                                                         \
    } while (0)

static const char POLICY[] =
    "apiVersion: cilium.io/v2\n"
    "kind: CiliumNetworkPolicy\n"
    "metadata: {name: database-policy, namespace: default}\n"
    "spec:\n"
    "  endpointSelector: {matchLabels: {tier: database}}\n"
    "  ingress:\n"
    "    - fromEndpoints: [{matchLabels: {tier: backend}}]\n"
    "      toPorts: [{ports: [{port: '7379', protocol: TCP}]}]\n"
    "    - fromEndpoints: [{matchLabels: {tier: backend}}]\n"
    "      toPorts:\n"
    "        - ports: [{port: '80', protocol: TCP}]\n"
    "          rules: {http: [{method: GET, path: /public.*}]}\n";

static inline netpol_address address(const char *text) {
    netpol_address address;
    CHECK(netpol_address_parse(netpol_str_of(text), &address, NULL) == NETPOL_OK);
    return address;
}

static inline netpol_packet tcp(const char *src, const char *dst, uint16_t port) {
    netpol_packet packet;
    memset(&packet, 0, sizeof packet);
    packet.size = sizeof packet;
    packet.protocol = 6;
    packet.port = port;
    packet.src = address(src);
    packet.dst = address(dst);
    return packet;
}

/* Adds a pod with one label and one address, and returns its number. */
static inline uint32_t add_pod(netpol_engine *engine, const char *name, const char *tier,
                               const char *ip) {
    netpol_label label;
    netpol_address ips = address(ip);
    netpol_endpoint endpoint;
    uint32_t number = NETPOL_NO_ENDPOINT;
    label.key = netpol_str_of("tier");
    label.value = netpol_str_of(tier);
    memset(&endpoint, 0, sizeof endpoint);
    endpoint.size = sizeof endpoint;
    endpoint.name = netpol_str_of(name);
    endpoint.k8s_namespace = netpol_str_of("default");
    endpoint.labels = &label;
    endpoint.n_labels = 1;
    endpoint.addresses = &ips;
    endpoint.n_addresses = 1;
    CHECK(netpol_engine_add_endpoint(engine, &endpoint, &number, NULL) == NETPOL_OK);
    return number;
}

/* Returns an engine with a policy and two pods, 10.0.1.2 (database) and 10.0.1.3 (backend), published. */
static inline netpol_engine *world(void) {
    netpol_engine *engine = NULL;
    CHECK(netpol_abi_version() == NETPOL_ABI_VERSION);
    CHECK(netpol_engine_new(NULL, &engine, NULL) == NETPOL_OK);
    CHECK(netpol_engine_apply(engine, netpol_str_of("policy.yaml"), netpol_str_of(POLICY), NULL,
                              NULL) == NETPOL_OK);
    CHECK(add_pod(engine, "db-0", "database", "10.0.1.2") == 0);
    CHECK(add_pod(engine, "api-0", "backend", "10.0.1.3") == 1);
    CHECK(netpol_engine_publish(engine, NULL, NULL, NULL) == NETPOL_OK);
    return engine;
}

static inline netpol_reader *reader_of(const netpol_engine *engine) {
    netpol_reader *reader = NULL;
    CHECK(netpol_reader_new(engine, &reader, NULL) == NETPOL_OK);
    return reader;
}

/* Tells whether a text holds another one, and frees it. */
static inline bool says(netpol_text *text, const char *part) {
    bool found = strstr(netpol_text_str(text).data, part) != NULL;
    netpol_text_free(text);
    return found;
}

#endif
