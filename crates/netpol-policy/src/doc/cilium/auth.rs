//! Authentication.

use netpol_core::AuthType;

use super::super::decode::{Context, Fields, Path};
use super::fields::{known_fields, word};
use super::scope::ListScope;

const MODES: [(&str, AuthType); 3] = [
    ("disabled", AuthType::Disabled),
    ("required", AuthType::Spire),
    ("test-always-fail", AuthType::AlwaysFail),
];

/// Decodes what an allow element asks for (AUTHV-1, QUIRK-22).
pub(super) fn auth(
    cx: &mut Context<'_>,
    fields: Fields<'_>,
    path: &Path<'_>,
    scope: &ListScope<'_>,
) -> Option<AuthType> {
    let node = fields.get("authentication")?;
    if scope.list.is_deny() {
        return None;
    }
    let path = path.field("authentication");
    let fields = known_fields(cx, node, &path, &["mode"], &[])?;
    let mode = cx.required(fields, node, &path, "mode")?;
    word(cx, mode, &path.field("mode"), &MODES)
}
