// Every call of netpol.hpp once, and that objects move, own what they hold, and report what is wrong.

#include <netpol.hpp>

#include <cstdio>
#include <cstdlib>
#include <string>

#define CHECK(condition)                                                               \
    do {                                                                               \
        if (!(condition)) {                                                            \
            std::fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition); \
            std::exit(1);                                                              \
        }                                                                              \
    } while (0)

static_assert(!std::is_copy_constructible_v<netpol::engine>);
static_assert(!std::is_copy_constructible_v<netpol::reader>);
static_assert(std::is_nothrow_move_constructible_v<netpol::engine>);
static_assert(std::is_nothrow_move_constructible_v<netpol::reader>);

static constexpr std::string_view POLICY = R"(
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {name: database-policy, namespace: default}
spec:
  endpointSelector: {matchLabels: {tier: database}}
  ingress:
    - fromEndpoints: [{matchLabels: {tier: backend}}]
      toPorts: [{ports: [{port: '7379', protocol: TCP}]}]
    - fromEndpoints: [{matchLabels: {tier: backend}}]
      toPorts:
        - ports: [{port: '80', protocol: TCP}]
          rules: {http: [{method: GET, path: /public.*}]}
  egress:
    - toFQDNs: [{matchName: db.example.com}]
    - toEntities: [cluster]
)";

static netpol::address ip(std::string_view text) {
    auto address = netpol::parse_address(text);
    CHECK(address);
    return *address;
}

static netpol::endpoint pod(std::string_view tier, std::string_view address) {
    netpol::endpoint pod;
    pod.name = tier;
    pod.k8s_namespace = "default";
    pod.labels = {{"tier", tier}};
    pod.addresses = {ip(address)};
    pod.ports = {{"redis", 7379, 6}};
    return pod;
}

static netpol::engine world() {
    auto engine = netpol::engine::make();
    CHECK(engine);
    CHECK(engine->apply("policy.yaml", POLICY));
    CHECK(*engine->add_endpoint(pod("database", "10.0.1.2")) == 0);
    CHECK(*engine->add_endpoint(pod("backend", "10.0.1.3")) == 1);
    CHECK(*engine->publish() > 0);
    return std::move(*engine);
}

static netpol::verdict ask(netpol::reader &reader, std::string_view src, std::string_view dst,
                           std::uint16_t port) {
    netpol::verdict verdict;
    CHECK(reader.verdict(netpol::make_packet(ip(src), ip(dst), 6, port), verdict) == NETPOL_OK);
    return verdict;
}

static void verdicts() {
    netpol::engine engine = world();
    auto made = engine.reader();
    CHECK(made);
    netpol::reader reader = std::move(*made);
    CHECK(reader.revision() > 0);
    CHECK(ask(reader, "10.0.1.3", "10.0.1.2", 7379).summary == NETPOL_SUMMARY_ALLOW);
    CHECK(ask(reader, "192.0.2.1", "10.0.1.2", 7379).summary == NETPOL_SUMMARY_DENY);
    const netpol::verdict redirect = ask(reader, "10.0.1.3", "10.0.1.2", 80);
    CHECK(redirect.summary == NETPOL_SUMMARY_REDIRECT);
    auto request = reader.http(redirect.ingress, "GET", "/public/a", std::nullopt, {{"x-a", "b"}});
    CHECK(request && request->allowed && request->rule);
    CHECK(request->rule.view().find("database-policy") != std::string_view::npos);
    request = reader.http(redirect.ingress, "PUT", "/public/a");
    CHECK(request && !request->allowed && !request->rule);
    CHECK(!reader.dns(redirect.egress, "example.com"));
    CHECK(!reader.sni(redirect.egress, "example.com"));
    CHECK(!engine.proxy(redirect.ingress.proxy)->view().empty());
    CHECK(engine.proxy(12345).error().status() == NETPOL_BAD_VALUE);

    const netpol::packet packets[2] = {netpol::make_packet(ip("10.0.1.3"), ip("10.0.1.2"), 6, 7379),
                                       netpol::make_packet(ip("10.0.1.3"), ip("10.0.1.2"), 6, 1)};
    netpol::verdict many[2];
    CHECK(reader.verdict_batch(packets, many, 2) == NETPOL_OK);
    CHECK(many[0].summary == NETPOL_SUMMARY_ALLOW && many[1].summary == NETPOL_SUMMARY_DENY);

    const std::uint8_t frame[54] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x08, 0x00,
                                    0x45, 0, 0, 40, 0, 0, 0x40, 0, 64, 6, 0, 0, 10, 0, 1, 3,
                                    10, 0, 1, 2, 0x9c, 0x40, 0x1c, 0xd3, 0, 0, 0, 0, 0, 0, 0, 0,
                                    0x50, 0x02};
    netpol::frame_verdict one;
    CHECK(reader.frame_verdict(frame, sizeof frame, one) == NETPOL_OK && one.allowed == 1);
    CHECK(reader.ip_verdict(frame + 14, sizeof frame - 14, one) == NETPOL_OK && one.allowed == 1);
    const netpol::bytes bytes = {frame, 20};
    CHECK(reader.frame_verdict_batch(&bytes, &one, 1) == NETPOL_OK && one.allowed == 0);
    CHECK(reader.ip_verdict_batch(&bytes, &one, 1) == NETPOL_OK && one.allowed == 0);

    std::uint32_t number = 0;
    CHECK(reader.endpoint(ip("10.0.1.3"), number) == NETPOL_OK && number == 1);
    std::uint32_t identity = 0;
    CHECK(reader.identity(ip("10.0.1.3"), identity) == NETPOL_OK);
    CHECK(identity == *engine.endpoint_identity(1));
    netpol::side side;
    CHECK(reader.endpoint_verdict(0, NETPOL_INGRESS, identity, 6, 7379, side) == NETPOL_OK);
    CHECK(side.decision == NETPOL_DECISION_ALLOW);
}

static void changes() {
    netpol::engine engine = world();
    auto reader = engine.reader();
    CHECK(engine.set_namespace("default", {{"team", "a"}}));
    CHECK(engine.upsert_ip(ip("10.9.0.0"), 16, {"k8s:tier=backend"}));
    CHECK(engine.learn(0, "db.example.com", {ip("192.0.2.7")}, 60, 1000));
    CHECK(engine.learn_name("static.example.com", {ip("192.0.2.8")}));
    CHECK(engine.set_secret("default", "token", "x"));
    CHECK(engine.mark_connection(0, ip("192.0.2.7"), 1000));
    CHECK(engine.connections_marked(1000));
    CHECK(engine.expire_names(1001));
    std::size_t deltas = 0;
    std::size_t prefixes = 0;
    const auto revision = engine.publish(
        [&](std::uint32_t endpoint, std::uint8_t, const netpol::map_entry &) {
            CHECK(endpoint < 2);
            ++deltas;
        },
        [&](const netpol::address &, std::uint8_t prefix_len, bool, std::uint32_t) {
            CHECK(prefix_len <= 128);
            ++prefixes;
        });
    CHECK(revision && *revision == reader->revision());
    CHECK(deltas > 0 && prefixes > 0);
    CHECK(reader->name_binds("DB.example.com", ip("192.0.2.7")));
    CHECK(!reader->name_binds("db.example.com", ip("192.0.2.9")));
    CHECK(ask(*reader, "10.0.1.2", "192.0.2.7", 443).summary == NETPOL_SUMMARY_ALLOW);
    CHECK(engine.flush_names(std::nullopt, 1002));
    CHECK(engine.remove_ip(ip("10.9.0.0"), 16));
    CHECK(engine.remove_namespace("default"));
    CHECK(engine.update_endpoint(1, pod("frontend", "10.0.1.3")));
    CHECK(engine.publish());
    CHECK(ask(*reader, "10.0.1.3", "10.0.1.2", 7379).summary == NETPOL_SUMMARY_DENY);
    CHECK(engine.remove("policy.yaml", POLICY));
    CHECK(engine.remove_endpoint(1));
    CHECK(engine.publish());
    CHECK(engine.stats()->endpoints == 1 && engine.stats()->policies == 0);
    CHECK(engine.policy_map(0, NETPOL_FORMAT_JSON)->view().find("[") != std::string_view::npos);
}

static void problems() {
    netpol::engine engine = world();
    const auto done = engine.apply("bad.yaml", "kind: CiliumNetworkPolicy\napiVersion: cilium.io/v2\nspec: 7\n");
    CHECK(!done && done.error().status() == NETPOL_BAD_DOCUMENT && !done.error().message().empty());
    const auto problems = done.report.problems();
    CHECK(!problems.empty() && problems[0].line > 0 && problems[0].message.len > 0);
    CHECK(done.report.text().view().find("bad.yaml:") != std::string_view::npos);
    const auto fine = engine.apply("policy.yaml", POLICY);
    CHECK(fine && fine.report.applied()->policies == 1);
    CHECK(engine.remove_endpoint(99).error().status() == NETPOL_UNKNOWN_ENDPOINT);
    CHECK(!netpol::parse_address("10.0.0"));
    const std::uint8_t nonsense[3] = {1, 2, 3};
    CHECK(engine.learn_message(0, nonsense, 3, 0).error().status() == NETPOL_BAD_MESSAGE);
    auto settings = netpol::default_settings();
    settings->size += 1;
    CHECK(netpol::engine::make(&*settings).error().status() == NETPOL_WRONG_SIZE);
    // What was moved from denies.
    auto reader = engine.reader();
    netpol::reader other = std::move(*reader);
    netpol::verdict verdict;
    CHECK(reader->verdict(netpol::make_packet(ip("10.0.1.3"), ip("10.0.1.2"), 6, 7379), verdict) ==
          NETPOL_NULL);
    CHECK(verdict.summary == NETPOL_SUMMARY_DENY);
    CHECK(ask(other, "10.0.1.3", "10.0.1.2", 7379).summary == NETPOL_SUMMARY_ALLOW);
}

int main() {
    verdicts();
    changes();
    problems();
}
