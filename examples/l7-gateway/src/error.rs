//! Why the gateway does not start, or keeps the policies that it has.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::path::Path;

use netpol::Report;

/// Why the gateway does not start, or why files were not taken over.
#[derive(Debug)]
pub struct GatewayError {
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    Runtime(io::Error),
    Listen(SocketAddr, io::Error),
    Read(String, io::Error),
    Documents(Report),
    Endpoint(String, String),
    Broken,
}

impl GatewayError {
    /// Returns the error that no runtime can be had for the gateway's tasks.
    #[must_use]
    pub fn runtime(error: io::Error) -> Self {
        Self { kind: Kind::Runtime(error) }
    }

    pub(crate) fn listen(addr: SocketAddr, error: io::Error) -> Self {
        Self { kind: Kind::Listen(addr, error) }
    }

    pub(crate) fn read(path: &Path, error: io::Error) -> Self {
        Self { kind: Kind::Read(path.display().to_string(), error) }
    }

    pub(crate) fn documents(report: Report) -> Self {
        Self { kind: Kind::Documents(report) }
    }

    pub(crate) fn endpoint(name: &str, reason: &impl ToString) -> Self {
        Self { kind: Kind::Endpoint(name.into(), reason.to_string()) }
    }

    /// A change of the engine was left half way, so there will be no more.
    pub(crate) fn broken() -> Self {
        Self { kind: Kind::Broken }
    }
}

impl fmt::Display for GatewayError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            Kind::Runtime(error) => write!(f, "cannot start: {error}"),
            Kind::Listen(addr, error) => write!(f, "cannot listen on `{addr}`: {error}"),
            Kind::Read(path, error) => write!(f, "cannot read `{path}`: {error}"),
            Kind::Documents(report) => write!(f, "{report}"),
            Kind::Endpoint(name, reason) => write!(f, "endpoint `{name}`: {reason}"),
            Kind::Broken => f.write_str("the policies cannot be changed after an earlier failure"),
        }
    }
}

impl std::error::Error for GatewayError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.kind {
            Kind::Runtime(error) | Kind::Listen(_, error) | Kind::Read(_, error) => Some(error),
            Kind::Documents(report) => Some(report),
            Kind::Endpoint(..) | Kind::Broken => None,
        }
    }
}
