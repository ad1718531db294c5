use serde_json::{Value, json};

use super::endpoints::labels;
use super::tape::Tape;
use super::words::{CIDRS, GROUP_LABELS};

/// Returns a CiliumCIDRGroup (CGV).
pub(super) fn group(tape: &mut Tape<'_>, name: &str) -> Value {
    let version = *tape.pick(&["cilium.io/v2", "cilium.io/v2alpha1"]);
    json!({
        "apiVersion": version,
        "kind": "CiliumCIDRGroup",
        "metadata": {"name": name, "labels": labels(tape, &GROUP_LABELS)},
        "spec": {"externalCIDRs": tape.list(0, 3, |tape| tape.pick(&CIDRS).0)},
    })
}
