//! Elements as they are loaded: numbered, with services replaced by what stands behind them.

use std::sync::Arc;

use crate::rule::{Element, Selector};

/// The number of a loaded element; never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ElementId(pub u64);

/// An element that is in force.
#[derive(Clone, Debug)]
pub struct LoadedElement {
    /// Its number.
    pub id: ElementId,
    /// What was written.
    pub element: Arc<Element>,
    /// Who it is about, services replaced.
    pub peers: LoadedPeers,
}

/// Who an element is about, with services replaced (section PEER).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LoadedPeers {
    /// Nobody (PEER-8).
    Nobody,
    /// With ports everybody, without ports nobody (PEER-10).
    Unrestricted,
    /// Whoever one of these selects; nobody if there is none.
    AnyOf(Vec<Arc<Selector>>),
}
