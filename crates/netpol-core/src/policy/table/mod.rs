//! Policy maps made ready for lookups.
//!
//! A lookup asks two questions that do not depend on each other: what the peer's own entries say
//! about a protocol and port, and what those for any peer say (LKP-1, LKP-3). Each answer is a
//! finished [cell](cell), made when the table was built, and its rank decides between the two
//! (LKP-4) in one comparison. Nothing on the way branches on what is found, because what cannot
//! be predicted costs more than what is done in vain.
//!
//! ```text
//! peer --index--> row --+
//!                       +--> cell of the peer --+
//! protocol, port -------+                       +-- greater rank --> verdict
//!                       +--> cell for any peer -+
//! ```
//!
//! | part | what it is | memory |
//! |---|---|---|
//! | [index](index) | peers and the rows that they have; lines of seven, by a keyed hash | 14 bytes a peer |
//! | [rows](rows) | the entries of peers as intervals of ports; peers with equal entries share one | a cache line, mostly |
//! | [ports](ports) | the entries for any peer, page by page, if they are many | 4 bytes a port of its pages |
//! | [cells](cell) | the different answers | 16 bytes each |
//!
//! All of it is in [pages](pages) that copies share: a change copies the pages it touches.

mod cell;
mod direction;
mod index;
mod intervals;
mod lanes;
mod pages;
mod policy_table;
mod ports;
mod rows;

pub use direction::DirectionTable;
pub use policy_table::PolicyTable;
