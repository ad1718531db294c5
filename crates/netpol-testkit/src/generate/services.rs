use super::endpoints::labels;
use super::tape::Tape;
use super::words::{self, ADDRESSES, NAMESPACES, SERVICES};
use crate::world::Service;

/// Keys and values of services' labels.
pub(super) const LABELS: [(&str, &[&str]); 2] = [("kind", &["web", "db"]), ("public", &["yes"])];

/// Returns a service; `place` keeps names apart.
pub(super) fn service(tape: &mut Tape<'_>, place: usize) -> Service {
    let namespace = tape.text(&NAMESPACES);
    let has_selector = tape.below(3) > 0;
    Service {
        name: SERVICES[place % SERVICES.len()].to_owned(),
        namespace,
        labels: labels(tape, &LABELS),
        selector: if has_selector { labels(tape, &words::LABELS[..3]) } else { Default::default() },
        backends: match has_selector {
            true => Vec::new(),
            false => tape.list(0, 2, |tape| tape.text(&ADDRESSES)),
        },
    }
}
