use serde_json::Value;

use super::tape::Tape;
use super::words::{ADDRESSES, GROUPS, NAMES, NAMESPACES};
use super::{cilium, config, endpoints, flows, groups, kubernetes, services};
use crate::world::{
    Config, Document, Endpoint, Flow, Reserved, ResolvedName, Secret, Service, World,
};

/// How many things of a kind are made at most.
const MOST: usize = 16;

/// Bytes from which a world is made, one string for each thing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Recipe {
    /// The options.
    pub config: Vec<u8>,
    /// Pods, nodes and other endpoints; the first 16 count.
    pub endpoints: Vec<Vec<u8>>,
    /// Labels of the namespaces, services, and DNS answers; the first 16 count.
    pub facts: Vec<Vec<u8>>,
    /// Policies and CIDR groups; the first 16 count.
    pub documents: Vec<Vec<u8>>,
    /// Flows; all count.
    pub flows: Vec<Vec<u8>>,
}

/// A world and flows in it.
#[derive(Debug, Clone)]
pub struct Case {
    /// The world.
    pub world: World,
    /// The flows.
    pub flows: Vec<Flow>,
}

impl Recipe {
    /// Reads a recipe from any bytes: the first says how many strings there are of each kind, and
    /// each string begins with its length.
    pub fn from_bytes(bytes: &[u8]) -> Self {
        let (head, mut rest) = bytes.split_at(bytes.len().min(4));
        let mut counts = head.iter().map(|byte| usize::from(*byte));
        let mut next_count = |most: usize| counts.next().unwrap_or(0) % (most + 1);
        let [n_endpoints, n_facts, n_documents, n_flows] =
            [next_count(8), next_count(6), next_count(6), next_count(24)];
        let mut string = || {
            let Some((length, after)) = rest.split_first() else {
                return Vec::new();
            };
            let (string, after) = after.split_at(usize::from(*length).min(after.len()));
            rest = after;
            string.to_vec()
        };
        Self {
            config: string(),
            documents: (0..n_documents).map(|_| string()).collect(),
            endpoints: (0..n_endpoints).map(|_| string()).collect(),
            flows: (0..n_flows).map(|_| string()).collect(),
            facts: (0..n_facts).map(|_| string()).collect(),
        }
    }

    /// Returns bytes that [`from_bytes`](Self::from_bytes) reads as this recipe, as far as it is no
    /// larger than such bytes can say.
    pub fn to_bytes(&self) -> Vec<u8> {
        let counts = [&self.endpoints, &self.facts, &self.documents, &self.flows];
        let mut bytes: Vec<u8> =
            counts.iter().map(|strings| u8::try_from(strings.len()).unwrap_or(u8::MAX)).collect();
        let strings = std::iter::once(&self.config)
            .chain(&self.documents)
            .chain(&self.endpoints)
            .chain(&self.flows)
            .chain(&self.facts);
        for string in strings {
            let length = u8::try_from(string.len()).unwrap_or(u8::MAX);
            bytes.push(length);
            bytes.extend(&string[..usize::from(length)]);
        }
        bytes
    }

    /// Makes the world and the flows.
    pub fn case(&self) -> Case {
        let world = self.world();
        let flows = self.flows.iter().map(|bytes| flows::flow(&mut Tape::new(bytes), &world));
        let flows = flows.collect();
        Case { world, flows }
    }

    fn world(&self) -> World {
        let config = config::config(&mut Tape::new(&self.config));
        let mut world = World { config, ..World::default() };
        for (place, bytes) in self.endpoints.iter().take(MOST).enumerate() {
            let endpoint = endpoints::endpoint(&mut Tape::new(bytes), place, &world.config);
            if !world.endpoints.iter().any(|other| exclude_each_other(other, &endpoint)) {
                world.endpoints.push(endpoint);
            }
        }
        for (place, bytes) in self.facts.iter().take(MOST).enumerate() {
            add_fact(&mut Tape::new(bytes), place, &mut world);
        }
        for (place, bytes) in self.documents.iter().take(MOST).enumerate() {
            let value = document(&mut Tape::new(bytes), &world.config, place);
            world.policies.push(Document::from_value(value));
        }
        world.secrets.push(Secret { name: "default/token".to_owned(), value: "secret".to_owned() });
        world
    }
}

/// There is one local node, with one health endpoint and one ingress proxy.
fn exclude_each_other(a: &Endpoint, b: &Endpoint) -> bool {
    let unique = [Reserved::Host, Reserved::Health, Reserved::Ingress];
    unique.iter().any(|reserved| a.is(*reserved) && b.is(*reserved))
}

fn add_fact(tape: &mut Tape<'_>, place: usize, world: &mut World) {
    match tape.below(4) {
        0 => {
            let name = tape.text(&NAMESPACES);
            world.namespaces.insert(name, endpoints::namespace(tape));
        }
        1 => {
            let service = services::service(tape, place);
            // A namespace has one service of a name.
            let is_same = |other: &Service| {
                (&other.namespace, &other.name) == (&service.namespace, &service.name)
            };
            world.services.retain(|other| !is_same(other));
            world.services.push(service);
        }
        _ => {
            let name = tape.text(&NAMES);
            let ips = tape.list(1, 3, |tape| tape.text(&ADDRESSES));
            world.dns.push(ResolvedName { name, ips });
        }
    }
}

/// Returns a policy or a CIDR group; `place` keeps names apart.
pub(super) fn document(tape: &mut Tape<'_>, config: &Config, place: usize) -> Value {
    let name = format!("p{place}");
    match tape.below(8) {
        0..=3 => cilium::namespaced(tape, config, &name),
        4 => cilium::clusterwide(tape, config, &name),
        5 | 6 => kubernetes::policy(tape, &name),
        _ => match GROUPS.get(place) {
            Some(group) => groups::group(tape, group),
            None => cilium::clusterwide(tape, config, &name),
        },
    }
}
