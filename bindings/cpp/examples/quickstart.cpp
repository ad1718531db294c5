// Loads a policy, adds two pods, and asks whether one may talk to the other, and why.

#include <iostream>
#include <netpol.hpp>

static constexpr std::string_view POLICY = R"(
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {name: database-policy, namespace: default}
spec:
  endpointSelector: {matchLabels: {tier: database}}
  ingress:
    - fromEndpoints: [{matchLabels: {tier: backend}}]
      toPorts: [{ports: [{port: '7379', protocol: TCP}]}]
)";

static int fail(const netpol::error &error) {
    std::cerr << error.message() << '\n';
    return 1;
}

int main() {
    auto engine = netpol::engine::make();
    if (!engine) {
        return fail(engine.error());
    }
    if (auto done = engine->apply("policy.yaml", POLICY); !done) {
        std::cerr << done.report.text().view();
        return fail(done.error());
    }
    const std::pair<std::string_view, std::string_view> pods[] = {{"database", "10.0.1.2"},
                                                                  {"backend", "10.0.1.3"}};
    std::vector<netpol::address> addresses;
    for (const auto &[tier, ip] : pods) {
        addresses.push_back(*netpol::parse_address(ip));
        netpol::endpoint pod;
        pod.name = tier;
        pod.k8s_namespace = "default";
        pod.labels = {{"tier", tier}};
        pod.addresses = {addresses.back()};
        if (auto added = engine->add_endpoint(pod); !added) {
            return fail(added.error());
        }
    }
    if (auto revision = engine->publish(); !revision) {
        return fail(revision.error());
    }
    auto reader = engine->reader();
    if (!reader) {
        return fail(reader.error());
    }
    for (const std::uint16_t port : {7379, 22}) {
        const netpol::packet packet = netpol::make_packet(addresses[1], addresses[0], 6, port);
        netpol::verdict verdict;
        reader->verdict(packet, verdict);
        const bool allowed = verdict.summary == NETPOL_SUMMARY_ALLOW;
        std::cout << "backend -> database:" << port << (allowed ? " allow" : " deny") << '\n';
        if (auto why = engine->explain(packet)) {
            std::cout << why->view() << '\n';
        }
    }
}
