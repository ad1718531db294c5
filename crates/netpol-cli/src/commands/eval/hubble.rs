//! Answers as a Hubble flow log.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use netpol::{
    Direction, Endpoint, EndpointId, Engine, Explanation, IdentityId, LabelSet, Protocol, Side,
};
use netpol_core::IpFamily;
use netpol_flowlog::{
    Dns, FlowEndpoint, FlowRecord, FlowVerdict, Http, HttpVersion, IpVersion, Layer4, Layer7,
    LogLine, PolicyRef, TcpFlags, Timestamp,
};
use netpol_policy::rule::Origin;

use super::{Answer, Judgement, Named};
use crate::output::printable;
use crate::request::{Decided, HttpLine, Request};

/// The number of the DNS type A.
const TYPE_A: u16 = 1;

/// Returns the records of the answers: for each side with a policy its verdict on the first packet,
/// then the decision about the request.
pub(super) fn lines(
    engine: &Engine,
    answers: &[Answer<'_>],
    time: Option<Timestamp>,
) -> Vec<LogLine> {
    let records = answers.iter().flat_map(|answer| records(engine, answer));
    let timed = records.map(|record| match time {
        Some(time) => record.at(time),
        None => record,
    });
    timed.map(LogLine::flow).collect()
}

/// Returns the records up to the one that ends the flow: what was denied reaches no other side
/// (EMT-7).
fn records(engine: &Engine, answer: &Answer<'_>) -> Vec<FlowRecord> {
    let packet = Packet::of(engine, answer);
    let sides = answer.sides().into_iter();
    let mut records = Vec::new();
    for record in sides.flat_map(|side| of_side(engine, answer.request, side)) {
        let ends = record.verdict == FlowVerdict::DROPPED;
        records.push(packet.complete(record));
        if ends {
            break;
        }
    }
    records
}

/// Returns the verdict of a side where policy is enforced (EMT-3), and its decision about the
/// request.
fn of_side(
    engine: &Engine,
    request: Option<Request<'_>>,
    (direction, side, explanation, judgement): (Direction, &Side, &Explanation, &Option<Judgement>),
) -> impl Iterator<Item = FlowRecord> {
    let connection = match side {
        Side::Policy { enforced: true, verdict, .. } => {
            let (policies, log) = policies(engine, explanation);
            Some(FlowRecord::policy_verdict(direction, verdict).by_policies(policies, log))
        }
        _ => None,
    };
    let request = request.zip(judgement.as_ref());
    let request = request.and_then(|(request, judged)| of_request(direction, request, judged));
    connection.into_iter().chain(request)
}

/// Returns the record of a decision about a request; a custom listener makes its own.
fn of_request(
    direction: Direction,
    request: Request<'_>,
    judgement: &Judgement,
) -> Option<FlowRecord> {
    let Judgement::Decided(Decided { is_connection, verdict }) = judgement else { return None };
    let layer7 = match request {
        // L7F-13
        _ if *is_connection => Layer7::request(),
        Request::Sni(_) => Layer7::request(),
        Request::Dns(name) => {
            let dot = if name.ends_with('.') { "" } else { "." };
            Layer7::dns_request(Dns::query(&format!("{name}{dot}"), TYPE_A))
        }
        Request::Http { line: HttpLine { method, path }, headers, host, sni } => {
            let scheme = if sni.is_some() { "https" } else { "http" };
            let host = host.unwrap_or_default();
            let http = Http::request(HttpVersion::Http11, method, scheme, host, path);
            let headers = headers.iter().map(|header| (&*header.name, &*header.value));
            Layer7::http_request(http.headers(headers))
        }
    };
    let verdict = if verdict.is_allowed() { FlowVerdict::FORWARDED } else { FlowVerdict::DROPPED };
    Some(FlowRecord::l7(direction, verdict, layer7))
}

/// Returns the policies that decided and what their rules say for the log (COR-5, COR-6).
fn policies(engine: &Engine, explanation: &Explanation) -> (Vec<PolicyRef>, Vec<String>) {
    let revision = engine.reader().revision().number();
    let origins = || explanation.origins().map(|origin| &**origin);
    let names: BTreeSet<_> = origins().map(|origin| &origin.policy).collect();
    let reference = |kind: &str, namespace: Option<&str>, name: &str| {
        PolicyRef::new(kind, namespace.unwrap_or_default(), name, revision)
    };
    let policies = names
        .iter()
        .map(|policy| reference(policy.kind.as_str(), policy.namespace.as_deref(), &policy.name));
    let log: BTreeSet<_> = origins().filter_map(|origin| log_text(engine, origin)).collect();
    (policies.collect(), log.into_iter().collect())
}

fn log_text(engine: &Engine, origin: &Origin) -> Option<String> {
    let policy = engine.policies().find(|policy| policy.name == origin.policy)?;
    let mut rules = policy.rules.iter();
    let rule = rules.find(|rule| rule.elements.iter().any(|element| *element.origin == *origin));
    rule?.log.as_deref().map(str::to_owned)
}

/// The first packet of a connection.
struct Packet {
    source: Party,
    destination: Party,
    family: Option<IpFamily>,
    l4: Option<Layer4>,
}

/// One side of a packet.
struct Party {
    endpoint: FlowEndpoint,
    ip: Option<IpAddr>,
    /// What it is called if it is no pod and its address is not known.
    name: Option<String>,
}

impl Packet {
    fn of(engine: &Engine, answer: &Answer<'_>) -> Self {
        let Answer { from, to, question, verdict, .. } = answer;
        let families = [from.face.family, to.face.family, question.family()];
        let first_family =
            |named: &Named<'_>| pod(engine, named)?.1.ips().first().map(IpFamily::of);
        let family = families.into_iter().flatten().next();
        let family = family.or_else(|| first_family(from)).or_else(|| first_family(to));
        let l4 = match question.protocol {
            Protocol::TCP => Some(Layer4::tcp(0, question.port, Some(TcpFlags::syn()))),
            protocol => Layer4::of_protocol(protocol, 0, question.port, 0),
        };
        let source = Party::new(engine, from, verdict.src_identity, family);
        let destination = Party::new(engine, to, verdict.dst_identity, family);
        Self { source, destination, family, l4 }
    }

    /// Returns a record with the packet and its sides.
    fn complete(&self, record: FlowRecord) -> FlowRecord {
        let Self { source, destination, family, l4 } = self;
        let unknown = match family {
            Some(IpFamily::V6) => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
            Some(IpFamily::V4) | None => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        };
        let ips = [source, destination].map(|party| party.ip.unwrap_or(unknown));
        let mut record = record
            .packet(ips[0], ips[1], l4.clone())
            .between(source.endpoint.clone(), destination.endpoint.clone())
            .source_named(source.name.as_deref())
            .destination_named(destination.name.as_deref());
        // Nothing is said about what is not known.
        if let Some(ip) = &mut record.ip {
            source.ip.is_none().then(|| ip.source.clear());
            destination.ip.is_none().then(|| ip.destination.clear());
            if family.is_none() {
                ip.version = IpVersion::NOT_USED;
            }
        }
        record
    }
}

impl Party {
    fn new(
        engine: &Engine,
        named: &Named<'_>,
        identity: IdentityId,
        family: Option<IpFamily>,
    ) -> Self {
        let face = named.face;
        let nothing = LabelSet::new();
        let labels = engine.identity_labels(identity).unwrap_or(&nothing);
        let endpoint = FlowEndpoint::new(identity, labels);
        let Some((id, pod)) = pod(engine, named) else {
            let name = face.name.split('[').next().unwrap_or_default();
            let name = face.ip.is_none().then(|| printable(name).into_owned());
            return Self { endpoint, ip: face.ip, name };
        };
        let fits = |ip: &&IpAddr| family.is_some_and(|family| IpFamily::of(ip) == family);
        let ip = face.ip.or_else(|| pod.ips().iter().find(fits).copied());
        let (namespace, name) = (printable(pod.namespace()), printable(pod.name()));
        Self { endpoint: endpoint.local(id.number()).pod(&namespace, &name), ip, name: None }
    }
}

/// Returns the endpoint that a peer is, if it is one of the manifests.
fn pod<'e>(engine: &'e Engine, named: &Named<'_>) -> Option<(EndpointId, &'e Endpoint)> {
    let id = named.face.face.endpoint?;
    Some((id, engine.endpoint(id)?))
}
