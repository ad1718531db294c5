//! What the proxies say about a request (L7-1 to L7-6, L7E, DNSP, SNI).

use super::label::Labels;
use super::policy::{Filter, SidePolicy};
use super::rule::{Parser, Rule};
use crate::decision::L7Decision;
use crate::world::{Flow, Protocol};

/// Returns the decision of the proxy that the redirect leads to; nothing if the flow asks it
/// nothing, or for a proxy that is not modelled (L7-7, L7-8).
pub(super) fn decide(
    side: &SidePolicy,
    redirect: &Rule,
    peer: &Labels,
    flow: &Flow,
) -> Option<L7Decision> {
    let is_allowed = match redirect.parser.as_ref()? {
        Parser::Dns => dns(side, peer, flow)?,
        Parser::Http | Parser::Tls => envoy(side, peer, flow)?,
        Parser::Kafka | Parser::Generic(_) | Parser::Crd => return None,
    };
    Some(if is_allowed { L7Decision::Allow } else { L7Decision::Deny })
}

/// DNSP-2: only the filter of exactly this port and protocol counts. A selector without names
/// allows all (DNSP-3).
fn dns(side: &SidePolicy, peer: &Labels, flow: &Flow) -> Option<bool> {
    let query = &flow.dns.as_ref()?.query;
    let port = flow.port_or_type();
    let allows = |rule: &Rule| {
        rule.dns.is_empty() || rule.dns.iter().any(|pattern| pattern.allows_query(query))
    };
    let mut filters = side
        .filters
        .iter()
        .filter(|(key, _)| key.protocol == Some(flow.protocol.number()))
        .filter(|(_, filter)| filter.range == Some((port, port)) && has_dns_redirect(filter));
    Some(filters.any(|(_, filter)| {
        filter.rules.iter().any(|(selector, rule)| selector.matches(peer) && allows(rule))
    }))
}

fn has_dns_redirect(filter: &Filter) -> bool {
    filter.rules.values().any(|rule| rule.parser == Some(Parser::Dns))
}

/// L7E-2 to L7E-7: the connection and the request are judged on their own, each by all rules that
/// apply to the peer on this port.
fn envoy(side: &SidePolicy, peer: &Labels, flow: &Flow) -> Option<bool> {
    let has_request = flow.http.is_some() || flow.tls.is_some();
    if flow.protocol != Protocol::Tcp || !has_request {
        return None;
    }
    let rules: Vec<&Rule> = applying(side, peer, flow.port_or_type());
    let server_name = flow.tls.as_ref().map_or("", |hello| hello.sni.as_str());
    let connects = |rule: &&Rule| {
        let names = &rule.server_names;
        names.is_empty() || names.iter().any(|name| matches_server_name(name, server_name))
    };
    let passes = |rule: &&Rule| match &flow.http {
        Some(request) => rule.allows_request(request),
        None => true,
    };
    let is_denied = rules.iter().any(|rule| rule.deny);
    Some(!is_denied && rules.iter().any(connects) && rules.iter().any(passes))
}

/// Returns the rules of all TCP filters that hold the port, those of custom listeners excepted
/// (L7E-3, LSN-4).
fn applying<'a>(side: &'a SidePolicy, peer: &Labels, port: u16) -> Vec<&'a Rule> {
    side.filters
        .iter()
        .filter(|(key, filter)| key.covers_protocol(Protocol::Tcp.number()) && filter.holds(port))
        .flat_map(|(_, filter)| &filter.rules)
        .filter(|(selector, rule)| selector.matches(peer) && rule.parser != Some(Parser::Crd))
        .map(|(_, rule)| rule)
        .collect()
}

/// SNI-3
fn matches_server_name(entry: &str, server_name: &str) -> bool {
    let entry = entry.to_ascii_lowercase();
    let server_name = server_name.to_ascii_lowercase();
    if server_name.is_empty() {
        return false; // SNI-2
    }
    if let Some(suffix) = entry.strip_prefix("**").filter(|suffix| suffix.starts_with('.')) {
        return server_name.ends_with(suffix);
    }
    if let Some(suffix) = entry.strip_prefix('*').filter(|suffix| suffix.starts_with('.')) {
        let label = server_name.strip_suffix(suffix);
        return label.is_some_and(|label| !label.is_empty() && !label.contains('.'));
    }
    !entry.starts_with('*') && entry == server_name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn server_names_match_by_labels() {
        let rows = [
            ("x.com", "X.com", true),
            ("x.com", "x.com.", false),
            ("x.com", "", false),
            ("*.x.com", "a.x.com", true),
            ("*.x.com", "x.com", false),
            ("*.x.com", "a.b.x.com", false),
            ("**.x.com", "a.b.x.com", true),
            ("**.x.com", ".x.com", true),
            ("**.x.com", "x.com", false),
            ("*", "a", false),
            ("*x.com", "ax.com", false),
            ("a.*.com", "a.b.com", false),
        ];
        for (entry, server_name, expected) in rows {
            assert_eq!(matches_server_name(entry, server_name), expected, "{entry} {server_name}");
        }
    }
}
