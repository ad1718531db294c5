//! The engine under test: netpol itself, through its public face.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::IpAddr;
use std::sync::Mutex;

use netpol::{
    Direction, EndpointId, EndpointKind, Header, HttpRequest, L7Handle, NetworkPolicyGate, Packet,
    PatternDialect, PolicyEntry, PolicyKey, Protocol, ReadOptions, Reader, Source, Unsupported,
};

use super::{BuildError, Candidate, Engine, Judgement};
use crate::decision::{AuthMode, Decision, L7Decision, Side, SideDecision};
use crate::scenario::{EndpointMap, LabelTexts, MapDirection, MapEntry};
use crate::world::{self, Config, Flow, Reserved, World};

/// netpol's engine with its compiled policies.
///
/// It runs in the mode of the reference where the vectors show something that netpol leaves to
/// others by default: Kafka and generic rules, cloud groups, repeated stars in names.
#[derive(Debug, Clone, Copy, Default)]
pub struct CompiledEngine;

impl Engine for CompiledEngine {
    fn name(&self) -> &'static str {
        "compiled"
    }

    fn build<'w>(&self, world: &'w World) -> Result<Box<dyn Candidate + 'w>, BuildError> {
        Ok(Box::new(Compiled::new(world)?))
    }

    fn judge(&self, config: &Config, document: &str) -> Option<Judgement> {
        let mut engine = engine(config);
        let applied = match engine.apply(&Source::named("document.yaml", document)) {
            Ok(applied) => applied,
            Err(report) => return Some(Judgement::Refused(report.to_string())),
        };
        Some(match applied.policies.is_empty() && applied.cidr_groups.is_empty() {
            false => Judgement::Accepted,
            true => Judgement::Refused("no policy".to_owned()),
        })
    }
}

/// A world in netpol's engine.
struct Compiled {
    engine: netpol::Engine,
    reader: Mutex<Reader>,
    by_name: HashMap<String, EndpointId>,
}

fn engine(config: &Config) -> netpol::Engine {
    let mut options = netpol::Options::default();
    options.enforcement = match config.policy_enforcement {
        world::PolicyEnforcement::Default => netpol::Enforcement::Default,
        world::PolicyEnforcement::Always => netpol::Enforcement::Always,
        world::PolicyEnforcement::Never => netpol::Enforcement::Never,
    };
    options.allow_localhost = match config.allow_localhost {
        world::AllowLocalhost::Always => netpol::AllowLocalhost::Always,
        world::AllowLocalhost::Policy => netpol::AllowLocalhost::Policy,
    };
    options.host_firewall = config.host_firewall;
    options.cidr_matches_nodes = config.cidr_matches_nodes;
    options.node_selector_labels = config.node_selector_labels;
    options.ipv4 = config.ipv4;
    options.ipv6 = config.ipv6;
    options.cluster_name = config.cluster_name.as_str().into();
    options.default_local_cluster = config.policy_default_local_cluster;
    options.non_default_deny = config.enable_non_default_deny_policies;
    options.extended_ip_protocols = config.extended_ip_protocols;
    options.l7_proxy = config.l7_proxy;
    options.icmp_rules = config.icmp_rules;
    options.listeners_exist = !config.missing_listeners;
    options.unsupported = Unsupported::Delegate;
    options.pattern_dialect = match config.repeated_stars {
        world::RepeatedStars::Snapshot => PatternDialect::Snapshot,
        world::RepeatedStars::Release => PatternDialect::Release,
    };
    options.preallocate_names = false;
    // NetworkPolicies in the vectors have met the agent's checks only.
    let mut reading = ReadOptions::default();
    reading.gate = NetworkPolicyGate::Agent;
    netpol::Engine::builder().options(options).reading(reading).build()
}

impl Compiled {
    fn new(world: &World) -> Result<Self, BuildError> {
        let mut engine = engine(&world.config);
        for (index, document) in world.policies.iter().enumerate() {
            let source = Source::named(&format!("policy-{index}.yaml"), &document.text);
            let applied = engine.apply(&source);
            applied.map_err(|report| BuildError::new(Some(index), report.to_string()))?;
        }
        let failed = |error: &dyn std::fmt::Display| BuildError::new(None, error.to_string());
        for (name, namespace) in namespaces(world) {
            let labels = namespace.iter().map(|(key, value)| (key.as_str(), value.as_str()));
            engine.set_namespace(&name, labels).map_err(|error| failed(&error))?;
        }
        let mut by_name = HashMap::new();
        for endpoint in &world.endpoints {
            let id = engine.add_endpoint(endpoint_of(endpoint, &world.config)?);
            by_name.insert(endpoint.name.clone(), id.map_err(|error| failed(&error))?);
        }
        for service in &world.services {
            engine.insert_service(service_of(service)?);
        }
        for answer in &world.dns {
            let addresses = addresses(&answer.ips)?;
            engine.learn_name(&answer.name, addresses).map_err(|error| failed(&error))?;
        }
        for secret in &world.secrets {
            let (namespace, name) = secret.name.split_once('/').unwrap_or(("", &secret.name));
            engine.set_secret(namespace, name, Some(&secret.value));
        }
        if let Some(error) = engine.publish().error {
            return Err(failed(&error));
        }
        let reader = Mutex::new(engine.reader());
        Ok(Self { engine, reader, by_name })
    }

    /// Returns the address by which an endpoint is asked for, or the address itself.
    fn address(&self, peer: &str, other: Option<&str>) -> Result<IpAddr, String> {
        let Some(id) = self.by_name.get(peer) else {
            return peer.parse().map_err(|_| format!("`{peer}` is no endpoint and no address"));
        };
        let ips = self.engine.endpoint(*id).map_or(&[][..], netpol::Endpoint::ips);
        // The family of a flow between endpoints does not matter; with an address it does.
        let family = other.and_then(|other| other.parse::<IpAddr>().ok()).map(|ip| ip.is_ipv4());
        let fitting = ips.iter().find(|ip| family.is_none_or(|v4| ip.is_ipv4() == v4));
        fitting.or_else(|| ips.first()).copied().ok_or_else(|| format!("`{peer}` has no address"))
    }

    fn side(&self, reader: &mut Reader, side: &netpol::Side, flow: &Flow) -> Side {
        let failed = side.endpoint().is_some_and(|id| self.engine.endpoint_error(id).is_some());
        if failed {
            return Side::plain(SideDecision::Error);
        }
        Side {
            decision: match side.as_str() {
                "none" => SideDecision::None,
                "unenforced" => SideDecision::Unenforced,
                "allow" => SideDecision::Allow,
                "deny" => SideDecision::Deny,
                "redirect" => SideDecision::Redirect,
                _ => SideDecision::DefaultDeny,
            },
            proxy: side.redirect().map(|handle| self.proxy(&handle)),
            l7: side.redirect().and_then(|handle| self.ask(reader, &handle, flow)),
            auth: side.verdict().and_then(|verdict| match verdict.auth() {
                netpol::AuthType::Disabled => None,
                netpol::AuthType::Spire => Some(AuthMode::Spire),
                netpol::AuthType::AlwaysFail => Some(AuthMode::TestAlwaysFail),
            }),
        }
    }

    fn proxy(&self, handle: &L7Handle) -> String {
        self.engine.redirect(handle.proxy()).map_or_else(String::new, ToString::to_string)
    }

    fn ask(&self, reader: &mut Reader, handle: &L7Handle, flow: &Flow) -> Option<L7Decision> {
        if self.proxy(handle).starts_with("listener:") {
            return None;
        }
        let verdict = if let Some(request) = &flow.http {
            let headers: Vec<Header<'_>> =
                request.headers.iter().map(|(name, value)| Header::new(name, value)).collect();
            let asked = HttpRequest::new(&request.method, &request.path).headers(&headers);
            // An absent authority is written as the empty one.
            let asked = match request.host.as_str() {
                "" => asked,
                host => asked.host(host),
            };
            // The connection comes first, then the request on it.
            let sni = flow.tls.as_ref().map_or("", |tls| &tls.sni);
            match reader.sni(handle, sni).is_allowed() {
                true => reader.http(handle, &asked),
                false => return Some(L7Decision::Deny),
            }
        } else if let Some(query) = &flow.dns {
            reader.dns(handle, &query.query)
        } else {
            reader.sni(handle, &flow.tls.as_ref()?.sni)
        };
        Some(if verdict.is_allowed() { L7Decision::Allow } else { L7Decision::Deny })
    }

    fn labels(&self, identity: netpol::IdentityId) -> LabelTexts {
        let labels = self.engine.identity_labels(identity);
        LabelTexts::parse(&labels.map_or_else(|| identity.to_string(), ToString::to_string))
    }

    fn entry(&self, key: &PolicyKey, entry: &PolicyEntry) -> MapEntry {
        let redirect = self.engine.redirect(entry.redirect);
        let auth = entry.auth.is_explicit() || entry.auth.kind() != netpol::AuthType::Disabled;
        MapEntry {
            dir: match key.direction() {
                Direction::Ingress => MapDirection::Ingress,
                Direction::Egress => MapDirection::Egress,
            },
            peer: (key.identity() != netpol::IdentityId::ANY).then(|| self.labels(key.identity())),
            proto: match key.protocol() {
                Protocol::ANY => "*".to_owned(),
                protocol => protocol.to_string().to_uppercase(),
            },
            port: key.port().value(),
            plen: key.port().len(),
            deny: entry.deny,
            redirect: redirect.map(ToString::to_string),
            priority: entry.priority.number(),
            auth: auth.then(|| entry.auth.kind().name().to_owned()),
            auth_explicit: entry.auth.is_explicit(),
        }
    }

    fn map(&self, id: EndpointId) -> EndpointMap {
        let error = self.engine.endpoint_error(id).map(ToString::to_string);
        let map = self.engine.policy_map(id).filter(|_| error.is_none()).unwrap_or_default();
        let labels = self.engine.endpoint_labels(id).map(ToString::to_string);
        EndpointMap {
            identity: LabelTexts::parse(&labels.unwrap_or_default()),
            ingress_enforced: error.is_none() && self.engine.is_enforced(id, Direction::Ingress),
            egress_enforced: error.is_none() && self.engine.is_enforced(id, Direction::Egress),
            error,
            entries: map.iter().map(|(key, entry)| self.entry(key, entry)).collect::<BTreeSet<_>>(),
        }
    }
}

impl Candidate for Compiled {
    fn decide(&self, flow: &Flow) -> Result<Decision, String> {
        let packet = Packet::new(
            self.address(&flow.from, Some(&flow.to))?,
            self.address(&flow.to, Some(&flow.from))?,
            Protocol::new(flow.protocol.number()),
            flow.port_or_type(),
        );
        let mut reader = self.reader.lock().map_err(|error| error.to_string())?;
        let verdict = reader.verdict(&packet);
        let egress = self.side(&mut reader, &verdict.egress, flow);
        let ingress = self.side(&mut reader, &verdict.ingress, flow);
        Ok(Decision::new(flow, egress, ingress))
    }

    fn maps(&self) -> Option<BTreeMap<String, EndpointMap>> {
        let managed = self.by_name.iter().filter(|(_, id)| self.engine.is_managed(**id));
        Some(managed.map(|(name, id)| (name.clone(), self.map(*id))).collect())
    }

    fn prefixes(&self) -> Option<BTreeMap<String, LabelTexts>> {
        let prefixes = self.engine.prefixes();
        Some(prefixes.map(|(prefix, id)| (prefix.to_string(), self.labels(id))).collect())
    }
}

/// Returns the labels of all namespaces, those that only endpoints name included.
fn namespaces(world: &World) -> BTreeMap<String, BTreeMap<String, String>> {
    let listed = world.namespaces.iter().map(|(name, namespace)| (name, namespace.labels.clone()));
    let named = world.endpoints.iter().map(|endpoint| (&endpoint.namespace, BTreeMap::new()));
    let mut namespaces: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
    for (name, labels) in listed.chain(named) {
        let known = namespaces.entry(name.clone()).or_default();
        known.extend(labels);
        known.insert("kubernetes.io/metadata.name".to_owned(), name.clone());
    }
    namespaces
}

fn endpoint_of(
    endpoint: &world::Endpoint,
    config: &Config,
) -> Result<netpol::Endpoint, BuildError> {
    let kind = [
        (Reserved::Host, EndpointKind::Host),
        (Reserved::RemoteNode, EndpointKind::RemoteNode),
        (Reserved::KubeApiserver, EndpointKind::KubeApiserver),
        (Reserved::Health, EndpointKind::Health),
        (Reserved::Ingress, EndpointKind::Ingress),
        (Reserved::Init, EndpointKind::Init),
        (Reserved::Unmanaged, EndpointKind::Unmanaged),
    ]
    .into_iter()
    .find(|(reserved, _)| endpoint.is(*reserved));
    let mut result = match kind {
        Some((_, kind)) => netpol::Endpoint::special(kind, &endpoint.name),
        None => netpol::Endpoint::pod(&endpoint.namespace, &endpoint.name),
    };
    let labels = endpoint.labels.iter().map(|(key, value)| (key.as_str(), value.as_str()));
    result = result.labels(labels);
    result = addresses(&endpoint.ips)?.into_iter().fold(result, netpol::Endpoint::ip);
    for port in &endpoint.ports {
        let protocol = Protocol::parse(&port.protocol);
        let protocol = protocol.ok_or_else(|| BuildError::new(None, "unknown protocol"))?;
        result = result.port(&port.name, protocol, port.port);
    }
    if let Some(account) = &endpoint.service_account {
        result = result.service_account(account);
    }
    if endpoint.is(Reserved::KubeApiserver) {
        result = result.api_server();
    }
    match endpoint.cluster.as_deref().filter(|cluster| *cluster != config.cluster_name) {
        Some(cluster) => Ok(result.cluster(cluster)),
        None => Ok(result),
    }
}

fn service_of(service: &world::Service) -> Result<netpol::Service, BuildError> {
    let texts = |map: &BTreeMap<String, String>| {
        map.iter().map(|(key, value)| (key.as_str().into(), value.as_str().into())).collect()
    };
    Ok(netpol::Service {
        namespace: service.namespace.as_str().into(),
        name: service.name.as_str().into(),
        labels: texts(&service.labels),
        selector: texts(&service.selector),
        backends: addresses(&service.backends)?,
    })
}

fn addresses(texts: &[String]) -> Result<Vec<IpAddr>, BuildError> {
    let parse = |text: &String| {
        text.parse().map_err(|_| BuildError::new(None, format!("`{text}` is no address")))
    };
    texts.iter().map(parse).collect()
}
