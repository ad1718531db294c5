// netpol for C++17: policies in, verdicts out. Header only, on top of netpol.h, whose conventions hold.
//
// Objects own what they hold, move and do not copy. Nothing throws: what can fail returns a `result`, which is
// tested like a pointer. A verdict that cannot be given is a deny, whatever its status says.
//
//     auto engine = netpol::engine::make();
//     if (auto applied = engine->apply("policy.yaml", text); !applied) {
//         std::cerr << applied.error().message() << '\n';
//     }

#ifndef NETPOL_HPP
#define NETPOL_HPP

#include <netpol.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace netpol {

using address = netpol_address;
using applied = netpol_applied;
using bytes = netpol_bytes;
using frame_verdict = netpol_frame_verdict;
using map_entry = netpol_map_entry;
using packet = netpol_packet;
using problem = netpol_problem;
using settings = netpol_settings;
using side = netpol_side;
using stats = netpol_stats;
using status = netpol_status;
using verdict = netpol_verdict;

namespace detail {

inline netpol_str str(std::string_view text) { return {text.data(), text.size()}; }

// Where a text is optional: NULL for none.
inline netpol_str str(const std::optional<std::string_view> &text) {
    return text ? str(*text) : netpol_str{nullptr, 0};
}

inline std::string_view view(netpol_str text) {
    return text.len == 0 ? std::string_view() : std::string_view(text.data, text.len);
}

template <auto Free>
struct deleter {
    template <typename T>
    void operator()(T *object) const {
        Free(object);
    }
};

template <typename T, auto Free>
using owned = std::unique_ptr<T, deleter<Free>>;

}  // namespace detail

// Why a call failed.
class error {
public:
    explicit error(netpol_error *object, netpol_status status) : object_(object), status_(status) {}

    // NETPOL_NULL and so on.
    netpol_status status() const { return status_; }

    // The reason in words; lives as long as this object.
    std::string_view message() const {
        return object_ ? detail::view(netpol_error_message(object_.get()))
                       : std::string_view("the call failed");
    }

private:
    detail::owned<netpol_error, netpol_error_free> object_;
    netpol_status status_;
};

// What a call gives, or why it failed. Reading the value of a failed call is a mistake of the caller.
template <typename T>
class [[nodiscard]] result {
public:
    result(T value) : held_(std::in_place_index<0>, std::move(value)) {}
    result(netpol::error error) : held_(std::in_place_index<1>, std::move(error)) {}

    explicit operator bool() const { return held_.index() == 0; }
    T &operator*() & { return *std::get_if<0>(&held_); }
    const T &operator*() const & { return *std::get_if<0>(&held_); }
    T &&operator*() && { return std::move(*std::get_if<0>(&held_)); }
    T *operator->() { return std::get_if<0>(&held_); }
    const T *operator->() const { return std::get_if<0>(&held_); }
    const netpol::error &error() const { return *std::get_if<1>(&held_); }

private:
    std::variant<T, netpol::error> held_;
};

// That a call succeeded, or why it failed.
template <>
class [[nodiscard]] result<void> {
public:
    result() = default;
    result(netpol::error error) : error_(std::move(error)) {}

    explicit operator bool() const { return !error_; }
    const netpol::error &error() const { return *error_; }

private:
    std::optional<netpol::error> error_;
};

namespace detail {

// Makes a call that takes `netpol_error **` last.
template <typename T, typename Call>
result<T> call(T value, Call &&work) {
    netpol_error *object = nullptr;
    const netpol_status status = work(value, &object);
    if (status != NETPOL_OK) {
        return error(object, status);
    }
    return result<T>(std::move(value));
}

template <typename Call>
result<void> call(Call &&work) {
    netpol_error *object = nullptr;
    const netpol_status status = work(&object);
    if (status != NETPOL_OK) {
        return error(object, status);
    }
    return {};
}

}  // namespace detail

// Text that the library made.
class text {
public:
    explicit text(netpol_text *object = nullptr) : object_(object) {}

    // Lives as long as this object.
    std::string_view view() const {
        return object_ ? detail::view(netpol_text_str(object_.get())) : std::string_view();
    }

    // False where there is none.
    explicit operator bool() const { return object_ != nullptr; }

private:
    detail::owned<netpol_text, netpol_text_free> object_;
};

namespace detail {

template <typename Call>
result<text> text_of(Call &&work) {
    netpol_text *object = nullptr;
    netpol_error *failure = nullptr;
    const netpol_status status = work(&object, &failure);
    if (status != NETPOL_OK) {
        return error(failure, status);
    }
    return text(object);
}

}  // namespace detail

// What was found in documents, and what became of them.
class report {
public:
    explicit report(netpol_report *object = nullptr) : object_(object) {}

    // Errors and warnings in order; the texts in them live as long as this object.
    std::vector<problem> problems() const {
        std::vector<problem> all(netpol_report_len(object_.get()));
        for (std::size_t index = 0; index < all.size(); ++index) {
            if (netpol_report_problem(object_.get(), index, &all[index], nullptr) != NETPOL_OK) {
                all.resize(index);
                break;
            }
        }
        return all;
    }

    result<netpol::applied> applied() const {
        return detail::call(netpol::applied{}, [&](netpol::applied &out, netpol_error **error) {
            return netpol_report_applied(object_.get(), &out, error);
        });
    }

    // For people: each problem with its line of the document.
    netpol::text text() const { return netpol::text(netpol_report_text(object_.get())); }

private:
    detail::owned<netpol_report, netpol_report_free> object_;
};

// What documents came to: the call's own result, and the report, which is there also if it failed.
struct [[nodiscard]] outcome {
    result<void> done;
    netpol::report report;

    explicit operator bool() const { return static_cast<bool>(done); }
    const netpol::error &error() const { return done.error(); }
};

// Returns an address from text, such as "10.0.1.2" or "fd00::1".
inline result<address> parse_address(std::string_view text) {
    return detail::call(address{}, [&](address &out, netpol_error **error) {
        return netpol_address_parse(detail::str(text), &out, error);
    });
}

// Returns the first packet of a connection; `port` is the type for ICMP, 0 for protocols without ports.
inline packet make_packet(const address &src, const address &dst, std::uint8_t protocol,
                          std::uint16_t port, std::uint8_t icmp_code = 0) {
    packet made{};
    made.size = sizeof made;
    made.port = port;
    made.protocol = protocol;
    made.icmp_code = icmp_code;
    made.src = src;
    made.dst = dst;
    return made;
}

// Returns the settings that are in force where none are given.
inline result<settings> default_settings() {
    return detail::call(settings{}, [](settings &out, netpol_error **error) {
        return netpol_settings_default(&out, sizeof out, error);
    });
}

struct label {
    std::string_view key;
    std::string_view value;
};

struct named_port {
    std::string_view name;
    std::uint16_t port;
    std::uint8_t protocol;
};

// A pod, or whatever else has an identity. The views are copied by the calls that take it.
struct endpoint {
    std::uint8_t kind = NETPOL_ENDPOINT_POD;
    std::string_view name;
    std::string_view k8s_namespace;
    std::optional<std::string_view> service_account;
    // Set for an endpoint of the cluster that another node manages.
    std::optional<std::string_view> cluster;
    bool api_server = false;
    std::vector<label> labels;
    std::vector<address> addresses;
    std::vector<named_port> ports;
};

namespace detail {

// An endpoint as C has it; points into this object and into the endpoint.
class c_endpoint {
public:
    explicit c_endpoint(const endpoint &from) {
        labels_ = c_labels(from.labels);
        for (const named_port &port : from.ports) {
            ports_.push_back({str(port.name), port.port, port.protocol});
        }
        c_.size = sizeof c_;
        c_.name = str(from.name);
        c_.k8s_namespace = str(from.k8s_namespace);
        c_.service_account = str(from.service_account);
        c_.cluster = str(from.cluster);
        c_.labels = labels_.data();
        c_.n_labels = labels_.size();
        c_.addresses = from.addresses.data();
        c_.n_addresses = from.addresses.size();
        c_.ports = ports_.data();
        c_.n_ports = ports_.size();
        c_.kind = from.kind;
        c_.api_server = from.api_server ? 1 : 0;
    }

    c_endpoint(const c_endpoint &) = delete;
    c_endpoint &operator=(const c_endpoint &) = delete;

    const netpol_endpoint *get() const { return &c_; }

    static std::vector<netpol_label> c_labels(const std::vector<label> &labels) {
        std::vector<netpol_label> made;
        made.reserve(labels.size());
        for (const label &label : labels) {
            made.push_back({str(label.key), str(label.value)});
        }
        return made;
    }

private:
    std::vector<netpol_label> labels_;
    std::vector<netpol_named_port> ports_;
    netpol_endpoint c_{};
};

}  // namespace detail

// An answer about a request on a redirected connection.
struct decision {
    bool allowed = false;
    // The rule that allows it; empty if none does, or none looks at requests any more.
    netpol::text rule;
};

// The read side: one for each thread that asks for verdicts. May outlive its engine.
class reader {
public:
    explicit reader(netpol_reader *object = nullptr) : object_(object) {}

    std::uint64_t revision() { return netpol_reader_revision(object_.get()); }

    // Writes the verdict on the first packet of a connection. Neither allocates nor waits.
    netpol::status verdict(const netpol::packet &packet, netpol::verdict &out) {
        return netpol_reader_verdict(object_.get(), &packet, &out);
    }

    // Writes the verdicts on `count` packets to as many places.
    netpol::status verdict_batch(const netpol::packet *packets, netpol::verdict *out,
                                 std::size_t count) {
        return netpol_reader_verdict_batch(object_.get(), packets, out, count);
    }

    // Writes the verdict on the bytes of a packet from its Ethernet header on.
    netpol::status frame_verdict(const std::uint8_t *data, std::size_t len,
                                 netpol::frame_verdict &out) {
        return netpol_reader_frame_verdict(object_.get(), data, len, &out);
    }

    // Writes the verdict on the bytes of a packet from its IP header on.
    netpol::status ip_verdict(const std::uint8_t *data, std::size_t len,
                              netpol::frame_verdict &out) {
        return netpol_reader_ip_verdict(object_.get(), data, len, &out);
    }

    netpol::status frame_verdict_batch(const netpol::bytes *frames, netpol::frame_verdict *out,
                                       std::size_t count) {
        return netpol_reader_frame_verdict_batch(object_.get(), frames, out, count);
    }

    netpol::status ip_verdict_batch(const netpol::bytes *packets, netpol::frame_verdict *out,
                                    std::size_t count) {
        return netpol_reader_ip_verdict_batch(object_.get(), packets, out, count);
    }

    // Writes what the policy of one endpoint says about a peer, whose identity is known.
    netpol::status endpoint_verdict(std::uint32_t endpoint, std::uint8_t direction,
                                    std::uint32_t peer, std::uint8_t protocol, std::uint16_t port,
                                    netpol::side &out) {
        return netpol_reader_endpoint_verdict(object_.get(), endpoint, direction, peer, protocol,
                                              port, &out);
    }

    netpol::status identity(const netpol::address &address, std::uint32_t &out) {
        return netpol_reader_identity(object_.get(), &address, &out);
    }

    netpol::status endpoint(const netpol::address &address, std::uint32_t &out) {
        return netpol_reader_endpoint(object_.get(), &address, &out);
    }

    // Asks about an HTTP request; `headers` are pairs of name and value.
    result<decision> http(const netpol::side &side, std::string_view method, std::string_view path,
                          std::optional<std::string_view> host = std::nullopt,
                          const std::vector<label> &headers = {},
                          const netpol::address *bound_to = nullptr) {
        std::vector<netpol_header> c_headers;
        for (const label &header : headers) {
            c_headers.push_back({detail::str(header.key), detail::str(header.value)});
        }
        netpol_http_request request{};
        request.size = sizeof request;
        request.method = detail::str(method);
        request.path = detail::str(path);
        request.host = detail::str(host);
        request.headers = c_headers.data();
        request.n_headers = c_headers.size();
        return ask([&](bool *allowed, netpol_text **rule, netpol_error **error) {
            return netpol_reader_http(object_.get(), &side, bound_to, &request, allowed, rule, error);
        });
    }

    // Asks about a DNS query for a name.
    result<decision> dns(const netpol::side &side, std::string_view name) {
        return ask([&](bool *allowed, netpol_text **rule, netpol_error **error) {
            return netpol_reader_dns(object_.get(), &side, detail::str(name), allowed, rule, error);
        });
    }

    // Asks about a TLS connection that names a server.
    result<decision> sni(const netpol::side &side, std::string_view server_name,
                         const netpol::address *bound_to = nullptr) {
        return ask([&](bool *allowed, netpol_text **rule, netpol_error **error) {
            return netpol_reader_sni(object_.get(), &side, bound_to, detail::str(server_name),
                                     allowed, rule, error);
        });
    }

    // Tells whether DNS gave an address for a name.
    bool name_binds(std::string_view name, const netpol::address &address) {
        bool binds = false;
        const bool asked = netpol_reader_name_binds(object_.get(), detail::str(name), &address,
                                                    &binds) == NETPOL_OK;
        return asked && binds;
    }

    netpol_reader *get() const { return object_.get(); }

private:
    template <typename Call>
    static result<decision> ask(Call &&work) {
        bool allowed = false;
        netpol_text *rule = nullptr;
        netpol_error *failure = nullptr;
        const netpol_status status = work(&allowed, &rule, &failure);
        if (status != NETPOL_OK) {
            return error(failure, status);
        }
        return decision{allowed, text(rule)};
    }

    detail::owned<netpol_reader, netpol_reader_free> object_;
};

// The write side: what it is told takes effect when it publishes. One thread at a time.
class engine {
public:
    // Returns an engine without policies. Fails too if the library has another ABI than this header.
    static result<engine> make(const netpol::settings *settings = nullptr) {
        if (netpol_abi_version() != NETPOL_ABI_VERSION) {
            return error(nullptr, NETPOL_WRONG_SIZE);
        }
        netpol_engine *object = nullptr;
        netpol_error *failure = nullptr;
        const netpol_status status = netpol_engine_new(settings, &object, &failure);
        if (status != NETPOL_OK) {
            return error(failure, status);
        }
        return engine(object);
    }

    // Takes documents in, YAML or JSON: policies are added, or replaced by name. `name` is for messages.
    outcome apply(std::string_view name, std::string_view text) {
        return documents(netpol_engine_apply, name, text);
    }

    // Removes the policies that documents name.
    outcome remove(std::string_view name, std::string_view text) {
        return documents(netpol_engine_delete, name, text);
    }

    // Adds an endpoint; returns its number.
    result<std::uint32_t> add_endpoint(const endpoint &endpoint) {
        const detail::c_endpoint c(endpoint);
        return detail::call(std::uint32_t{0}, [&](std::uint32_t &number, netpol_error **error) {
            return netpol_engine_add_endpoint(object_.get(), c.get(), &number, error);
        });
    }

    result<void> update_endpoint(std::uint32_t number, const endpoint &endpoint) {
        const detail::c_endpoint c(endpoint);
        return detail::call([&](netpol_error **error) {
            return netpol_engine_update_endpoint(object_.get(), number, c.get(), error);
        });
    }

    result<void> remove_endpoint(std::uint32_t number) {
        return detail::call([&](netpol_error **error) {
            return netpol_engine_remove_endpoint(object_.get(), number, error);
        });
    }

    result<std::uint32_t> endpoint_identity(std::uint32_t number) const {
        return detail::call(std::uint32_t{0}, [&](std::uint32_t &identity, netpol_error **error) {
            return netpol_engine_endpoint_identity(object_.get(), number, &identity, error);
        });
    }

    result<void> set_namespace(std::string_view name, const std::vector<label> &labels) {
        const auto c = detail::c_endpoint::c_labels(labels);
        return detail::call([&](netpol_error **error) {
            return netpol_engine_set_namespace(object_.get(), detail::str(name), c.data(), c.size(),
                                               error);
        });
    }

    result<void> remove_namespace(std::string_view name) {
        return detail::call([&](netpol_error **error) {
            return netpol_engine_remove_namespace(object_.get(), detail::str(name), error);
        });
    }

    // Says who the addresses of a prefix are, as labels such as "k8s:app=web".
    result<void> upsert_ip(const address &address, std::uint8_t prefix_len,
                           const std::vector<std::string_view> &labels) {
        std::vector<netpol_str> c;
        for (const std::string_view label : labels) {
            c.push_back(detail::str(label));
        }
        return detail::call([&](netpol_error **error) {
            return netpol_engine_upsert_ip(object_.get(), &address, prefix_len, c.data(), c.size(),
                                           error);
        });
    }

    result<void> remove_ip(const address &address, std::uint8_t prefix_len) {
        return detail::call([&](netpol_error **error) {
            return netpol_engine_remove_ip(object_.get(), &address, prefix_len, error);
        });
    }

    // Learns what DNS told an endpoint; `now` and `ttl` are in seconds.
    result<void> learn(std::uint32_t endpoint, std::string_view name,
                       const std::vector<address> &addresses, std::uint32_t ttl,
                       std::uint64_t now) {
        return detail::call([&](netpol_error **error) {
            return netpol_engine_learn(object_.get(), endpoint, detail::str(name), addresses.data(),
                                       addresses.size(), ttl, now, error);
        });
    }

    // Learns from the bytes of a DNS answer; returns whether anything was new.
    result<bool> learn_message(std::uint32_t endpoint, const std::uint8_t *message, std::size_t len,
                               std::uint64_t now) {
        return detail::call(false, [&](bool &learned, netpol_error **error) {
            return netpol_engine_learn_message(object_.get(), endpoint, message, len, now, &learned,
                                               error);
        });
    }

    // Learns addresses of a name that do not expire.
    result<void> learn_name(std::string_view name, const std::vector<address> &addresses) {
        return detail::call([&](netpol_error **error) {
            return netpol_engine_learn_name(object_.get(), detail::str(name), addresses.data(),
                                            addresses.size(), error);
        });
    }

    result<void> expire_names(std::uint64_t now) {
        return detail::call([&](netpol_error **error) {
            return netpol_engine_expire_names(object_.get(), now, error);
        });
    }

    result<void> mark_connection(std::uint32_t endpoint, const address &address,
                                 std::uint64_t started) {
        return detail::call([&](netpol_error **error) {
            return netpol_engine_mark_connection(object_.get(), endpoint, &address, started, error);
        });
    }

    result<void> connections_marked(std::uint64_t started) {
        return detail::call([&](netpol_error **error) {
            return netpol_engine_connections_marked(object_.get(), started, error);
        });
    }

    // Forgets names that a pattern matches, all without one.
    result<void> flush_names(std::optional<std::string_view> pattern, std::uint64_t now) {
        return detail::call([&](netpol_error **error) {
            return netpol_engine_flush_names(object_.get(), detail::str(pattern), now, error);
        });
    }

    // Sets the value of a secret that header rules refer to; removes it without one.
    result<void> set_secret(std::string_view k8s_namespace, std::string_view name,
                            std::optional<std::string_view> value) {
        return detail::call([&](netpol_error **error) {
            return netpol_engine_set_secret(object_.get(), detail::str(k8s_namespace),
                                            detail::str(name), detail::str(value), error);
        });
    }

    // Makes all of it take effect together; returns the number of the revision.
    result<std::uint64_t> publish() { return publish(nullptr); }

    // The same, and calls `delta(endpoint, kind, entry)` for each step of a policy map and
    // `prefix(address, prefix_len, has_identity, identity)` for each prefix that changed, neither of which throws.
    template <typename Delta, typename Prefix>
    result<std::uint64_t> publish(Delta &&delta, Prefix &&prefix) {
        using both = std::pair<std::remove_reference_t<Delta> *, std::remove_reference_t<Prefix> *>;
        both context{std::addressof(delta), std::addressof(prefix)};
        netpol_callbacks callbacks{};
        callbacks.size = sizeof callbacks;
        callbacks.context = &context;
        callbacks.delta = [](void *context, std::uint32_t endpoint, std::uint8_t kind,
                             const map_entry *entry) noexcept {
            (*static_cast<both *>(context)->first)(endpoint, kind, *entry);
        };
        callbacks.prefix = [](void *context, const netpol::address *address,
                              std::uint8_t prefix_len, std::uint8_t has_identity,
                              std::uint32_t identity) noexcept {
            (*static_cast<both *>(context)->second)(*address, prefix_len, has_identity != 0, identity);
        };
        return publish(&callbacks);
    }

    result<netpol::reader> reader() const {
        netpol_reader *object = nullptr;
        netpol_error *failure = nullptr;
        const netpol_status status = netpol_reader_new(object_.get(), &object, &failure);
        if (status != NETPOL_OK) {
            return error(failure, status);
        }
        return netpol::reader(object);
    }

    // Says in NETPOL_FORMAT_TEXT or NETPOL_FORMAT_JSON why a packet passes or not.
    result<text> explain(const packet &packet, std::uint8_t format = NETPOL_FORMAT_TEXT) const {
        return detail::text_of([&](netpol_text **out, netpol_error **error) {
            return netpol_engine_explain(object_.get(), &packet, format, out, error);
        });
    }

    result<text> policy_map(std::uint32_t endpoint,
                            std::uint8_t format = NETPOL_FORMAT_TEXT) const {
        return detail::text_of([&](netpol_text **out, netpol_error **error) {
            return netpol_engine_policy_map(object_.get(), endpoint, format, out, error);
        });
    }

    // Names the proxy that a side redirects to.
    result<text> proxy(std::uint32_t number) const {
        return detail::text_of([&](netpol_text **out, netpol_error **error) {
            return netpol_engine_proxy(object_.get(), number, out, error);
        });
    }

    result<netpol::stats> stats() const {
        return detail::call(netpol::stats{}, [&](netpol::stats &out, netpol_error **error) {
            return netpol_engine_stats(object_.get(), &out, error);
        });
    }

    netpol_engine *get() const { return object_.get(); }

private:
    explicit engine(netpol_engine *object) : object_(object) {}

    template <typename Call>
    outcome documents(Call &&work, std::string_view name, std::string_view text) {
        netpol_report *report = nullptr;
        netpol_error *failure = nullptr;
        const netpol_status status =
            work(object_.get(), detail::str(name), detail::str(text), &report, &failure);
        netpol::report found(report);
        if (status != NETPOL_OK) {
            return {error(failure, status), std::move(found)};
        }
        return {{}, std::move(found)};
    }

    result<std::uint64_t> publish(const netpol_callbacks *callbacks) {
        return detail::call(std::uint64_t{0}, [&](std::uint64_t &revision, netpol_error **error) {
            return netpol_engine_publish(object_.get(), callbacks, &revision, error);
        });
    }

    detail::owned<netpol_engine, netpol_engine_free> object_;
};

}  // namespace netpol

#endif
