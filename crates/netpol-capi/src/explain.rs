//! Why a verdict is what it is.

use netpol::Explanation;
use serde::Serialize;

use crate::engine::{ask, netpol_engine};
use crate::error::{Failure, netpol_error, netpol_status};
use crate::map::{NETPOL_FORMAT_JSON, NETPOL_FORMAT_TEXT, json};
use crate::packet::netpol_packet;
use crate::pointer::{Out, give, shared};
use crate::text::netpol_text;

/// Judges a packet by the last publication and writes why both sides decide as they do, in a `NETPOL_FORMAT_...`; the
/// caller frees the text. As text there is a line for each side, egress first. JSON is an object with `verdict`
/// (`allow`, `redirect`, `auth` or `deny`), `egress` and `ingress`, each with `decision`, `text`, `rules` and
/// `isolatedBy`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn netpol_engine_explain(
    engine: *const netpol_engine,
    packet: *const netpol_packet,
    format: u8,
    text: *mut *mut netpol_text,
    error: *mut *mut netpol_error,
) -> netpol_status {
    let explain = |engine: &netpol_engine| {
        // SAFETY: the caller promises a packet or NULL (convention 3).
        let packet = unsafe { shared(packet, "packet") }?.read()?;
        // SAFETY: the caller promises an output or NULL (convention 3).
        let place = unsafe { Out::new(text) }.required("text")?;
        let engine = engine.get()?;
        let verdict = engine.reader().verdict(&packet);
        let [egress, ingress] = engine.explain(&packet, &verdict);
        place.put(give(netpol_text::new(match format {
            NETPOL_FORMAT_TEXT => format!("{egress}\n{ingress}"),
            NETPOL_FORMAT_JSON => json(&ExplanationJson {
                verdict: verdict.summary().as_str(),
                egress: SideJson::from(&egress),
                ingress: SideJson::from(&ingress),
            })?,
            other => return Err(Failure::bad_number("format", other.into())),
        })));
        Ok(())
    };
    // SAFETY: the caller promises an engine, or NULL, and an output (conventions 1 to 3).
    unsafe { ask(engine, error, explain) }
}

#[derive(Debug, Serialize)]
struct ExplanationJson<'e> {
    verdict: &'static str,
    egress: SideJson<'e>,
    ingress: SideJson<'e>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct SideJson<'e> {
    decision: &'e str,
    text: String,
    rules: Vec<String>,
    isolated_by: Vec<String>,
}

impl<'e> From<&'e Explanation> for SideJson<'e> {
    fn from(side: &'e Explanation) -> Self {
        Self {
            decision: side.decision(),
            text: side.to_string(),
            rules: side.origins().map(ToString::to_string).collect(),
            isolated_by: side.isolated_by().iter().map(ToString::to_string).collect(),
        }
    }
}
