//! Selectors in their canonical order, with what mostly decides it beside them.

use std::cmp::Ordering;
use std::sync::Arc;

use netpol_core::LabelSource;

use crate::rule::Selector;

/// A selector that is compared by a number first.
///
/// A filter of a policy with many prefixes holds as many selectors, whose texts lie scattered in
/// memory. The number holds the beginning of what their order compares, so that the texts are
/// looked at only where it is the same.
#[derive(Clone, Debug)]
pub struct RankedSelector {
    // INVARIANT: never descends where the selectors ascend.
    rank: u128,
    selector: Arc<Selector>,
}

impl RankedSelector {
    /// Returns the selector with its rank.
    #[must_use]
    pub fn new(selector: &Arc<Selector>) -> Self {
        Self { rank: rank(selector), selector: Arc::clone(selector) }
    }

    /// Returns the selector.
    #[must_use]
    pub const fn selector(&self) -> &Arc<Selector> {
        &self.selector
    }
}

impl Ord for RankedSelector {
    fn cmp(&self, other: &Self) -> Ordering {
        self.rank.cmp(&other.rank).then_with(|| self.selector.cmp(&other.selector))
    }
}

impl PartialOrd for RankedSelector {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for RankedSelector {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for RankedSelector {}

/// Returns the first bytes of the key of a selector whose first condition is on a CIDR label, so
/// that these are in order among themselves; the selectors before them have 0, those behind the
/// greatest number.
fn rank(selector: &Selector) -> u128 {
    let Selector::Labels(labels) = selector else { return u128::MAX };
    let Some(first) = labels.requirements().first() else { return 0 };
    match first.key.source().cmp(&LabelSource::Cidr) {
        Ordering::Less => 0,
        Ordering::Greater => u128::MAX,
        Ordering::Equal => {
            let mut bytes = [0; 16];
            bytes.iter_mut().zip(first.key.key().bytes()).for_each(|(to, byte)| *to = byte);
            u128::from_be_bytes(bytes)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule::{FqdnSelector, LabelSelector, Requirement};
    use netpol_core::SelectKey;

    #[test]
    fn the_order_is_that_of_the_selectors() {
        let texts = [
            "any:app",
            "any:zz",
            "cidr:",
            "cidr:1",
            "cidr:10.0.0.0/16",
            "cidr:10.0.0.0/160",
            "cidr:100.100.100.100/31",
            "cidr:100.100.100.100/32",
            "cidr:a\0",
            "cidr:a",
            "cidr:é",
            "k8s:app",
            "mine:1",
            "reserved:host",
        ];
        let keyed = |text: &&str| {
            let condition = Requirement::exists(SelectKey::parse(text));
            Selector::Labels(LabelSelector::new([], [condition]))
        };
        let name = FqdnSelector { match_name: Some("a".into()), match_pattern: None };
        let others = [Selector::any(), Selector::Fqdn(name)];
        let all: Vec<Arc<Selector>> = texts.iter().map(keyed).chain(others).map(Arc::new).collect();
        for a in &all {
            for b in &all {
                assert_eq!(
                    RankedSelector::new(a).cmp(&RankedSelector::new(b)),
                    a.cmp(b),
                    "{a} {b}"
                );
            }
        }
    }
}
