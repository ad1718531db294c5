//! What the oracle knows, for comparison: policy maps and prefixes.

use std::collections::BTreeSet;

use super::element::Direction;
use super::judge::{Directions, Oracle, Policy};
use super::label::Labels;
use super::map;
use super::rule::Conflict;

/// The policy map of one endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OracleMap {
    /// Labels by which policies select the endpoint, as text.
    pub identity: Vec<String>,
    /// Whether ingress is enforced.
    pub ingress_enforced: bool,
    /// Whether egress is enforced.
    pub egress_enforced: bool,
    /// Why the map cannot be computed.
    pub error: Option<String>,
    /// The entries, in no particular order.
    pub entries: Vec<OracleEntry>,
}

/// One entry of a policy map.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OracleEntry {
    /// Whether the entry is for ingress.
    pub ingress: bool,
    /// Labels of the peer as text; nothing for every peer.
    pub peer: Option<Vec<String>>,
    /// Protocol number; nothing for every protocol.
    pub protocol: Option<u8>,
    /// First port of the block.
    pub port: u16,
    /// Length of the port prefix, 0 to 16.
    pub length: u8,
    /// Whether the entry denies.
    pub deny: bool,
    /// The proxy it redirects to.
    pub redirect: Option<String>,
    /// The proxy port priority.
    pub priority: u8,
    /// 0 no authentication, 1 required, 2 always fails.
    pub auth: u8,
    /// Whether a rule asked for this type.
    pub auth_explicit: bool,
}

impl Oracle<'_> {
    /// Returns the policy map of every managed endpoint, by name.
    pub fn maps(&self) -> Vec<(String, OracleMap)> {
        let endpoints = self.world.endpoints.iter().enumerate();
        endpoints
            .filter_map(|(index, endpoint)| {
                let policy = self.policies[index].as_ref()?;
                Some((endpoint.name.clone(), self.map(index, policy)))
            })
            .collect()
    }

    /// Returns every prefix that has an identity, with the labels of that identity as text.
    pub fn prefixes(&self) -> Vec<(String, Vec<String>)> {
        let prefixes = self.network.prefixes(self.world).into_iter();
        prefixes.map(|(prefix, labels)| (prefix.to_string(), labels.texts())).collect()
    }

    fn map(&self, index: usize, policy: &Policy) -> OracleMap {
        let mut map = OracleMap {
            identity: self.network.subject(index).texts(),
            ingress_enforced: false,
            egress_enforced: false,
            error: None,
            entries: Vec::new(),
        };
        match policy {
            Err(Conflict(message)) => map.error = Some(message.clone()),
            Ok(policy) => {
                map.ingress_enforced = policy.ingress.enforced;
                map.egress_enforced = policy.egress.enforced;
                for direction in [Direction::Ingress, Direction::Egress] {
                    map.entries.extend(self.map_entries(index, policy, direction));
                }
            }
        }
        map
    }

    fn map_entries(
        &self,
        index: usize,
        policy: &Directions,
        direction: Direction,
    ) -> Vec<OracleEntry> {
        let side = policy.direction(direction);
        let nobody = self.entries(index, side, &Labels::default(), direction);
        let any = nobody.any.iter().map(|entry| oracle_entry(direction, None, entry));
        let mut all: Vec<OracleEntry> = any.collect();
        for peer in self.all_peers() {
            let entries = self.entries(index, side, &peer, direction).peer;
            let own = |entry| oracle_entry(direction, Some(peer.texts()), entry);
            all.extend(entries.iter().map(own));
        }
        all
    }

    /// Returns the labels of every identity there is.
    fn all_peers(&self) -> BTreeSet<Labels> {
        let reserved = [
            "world",
            "world-ipv4",
            "world-ipv6",
            "unmanaged",
            "health",
            "init",
            "remote-node",
            "ingress",
        ];
        let mut peers: BTreeSet<Labels> =
            reserved.iter().map(|key| Labels::reserved(key)).collect();
        let mut api_server = Labels::reserved("kube-apiserver");
        api_server.insert("reserved", "remote-node", "");
        peers.insert(api_server);
        peers.insert(self.network.host().clone());
        peers.extend((0..self.world.endpoints.len()).map(|index| self.network.peer(index).clone()));
        peers.extend(self.network.prefixes(self.world).into_iter().map(|(_, labels)| labels));
        peers
    }
}

fn oracle_entry(
    direction: Direction,
    peer: Option<Vec<String>>,
    entry: &map::Entry,
) -> OracleEntry {
    OracleEntry {
        ingress: direction == Direction::Ingress,
        peer,
        protocol: entry.protocol,
        port: entry.port,
        length: entry.length,
        deny: entry.deny,
        redirect: entry.proxy.clone(),
        priority: entry.priority,
        auth: entry.auth.kind,
        auth_explicit: entry.auth.explicit,
    }
}
