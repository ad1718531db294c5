/* The smallest whole program: a policy, two pods, a packet that may pass and one that may not. */

#include <netpol.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char POLICY[] =
    "apiVersion: cilium.io/v2\n"
    "kind: CiliumNetworkPolicy\n"
    "metadata: {name: database-policy, namespace: default}\n"
    "spec:\n"
    "  endpointSelector: {matchLabels: {tier: database}}\n"
    "  ingress:\n"
    "    - fromEndpoints: [{matchLabels: {tier: backend}}]\n"
    "      toPorts: [{ports: [{port: '7379', protocol: TCP}]}]\n";

/* Ends the program if a call failed, and says why. */
static void expect(netpol_status status, netpol_error *error) {
    if (status != NETPOL_OK) {
        fprintf(stderr, "netpol: %s\n", netpol_error_message(error).data);
        netpol_error_free(error);
        exit(1);
    }
}

static void add_pod(netpol_engine *engine, const char *name, const char *tier, const char *ip) {
    netpol_error *error = NULL;
    netpol_address address;
    netpol_label label = {netpol_str_of("tier"), netpol_str_of(tier)};
    netpol_endpoint endpoint;
    expect(netpol_address_parse(netpol_str_of(ip), &address, &error), error);
    memset(&endpoint, 0, sizeof endpoint);
    endpoint.size = sizeof endpoint;
    endpoint.name = netpol_str_of(name);
    endpoint.k8s_namespace = netpol_str_of("default");
    endpoint.labels = &label;
    endpoint.n_labels = 1;
    endpoint.addresses = &address;
    endpoint.n_addresses = 1;
    expect(netpol_engine_add_endpoint(engine, &endpoint, NULL, &error), error);
}

static void judge(const netpol_engine *engine, netpol_reader *reader, const char *src,
                  const char *dst) {
    netpol_error *error = NULL;
    netpol_text *why = NULL;
    netpol_verdict verdict;
    netpol_packet packet;
    memset(&packet, 0, sizeof packet);
    packet.size = sizeof packet;
    packet.protocol = 6; /* TCP */
    packet.port = 7379;
    expect(netpol_address_parse(netpol_str_of(src), &packet.src, &error), error);
    expect(netpol_address_parse(netpol_str_of(dst), &packet.dst, &error), error);
    /* The call for each packet. If it fails, the verdict is a deny. */
    (void)netpol_reader_verdict(reader, &packet, &verdict);
    expect(netpol_engine_explain(engine, &packet, NETPOL_FORMAT_TEXT, &why, &error), error);
    printf("%s -> %s: %s\n%s\n", src, dst,
           verdict.summary == NETPOL_SUMMARY_ALLOW ? "allow" : "deny", netpol_text_str(why).data);
    netpol_text_free(why);
}

int main(void) {
    netpol_engine *engine = NULL;
    netpol_reader *reader = NULL;
    netpol_error *error = NULL;
    if (netpol_abi_version() != NETPOL_ABI_VERSION) {
        fprintf(stderr, "the library is of another version than the header\n");
        return 1;
    }
    expect(netpol_engine_new(NULL, &engine, &error), error);
    expect(netpol_engine_apply(engine, netpol_str_of("policy.yaml"), netpol_str_of(POLICY), NULL,
                               &error),
           error);
    add_pod(engine, "db-0", "database", "10.0.1.2");
    add_pod(engine, "api-0", "backend", "10.0.1.3");
    expect(netpol_engine_publish(engine, NULL, NULL, &error), error);
    expect(netpol_reader_new(engine, &reader, &error), error);
    judge(engine, reader, "10.0.1.3", "10.0.1.2");
    judge(engine, reader, "192.0.2.1", "10.0.1.2");
    netpol_reader_free(reader);
    netpol_engine_free(engine);
    return 0;
}
