//! The outside, as ranges of addresses that are treated alike.

use std::collections::HashMap;
use std::rc::Rc;

use netpol::{Direction, Engine, IdentityId, Protocol};
use netpol_core::IpFamily;

use crate::connections::Connections;
use crate::inventory::Entry;
use crate::ranges::{AddressRange, cut};
use crate::reach::Reach;

/// A range of addresses, and what each workload's policy allows with them.
pub(crate) type Outside = (AddressRange, Rc<[Connections]>);

/// Returns the addresses that belong to nobody in the manifests, in order, each range as long as
/// can be: it ends where for some workload something else is allowed.
///
/// `direction` is the one of the workloads, whose order is that of the sets of connections.
pub(crate) fn outside(
    engine: &Engine,
    workloads: &[&Entry],
    direction: Direction,
    reach: &mut Reach<'_>,
) -> Vec<Outside> {
    let mut known: HashMap<(IdentityId, IpFamily), Rc<[Connections]>> = HashMap::new();
    let mut ranges: Vec<Outside> = Vec::new();
    for range in cut(engine.prefixes().map(|(prefix, _)| prefix)) {
        if range.single().is_some_and(|ip| engine.endpoint_at(ip).is_some()) {
            continue;
        }
        let (identity, family) = (reach.identity(range.first()), range.family());
        let sets = known.entry((identity, family)).or_insert_with(|| {
            let sets = workloads
                .iter()
                .map(|workload| of_family(&reach.side(workload.face, direction, identity), family));
            sets.collect()
        });
        match ranges.last_mut() {
            Some((last, alike))
                if alike == sets
                    && let Some(both) = last.join(&range) =>
            {
                *last = both;
            }
            _ => ranges.push((range, Rc::clone(sets))),
        }
    }
    ranges
}

/// Returns the set without the ICMP of the other family.
fn of_family(connections: &Connections, family: IpFamily) -> Connections {
    connections.without_listed(match family {
        IpFamily::V4 => Protocol::ICMPV6,
        IpFamily::V6 => Protocol::ICMP,
    })
}
