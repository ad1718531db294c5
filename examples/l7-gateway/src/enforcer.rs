//! The engine, and everything that changes it: files, DNS answers, time.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard};

use netpol::{
    DnsAnswer, Endpoint, EndpointId, Engine, EngineBuilder, EngineError, EngineLimits, IdentityId,
    LabelSet, PacketVerdict, Reader, Report, Timestamp,
};
use netpol_flowlog::FlowEndpoint;

use crate::GatewayError;
use crate::connections::{Connection, Connections};
use crate::inventory::Inventory;

/// Tells the time.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// The engine with everything that changes it.
pub(crate) struct Enforcer {
    files: Vec<PathBuf>,
    /// What the engine was built from.
    builder: EngineBuilder,
    clock: Clock,
    reader: Reader,
    connections: Connections,
    state: Mutex<State>,
}

struct State {
    engine: Engine,
    inventory: Inventory,
    ids: BTreeMap<String, EndpointId>,
}

/// Both sides of a connection, for the log.
pub(crate) struct Parties {
    /// The client.
    pub(crate) source: FlowEndpoint,
    /// The server.
    pub(crate) destination: FlowEndpoint,
    /// The names that the server is known by.
    pub(crate) destination_names: Vec<String>,
}

impl Enforcer {
    /// Returns an enforcer of what files say; fails if they are unusable.
    pub(crate) fn new(
        files: Vec<PathBuf>,
        limits: EngineLimits,
        clock: Clock,
    ) -> Result<Self, GatewayError> {
        let builder = Engine::builder().limits(limits);
        let engine = builder.clone().build();
        let reader = engine.reader();
        let state = State { engine, inventory: Inventory::default(), ids: BTreeMap::new() };
        let connections = Connections::default();
        let state = Mutex::new(state);
        let enforcer = Self { files, builder, clock, reader, connections, state };
        enforcer.reload()?;
        Ok(enforcer)
    }

    /// Takes over what the files say now, all of it or nothing; returns the warnings.
    pub(crate) fn reload(&self) -> Result<Report, GatewayError> {
        let inventory = Inventory::read(&self.files, self.builder.clone().build())?;
        let warnings = inventory.warnings.clone();
        let mut state = self.state()?;
        state.replace(inventory)?;
        Ok(warnings)
    }

    /// Learns the answer that an endpoint is about to be given; when this returns, the endpoint may use
    /// its addresses (SEQ-5).
    pub(crate) fn learn(
        &self,
        endpoint: EndpointId,
        answer: &DnsAnswer,
    ) -> Result<Option<EngineError>, GatewayError> {
        let mut state = self.state()?;
        if state.engine.endpoint(endpoint).is_none() {
            // It went while the server was asked.
            return Err(GatewayError::endpoint(&endpoint.number().to_string(), &"it is gone"));
        }
        state.engine.learn(endpoint, answer, self.now());
        Ok(state.engine.publish().error)
    }

    /// Ends what has run out and has no connection any more (GCD, ZMB).
    pub(crate) fn expire(&self) -> Result<Option<EngineError>, GatewayError> {
        let now = self.now();
        let mut state = self.state()?;
        for (endpoint, address) in self.connections.all() {
            state.engine.mark_connection(endpoint, address, now);
        }
        state.engine.connections_marked(now);
        state.engine.expire_names(now);
        Ok(state.engine.publish().error)
    }

    /// Notes a connection of an endpoint to an address, which stays allowed as long as it is open.
    pub(crate) fn connected(&self, endpoint: EndpointId, address: IpAddr) -> Connection {
        self.connections.open(endpoint, address)
    }

    /// Returns a reader of its own for whoever decides.
    pub(crate) fn reader(&self) -> Reader {
        self.reader.clone()
    }

    /// Returns the time.
    pub(crate) fn now(&self) -> Timestamp {
        (self.clock)()
    }

    /// Returns who the sides of a connection are.
    pub(crate) fn parties(
        &self,
        verdict: &PacketVerdict,
        source: IpAddr,
        destination: IpAddr,
    ) -> Parties {
        let Ok(state) = self.state() else {
            let unknown = |identity| FlowEndpoint::new(identity, &LabelSet::new());
            return Parties {
                source: unknown(verdict.src_identity),
                destination: unknown(verdict.dst_identity),
                destination_names: Vec::new(),
            };
        };
        Parties {
            source: state.party(source, verdict.src_identity),
            destination: state.party(destination, verdict.dst_identity),
            destination_names: state.engine.names_of(destination).map(str::to_owned).collect(),
        }
    }

    /// Returns the engine to change it. After a panic that left a change half done there are no more
    /// changes: what was published before stays in force.
    fn state(&self) -> Result<MutexGuard<'_, State>, GatewayError> {
        self.state.lock().map_err(|_| GatewayError::broken())
    }
}

impl State {
    /// Puts what was read in the place of what is in force. As it was tried out, this fails only if there
    /// are not enough identities for the old and the new at once.
    fn replace(&mut self, new: Inventory) -> Result<(), GatewayError> {
        let Self { engine, inventory, .. } = self;
        for old in inventory.sources.iter().filter(|old| !new.sources.contains(old)) {
            engine.delete(old).map_err(GatewayError::documents)?;
        }
        new.apply(engine)?;
        self.replace_endpoints(&new)?;
        self.inventory = new;
        match self.engine.publish().error {
            Some(error) => Err(GatewayError::endpoint("(any)", &error)),
            None => Ok(()),
        }
    }

    /// An endpoint that keeps its addresses keeps its number, and what it learnt from DNS.
    fn replace_endpoints(&mut self, new: &Inventory) -> Result<(), GatewayError> {
        let Self { engine, ids, .. } = self;
        ids.retain(|name, id| {
            let old = engine.endpoint(*id).map(Endpoint::ips);
            let stays = new.endpoints.get(name).is_some_and(|new| Some(new.ips()) == old);
            stays || !engine.remove_endpoint(*id)
        });
        for (name, endpoint) in &new.endpoints {
            let failed = |error| GatewayError::endpoint(name, &error);
            match ids.get(name) {
                Some(id) => engine.update_endpoint(*id, endpoint.clone()).map_err(failed)?,
                None => {
                    let id = engine.add_endpoint(endpoint.clone()).map_err(failed)?;
                    ids.insert(name.clone(), id);
                }
            }
        }
        Ok(())
    }

    fn party(&self, ip: IpAddr, identity: IdentityId) -> FlowEndpoint {
        let nothing = LabelSet::new();
        let labels = self.engine.identity_labels(identity).unwrap_or(&nothing);
        let party = FlowEndpoint::new(identity, labels);
        let known =
            self.engine.endpoint_at(ip).and_then(|id| Some((id, self.engine.endpoint(id)?)));
        match known {
            Some((id, endpoint)) => {
                party.local(id.number()).pod(endpoint.namespace(), endpoint.name())
            }
            None => party,
        }
    }
}
