//! The read side: asks the published revision for verdicts.

use std::net::IpAddr;
use std::sync::Arc;

use arc_swap::{ArcSwap, Cache};
use netpol_core::{Direction, Flow, IdentityId, Protocol, packet};
use netpol_l7::{Decision, HttpEffects, HttpRequest, L7Policy, Scratch};

use crate::batch::Ends;
use crate::frame::Asked;
use crate::snapshot::Snapshot;
use crate::{
    EndpointId, FrameVerdict, HttpVerdict, L7Handle, L7Verdict, Packet, PacketVerdict, Revision,
    Side, batch, frame,
};

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
    // What batches need, kept for the same reason.
    batch: Box<(Asked, Ends)>,
}

impl Clone for Reader {
    fn clone(&self) -> Self {
        Self::of(self.snapshot.clone())
    }
}

impl Reader {
    pub(crate) fn new(published: Arc<ArcSwap<Snapshot>>) -> Self {
        Self::of(Cache::new(published))
    }

    fn of(snapshot: Cache<Arc<ArcSwap<Snapshot>>, Arc<Snapshot>>) -> Self {
        Self { snapshot, scratch: Scratch::new(), batch: Box::new((Asked::new(), Ends::new())) }
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
        self.snapshot.load().verdict(packet)
    }

    /// Writes the verdict on each packet to the same index of `verdicts`: the same that
    /// [`verdict`](Self::verdict) gives, all of one revision, in less time because the waits for
    /// memory overlap.
    ///
    /// The longer of the two slices is used in part. Vectors of 32 packets and more pay.
    ///
    /// # Examples
    ///
    /// ```
    /// use netpol::{Endpoint, Engine, Packet, PacketVerdict};
    ///
    /// let mut engine = Engine::new();
    /// engine.add_endpoint(Endpoint::pod("default", "web").ip([10, 0, 0, 1]))?;
    /// engine.publish();
    /// let packets = [53, 80].map(|port| Packet::udp([192, 0, 2, 1], [10, 0, 0, 1], port));
    /// let mut verdicts = [PacketVerdict::DENY; 2];
    /// engine.reader().verdict_batch(&packets, &mut verdicts);
    /// assert!(verdicts.iter().all(PacketVerdict::is_allowed));
    /// # Ok::<(), netpol::EngineError>(())
    /// ```
    pub fn verdict_batch(&mut self, packets: &[Packet], verdicts: &mut [PacketVerdict]) {
        let (_, ends) = &mut *self.batch;
        batch::decide(self.snapshot.load(), ends, packets, verdicts, |verdict| Some(verdict));
    }

    /// Returns the verdict on a packet as bytes, from the Ethernet header on. A packet that cannot be
    /// read is dropped, with the reason.
    ///
    /// # Examples
    ///
    /// ```
    /// use netpol::{BadPacket, Endpoint, Engine, FrameDrop, FrameVerdict};
    ///
    /// let mut engine = Engine::new();
    /// engine.add_endpoint(Endpoint::pod("default", "web").ip([10, 0, 2, 3]))?;
    /// engine.publish();
    /// let mut reader = engine.reader();
    /// let packet = [
    ///     0x45, 0, 0, 28, 0, 0, 0x40, 0, 64, 17, 0, 0, 10, 0, 1, 2, 10, 0, 2, 3, // IPv4
    ///     0x9c, 0x40, 0, 53, 0, 8, 0, 0, // UDP
    /// ];
    /// let frame = [&[0; 12][..], &[0x08, 0x00], &packet].concat();
    /// assert!(reader.frame_verdict(&frame).is_allowed());
    /// assert!(reader.ip_verdict(&packet).is_allowed());
    /// let cut = FrameVerdict::Drop(FrameDrop::Bad(BadPacket::Truncated));
    /// assert_eq!(reader.frame_verdict(&frame[..30]), cut);
    /// # Ok::<(), netpol::EngineError>(())
    /// ```
    pub fn frame_verdict(&mut self, frame: &[u8]) -> FrameVerdict {
        frame::decide(self.snapshot.load(), &packet::parse(frame))
    }

    /// Returns the verdict on a packet as bytes, from the IP header on.
    pub fn ip_verdict(&mut self, packet: &[u8]) -> FrameVerdict {
        frame::decide(self.snapshot.load(), &packet::parse_ip(packet))
    }

    /// Writes the verdict on each frame to the same index of `verdicts`, as
    /// [`frame_verdict`](Self::frame_verdict) gives it. The longer slice is used in part.
    pub fn frame_verdict_batch(&mut self, frames: &[&[u8]], verdicts: &mut [FrameVerdict]) {
        let (asked, ends) = &mut *self.batch;
        let snapshot = self.snapshot.load();
        frame::decide_batch(snapshot, (asked, ends), frames, verdicts, packet::parse);
    }

    /// Writes the verdict on each packet, which begins at its IP header, to the same index of
    /// `verdicts`, as [`ip_verdict`](Self::ip_verdict) gives it. The longer slice is used in part.
    pub fn ip_verdict_batch(&mut self, packets: &[&[u8]], verdicts: &mut [FrameVerdict]) {
        let (asked, ends) = &mut *self.batch;
        let snapshot = self.snapshot.load();
        frame::decide_batch(snapshot, (asked, ends), packets, verdicts, packet::parse_ip);
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
        let Self { snapshot, scratch, .. } = self;
        let snapshot = snapshot.load();
        match is_bound(snapshot, handle, host_name(request)) {
            true => ask(snapshot, handle, |policy| policy.http(request, scratch)),
            false => L7Verdict::DENY,
        }
    }

    /// Returns what [`http`](Self::http) returns, and what header actions do to the request (HM-5).
    ///
    /// Whoever forwards the request changes its headers so. Where both sides redirect a connection, the
    /// second is asked about the request as the first has changed it. Effects are allocated.
    ///
    /// # Examples
    ///
    /// ```
    /// use netpol::{Endpoint, Engine, Header, HeaderChange, HttpRequest, Packet, Source};
    ///
    /// let policy = "
    /// apiVersion: cilium.io/v2
    /// kind: CiliumNetworkPolicy
    /// metadata: {name: web}
    /// spec:
    ///   endpointSelector: {}
    ///   ingress:
    ///     - toPorts:
    ///         - ports: [{port: '80', protocol: TCP}]
    ///           rules: {http: [{headerMatches: [{name: X-Team, value: blue, mismatch: REPLACE}]}]}
    /// ";
    /// let mut engine = Engine::new();
    /// engine.apply(&Source::named("web.yaml", policy)).map_err(|report| report.to_string())?;
    /// engine.add_endpoint(Endpoint::pod("default", "web").ip([10, 0, 0, 1]))?;
    /// engine.publish();
    /// let mut reader = engine.reader();
    /// let verdict = reader.verdict(&Packet::tcp([192, 0, 2, 1], [10, 0, 0, 1], 80));
    /// let handle = verdict.ingress.redirect().ok_or("no redirect")?;
    /// let headers = [Header::new("x-team", "red")];
    /// let answer = reader.http_effects(&handle, &HttpRequest::new("GET", "/").headers(&headers));
    /// assert!(answer.verdict.is_allowed());
    /// let change = HeaderChange::Set { name: "x-team".into(), value: "blue".into() };
    /// assert_eq!(answer.changes, [change]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn http_effects(&mut self, handle: &L7Handle, request: &HttpRequest<'_>) -> HttpVerdict {
        let Self { snapshot, scratch, .. } = self;
        let snapshot = snapshot.load();
        let mut effects = HttpEffects::default();
        if !is_bound(snapshot, handle, host_name(request)) {
            return HttpVerdict::new(L7Verdict::DENY, effects);
        }
        let verdict = ask(snapshot, handle, |policy| {
            effects = policy.http_effects(request, scratch);
            effects.decision
        });
        HttpVerdict::new(verdict, effects)
    }

    /// Returns whether a DNS query for a name may pass (L7-4).
    pub fn dns(&mut self, handle: &L7Handle, name: &str) -> L7Verdict {
        ask(self.snapshot.load(), handle, |policy| policy.dns(name))
    }

    /// Returns whether a TLS connection may ask for a server name; the empty name stands for a
    /// connection that names none (L7-5).
    pub fn sni(&mut self, handle: &L7Handle, server_name: &str) -> L7Verdict {
        let snapshot = self.snapshot.load();
        match is_bound(snapshot, handle, Some(server_name)) {
            true => ask(snapshot, handle, |policy| policy.sni(server_name)),
            false => L7Verdict::DENY,
        }
    }

    /// Tells whether DNS gave an address for a name, as far as any endpoint was told: what a server name
    /// or an HTTP host claims can be held against it, also where no policy redirects the connection.
    /// Case and a final dot do not matter.
    pub fn name_binds(&mut self, name: &str, address: IpAddr) -> bool {
        self.snapshot.load().names.binds(name, &address)
    }

    /// Returns the names that DNS gave an address for, in order: in lower case, with a final dot.
    pub fn names(&mut self, address: IpAddr) -> impl Iterator<Item = &str> {
        self.snapshot.load().names.names(&address)
    }
}

/// Asks the L7 rules that apply to a connection. Where there are none any more, the verdict on the
/// connection counts (L7E-6).
fn ask(
    snapshot: &Snapshot,
    handle: &L7Handle,
    question: impl FnOnce(&L7Policy) -> Decision,
) -> L7Verdict {
    let L7Handle { endpoint, flow, .. } = handle;
    let Some(slot) = snapshot.slots.of(*endpoint) else { return L7Verdict::DENY };
    let Some(set) = slot.policy.direction(flow.direction).l7(flow) else {
        let decision = slot.policy.lookup(flow).decision();
        return L7Verdict::new(decision == netpol_core::Decision::Allow, None);
    };
    let decision = question(set.policy());
    let rule = decision.rule().and_then(|tag| set.origin(tag).cloned());
    L7Verdict::new(decision.is_allowed(), rule)
}

/// Tells whether a name may be claimed on a connection.
fn is_bound(snapshot: &Snapshot, handle: &L7Handle, name: Option<&str>) -> bool {
    let binds = |address| name.is_some_and(|name| snapshot.names.binds(name, &address));
    handle.address.is_none_or(binds)
}

/// Returns the name in the host of a request, without port.
fn host_name<'r>(request: &HttpRequest<'r>) -> Option<&'r str> {
    let host = core::str::from_utf8(request.host?).ok()?;
    Some(host.rsplit_once(':').map_or(host, |(name, _port)| name))
}
