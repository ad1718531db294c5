//! The read side.

use core::mem::MaybeUninit;

use netpol::{EndpointId, Flow, Header, IdentityId, Packet, PacketVerdict, Protocol, Reader, Side};

use crate::address::netpol_address;
use crate::engine::netpol_engine;
use crate::error::{Failure, netpol_error, netpol_status};
use crate::guard::{guard, guard_status, guard_value};
use crate::packet::netpol_packet;
use crate::pointer::{self, Out, exclusive, give, places, shared, slice};
use crate::verdict::{direction, netpol_side, netpol_verdict};
use crate::{NETPOL_NO_ENDPOINT, NETPOL_NULL, NETPOL_OK};

/// The read side: one for each thread that asks for verdicts. It never waits for the engine.
///
/// Every call sees one whole revision, the newest that was published when it began.
#[derive(Debug)]
pub struct netpol_reader {
    pub(crate) reader: Reader,
    // Room for the headers of a request, kept so that no request allocates; empty between calls.
    pub(crate) headers: Vec<Header<'static>>,
    // Room for the packets of a batch and what is said about them, as to fill it anew for each takes time.
    batch: Box<([Packet; CHUNK], [PacketVerdict; CHUNK])>,
}

/// How many packets of a batch are judged together: enough for the waits for memory to overlap.
pub(crate) const CHUNK: usize = 64;

impl netpol_reader {
    pub(crate) fn new(reader: Reader) -> Self {
        let packet = Packet::tcp([0, 0, 0, 0], [0, 0, 0, 0], 0);
        let batch = Box::new(([packet; CHUNK], [PacketVerdict::DENY; CHUNK]));
        Self { reader, headers: Vec::new(), batch }
    }
}

/// Makes a reader. It may outlive the engine, and then keeps to the last revision. The caller frees it with
/// `netpol_reader_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn netpol_reader_new(
    engine: *const netpol_engine,
    reader: *mut *mut netpol_reader,
    error: *mut *mut netpol_error,
) -> netpol_status {
    // SAFETY: the caller promises an output or NULL (convention 3).
    let error = unsafe { Out::new(error) };
    guard(error, || {
        // SAFETY: the caller promises NULL or an engine that is not freed yet (conventions 1 and 3).
        let engine = unsafe { shared(engine, "engine") }?;
        // SAFETY: the caller promises an output or NULL (convention 3).
        let place = unsafe { Out::new(reader) }.required("reader")?;
        place.put(give(netpol_reader::new(engine.get()?.reader())));
        Ok(())
    })
}

/// Frees a reader; does nothing with NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn netpol_reader_free(reader: *mut netpol_reader) {
    guard_value((), || {
        // SAFETY: the caller promises NULL or a reader that is used no more (convention 1).
        unsafe { pointer::free(reader) };
    });
}

/// Returns the number of the revision that is in force; 0 before the first publication, and for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn netpol_reader_revision(reader: *mut netpol_reader) -> u64 {
    guard_value(0, || {
        // SAFETY: the caller promises NULL or a reader of its own (conventions 1 and 2).
        let reader = unsafe { exclusive(reader, "reader") };
        reader.map_or(0, |reader| reader.reader.revision().number())
    })
}

/// Writes the identity of an address. Allocates nothing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn netpol_reader_identity(
    reader: *mut netpol_reader,
    address: *const netpol_address,
    identity: *mut u32,
) -> netpol_status {
    guard_status(|| {
        // SAFETY: the caller promises NULL or a reader of its own (conventions 1 and 2).
        let reader = unsafe { exclusive(reader, "reader") }?;
        // SAFETY: the caller promises an address or NULL (convention 3).
        let address = unsafe { shared(address, "address") }?.ip("address")?;
        // SAFETY: the caller promises an output or NULL (convention 3).
        let place = unsafe { Out::new(identity) }.required("identity")?;
        place.put(reader.reader.identity(address).number());
        Ok(())
    })
}

/// Writes the number of the managed endpoint that has an address; `NETPOL_NO_ENDPOINT` if none has. Allocates
/// nothing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn netpol_reader_endpoint(
    reader: *mut netpol_reader,
    address: *const netpol_address,
    number: *mut u32,
) -> netpol_status {
    guard_status(|| {
        // SAFETY: the caller promises NULL or a reader of its own (conventions 1 and 2).
        let reader = unsafe { exclusive(reader, "reader") }?;
        // SAFETY: the caller promises an address or NULL (convention 3).
        let address = unsafe { shared(address, "address") }?.ip("address")?;
        // SAFETY: the caller promises an output or NULL (convention 3).
        let place = unsafe { Out::new(number) }.required("number")?;
        let found = reader.reader.endpoint(address);
        place.put(found.map_or(NETPOL_NO_ENDPOINT, EndpointId::number));
        Ok(())
    })
}

/// Writes what the policies of both sides say about the first packet of a connection. Allocates nothing.
///
/// On any failure `verdict` is a deny, and the status says why.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn netpol_reader_verdict(
    reader: *mut netpol_reader,
    packet: *const netpol_packet,
    verdict: *mut netpol_verdict,
) -> netpol_status {
    // SAFETY: the caller promises an output or NULL (convention 3), of which nothing is asked.
    let Some(place) = (unsafe { verdict.cast::<MaybeUninit<netpol_verdict>>().as_mut() }) else {
        return NETPOL_NULL;
    };
    // Whatever happens, this is what is there.
    let answer = place.write(netpol_verdict::DENY);
    guard_status(|| {
        // SAFETY: the caller promises NULL or a reader of its own (conventions 1 and 2).
        let reader = unsafe { exclusive(reader, "reader") }?;
        // SAFETY: the caller promises a packet or NULL (convention 3).
        reader.verdict(unsafe { shared(packet, "packet") }?, answer)
    })
}

/// Writes what the policies of both sides say about each of `count` packets, to as many verdicts; the arrays
/// must not overlap. Allocates nothing. Each verdict is that of one whole revision.
///
/// The status is that of the first packet that cannot be judged. Its verdict, and those of others like it, is
/// a deny; all others are judged all the same. If nothing can be judged, every verdict is a deny.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn netpol_reader_verdict_batch(
    reader: *mut netpol_reader,
    packets: *const netpol_packet,
    verdicts: *mut netpol_verdict,
    count: usize,
) -> netpol_status {
    // SAFETY: the caller promises place for so many verdicts, or NULL (convention 3).
    let verdicts = match unsafe { places(verdicts, count, "verdicts") } {
        Ok(verdicts) => verdicts,
        Err(failure) => return failure.status(),
    };
    let mut first_bad = NETPOL_OK;
    let status = guard_status(|| {
        // SAFETY: the caller promises NULL or a reader of its own (conventions 1 and 2).
        let reader = unsafe { exclusive(reader, "reader") }?;
        // SAFETY: the caller promises so many packets, or NULL (convention 3).
        let packets = unsafe { slice(packets, count, "packets") }?;
        first_bad = reader.verdicts(packets, verdicts);
        Ok(())
    });
    if status == NETPOL_OK {
        return first_bad;
    }
    verdicts.fill(MaybeUninit::new(netpol_verdict::DENY));
    status
}

/// Writes what the policy of one endpoint says about a peer, whose identity is known. `port` is in host byte
/// order. Allocates nothing.
///
/// On any failure `side` is a deny, and the status says why; `NETPOL_UNKNOWN_ENDPOINT` where no policy can be
/// enforced, as the revision in force has no managed endpoint with this number.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn netpol_reader_endpoint_verdict(
    reader: *mut netpol_reader,
    endpoint: u32,
    direction: u8,
    peer: u32,
    protocol: u8,
    port: u16,
    side: *mut netpol_side,
) -> netpol_status {
    let mut answer = netpol_side::DENY;
    let status = guard_status(|| {
        // SAFETY: the caller promises NULL or a reader of its own (conventions 1 and 2).
        let reader = unsafe { exclusive(reader, "reader") }?;
        let (peer, protocol) = (IdentityId::new(peer), Protocol::new(protocol));
        let flow = Flow { direction: self::direction(direction)?, peer, protocol, port };
        answer = reader.endpoint_verdict(endpoint, &flow)?;
        if side.is_null() { Err(Failure::null("side")) } else { Ok(()) }
    });
    // SAFETY: the caller promises an output or NULL (convention 3).
    unsafe { Out::new(side) }.put(answer);
    status
}

impl netpol_reader {
    // PERF: the answer is written where it belongs; to return it would copy it twice.
    #[inline]
    fn verdict(
        &mut self,
        packet: &netpol_packet,
        answer: &mut netpol_verdict,
    ) -> Result<(), Failure> {
        packet.check()?;
        let packet = packet.checked();
        answer.fill((packet.protocol, packet.port), &self.reader.verdict(&packet));
        Ok(())
    }

    /// Judges packets, many together; returns the status of the first that cannot be judged.
    fn verdicts(
        &mut self,
        packets: &[netpol_packet],
        verdicts: &mut [MaybeUninit<netpol_verdict>],
    ) -> netpol_status {
        let Self { reader, batch, .. } = self;
        let (all_asked, answers) = &mut **batch;
        let mut status = NETPOL_OK;
        for (packets, places) in packets.chunks(CHUNK).zip(verdicts.chunks_mut(CHUNK)) {
            for (asked, packet) in all_asked.iter_mut().zip(packets) {
                // One that cannot be judged is asked about in vain.
                if packet.check().is_ok() {
                    *asked = packet.checked();
                }
            }
            let asked = all_asked.get(..packets.len()).unwrap_or_default();
            reader.verdict_batch(asked, answers);
            let answered = asked.iter().zip(&*answers);
            for ((packet, place), (asked, answer)) in packets.iter().zip(places).zip(answered) {
                let place = place.write(netpol_verdict::DENY);
                match packet.check() {
                    Ok(()) => place.fill((asked.protocol, asked.port), answer),
                    Err(failure) if status == NETPOL_OK => status = failure.status(),
                    Err(_) => {}
                }
            }
        }
        status
    }

    fn endpoint_verdict(&mut self, endpoint: u32, flow: &Flow) -> Result<netpol_side, Failure> {
        let Flow { direction, peer, protocol, port } = *flow;
        let id = EndpointId::new(endpoint);
        match self.reader.endpoint_verdict(id, direction, peer, protocol, port) {
            // What has no policy is no endpoint that may be asked about.
            Side::None => Err(Failure::unknown_endpoint(endpoint)),
            side => Ok(netpol_side::new(flow, &side)),
        }
    }
}
