//! Verdicts: by the policy map, by the table made of it, and from the bytes of packets.

use std::hint::black_box;
use std::net::Ipv4Addr;

use netpol::{Endpoint, Engine, FrameVerdict, Reader, Source};
use netpol_core::{Decision, Flow, PolicyMap, PolicyTable, Verdict};
use netpol_testkit::workload::Verdicts;

use crate::input::Random;

/// One policy map in both forms, and flows.
pub struct Tables {
    workload: Verdicts,
    map: PolicyMap,
    table: PolicyTable,
    verdicts: Vec<Verdict>,
}

impl Tables {
    /// Returns the workload W6 with so many entries.
    #[must_use]
    pub fn new(entries: u32) -> Self {
        let workload = Verdicts::new(entries);
        let (map, table) = (workload.map(), PolicyTable::from(&workload.map()));
        let verdicts = vec![Verdict::DEFAULT_DENY; workload.flows.len()];
        Self { workload, map, table, verdicts }
    }

    /// Returns the number of flows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.workload.flows.len()
    }

    /// Tells whether there are no flows.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.workload.flows.is_empty()
    }

    /// Returns how many bytes the table has allocated.
    #[must_use]
    pub fn memory(&self) -> usize {
        self.table.memory_usage()
    }

    /// Decides each flow by the policy map.
    pub fn by_map(&mut self) {
        for (flow, verdict) in self.workload.flows.iter().zip(&mut self.verdicts) {
            *verdict = black_box(&self.map).lookup(flow);
        }
    }

    /// Decides each flow by the table.
    pub fn by_table(&mut self) {
        let table = black_box(&self.table);
        for (flow, verdict) in self.workload.flows.iter().zip(&mut self.verdicts) {
            *verdict = table.lookup(flow);
        }
    }

    /// Decides each flow by the table, once the last verdict is known.
    pub fn dependent(&mut self) {
        let mut last = 0;
        for (flow, verdict) in self.workload.flows.iter().zip(&mut self.verdicts) {
            // Never set: what is looked up stays the same, but waits.
            let port = flow.port | u16::from(last > Decision::DefaultDeny as u8);
            *verdict = black_box(&self.table).lookup(&Flow { port, ..*flow });
            last = black_box(verdict.decision() as u8);
        }
    }

    /// Decides the flows by the table in batches.
    pub fn by_batch(&mut self) {
        let batches = self.workload.flows.chunks(32).zip(self.verdicts.chunks_mut(32));
        for (flows, verdicts) in batches {
            black_box(&self.table).lookup_batch(flows, verdicts);
        }
    }

    /// Compares what was decided with what must be.
    ///
    /// # Panics
    ///
    /// Panics if it is something else.
    pub fn check(&mut self) {
        let counts = Verdicts::count(self.verdicts.iter().map(Verdict::decision));
        assert_eq!(Some(counts), self.workload.expected());
        self.verdicts.fill(Verdict::DEFAULT_DENY);
    }
}

/// Packets as bytes between the pods of a cluster, and who decides them.
pub struct Frames {
    engine: Engine,
    reader: Reader,
    frames: Vec<[u8; 54]>,
    verdicts: Vec<FrameVerdict>,
}

const PODS: u32 = 10_000;
const LOCAL: u32 = 100;
const FRAMES: usize = 1 << 16;

/// A tenth of the pods may talk to each local one, and it to another tenth: a map of 1,000 entries
/// in each direction.
pub(crate) const POLICY: &str = r#"
apiVersion: cilium.io/v2
kind: CiliumClusterwideNetworkPolicy
metadata: {name: all}
spec:
  endpointSelector: {}
  ingress:
    - fromEndpoints: [{matchLabels: {tier: t1}}]
      toPorts: [{ports: [{port: "80", protocol: TCP}]}]
  egress:
    - toEndpoints: [{matchLabels: {tier: t2}}]
      toPorts: [{ports: [{port: "80", protocol: TCP}]}]
"#;

impl Frames {
    /// Returns packets from pods of a node: to pods of the cluster, and to each other.
    ///
    /// # Panics
    ///
    /// Panics if the engine does not take the cluster.
    #[must_use]
    pub fn new() -> Self {
        let mut engine = Engine::new();
        engine.apply(&Source::named("all.yaml", POLICY)).expect("a policy");
        for pod in Pod::all() {
            let endpoint = Endpoint::pod("default", &pod.name)
                .label("tier", &pod.tier)
                .label("release", &pod.release)
                .ip(pod.address);
            let endpoint = if pod.is_local { endpoint } else { endpoint.cluster("default") };
            engine.add_endpoint(endpoint).expect("room for endpoints");
        }
        engine.publish();
        let frames: Vec<_> = ends().take(FRAMES).map(|(src, dst)| frame(src, dst)).collect();
        let verdicts = vec![FrameVerdict::DENY; frames.len()];
        let reader = engine.reader();
        Self { engine, reader, frames, verdicts }
    }

    /// Returns another reader.
    pub(crate) fn reader(&self) -> Reader {
        self.engine.reader()
    }

    /// Returns the number of packets.
    #[must_use]
    pub const fn len(&self) -> usize {
        FRAMES
    }

    /// Tells whether there are no packets.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        FRAMES == 0
    }

    /// Decides each packet.
    pub fn one_by_one(&mut self) {
        for (frame, verdict) in self.frames.iter().zip(&mut self.verdicts) {
            *verdict = self.reader.frame_verdict(frame);
        }
    }

    /// Decides the packets in batches of 64.
    pub fn by_batch(&mut self) {
        for (frames, verdicts) in self.frames.chunks(64).zip(self.verdicts.chunks_mut(64)) {
            let mut batch: [&[u8]; 64] = [&[]; 64];
            batch.iter_mut().zip(frames).for_each(|(place, frame)| *place = frame);
            self.reader.frame_verdict_batch(&batch, verdicts);
        }
    }

    /// Returns how many packets are allowed, and forgets what was decided.
    pub fn allowed(&mut self) -> usize {
        let allowed = self.verdicts.iter().filter(|verdict| verdict.is_allowed()).count();
        self.verdicts.fill(FrameVerdict::DENY);
        allowed
    }
}

impl Default for Frames {
    fn default() -> Self {
        Self::new()
    }
}

/// A pod of the cluster.
pub(crate) struct Pod {
    pub(crate) name: String,
    pub(crate) tier: String,
    pub(crate) release: String,
    pub(crate) address: Ipv4Addr,
    pub(crate) is_local: bool,
}

impl Pod {
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        (0..PODS).map(|n| {
            // Of local pods ten each are replicas, with one identity; others are all different.
            let release = if n < LOCAL { n % 10 } else { n };
            Self {
                name: format!("pod-{n}"),
                tier: format!("t{}", n % 10),
                release: format!("r{release}"),
                address: pod_address(n),
                is_local: n < LOCAL,
            }
        })
    }
}

/// Returns who sends packets to whom: local pods to pods of the cluster and to each other.
pub(crate) fn ends() -> impl Iterator<Item = (Ipv4Addr, Ipv4Addr)> {
    let mut random = Random::new(7);
    let mut below = move |end: u32| pod_address(random.below(end as usize) as u32);
    (0_u32..).map(move |n| (below(LOCAL), below(if n.is_multiple_of(2) { PODS } else { LOCAL })))
}

fn pod_address(n: u32) -> Ipv4Addr {
    Ipv4Addr::from_bits(0x0a00_0000 + n)
}

/// Returns the packet that opens a TCP connection to port 80.
fn frame(src: Ipv4Addr, dst: Ipv4Addr) -> [u8; 54] {
    let mut frame = [0; 54];
    frame[12..24].copy_from_slice(&[0x08, 0x00, 0x45, 0, 0, 40, 0, 0, 0x40, 0, 64, 6]);
    frame[26..30].copy_from_slice(&src.octets());
    frame[30..34].copy_from_slice(&dst.octets());
    frame[34..38].copy_from_slice(&[0x9c, 0x40, 0, 80]);
    frame[46..48].copy_from_slice(&[0x50, 0x02]);
    frame
}
