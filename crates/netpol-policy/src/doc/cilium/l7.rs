//! L7 rules of a port rule, and where they may stand.

use std::sync::Arc;

use netpol_core::Protocol;

use super::super::codes;
use super::super::decode::{Context, Fields, Path};
use super::super::node::{Key, Node};
use super::fields::{each, fields_of, is_filled, known_fields, list_field, text_field};
use super::port::WrittenPort;
use super::scope::ListScope;
use super::{fqdn, http, kafka};
use crate::rule::{L7Rules, Port};
use crate::{Span, Unsupported};

/// Decodes `rules` of an item of `toPorts`.
pub(super) fn rules(
    cx: &mut Context<'_>,
    fields: Fields<'_>,
    path: &Path<'_>,
    scope: &ListScope<'_>,
    ports: &[WrittenPort],
) -> L7Rules {
    let (Some(key), Some(node)) = (fields.key("rules"), fields.get("rules")) else {
        return L7Rules::None;
    };
    let path = path.field("rules");
    let Some(rules) = known_fields(cx, node, &path, &MEMBERS, &[]) else {
        return L7Rules::None;
    };
    let Some((kind, kind_key)) = only_kind(cx, node, rules, &path) else {
        return L7Rules::None;
    };
    check_l7(cx, rules, &path, kind);
    if !LISTS.iter().any(|list| is_filled(rules, list)) {
        warn_of_empty(cx, kind_key, &path, kind);
    } else {
        let place = Place {
            key,
            kind,
            kind_span: kind_key.span,
            ports,
            has_ports: !fields.items("ports").is_empty(),
        };
        place.check(cx, &path, scope);
    }
    decode(cx, rules, &path, scope, kind)
}

/// A kind of L7 rules.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Http,
    Dns,
    Kafka,
    Generic,
}

impl Kind {
    const ALL: [Self; 4] = [Self::Http, Self::Dns, Self::Kafka, Self::Generic];

    const fn field(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Dns => "dns",
            Self::Kafka => "kafka",
            Self::Generic => "l7proto",
        }
    }
}

const MEMBERS: [&str; 5] = ["http", "dns", "kafka", "l7proto", "l7"];
const LISTS: [&str; 4] = ["http", "dns", "kafka", "l7"];

/// Returns the only kind of rules that is there (L7V-1, L7V-3).
fn only_kind<'n>(
    cx: &mut Context<'_>,
    node: &Node,
    rules: Fields<'n>,
    path: &Path<'_>,
) -> Option<(Kind, &'n Key)> {
    let with_key = |kind: Kind| Some((kind, rules.key(kind.field())?));
    let mut kinds: Vec<(Kind, &Key)> = Kind::ALL.into_iter().filter_map(with_key).collect();
    kinds.sort_by_key(|(_, key)| key.span.start);
    match kinds.as_slice() {
        [only] => return Some(*only),
        [(first, _), (second, key), ..] => {
            let (first, second) = (first.field(), second.field());
            let message = format!("`{second}` cannot stand beside `{first}`");
            let help = "make a second item of `toPorts`, with other ports";
            cx.error_help(codes::INVALID_L7, key.span, path, message, help);
        }
        [] => {
            let message = format!("`{path}` holds no rules");
            let help = "write `http: [...]` or `dns: [...]`, or remove it";
            cx.error_help(codes::INVALID_L7, node.span, path, message, help);
        }
    }
    None
}

/// L7V-2, IGN-6
fn warn_of_empty(cx: &mut Context<'_>, key: &Key, path: &Path<'_>, kind: Kind) {
    if kind == Kind::Generic {
        return;
    }
    let path = path.field(kind.field());
    let message = format!("an empty `{}` checks nothing: everything passes", key.text);
    let help = "list what is allowed, or remove `rules`";
    cx.warning(codes::NO_EFFECT, key.span, &path, message, help);
}

/// L7V-4
fn check_l7(cx: &mut Context<'_>, rules: Fields<'_>, path: &Path<'_>, kind: Kind) {
    if let Some(key) = rules.key("l7")
        && kind != Kind::Generic
        && is_filled(rules, "l7")
    {
        let path = path.field("l7");
        let message = "`l7` needs `l7proto` beside it";
        cx.error(codes::INVALID_L7, key.span, &path, message);
    }
}

fn decode(
    cx: &mut Context<'_>,
    rules: Fields<'_>,
    path: &Path<'_>,
    scope: &ListScope<'_>,
    kind: Kind,
) -> L7Rules {
    match kind {
        Kind::Http => {
            let rules = each(cx, rules, path, "http", http::rule);
            non_empty(rules, L7Rules::Http)
        }
        Kind::Dns => {
            let rules = each(cx, rules, path, "dns", fqdn::dns_rule);
            non_empty(rules, L7Rules::Dns)
        }
        Kind::Kafka => {
            let filled = list_field(cx, rules, path, "kafka").is_some_and(|list| !list.is_empty());
            if !filled || !is_delegated(cx, rules, path, scope, kind) {
                return L7Rules::None;
            }
            each(cx, rules, path, "kafka", kafka::rule);
            L7Rules::Kafka
        }
        Kind::Generic => generic(cx, rules, path, scope),
    }
}

fn non_empty<T>(rules: Vec<T>, kind: impl FnOnce(Vec<T>) -> L7Rules) -> L7Rules {
    if rules.is_empty() { L7Rules::None } else { kind(rules) }
}

/// GEN-1, GEN-4
fn generic(
    cx: &mut Context<'_>,
    rules: Fields<'_>,
    path: &Path<'_>,
    scope: &ListScope<'_>,
) -> L7Rules {
    let Some(word) = text_field(cx, rules, path, "l7proto") else {
        return L7Rules::None;
    };
    if !is_delegated(cx, rules, path, scope, Kind::Generic) {
        return L7Rules::None;
    }
    each(cx, rules, path, "l7", generic_rule);
    if word.is_empty() {
        let path = path.field("l7proto");
        if let Some(key) = rules.key("l7proto") {
            let message = "an empty `l7proto` names no parser";
            cx.error(codes::INVALID_L7, key.span, &path, message);
        }
        return L7Rules::None;
    }
    L7Rules::Generic(Arc::from(word))
}

fn generic_rule(cx: &mut Context<'_>, node: &Node, path: &Path<'_>) -> Option<()> {
    let fields = cx.any_fields(node, path)?;
    for (key, value) in fields.0 {
        if key.text.is_empty() {
            let message = "an empty key matches nothing";
            cx.error(codes::INVALID_VALUE, key.span, path, message);
        }
        cx.string(value, &path.field(&key.text));
    }
    Some(())
}

/// Tells whether somebody else evaluates rules of a kind that netpol does not; reports them
/// otherwise (L7V-12, GEN-4).
fn is_delegated(
    cx: &mut Context<'_>,
    rules: Fields<'_>,
    path: &Path<'_>,
    scope: &ListScope<'_>,
    kind: Kind,
) -> bool {
    let Some(key) = rules.key(kind.field()) else {
        return false;
    };
    let path = path.field(kind.field());
    let name = kind.field();
    if scope.options().unsupported == Unsupported::Reject {
        let message = format!("`{name}` rules are not supported");
        let help = "allow the port without them, or use `http`";
        cx.error_help(codes::UNSUPPORTED, key.span, &path, message, help);
        return false;
    }
    let message = format!("`{name}` rules are not evaluated: netpol allows no request by them");
    let help = "the proxy that the port is redirected to has to decide";
    cx.warning(codes::NOT_EVALUATED, key.span, &path, message, help);
    true
}

/// Where rules that are not empty stand.
struct Place<'p> {
    key: &'p Key,
    kind: Kind,
    kind_span: Span,
    ports: &'p [WrittenPort],
    has_ports: bool,
}

impl Place<'_> {
    fn check(&self, cx: &mut Context<'_>, path: &Path<'_>, scope: &ListScope<'_>) {
        self.check_proxy(cx, path, scope);
        self.check_direction(cx, path, scope);
        self.check_host(cx, path, scope);
        self.check_ports(cx, path);
        self.warn_without_default_deny(cx, path, scope);
    }

    fn kind_error(&self, cx: &mut Context<'_>, path: &Path<'_>, message: String, help: &str) {
        let path = path.field(self.kind.field());
        cx.error_help(codes::INVALID_L7, self.kind_span, &path, message, help);
    }

    /// L7V-9
    fn check_proxy(&self, cx: &mut Context<'_>, path: &Path<'_>, scope: &ListScope<'_>) {
        if !scope.options().l7_proxy {
            let message = "L7 rules are switched off: there is no proxy";
            let help = "switch the L7 proxy on, or remove `rules`";
            cx.error_help(codes::DISABLED, self.key.span, path, message, help);
        }
    }

    /// L7V-8
    fn check_direction(&self, cx: &mut Context<'_>, path: &Path<'_>, scope: &ListScope<'_>) {
        if self.kind != Kind::Dns {
            return;
        }
        if scope.is_ingress() {
            let message = "`dns` rules cannot stand under `ingress`".to_owned();
            self.kind_error(cx, path, message, "put them under `egress` of those who ask");
        }
        if !self.has_ports {
            let message = "`dns` rules need a port".to_owned();
            self.kind_error(cx, path, message, "add `ports: [{port: \"53\", protocol: ANY}]`");
        }
    }

    /// HOSTV-1, HOSTV-2
    fn check_host(&self, cx: &mut Context<'_>, path: &Path<'_>, scope: &ListScope<'_>) {
        let host = scope.rule.node;
        let refused = scope.is_ingress() || matches!(self.kind, Kind::Http | Kind::Kafka);
        if host && refused {
            let message =
                format!("a rule for nodes cannot have `{}` rules here", self.kind.field());
            self.kind_error(cx, path, message, "only `dns` rules under `egress` are allowed");
        }
    }

    fn check_ports(&self, cx: &mut Context<'_>, path: &Path<'_>) {
        for port in self.ports {
            self.check_protocol(cx, path, port);
            if matches!(port.port, Port::Number { port: 0, .. }) {
                // L7V-7
                let message = "L7 rules cannot be for port 0, which means all ports";
                let help = "name the ports";
                cx.error_help(codes::INVALID_L7, port.port_span, path, message, help);
            }
            if let Port::Number { port: first, end } = port.port
                && self.kind == Kind::Dns
                && end > first
            {
                // L7V-7
                let message = "`dns` rules cannot be for a range of ports";
                let help = "list the ports one by one";
                cx.error_help(codes::INVALID_L7, port.end_span, path, message, help);
            }
        }
    }

    /// L7V-6
    fn check_protocol(&self, cx: &mut Context<'_>, path: &Path<'_>, port: &WrittenPort) {
        let protocol = port.protocol;
        let dns = [Protocol::TCP, Protocol::UDP, Protocol::SCTP, Protocol::ANY];
        let (fits, help) = match self.kind {
            Kind::Dns => (dns.contains(&protocol), "write protocol: ANY"),
            _ => (protocol == Protocol::TCP, "write protocol: TCP"),
        };
        if !fits {
            let kind = self.kind.field();
            let message = format!("`{kind}` rules cannot be for the protocol {protocol}");
            cx.error_help(codes::INVALID_L7, port.protocol_span, path, message, help);
        }
    }

    /// QUIRK-20
    fn warn_without_default_deny(
        &self,
        cx: &mut Context<'_>,
        path: &Path<'_>,
        scope: &ListScope<'_>,
    ) {
        if scope.rule.default_deny.of(scope.list.direction()) {
            return;
        }
        let message = "without default deny these rules let everything pass, until another policy \
                       switches default deny on: then they filter";
        let help = "leave `enableDefaultDeny` out, or remove `rules`";
        let span = self.key.span;
        cx.warning(codes::L7_WITHOUT_DEFAULT_DENY, span, path, message, help);
    }
}

/// Checks what stands beside rules that are not empty (L7V-11).
pub(super) fn check_companions(cx: &mut Context<'_>, fields: Fields<'_>, path: &Path<'_>) {
    let Some(rules) = fields.get("rules") else {
        return;
    };
    let rules = fields_of(rules);
    if !LISTS.iter().any(|list| is_filled(rules, list)) {
        return;
    }
    if let Some(key) = fields.key("listener") {
        let path = path.field("listener");
        let message = "`listener` cannot stand beside L7 rules";
        let help = "let the listener decide, or remove it";
        cx.error_help(codes::INVALID_L7, key.span, &path, message, help);
    }
    if let Some(key) = fields.key("serverNames")
        && fields.get("terminatingTLS").is_none()
    {
        let path = path.field("serverNames");
        let message = "`serverNames` beside L7 rules need `terminatingTLS`";
        let help = "the proxy can only see requests if it ends the TLS connection";
        cx.error_help(codes::INVALID_L7, key.span, &path, message, help);
    }
}
