//! Why the engine refused something.

use std::fmt;

use netpol_core::{AllocateError, IdentityScope};

/// Why the engine refused an endpoint or an address. Nothing has changed then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EngineError {
    kind: Kind,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    Identities(AllocateError),
    AddressTaken { ip: std::net::IpAddr, by: String },
    UnknownEndpoint(u32),
    Limit { what: &'static str, limit: usize },
}

impl EngineError {
    pub(crate) fn address_taken(ip: std::net::IpAddr, by: String) -> Self {
        Self { kind: Kind::AddressTaken { ip, by } }
    }

    pub(crate) fn unknown_endpoint(id: crate::EndpointId) -> Self {
        Self { kind: Kind::UnknownEndpoint(id.number()) }
    }

    pub(crate) fn limit(what: &'static str, limit: usize) -> Self {
        Self { kind: Kind::Limit { what, limit } }
    }

    /// Returns the scope whose identities are exhausted, if that is the reason.
    #[must_use]
    pub fn exhausted_scope(&self) -> Option<IdentityScope> {
        match &self.kind {
            Kind::Identities(error) => Some(error.scope()),
            _ => None,
        }
    }
}

impl fmt::Display for EngineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            Kind::Identities(error) => write!(f, "{error}"),
            Kind::AddressTaken { ip, by } => write!(f, "address `{ip}` belongs to `{by}` already"),
            Kind::UnknownEndpoint(id) => write!(f, "there is no endpoint {id}"),
            Kind::Limit { what, limit } => write!(f, "more than {limit} {what}"),
        }
    }
}

impl std::error::Error for EngineError {}

impl From<AllocateError> for EngineError {
    fn from(error: AllocateError) -> Self {
        Self { kind: Kind::Identities(error) }
    }
}
