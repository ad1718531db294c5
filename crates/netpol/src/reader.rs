//! The read side: asks the published revision for verdicts.

use std::net::IpAddr;
use std::sync::Arc;

use arc_swap::{ArcSwap, Cache};
use netpol_core::{Direction, Flow, IdentityId, Protocol};
use netpol_l7::{Decision, HttpRequest, L7Policy, Scratch};

use crate::snapshot::Snapshot;
use crate::{EndpointId, L7Handle, L7Verdict, Packet, PacketVerdict, Revision, Side};

/// The read side of an [`Engine`](crate::Engine): one for each thread that asks for verdicts.
///
/// Every call sees one whole revision, the newest that was published when it began. A reader
/// never waits for the engine.
///
/// # Examples
///
/// ```
/// use netpol::{Endpoint, Engine, Packet};
///
/// let mut engine = Engine::new();
/// engine.add_endpoint(Endpoint::pod("default", "web").ip([10, 0, 0, 1]))?;
/// engine.publish();
/// let mut reader = engine.reader();
/// // No policy, no restriction.
/// assert!(reader.verdict(&Packet::udp([192, 0, 2, 1], [10, 0, 0, 1], 53)).is_allowed());
/// # Ok::<(), netpol::EngineError>(())
/// ```
#[derive(Debug)]
pub struct Reader {
    snapshot: Cache<Arc<ArcSwap<Snapshot>>, Arc<Snapshot>>,
    // What matching a request needs, kept so that no request allocates.
    scratch: Scratch,
}

impl Clone for Reader {
    fn clone(&self) -> Self {
        Self { snapshot: self.snapshot.clone(), scratch: Scratch::new() }
    }
}

impl Reader {
    pub(crate) fn new(published: Arc<ArcSwap<Snapshot>>) -> Self {
        Self { snapshot: Cache::new(published), scratch: Scratch::new() }
    }

    /// Returns the revision that is in force now.
    pub fn revision(&mut self) -> Revision {
        self.snapshot.load().revision
    }

    /// Returns the identity of an address (IPC-1).
    pub fn identity(&mut self, addr: IpAddr) -> IdentityId {
        self.snapshot.load().ipcache.identity(addr)
    }

    /// Returns the endpoint that has an address, if it is managed.
    pub fn endpoint(&mut self, addr: IpAddr) -> Option<EndpointId> {
        self.snapshot.load().slots.at(addr).map(|slot| slot.endpoint)
    }

    /// Returns what the policies of both sides say about the first packet of a connection
    /// (FLOW-1).
    pub fn verdict(&mut self, packet: &Packet) -> PacketVerdict {
        let snapshot = self.snapshot.load();
        let src_identity = snapshot.ipcache.identity(packet.src);
        let dst_identity = snapshot.ipcache.identity(packet.dst);
        let side = |direction, own: IpAddr, peer| {
            snapshot.slots.at(own).map_or(Side::None, |slot| slot.side(direction, peer, packet))
        };
        PacketVerdict {
            src_identity,
            dst_identity,
            egress: side(Direction::Egress, packet.src, dst_identity),
            ingress: side(Direction::Ingress, packet.dst, src_identity),
        }
    }

    /// Returns what the policy of one endpoint says about a peer.
    pub fn endpoint_verdict(
        &mut self,
        endpoint: EndpointId,
        direction: Direction,
        peer: IdentityId,
        protocol: Protocol,
        port: u16,
    ) -> Side {
        let flow = Flow { direction, peer, protocol, port };
        let slot = self.snapshot.load().slots.of(endpoint);
        slot.map_or(Side::None, |slot| slot.decide(&flow))
    }

    /// Returns whether a redirected connection may carry an HTTP request (L7-1).
    ///
    /// The path is taken as it is, query included; whoever asks has resolved dot segments and the like
    /// before (HTTP-7).
    pub fn http(&mut self, handle: &L7Handle, request: &HttpRequest<'_>) -> L7Verdict {
        let Self { snapshot, scratch } = self;
        ask(snapshot.load(), handle, |policy| policy.http(request, scratch))
    }

    /// Returns whether a DNS query for a name may pass (L7-4).
    pub fn dns(&mut self, handle: &L7Handle, name: &str) -> L7Verdict {
        ask(self.snapshot.load(), handle, |policy| policy.dns(name))
    }

    /// Returns whether a TLS connection may ask for a server name; the empty name stands for a
    /// connection that names none (L7-5).
    pub fn sni(&mut self, handle: &L7Handle, server_name: &str) -> L7Verdict {
        ask(self.snapshot.load(), handle, |policy| policy.sni(server_name))
    }
}

/// Asks the L7 rules that apply to a connection; denies where there are none any more.
fn ask(
    snapshot: &Snapshot,
    handle: &L7Handle,
    question: impl FnOnce(&L7Policy) -> Decision,
) -> L7Verdict {
    let L7Handle { endpoint, flow, .. } = handle;
    let slot = snapshot.slots.of(*endpoint);
    let Some(set) = slot.and_then(|slot| slot.policy.direction(flow.direction).l7(flow)) else {
        return L7Verdict::DENY;
    };
    let decision = question(set.policy());
    let rule = decision.rule().and_then(|tag| set.origin(tag).cloned());
    L7Verdict::new(decision.is_allowed(), rule)
}
