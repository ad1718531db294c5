//! What a filter says about one selector, and what becomes of two such rules (MERGE, L7M).

use std::collections::BTreeSet;

use serde_json::Value;

use super::element::{Auth, L7, Listener};
use super::http::HttpRule;
use super::name::NamePattern;
use crate::world::HttpRequest;

const TCP: u8 = 6;

/// The decision of one filter for one selector (MERGE-2).
#[derive(Debug, Clone, Default)]
pub(super) struct Rule {
    pub(super) deny: bool,
    pub(super) parser: Option<Parser>,
    /// Qualified name of the custom listener.
    pub(super) listener: Option<String>,
    /// L7P-3, lower is stronger; 0 without redirect.
    listener_priority: u8,
    pub(super) http: Vec<HttpRule>,
    pub(super) dns: Vec<NamePattern>,
    /// Whether there are Kafka or generic rules.
    other_l7: bool,
    /// Whether every request passes, whatever the rules are.
    every_request: bool,
    pub(super) server_names: BTreeSet<String>,
    terminating_tls: Option<Value>,
    originating_tls: Option<Value>,
    pub(super) auth: Option<Auth>,
}

/// The kind of proxy that a redirect leads to (L7P-2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Parser {
    Http,
    Kafka,
    Dns,
    /// The word of `l7proto`.
    Generic(String),
    Tls,
    /// A custom listener.
    Crd,
}

/// Two rules that cannot be combined, or one that cannot be used here (MERGE-12).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Conflict(pub(super) String);

impl Rule {
    pub(super) fn deny() -> Self {
        Self { deny: true, ..Self::default() }
    }

    /// Returns the rule of an allow element for one protocol, on a subject in a namespace.
    pub(super) fn allow(
        protocol: Option<u8>,
        l7: &L7,
        auth: Option<Auth>,
        namespace: Option<&str>,
    ) -> Result<Self, Conflict> {
        let listener = l7.listener.as_ref();
        let parser = parser(protocol, l7);
        Ok(Self {
            deny: false,
            listener: listener.map(|listener| qualified_name(listener, namespace)).transpose()?,
            listener_priority: parser
                .as_ref()
                .map_or(0, |parser| listener_priority(parser, listener)),
            http: l7.http.clone(),
            dns: l7.dns.clone(),
            other_l7: l7.kafka || l7.generic.as_ref().is_some_and(|(_, has_rules)| *has_rules),
            every_request: false,
            server_names: l7.server_names.iter().cloned().collect(),
            terminating_tls: l7.terminating_tls.clone(),
            originating_tls: l7.originating_tls.clone(),
            parser,
            auth,
        })
    }

    /// Returns the proxy port priority, greater is stronger; 0 without redirect (L7P-3).
    pub(super) fn priority(&self) -> u8 {
        if self.is_redirect() { 128 - self.listener_priority } else { 0 }
    }

    pub(super) fn is_redirect(&self) -> bool {
        self.parser.is_some()
    }

    pub(super) fn has_l7(&self) -> bool {
        !self.http.is_empty() || !self.dns.is_empty() || self.other_l7
    }

    /// Returns whether an HTTP request passes; rules that the oracle does not evaluate let none pass.
    pub(super) fn allows_request(&self, request: &HttpRequest) -> bool {
        let is_unrestricted = self.http.is_empty() && !self.other_l7;
        let listed = || self.http.iter().any(|item| item.allows(request));
        self.every_request || is_unrestricted || listed()
    }

    /// Returns the proxy in the words of the vectors.
    pub(super) fn proxy(&self) -> Option<String> {
        Some(match self.parser.as_ref()? {
            Parser::Http => "http".to_owned(),
            Parser::Dns => "dns".to_owned(),
            Parser::Crd => format!("listener:{}", self.listener.as_deref().unwrap_or_default()),
            Parser::Kafka | Parser::Generic(_) | Parser::Tls => "tcp".to_owned(),
        })
    }

    /// Lets every request pass, without giving up the redirect (DD-7, MERGE-8).
    pub(super) fn allow_all_requests(&mut self) {
        self.every_request = true;
        if !self.http.is_empty() {
            self.http.push(HttpRule::default());
        }
        if !self.dns.is_empty() {
            self.dns.push(NamePattern::everything());
        }
    }

    /// Combines two rules for the same selector in the same filter.
    pub(super) fn merge(&mut self, other: Self) -> Result<(), Conflict> {
        if self.deny || other.deny {
            *self = Self::deny(); // MERGE-5
            return Ok(());
        }
        self.parser = merge_parsers(self.parser.take(), other.parser.clone())?;
        self.merge_listeners(&other)?;
        self.auth = merge_options(self.auth, other.auth, "authentication modes")?;
        let terminating = self.terminating_tls.take();
        self.terminating_tls =
            merge_options(terminating, other.terminating_tls.clone(), "TLS contexts")?;
        let originating = self.originating_tls.take();
        self.originating_tls =
            merge_options(originating, other.originating_tls.clone(), "TLS contexts")?;
        self.server_names.extend(other.server_names.iter().cloned());
        self.merge_l7(other);
        // MERGE-7, QUIRK-17
        if !self.server_names.is_empty() && self.has_l7() && self.terminating_tls.is_none() {
            return Err(Conflict("server names and L7 rules without TLS termination".to_owned()));
        }
        Ok(())
    }

    /// MERGE-7
    fn merge_listeners(&mut self, other: &Self) -> Result<(), Conflict> {
        let strength = |priority: u8| if priority == 0 { u8::MAX } else { priority };
        let (own, others) = (strength(self.listener_priority), strength(other.listener_priority));
        if own == others
            && self.listener.is_some()
            && other.listener.is_some()
            && self.listener != other.listener
        {
            return Err(Conflict("different listeners of equal priority".to_owned()));
        }
        if others < own || (others == own && self.listener.is_none()) {
            self.listener.clone_from(&other.listener);
            self.listener_priority = other.listener_priority;
        }
        Ok(())
    }

    /// MERGE-8
    fn merge_l7(&mut self, mut other: Self) {
        if self.has_l7() != other.has_l7() {
            self.allow_all_requests();
            other.allow_all_requests();
        }
        self.http.extend(other.http);
        self.dns.extend(other.dns);
        self.other_l7 |= other.other_l7;
        self.every_request |= other.every_request;
    }
}

/// L7P-2, first that applies
fn parser(protocol: Option<u8>, l7: &L7) -> Option<Parser> {
    let is_tcp = protocol == Some(TCP);
    if l7.listener.is_some() {
        return Some(Parser::Crd);
    }
    if !l7.dns.is_empty() {
        return Some(Parser::Dns);
    }
    if is_tcp && !l7.http.is_empty() {
        return Some(Parser::Http);
    }
    if is_tcp && l7.kafka {
        return Some(Parser::Kafka);
    }
    if let Some((word, _)) = l7.generic.as_ref().filter(|_| is_tcp) {
        return Some(Parser::Generic(word.clone()));
    }
    let has_tls =
        l7.terminating_tls.is_some() || l7.originating_tls.is_some() || !l7.server_names.is_empty();
    has_tls.then_some(Parser::Tls)
}

/// L7P-3
fn listener_priority(parser: &Parser, listener: Option<&Listener>) -> u8 {
    match (parser, listener) {
        (Parser::Crd, Some(listener)) if (1..=100).contains(&listener.priority) => {
            u8::try_from(listener.priority).unwrap_or(126)
        }
        (Parser::Crd, _) => 126,
        (Parser::Http, _) => 101,
        (Parser::Kafka, _) => 106,
        (Parser::Generic(_), _) => 111,
        (Parser::Tls, _) => 116,
        (Parser::Dns, _) => 121,
    }
}

/// LSN-2, LSTV-4
fn qualified_name(listener: &Listener, namespace: Option<&str>) -> Result<String, Conflict> {
    let Listener { clusterwide, config, name, priority: _ } = listener;
    match (clusterwide, namespace) {
        (true, _) => Ok(format!("/{config}/{name}")),
        (false, Some(namespace)) => Ok(format!("{namespace}/{config}/{name}")),
        (false, None) => Err(Conflict(format!("the listener `{name}` needs a namespace"))),
    }
}

/// MERGE-6
fn merge_parsers(a: Option<Parser>, b: Option<Parser>) -> Result<Option<Parser>, Conflict> {
    let yields_to_tls = |parser: &Parser| !matches!(parser, Parser::Dns | Parser::Crd);
    match (a, b) {
        (a, b) if a == b => Ok(a),
        (None, parser) | (parser, None) => Ok(parser),
        (Some(Parser::Tls), Some(parser)) | (Some(parser), Some(Parser::Tls))
            if yields_to_tls(&parser) =>
        {
            Ok(Some(parser))
        }
        (Some(a), Some(b)) => Err(Conflict(format!("L7 protocols {a:?} and {b:?}"))),
    }
}

fn merge_options<T: PartialEq>(
    a: Option<T>,
    b: Option<T>,
    what: &str,
) -> Result<Option<T>, Conflict> {
    match (a, b) {
        (Some(a), Some(b)) if a != b => Err(Conflict(format!("different {what}"))),
        (a, b) => Ok(a.or(b)),
    }
}
