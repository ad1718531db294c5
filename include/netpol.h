/*
 * netpol: Cilium's network-policy semantics as a library. Policies in, verdicts out.
 *
 * Conventions, which hold for every function:
 *
 * 1. Ownership. An object comes from a function that writes a pointer to it, or returns one, and is freed by
 *    the `_free` function of its type, which takes NULL. Using or freeing an object after that is undefined.
 *    What a function is given it copies, if it keeps it. A `netpol_str` that the library hands out belongs to the
 *    object that it comes from, and lives as long.
 * 2. Threads. Functions whose object is `const` may run at the same time as others of that kind. A function
 *    whose object is not `const` has that object for itself. An engine and its readers are independent: each
 *    thread that asks for verdicts has its own reader, and none waits for another. Objects may move between
 *    threads. Nothing is bound to a thread: errors are handed out, not kept.
 * 3. Pointers. A pointer that is neither NULL nor described otherwise points to one aligned value of its type,
 *    which may be read, or written if it is not `const`, during the call. NULL where it has no stated meaning is
 *    refused with NETPOL_NULL. The order of arguments: the object, inputs, outputs, the error.
 * 4. Lengths. `n_things` elements from `things`, which may be NULL if there are none; `len` bytes in a
 *    `netpol_str`. Texts are UTF-8 without a NUL at their end; make one of a literal with `netpol_str_of`. Where
 *    a text is optional, `data` is NULL for none.
 * 5. Failure. The status is NETPOL_OK, or the reason; then nothing has changed and no output is written, except
 *    where the function says so. `error` may be NULL; else it gets an object with the reason in words, if the
 *    call fails. No failure ever lets a packet pass: a verdict that cannot be given is a deny.
 * 6. Structs that the caller fills begin with `size`, set to `sizeof` of the struct; their other fields may be
 *    zero unless it is said otherwise. Numbers are in host byte order, addresses in network byte order.
 * 7. Versions. Compare `netpol_abi_version()` with NETPOL_ABI_VERSION once, before anything else.
 */


#ifndef NETPOL_H
#define NETPOL_H

/* Made by `cargo xtask header` from crates/netpol-capi; do not change it by hand. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// The family of an IPv4 address.
#define NETPOL_IPV4 4

/// The family of an IPv6 address.
#define NETPOL_IPV6 6

/// A problem that is legal, but surely not meant, or without effect.
#define NETPOL_WARNING 1

/// A problem that makes a document unusable.
#define NETPOL_ERROR 2

/// The number of no endpoint.
#define NETPOL_NO_ENDPOINT UINT32_MAX

/// A pod or another workload.
#define NETPOL_ENDPOINT_POD 0

/// The local node.
#define NETPOL_ENDPOINT_HOST 1

/// Another node.
#define NETPOL_ENDPOINT_REMOTE_NODE 2

/// An address of the Kubernetes API server outside of the cluster.
#define NETPOL_ENDPOINT_KUBE_APISERVER 3

/// A health endpoint.
#define NETPOL_ENDPOINT_HEALTH 4

/// The ingress proxy.
#define NETPOL_ENDPOINT_INGRESS 5

/// An endpoint whose labels are not known yet.
#define NETPOL_ENDPOINT_INIT 6

/// A pod that the network plugin does not manage.
#define NETPOL_ENDPOINT_UNMANAGED 7

/// The packet must be dropped, whatever policy says: `drop_reason` says why.
#define NETPOL_FRAME_DROP 0

/// The policies of both sides were asked; `verdict` is what they say.
#define NETPOL_FRAME_PACKET 1

/// The same for a fragment of an IPv4 packet behind the first one: only entries for every port matched it.
#define NETPOL_FRAME_FRAGMENT 2

/// Not an IP packet: `ether_type` says what it is. Only ARP may pass.
#define NETPOL_FRAME_NOT_IP 3

/// There is no verdict, because the question was wrong or the library failed.
#define NETPOL_DROP_ERROR 0

/// The packet ends within a header.
#define NETPOL_DROP_TRUNCATED 1

/// It has more VLAN tags than are read.
#define NETPOL_DROP_TOO_MANY_TAGS 2

/// The IP version is not that of the Ethernet type, or neither 4 nor 6.
#define NETPOL_DROP_VERSION 3

/// A header says that it is shorter than it can be.
#define NETPOL_DROP_HEADER_LENGTH 4

/// It has more IPv6 extension headers than are read.
#define NETPOL_DROP_TOO_MANY_EXTENSIONS 5

/// It asks to be routed to somewhere else than its destination.
#define NETPOL_DROP_SOURCE_ROUTE 6

/// It is a fragment of an ICMP message.
#define NETPOL_DROP_FRAGMENTED_ICMP 7

/// It is a fragment that cannot be trusted.
#define NETPOL_DROP_FRAGMENT 8

/// Its IPv4 header has options.
#define NETPOL_DROP_IP_OPTIONS 9

/// It is a fragment of an IPv6 packet behind the first one.
#define NETPOL_DROP_IPV6_FRAGMENT 10

/// It cannot be trusted for a reason that this version of the ABI has no number for.
#define NETPOL_DROP_BAD_PACKET 255

/// Text for people. Its form may change.
#define NETPOL_FORMAT_TEXT 0

/// JSON for programs: members are added, but not changed.
#define NETPOL_FORMAT_JSON 1

/// An entry of a policy map is new.
#define NETPOL_DELTA_ADD 1

/// An entry of a policy map has another value.
#define NETPOL_DELTA_REPLACE 2

/// An entry of a policy map is gone. Only the key of the entry counts.
#define NETPOL_DELTA_REMOVE 3

/// Policy is enforced on endpoints that some policy selects.
#define NETPOL_ENFORCEMENT_DEFAULT 0

/// Policy is enforced on every endpoint.
#define NETPOL_ENFORCEMENT_ALWAYS 1

/// Policy is enforced on no endpoint.
#define NETPOL_ENFORCEMENT_NEVER 2

/// Towards the endpoint; the peer is the source.
#define NETPOL_INGRESS 0

/// From the endpoint; the peer is the destination.
#define NETPOL_EGRESS 1

/// There is no answer, because the question was wrong or the library failed. The packet must not pass.
#define NETPOL_DECISION_ERROR 0

/// An entry of the policy map allows the packet.
#define NETPOL_DECISION_ALLOW 1

/// An entry allows it through a proxy, which has the final word.
#define NETPOL_DECISION_REDIRECT 2

/// A deny rule forbids it.
#define NETPOL_DECISION_DENY 3

/// No entry matches it, so it must not pass.
#define NETPOL_DECISION_DEFAULT_DENY 4

/// The address belongs to no managed endpoint: nothing here forbids the packet.
#define NETPOL_DECISION_NO_ENDPOINT 5

/// It passes before any policy: ICMP *fragmentation needed*.
#define NETPOL_DECISION_EXEMPT 6

/// The packet must not pass.
#define NETPOL_SUMMARY_DENY 0

/// The packet may pass.
#define NETPOL_SUMMARY_ALLOW 1

/// The packet may pass through the proxy of each side that redirects it.
#define NETPOL_SUMMARY_REDIRECT 2

/// The packet may pass once both sides have authenticated each other, not before.
#define NETPOL_SUMMARY_AUTH_REQUIRED 3

/// The version of the ABI that this header describes. It grows when a struct, a number or the meaning of a
/// function changes; new functions alone do not change it.
#define NETPOL_ABI_VERSION 1

/// The write side: takes policies, endpoints, addresses and names, and publishes whole revisions.
///
/// Nothing of what is changed counts for readers before `netpol_engine_publish`, and then all of it does.
typedef struct netpol_engine netpol_engine;

/// Why a call failed, in words. The caller frees it with `netpol_error_free`.
typedef struct netpol_error netpol_error;

/// The read side: one for each thread that asks for verdicts. It never waits for the engine.
///
/// Every call sees one whole revision, the newest that was published when it began.
typedef struct netpol_reader netpol_reader;

/// What came of applying or deleting documents. The caller frees it with `netpol_report_free`.
typedef struct netpol_report netpol_report;

/// A text that the library made for the caller, who frees it with `netpol_text_free`.
typedef struct netpol_text netpol_text;

/// How a call ended: `NETPOL_OK`, or the reason why it did nothing. Numbers are never reused.
typedef int32_t netpol_status;

/// A text that somebody else owns: `len` bytes of UTF-8 from `data`, without a NUL at the end.
///
/// `data` may be NULL if `len` is 0. Texts that the library hands out live as long as the object that they
/// come from.
typedef struct netpol_str {
    /// The first byte.
    const char *data;
    /// The number of bytes.
    size_t len;
} netpol_str;

/// An IP address.
typedef struct netpol_address {
    /// `NETPOL_IPV4` or `NETPOL_IPV6`.
    uint8_t family;
    /// Not looked at; 0 where the library writes it.
    uint8_t reserved[3];
    /// The address in network byte order; the first four bytes for IPv4, the others are not looked at.
    uint8_t bytes[16];
} netpol_address;

/// One thing that is wrong with a document. Its texts live until the report is freed.
typedef struct netpol_problem {
    /// The name of the source that was given to the call.
    struct netpol_str file;
    /// A stable word for this kind of problem, such as `unknown-field`.
    struct netpol_str code;
    /// The path of the field, such as `spec.ingress[0].toPorts`; empty if the problem is about no field.
    struct netpol_str path;
    /// What is wrong: lower case, without a final stop.
    struct netpol_str message;
    /// What to write instead; `data` is NULL if that is not known.
    struct netpol_str help;
    /// The line, from 1; 0 if the problem is about the source as a whole.
    uint32_t line;
    /// The column in characters, from 1; 0 if the problem is about the source as a whole.
    uint32_t column;
    /// `NETPOL_WARNING` or `NETPOL_ERROR`.
    uint8_t severity;
} netpol_problem;

/// How many documents were what.
typedef struct netpol_applied {
    /// Policies that were added or replaced.
    size_t policies;
    /// CIDR groups that were added or replaced.
    size_t cidr_groups;
    /// Pods, workloads and nodes. They make no endpoints by themselves: `netpol_engine_add_endpoint` does.
    size_t manifests;
    /// Documents of kinds that have nothing to do with network policy.
    size_t skipped;
    /// Objects that were removed.
    size_t removed;
} netpol_applied;

/// A label as Kubernetes has it: `app` and `web`, for example.
typedef struct netpol_label {
    /// The key, with its prefix if it has one.
    struct netpol_str key;
    /// The value; may be empty.
    struct netpol_str value;
} netpol_label;

/// A named container port.
typedef struct netpol_named_port {
    /// The name.
    struct netpol_str name;
    /// The port, in host byte order.
    uint16_t port;
    /// The IP protocol number: 6 for TCP.
    uint8_t protocol;
} netpol_named_port;

/// A thing with addresses: a local pod or node, on which policy is enforced, or a peer.
///
/// All that is 0 or NULL is left out; so a struct that is zero but for `size`, `name` and `k8s_namespace` is a pod
/// without labels and addresses.
typedef struct netpol_endpoint {
    /// `sizeof(netpol_endpoint)`.
    size_t size;
    /// The name.
    struct netpol_str name;
    /// The namespace of a pod; must be empty for all else.
    struct netpol_str k8s_namespace;
    /// The service account; empty for none.
    struct netpol_str service_account;
    /// Another cluster, for peers there, on which no policy is enforced; empty for the local one.
    struct netpol_str cluster;
    /// `n_labels` labels: a pod's, or a node's.
    const struct netpol_label *labels;
    /// The number of labels.
    size_t n_labels;
    /// `n_addresses` addresses.
    const struct netpol_address *addresses;
    /// The number of addresses.
    size_t n_addresses;
    /// `n_ports` named container ports.
    const struct netpol_named_port *ports;
    /// The number of named ports.
    size_t n_ports;
    /// What it is: `NETPOL_ENDPOINT_...`.
    uint8_t kind;
    /// 1 if the Kubernetes API server runs on this node, else 0.
    uint8_t api_server;
} netpol_endpoint;

/// Settings of an engine. Fill them with `netpol_settings_default`, then change what should differ.
///
/// Fields without further words are 0 for no and 1 for yes.
typedef struct netpol_settings {
    /// `sizeof(netpol_settings)`.
    size_t size;
    /// When policy is enforced: `NETPOL_ENFORCEMENT_...`; default `NETPOL_ENFORCEMENT_DEFAULT`.
    uint8_t enforcement;
    /// Whether the local node may always reach its endpoints; default yes.
    uint8_t allow_localhost;
    /// Whether peer selectors that name no cluster mean the local one; default yes.
    uint8_t default_local_cluster;
    /// Whether IPv4 is in use; default yes.
    uint8_t ipv4;
    /// Whether IPv6 is in use; default yes.
    uint8_t ipv6;
    /// Whether there is a proxy for L7 rules; without one they are refused; default yes.
    uint8_t l7_proxy;
    /// Whether ICMP rules are accepted and types looked up; default yes.
    uint8_t icmp_rules;
    /// Whether policy is enforced on the local node itself; default no.
    uint8_t host_firewall;
    /// Whether `fromNodes` and `toNodes` are accepted; default no.
    uint8_t node_selector_labels;
    /// Whether prefixes also match nodes; default no.
    uint8_t cidr_matches_nodes;
    /// Whether `enableDefaultDeny` counts; default yes.
    uint8_t non_default_deny;
    /// Whether VRRP, IGMP and ports without number are accepted; default no.
    uint8_t extended_ip_protocols;
    /// Whether Kafka, generic L7 rules and cloud groups are accepted, their requests always denied and such
    /// policies not enforced, instead of refused; default no.
    uint8_t delegate_unsupported;
    /// Whether listeners that policies name exist; default yes.
    uint8_t listeners_exist;
    /// Whether a name selector gets its identities before any answer is learnt; default yes.
    uint8_t preallocate_names;
    /// Whether pods that differ only in labels that no policy looks at share an identity; default no.
    uint8_t policy_relevant_labels;
    /// Whether a NetworkPolicy is accepted that only the API server would refuse; default no.
    uint8_t trust_network_policies;
    /// The name of the local cluster, not empty; default `default`.
    struct netpol_str cluster_name;
    /// The namespace of documents that say none, not empty; default `default`.
    struct netpol_str default_namespace;
    /// The least number of an identity of pods; default 256.
    uint32_t min_identity;
    /// The greatest number of an identity of pods; default 65535.
    uint32_t max_identity;
    /// Bytes of one source; default 64 MiB.
    size_t max_document_bytes;
    /// Documents in one source; default 200,000.
    size_t max_documents;
    /// Collections of a document inside each other; default 64, at most 200.
    size_t max_document_depth;
    /// Values of one document; default 2,000,000.
    size_t max_document_values;
    /// Policies in force; default 1,000,000.
    size_t max_policies;
    /// Rules in one policy; default 10,000.
    size_t max_rules_per_policy;
    /// Peers in one policy; default 1,000,000.
    size_t max_peers_per_policy;
    /// Endpoints, peers included; default 1,000,000.
    size_t max_endpoints;
    /// Entries of one policy map; default 16,384.
    size_t max_map_entries;
    /// Addresses remembered for one DNS name; default 1,000.
    size_t max_addresses_per_name;
    /// DNS names remembered for one endpoint; default 10,000.
    size_t max_names_per_endpoint;
    /// The shortest time for which a DNS answer counts, in seconds; default 0.
    uint32_t min_ttl;
} netpol_settings;

/// The first packet of a connection, as far as policy is concerned. Replies, and ICMP errors that belong to
/// a connection, follow its verdict and are not asked for.
typedef struct netpol_packet {
    /// `sizeof(netpol_packet)`.
    uint16_t size;
    /// The destination port in host byte order; the type for ICMP; 0 for protocols without ports.
    uint16_t port;
    /// The IP protocol number: 6 for TCP.
    uint8_t protocol;
    /// The code for ICMP, else 0.
    uint8_t icmp_code;
    /// Not looked at.
    uint16_t reserved;
    /// The source address.
    struct netpol_address src;
    /// The destination address, after service translation.
    struct netpol_address dst;
} netpol_packet;

/// What one side of a flow says: the source's egress policy, or the destination's ingress policy. The side that
/// redirects a connection is also what `netpol_reader_http`, `netpol_reader_dns` and `netpol_reader_sni` are asked
/// with.
typedef struct netpol_side {
    /// The endpoint; `NETPOL_NO_ENDPOINT` if the address belongs to none that is managed.
    uint32_t endpoint;
    /// The identity of the other side.
    uint32_t peer;
    /// The number of the rules that decided; 0 if no entry decided.
    uint32_t rules;
    /// The number of the proxy that the packet goes to; 0 for none. `netpol_engine_proxy` names it.
    uint32_t proxy;
    /// The destination port in host byte order, or the type for ICMP.
    uint16_t port;
    /// The IP protocol number.
    uint8_t protocol;
    /// `NETPOL_INGRESS` or `NETPOL_EGRESS`.
    uint8_t direction;
    /// `NETPOL_DECISION_...`.
    uint8_t decision;
    /// 1 if policy is enforced on the endpoint in this direction, else 0.
    uint8_t enforced;
    /// Which parts of the deciding key were specific, as in Cilium's flow records: 0 none, 1 L3-Only,
    /// 2 L3-L4, 3 L4-Only, 4 all, 5 L3-Proto, 6 Proto-Only.
    uint8_t match_type;
    /// The authentication that an allowed packet needs: 0 none, 1 SPIRE, 2 one that always fails.
    uint8_t auth;
} netpol_side;

/// The answer for a packet. All zero is a deny.
typedef struct netpol_verdict {
    /// The identity of the source.
    uint32_t src_identity;
    /// The identity of the destination.
    uint32_t dst_identity;
    /// What the source's egress policy says.
    struct netpol_side egress;
    /// What the destination's ingress policy says.
    struct netpol_side ingress;
    /// The verdict in one number: `NETPOL_SUMMARY_...`.
    uint8_t summary;
    /// 0.
    uint8_t reserved[3];
} netpol_verdict;

/// The answer for a packet as bytes. All zero means that it must not pass.
typedef struct netpol_frame_verdict {
    /// What the policies of both sides say, if they were asked; else a deny. Ports and protocols of sides are
    /// those that a policy was asked about, and 0 if none was.
    struct netpol_verdict verdict;
    /// For packets that are not IP the Ethernet type in host byte order, else 0.
    uint16_t ether_type;
    /// `NETPOL_FRAME_...`.
    uint8_t kind;
    /// `NETPOL_DROP_...`, for `NETPOL_FRAME_DROP`.
    uint8_t drop_reason;
    /// 1 if the packet may pass, be it through a proxy; else 0.
    uint8_t allowed;
    /// 1 for a fragment that is denied because no entry for every port allows it, else 0.
    uint8_t unsupported_fragment;
    /// 0.
    uint8_t reserved[2];
} netpol_frame_verdict;

/// The bytes of a packet.
typedef struct netpol_bytes {
    /// The first byte; may be NULL if `len` is 0.
    const uint8_t *data;
    /// The number of bytes.
    size_t len;
} netpol_bytes;

/// A header of a request. Bytes need not be UTF-8.
typedef struct netpol_header {
    /// The name; its case does not matter.
    struct netpol_str name;
    /// The value, without surrounding blanks.
    struct netpol_str value;
} netpol_header;

/// An HTTP request. Bytes need not be UTF-8.
typedef struct netpol_http_request {
    /// `sizeof(netpol_http_request)`.
    size_t size;
    /// The method, in the case it was sent in.
    struct netpol_str method;
    /// The path with the query, without a fragment; it is taken as it is: resolve dot segments before.
    struct netpol_str path;
    /// HTTP/2's `:authority` or HTTP/1's `Host`, with the port if the client sent one. `data` is NULL if there
    /// is none, which fails every rule that has a host.
    struct netpol_str host;
    /// `n_headers` other headers, in the order of the request.
    const struct netpol_header *headers;
    /// The number of headers.
    size_t n_headers;
} netpol_http_request;

/// An entry of a policy map, as Cilium has it: the key, and what is decided for its packets.
typedef struct netpol_map_entry {
    /// Key: the identity of the peer; 0 for any.
    uint32_t peer;
    /// The number of the proxy that packets go to; 0 for none.
    uint32_t proxy;
    /// The number of the rules behind the entry.
    uint32_t rules;
    /// Key: the first port of the block, in host byte order.
    uint16_t port;
    /// Key: how many of the port's bits count, 0 to 16; 0 for all ports.
    uint8_t port_prefix_len;
    /// Key: the IP protocol number; 0 for any.
    uint8_t protocol;
    /// Key: `NETPOL_INGRESS` or `NETPOL_EGRESS`.
    uint8_t direction;
    /// 1 if packets are denied, else 0.
    uint8_t deny;
    /// The strength of the redirect, 0 for none, to 127.
    uint8_t proxy_priority;
    /// The authentication that packets need, as in `netpol_side`; bit 7 is set if a rule says so itself.
    uint8_t auth;
} netpol_map_entry;

/// Is told what changes in the policy map of an endpoint. `entry` lives until the callback returns.
typedef void (*netpol_delta_callback)(void *context,
                                      uint32_t endpoint,
                                      uint8_t kind,
                                      const struct netpol_map_entry *entry);

/// Is told that a prefix has another identity; `has_identity` is 0 if it has none any more. `address` lives until the
/// callback returns.
typedef void (*netpol_prefix_callback)(void *context,
                                       const struct netpol_address *address,
                                       uint8_t prefix_len,
                                       uint8_t has_identity,
                                       uint32_t identity);

/// Whom a publication tells what it changed: for those who keep policy maps elsewhere, in a kernel for example.
///
/// Callbacks run in the thread of the call, after readers have got the revision: first entries that are new or
/// replaced, of all endpoints; then prefixes; then entries that are gone. In this order nothing that is allowed before
/// and after is denied in between. They must return, and must not use the engine.
typedef struct netpol_callbacks {
    /// `sizeof(netpol_callbacks)`.
    size_t size;
    /// Passed to the callbacks as it is.
    void *context;
    /// Called for each change of a policy map; may be NULL.
    netpol_delta_callback delta;
    /// Called for each prefix; may be NULL.
    netpol_prefix_callback prefix;
} netpol_callbacks;

/// How much an engine holds.
typedef struct netpol_stats {
    /// The number of the last publication; 0 before the first.
    uint64_t revision;
    /// Policies.
    uint64_t policies;
    /// Endpoints, peers included.
    uint64_t endpoints;
    /// Identities in use, besides the fixed ones.
    uint64_t identities;
    /// Prefixes that have an identity, as of the last publication.
    uint64_t prefixes;
    /// DNS names.
    uint64_t names;
    /// Addresses of DNS names, each counted once for each of its names.
    uint64_t name_addresses;
    /// Addresses that stay for the sake of a connection, each counted once for each endpoint.
    uint64_t zombies;
} netpol_stats;

/// The call did what it says.
#define NETPOL_OK 0

/// A pointer is NULL that must not be.
#define NETPOL_NULL 6401

/// The `size` of a struct is not the size that this version of the library knows.
#define NETPOL_WRONG_SIZE 6402

/// A number, an address or a text has no meaning where it stands.
#define NETPOL_BAD_VALUE 6403

/// A text is not UTF-8.
#define NETPOL_NOT_UTF8 6404

/// A length is more than memory can hold.
#define NETPOL_TOO_LONG 6405

/// A document is unusable; the report says why.
#define NETPOL_BAD_DOCUMENT 6406

/// The engine refuses: an address is taken, or a limit is reached.
#define NETPOL_REFUSED 6407

/// No identity is left for a set of labels.
#define NETPOL_EXHAUSTED 6408

/// There is no endpoint with this number, or no policy is enforced on it.
#define NETPOL_UNKNOWN_ENDPOINT 6409

/// A DNS message cannot be read.
#define NETPOL_BAD_MESSAGE 6410

/// The library has a defect and caught it; whatever was asked is denied.
#define NETPOL_PANICKED 6411

/// A call that changes the engine has ended with `NETPOL_PANICKED`: it can only be freed. Readers keep to
/// the last revision.
#define NETPOL_BROKEN 6412

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/// Reads an address as text, such as `10.0.0.1` or `2001:db8::1`.
netpol_status netpol_address_parse(struct netpol_str text,
                                   struct netpol_address *address,
                                   struct netpol_error **error);

/// Adds or replaces everything that a text holds: policies, CIDR groups, namespaces, services and the
/// addresses behind them, as YAML or JSON, one or more documents. `name` stands for the text in reports: the
/// name of a file, for example.
///
/// If some document is unusable, nothing is applied and the status is `NETPOL_BAD_DOCUMENT`. The report, unless
/// `report` is NULL, is handed out both then and on success, when it may have warnings.
netpol_status netpol_engine_apply(struct netpol_engine *engine,
                                  struct netpol_str name,
                                  struct netpol_str text,
                                  struct netpol_report **report,
                                  struct netpol_error **error);

/// Removes everything that a text names: policies, CIDR groups, namespaces, services and the addresses behind
/// them. The report says how many there were.
///
/// If some document is unusable, nothing is removed and the status is `NETPOL_BAD_DOCUMENT`. The report, unless
/// `report` is NULL, is handed out both then and on success.
netpol_status netpol_engine_delete(struct netpol_engine *engine,
                                   struct netpol_str name,
                                   struct netpol_str text,
                                   struct netpol_report **report,
                                   struct netpol_error **error);

/// Returns the number of problems; 0 for NULL.
size_t netpol_report_len(const struct netpol_report *report);

/// Writes the problem with an index, from 0.
netpol_status netpol_report_problem(const struct netpol_report *report,
                                    size_t index,
                                    struct netpol_problem *problem,
                                    struct netpol_error **error);

/// Writes how many documents were what.
netpol_status netpol_report_applied(const struct netpol_report *report,
                                    struct netpol_applied *applied,
                                    struct netpol_error **error);

/// Returns all problems as text, one a line; the caller frees it. NULL if `report` is.
struct netpol_text *netpol_report_text(const struct netpol_report *report);

/// Frees a report; does nothing with NULL.
void netpol_report_free(struct netpol_report *report);

/// Adds an endpoint and writes its number, unless `number` is NULL. The engine keeps copies of everything.
netpol_status netpol_engine_add_endpoint(struct netpol_engine *engine,
                                         const struct netpol_endpoint *endpoint,
                                         uint32_t *number,
                                         struct netpol_error **error);

/// Replaces everything about an endpoint but its number.
netpol_status netpol_engine_update_endpoint(struct netpol_engine *engine,
                                            uint32_t number,
                                            const struct netpol_endpoint *endpoint,
                                            struct netpol_error **error);

/// Removes an endpoint.
netpol_status netpol_engine_remove_endpoint(struct netpol_engine *engine,
                                            uint32_t number,
                                            struct netpol_error **error);

/// Writes the identity of an endpoint, as of the last publication.
netpol_status netpol_engine_endpoint_identity(const struct netpol_engine *engine,
                                              uint32_t number,
                                              uint32_t *identity,
                                              struct netpol_error **error);

/// Sets the labels of a namespace; pods in it get other identities.
///
/// With `NETPOL_EXHAUSTED` no identity was left for some pod, which keeps the one that it has; the labels are set.
netpol_status netpol_engine_set_namespace(struct netpol_engine *engine,
                                          struct netpol_str name,
                                          const struct netpol_label *labels,
                                          size_t n_labels,
                                          struct netpol_error **error);

/// Forgets the labels of a namespace; nothing happens if none are known. Fails as
/// `netpol_engine_set_namespace` does.
netpol_status netpol_engine_remove_namespace(struct netpol_engine *engine,
                                             struct netpol_str name,
                                             struct netpol_error **error);

/// Says which labels a prefix has: of remote pods, nodes, or anything else outside of this engine.
///
/// Bits of the address behind `prefix_len` do not count. Labels are texts like `k8s:app=web`, `reserved:world` or
/// `app=web`, which is of any source. The prefix gains the label of the outside unless it belongs to the cluster.
netpol_status netpol_engine_upsert_ip(struct netpol_engine *engine,
                                      const struct netpol_address *address,
                                      uint8_t prefix_len,
                                      const struct netpol_str *labels,
                                      size_t n_labels,
                                      struct netpol_error **error);

/// Takes back what `netpol_engine_upsert_ip` said about a prefix; nothing happens if it said nothing.
netpol_status netpol_engine_remove_ip(struct netpol_engine *engine,
                                      const struct netpol_address *address,
                                      uint8_t prefix_len,
                                      struct netpol_error **error);

/// Makes an engine without policies and endpoints. `settings` may be NULL for the defaults. The caller frees
/// the engine with `netpol_engine_free`.
netpol_status netpol_engine_new(const struct netpol_settings *settings,
                                struct netpol_engine **engine,
                                struct netpol_error **error);

/// Frees an engine; does nothing with NULL. Its readers live on and keep to the last revision.
void netpol_engine_free(struct netpol_engine *engine);

/// Returns the status that the call ended with; `NETPOL_OK` for NULL.
netpol_status netpol_error_status(const struct netpol_error *error);

/// Returns what went wrong, in one or more lines without a line break at the end. The text lives until the
/// error is freed; a NUL follows it. Empty for NULL.
struct netpol_str netpol_error_message(const struct netpol_error *error);

/// Frees an error; does nothing with NULL.
void netpol_error_free(struct netpol_error *error);

/// Judges a packet by the last publication and writes why both sides decide as they do, in a `NETPOL_FORMAT_...`; the
/// caller frees the text. As text there is a line for each side, egress first. JSON is an object with `verdict`
/// (`allow`, `redirect`, `auth` or `deny`), `egress` and `ingress`, each with `decision`, `text`, `rules` and
/// `isolatedBy`.
netpol_status netpol_engine_explain(const struct netpol_engine *engine,
                                    const struct netpol_packet *packet,
                                    uint8_t format,
                                    struct netpol_text **text,
                                    struct netpol_error **error);

/// Writes the verdict on a packet of `len` bytes from `data` on, which begins with an Ethernet header. Allocates
/// nothing.
///
/// A packet that cannot be read is no failure but dropped, with the reason. On any failure `verdict` is a drop,
/// and the status says why.
netpol_status netpol_reader_frame_verdict(struct netpol_reader *reader,
                                          const uint8_t *data,
                                          size_t len,
                                          struct netpol_frame_verdict *verdict);

/// Does what `netpol_reader_frame_verdict` does for a packet that begins with its IP header.
netpol_status netpol_reader_ip_verdict(struct netpol_reader *reader,
                                       const uint8_t *data,
                                       size_t len,
                                       struct netpol_frame_verdict *verdict);

/// Writes the verdicts on `count` packets, which begin with Ethernet headers, to as many places. Allocates
/// nothing. Each verdict is that of one whole revision.
///
/// The status is that of the first packet whose bytes are not there, NETPOL_NULL; its verdict, and those of others
/// like it, is a drop, and all others are judged all the same. If nothing can be judged, every verdict is a drop.
netpol_status netpol_reader_frame_verdict_batch(struct netpol_reader *reader,
                                                const struct netpol_bytes *frames,
                                                struct netpol_frame_verdict *verdicts,
                                                size_t count);

/// Does what `netpol_reader_frame_verdict_batch` does for packets that begin with their IP headers.
netpol_status netpol_reader_ip_verdict_batch(struct netpol_reader *reader,
                                             const struct netpol_bytes *packets,
                                             struct netpol_frame_verdict *verdicts,
                                             size_t count);

/// Writes whether a redirected connection may carry an HTTP request: by the rules in force now, not those of when
/// the connection was judged.
///
/// `side` is the side of the connection's verdict whose decision is `NETPOL_DECISION_REDIRECT`. If `bound_to` is not
/// NULL, it is where the connection goes, and the host must be a name that DNS gave this address for. `rule`
/// may be NULL; else it gets the rule that decided, to be freed by the caller, or NULL if just none allows the
/// request. A call without `rule` allocates nothing once the reader has seen as many headers.
///
/// On any failure `allowed` is `false`.
netpol_status netpol_reader_http(struct netpol_reader *reader,
                                 const struct netpol_side *side,
                                 const struct netpol_address *bound_to,
                                 const struct netpol_http_request *request,
                                 bool *allowed,
                                 struct netpol_text **rule,
                                 struct netpol_error **error);

/// Writes whether a DNS query for a name may pass, by the rules in force now. `name` is in presentation form,
/// with or without a final dot. `side`, `rule` and failures are as for `netpol_reader_http`.
netpol_status netpol_reader_dns(struct netpol_reader *reader,
                                const struct netpol_side *side,
                                struct netpol_str name,
                                bool *allowed,
                                struct netpol_text **rule,
                                struct netpol_error **error);

/// Writes whether a TLS connection may ask for a server name, by the rules in force now. The empty name stands for
/// a connection that names none. `side`, `bound_to`, `rule` and failures are as for `netpol_reader_http`.
netpol_status netpol_reader_sni(struct netpol_reader *reader,
                                const struct netpol_side *side,
                                const struct netpol_address *bound_to,
                                struct netpol_str server_name,
                                bool *allowed,
                                struct netpol_text **rule,
                                struct netpol_error **error);

/// Writes whether DNS gave an address for a name, as far as any endpoint was told; `false` on any failure. Case and
/// a final dot do not matter.
netpol_status netpol_reader_name_binds(struct netpol_reader *reader,
                                       struct netpol_str name,
                                       const struct netpol_address *address,
                                       bool *binds);

/// Writes the policy map of a managed endpoint as text, as of the last publication, in a `NETPOL_FORMAT_...`; the
/// caller frees it. JSON is an object with `endpoint`, `identity`, `ingressEnforced`, `egressEnforced`, `error`, if the
/// newest policy could not be computed, and `entries`.
netpol_status netpol_engine_policy_map(const struct netpol_engine *engine,
                                       uint32_t endpoint,
                                       uint8_t format,
                                       struct netpol_text **text,
                                       struct netpol_error **error);

/// Writes what the proxy with a number is: `http`, `dns`, `tcp`, or `listener:` and its qualified name; the caller
/// frees it.
netpol_status netpol_engine_proxy(const struct netpol_engine *engine,
                                  uint32_t proxy,
                                  struct netpol_text **text,
                                  struct netpol_error **error);

/// Learns the DNS answer that an endpoint was given: the addresses of the name that was asked for, and the smallest
/// time to live of the answer's records, in seconds. Publish before the endpoint gets the answer, so that it can
/// use the addresses at once.
///
/// `now` is in nanoseconds, by any clock that all calls share.
netpol_status netpol_engine_learn(struct netpol_engine *engine,
                                  uint32_t endpoint,
                                  struct netpol_str name,
                                  const struct netpol_address *addresses,
                                  size_t n_addresses,
                                  uint32_t ttl,
                                  uint64_t now,
                                  struct netpol_error **error);

/// Learns what a DNS message tells an endpoint: `len` bytes as on UDP, without the length that TCP puts before it.
/// `learned`, unless it is NULL, gets `false` if the message teaches nothing: it is a query, an error, or has no
/// addresses.
///
/// With `NETPOL_BAD_MESSAGE` the message cannot be read; nothing is learnt, and the client should get SERVFAIL. That
/// the message answers a query that was sent and allowed is for the caller to know. `now` is as for
/// `netpol_engine_learn`.
netpol_status netpol_engine_learn_message(struct netpol_engine *engine,
                                          uint32_t endpoint,
                                          const uint8_t *message,
                                          size_t len,
                                          uint64_t now,
                                          bool *learned,
                                          struct netpol_error **error);

/// Says that a name has these addresses, for as long as nobody flushes them.
netpol_status netpol_engine_learn_name(struct netpol_engine *engine,
                                       struct netpol_str name,
                                       const struct netpol_address *addresses,
                                       size_t n_addresses,
                                       struct netpol_error **error);

/// Ends what has expired, unless a connection may still use it; to be called every 60 seconds.
netpol_status netpol_engine_expire_names(struct netpol_engine *engine,
                                         uint64_t now,
                                         struct netpol_error **error);

/// Notes that a run of connection tracking's garbage collection, which began at `started`, found a connection of an
/// endpoint to an address, which therefore stays.
netpol_status netpol_engine_mark_connection(struct netpol_engine *engine,
                                            uint32_t endpoint,
                                            const struct netpol_address *address,
                                            uint64_t started,
                                            struct netpol_error **error);

/// Notes that a run of connection tracking's garbage collection, which began at `started`, is complete. Without
/// connection tracking, call it before each `netpol_engine_expire_names`.
netpol_status netpol_engine_connections_marked(struct netpol_engine *engine,
                                               uint64_t started,
                                               struct netpol_error **error);

/// Forgets names that match a pattern with a final dot, such as `*.example.com.`; all names if `data` of the pattern is
/// NULL.
netpol_status netpol_engine_flush_names(struct netpol_engine *engine,
                                        struct netpol_str pattern,
                                        uint64_t now,
                                        struct netpol_error **error);

/// Sets the value of a Kubernetes secret that HTTP rules may ask for; `data` of the value is NULL to remove it.
netpol_status netpol_engine_set_secret(struct netpol_engine *engine,
                                       struct netpol_str k8s_namespace,
                                       struct netpol_str name,
                                       struct netpol_str value,
                                       struct netpol_error **error);

/// Makes everything that was changed take effect for readers, all of it together.
///
/// `callbacks` and `revision` may be NULL. `revision` gets the number that readers see now. With `NETPOL_EXHAUSTED` the
/// revision is in force, but no identity was left for some prefix or pod, which keeps the one that it had; `revision` is
/// written and callbacks have run then as well.
netpol_status netpol_engine_publish(struct netpol_engine *engine,
                                    const struct netpol_callbacks *callbacks,
                                    uint64_t *revision,
                                    struct netpol_error **error);

/// Makes a reader. It may outlive the engine, and then keeps to the last revision. The caller frees it with
/// `netpol_reader_free`.
netpol_status netpol_reader_new(const struct netpol_engine *engine,
                                struct netpol_reader **reader,
                                struct netpol_error **error);

/// Frees a reader; does nothing with NULL.
void netpol_reader_free(struct netpol_reader *reader);

/// Returns the number of the revision that is in force; 0 before the first publication, and for NULL.
uint64_t netpol_reader_revision(struct netpol_reader *reader);

/// Writes the identity of an address. Allocates nothing.
netpol_status netpol_reader_identity(struct netpol_reader *reader,
                                     const struct netpol_address *address,
                                     uint32_t *identity);

/// Writes the number of the managed endpoint that has an address; `NETPOL_NO_ENDPOINT` if none has. Allocates
/// nothing.
netpol_status netpol_reader_endpoint(struct netpol_reader *reader,
                                     const struct netpol_address *address,
                                     uint32_t *number);

/// Writes what the policies of both sides say about the first packet of a connection. Allocates nothing.
///
/// On any failure `verdict` is a deny, and the status says why.
netpol_status netpol_reader_verdict(struct netpol_reader *reader,
                                    const struct netpol_packet *packet,
                                    struct netpol_verdict *verdict);

/// Writes what the policies of both sides say about each of `count` packets, to as many verdicts; the arrays
/// must not overlap. Allocates nothing. Each verdict is that of one whole revision.
///
/// The status is that of the first packet that cannot be judged. Its verdict, and those of others like it, is
/// a deny; all others are judged all the same. If nothing can be judged, every verdict is a deny.
netpol_status netpol_reader_verdict_batch(struct netpol_reader *reader,
                                          const struct netpol_packet *packets,
                                          struct netpol_verdict *verdicts,
                                          size_t count);

/// Writes what the policy of one endpoint says about a peer, whose identity is known. `port` is in host byte
/// order. Allocates nothing.
///
/// On any failure `side` is a deny, and the status says why; `NETPOL_UNKNOWN_ENDPOINT` where no policy can be
/// enforced, as the revision in force has no managed endpoint with this number.
netpol_status netpol_reader_endpoint_verdict(struct netpol_reader *reader,
                                             uint32_t endpoint,
                                             uint8_t direction,
                                             uint32_t peer,
                                             uint8_t protocol,
                                             uint16_t port,
                                             struct netpol_side *side);

/// Writes the default settings. `size` is `sizeof(netpol_settings)`; nothing is written if it is wrong.
netpol_status netpol_settings_default(struct netpol_settings *settings,
                                      size_t size,
                                      struct netpol_error **error);

/// Writes how much an engine holds. Takes time that grows with endpoints, policies and prefixes.
netpol_status netpol_engine_stats(const struct netpol_engine *engine,
                                  struct netpol_stats *stats,
                                  struct netpol_error **error);

/// Returns the text of a string that ends with a NUL, without the NUL; the empty text for NULL.
struct netpol_str netpol_str_of(const char *string);

/// Returns the text, which lives until it is freed; a NUL follows it. Empty for NULL.
struct netpol_str netpol_text_str(const struct netpol_text *text);

/// Frees a text; does nothing with NULL.
void netpol_text_free(struct netpol_text *text);

/// Returns the version of the ABI that the library has. A program that was compiled for another one must not
/// go on: compare with `NETPOL_ABI_VERSION`.
uint32_t netpol_abi_version(void);

/// Returns the version of the library, such as `0.1.0`; the text lives for ever and ends with a NUL.
struct netpol_str netpol_version(void);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* NETPOL_H */
