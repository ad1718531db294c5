//! What one filter says about one peer selector.

use std::mem::discriminant;
use std::sync::Arc;

use netpol_core::{AuthType, Protocol, ProxyPriority};

use super::{CompileError, ElementId, LoadedElement, Redirect};
use crate::rule::{
    DnsRule, Element, HttpRule, L7Rules, Listener, Origin, ParserType, PortRule, TlsContext,
};

/// What one filter says about one peer selector (MERGE-2).
#[derive(Clone, Debug)]
pub struct PeerPolicy {
    /// Whether the peers are denied; everything else is then empty.
    pub deny: bool,
    /// The proxy that is needed.
    pub parser: ParserType,
    /// How strong the redirect is; none without redirect.
    pub priority: ProxyPriority,
    /// The qualified name of the custom listener (LSN-2).
    pub listener: Option<Arc<str>>,
    /// What the proxy checks.
    pub l7: L7List,
    /// The server names that TLS clients may ask for; empty for no restriction.
    pub server_names: Vec<Arc<str>>,
    /// How the proxy accepts TLS.
    pub terminating_tls: Option<Arc<TlsContext>>,
    /// How the proxy opens TLS.
    pub originating_tls: Option<Arc<TlsContext>>,
    /// The authentication that is asked for, if anything is said.
    pub auth: Option<AuthType>,
    /// The elements behind it.
    pub elements: Vec<(ElementId, Arc<Origin>)>,
}

/// L7 rules with the elements they come from. Lists are never empty.
#[derive(Clone, Debug, Default)]
pub enum L7List {
    /// No rules: every request passes.
    #[default]
    None,
    /// Requests must match one of these.
    Http(Vec<(HttpRule, ElementId)>),
    /// Queries must match one of these.
    Dns(Vec<(DnsRule, ElementId)>),
    /// Rules that netpol does not evaluate: no request passes.
    Unsupported,
    /// Such rules beside others that let every request pass (MERGE-8).
    Everything,
}

impl PeerPolicy {
    /// Returns the allow that says nothing more, and that no element stands behind.
    #[must_use]
    pub fn allow_all() -> Self {
        Self {
            deny: false,
            parser: ParserType::None,
            priority: ProxyPriority::NONE,
            listener: None,
            l7: L7List::None,
            server_names: Vec::new(),
            terminating_tls: None,
            originating_tls: None,
            auth: None,
            elements: Vec::new(),
        }
    }

    /// Returns the plain allow, or the deny, of an element.
    #[must_use]
    pub fn plain(element: &LoadedElement) -> Self {
        let Element { deny, auth, .. } = *element.element;
        Self { deny, auth: auth.filter(|_| !deny), ..Self::pass(element) }
    }

    /// Returns the allow without more, which an element brings along.
    pub(crate) fn pass(element: &LoadedElement) -> Self {
        let origin = Arc::clone(&element.element.origin);
        Self { elements: vec![(element.id, origin)], ..Self::allow_all() }
    }

    /// Tells whether the traffic goes through a proxy.
    pub(crate) fn is_redirect(&self) -> bool {
        self.parser != ParserType::None
    }

    /// Returns what an element says about the ports of one of its port rules (L7P-2).
    ///
    /// # Errors
    ///
    /// Fails if the rule names a listener in the subject's namespace, and there is none (LSTV-4).
    pub fn new(
        element: &LoadedElement,
        rule: &PortRule,
        protocol: Protocol,
        namespace: Option<&str>,
    ) -> Result<Self, CompileError> {
        let plain = Self::plain(element);
        if plain.deny {
            return Ok(plain);
        }
        let listener = rule.listener.as_deref();
        let parser = rule.parser(protocol);
        Ok(Self {
            priority: priority(&parser, listener),
            listener: match listener {
                Some(listener) => Some(qualified(listener, namespace, &element.element.origin)?),
                None => None,
            },
            l7: L7List::new(&rule.l7, &parser, element.id),
            parser,
            server_names: rule.server_names.clone(),
            terminating_tls: rule.terminating_tls.clone(),
            originating_tls: rule.originating_tls.clone(),
            ..plain
        })
    }

    /// Tells whether both decide the same, whatever elements are behind them.
    #[must_use]
    pub fn same_decision(&self, other: &Self) -> bool {
        let Self { deny, parser, priority, listener, l7, server_names, .. } = self;
        let Self { terminating_tls, originating_tls, auth, .. } = self;
        *deny == other.deny
            && *parser == other.parser
            && *priority == other.priority
            && *listener == other.listener
            && l7.same_rules(&other.l7)
            && *server_names == other.server_names
            && *terminating_tls == other.terminating_tls
            && *originating_tls == other.originating_tls
            && *auth == other.auth
    }

    /// Returns the proxy that the traffic is redirected to.
    #[must_use]
    pub fn redirect(&self) -> Option<Redirect> {
        match (&self.parser, &self.listener) {
            (ParserType::None, _) => None,
            (ParserType::Crd, Some(listener)) => Some(Redirect::Listener(Arc::clone(listener))),
            (ParserType::Http, _) => Some(Redirect::Http),
            (ParserType::Dns, _) => Some(Redirect::Dns),
            (ParserType::Tls | ParserType::Kafka | ParserType::Generic(_) | ParserType::Crd, _) => {
                Some(Redirect::Tcp)
            }
        }
    }

    /// Adds what another element says about the same peers and port (MERGE-5 to MERGE-8).
    ///
    /// # Errors
    ///
    /// Fails, saying what, if the two contradict each other.
    pub(crate) fn merge(&mut self, other: Self) -> Result<(), &'static str> {
        if self.same_decision(&other) {
            self.elements.extend(other.elements);
            return Ok(());
        }
        // MERGE-5: a deny replaces everything.
        match (self.deny, other.deny) {
            (true, false) => return Ok(()),
            (false, true) => {
                *self = other;
                return Ok(());
            }
            (true, true) | (false, false) => {}
        }
        self.merge_parser(&other)?;
        self.merge_listener(&other)?;
        merge_option(&mut self.auth, other.auth, "authentication modes")?;
        merge_option(&mut self.terminating_tls, other.terminating_tls, "terminating TLS contexts")?;
        merge_option(&mut self.originating_tls, other.originating_tls, "originating TLS contexts")?;
        // MERGE-7: a side without names does not lift the restriction.
        union(&mut self.server_names, other.server_names);
        let plain = if self.l7.is_none() { &self.elements } else { &other.elements };
        self.l7.merge(other.l7, plain.first().map(|(element, _)| *element));
        self.elements.extend(other.elements);
        self.check_names_and_rules()
    }

    /// MERGE-6, L7M-2: parsers that can be one.
    fn merge_parser(&mut self, other: &Self) -> Result<(), &'static str> {
        use ParserType::{Crd, Dns, None, Tls};
        match (&self.parser, &other.parser) {
            (a, b) if a == b => {}
            (_, None) => {}
            (None, _) => self.take_parser(other),
            (Tls, Dns | Crd) | (Dns | Crd, Tls) => return Err(PARSERS),
            (Tls, _) => self.take_parser(other),
            (_, Tls) => {}
            _ => return Err(PARSERS),
        }
        Ok(())
    }

    fn take_parser(&mut self, other: &Self) {
        self.parser = other.parser.clone();
        self.priority = other.priority;
    }

    /// MERGE-7: the stronger listener wins.
    fn merge_listener(&mut self, other: &Self) -> Result<(), &'static str> {
        let Some(listener) = &other.listener else { return Ok(()) };
        match &self.listener {
            Some(mine) if mine == listener || self.priority != other.priority => {
                if other.priority > self.priority {
                    self.listener = Some(Arc::clone(listener));
                    self.priority = other.priority;
                }
                Ok(())
            }
            Some(_) => Err("different listeners with the same priority"),
            None => {
                self.listener = Some(Arc::clone(listener));
                self.priority = other.priority;
                Ok(())
            }
        }
    }

    /// MERGE-7, QUIRK-17: requests inside TLS cannot be seen unless it is terminated.
    fn check_names_and_rules(&self) -> Result<(), &'static str> {
        let hidden = !self.server_names.is_empty() && self.terminating_tls.is_none();
        if hidden && !self.l7.is_none() {
            return Err("server names and L7 rules without TLS termination");
        }
        Ok(())
    }

    /// Lets every request pass, still through the proxy (DD-7, L7M-8).
    pub(crate) fn allow_all_requests(&mut self) {
        if let Some((element, _)) = self.elements.first() {
            self.l7.add_wildcard(*element);
        }
    }
}

const PARSERS: &str = "different L7 protocols";

/// Returns the strength of a redirect (L7P-3).
fn priority(parser: &ParserType, listener: Option<&Listener>) -> ProxyPriority {
    match (parser, listener) {
        (ParserType::None, _) => ProxyPriority::NONE,
        (ParserType::Crd, Some(Listener { priority, .. })) if *priority != 0 => {
            ProxyPriority::of_listener(*priority)
        }
        (ParserType::Crd, _) => ProxyPriority::LISTENER,
        (ParserType::Http, _) => ProxyPriority::HTTP,
        (ParserType::Kafka, _) => ProxyPriority::of_listener(106),
        (ParserType::Generic(_), _) => ProxyPriority::of_listener(111),
        (ParserType::Tls, _) => ProxyPriority::TLS,
        (ParserType::Dns, _) => ProxyPriority::DNS,
    }
}

/// Returns `namespace/config/listener`, the namespace being empty for clusterwide ones (LSN-2).
fn qualified(
    listener: &Listener,
    namespace: Option<&str>,
    origin: &Arc<Origin>,
) -> Result<Arc<str>, CompileError> {
    let Listener { clusterwide, config, name, .. } = listener;
    match (clusterwide, namespace) {
        (true, _) => Ok(format!("/{config}/{name}").into()),
        (false, Some(namespace)) => Ok(format!("{namespace}/{config}/{name}").into()),
        (false, None) => Err(CompileError::no_namespace(name, origin)),
    }
}

fn merge_option<T: PartialEq>(
    mine: &mut Option<T>,
    other: Option<T>,
    what: &'static str,
) -> Result<(), &'static str> {
    match (&*mine, other) {
        (_, None) => {}
        (None, other) => *mine = other,
        (Some(a), Some(b)) if *a == b => {}
        _ => return Err(what),
    }
    Ok(())
}

fn union<T: PartialEq>(mine: &mut Vec<T>, other: Vec<T>) {
    for item in other {
        if !mine.contains(&item) {
            mine.push(item);
        }
    }
}

impl L7List {
    fn new(rules: &L7Rules, parser: &ParserType, element: ElementId) -> Self {
        match (rules, parser) {
            (L7Rules::Http(rules), ParserType::Http) => {
                Self::Http(rules.iter().map(|rule| (rule.clone(), element)).collect())
            }
            (L7Rules::Dns(rules), ParserType::Dns) => {
                Self::Dns(rules.iter().map(|rule| (rule.clone(), element)).collect())
            }
            (L7Rules::Kafka | L7Rules::Generic(_), ParserType::Kafka | ParserType::Generic(_)) => {
                Self::Unsupported
            }
            _ => Self::None,
        }
    }

    /// Tells whether there are no rules.
    #[must_use]
    pub fn is_none(&self) -> bool {
        matches!(self, Self::None)
    }

    fn same_rules(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Http(a), Self::Http(b)) => same_rules(a, b),
            (Self::Dns(a), Self::Dns(b)) => same_rules(a, b),
            _ => discriminant(self) == discriminant(other),
        }
    }

    /// MERGE-8: the union; where one side has no rules, every request passes. `plain` is the
    /// element of that side.
    fn merge(&mut self, other: Self, plain: Option<ElementId>) {
        match (&mut *self, other) {
            (Self::None, Self::None) => {}
            (Self::None, other) => {
                *self = other;
                plain.into_iter().for_each(|element| self.add_wildcard(element));
            }
            (_, Self::None) => plain.into_iter().for_each(|element| self.add_wildcard(element)),
            (Self::Http(mine), Self::Http(other)) => union_rules(mine, other),
            (Self::Dns(mine), Self::Dns(other)) => union_rules(mine, other),
            (Self::Everything, _) | (_, Self::Everything) => *self = Self::Everything,
            // Different parsers never get here.
            (mine, _) => *mine = Self::Unsupported,
        }
    }

    fn add_wildcard(&mut self, element: ElementId) {
        match self {
            Self::Http(rules) => union_rules(rules, vec![(HttpRule::default(), element)]),
            Self::Dns(rules) => {
                let everything = DnsRule { match_name: None, match_pattern: Some("*".into()) };
                union_rules(rules, vec![(everything, element)]);
            }
            Self::Unsupported => *self = Self::Everything,
            Self::None | Self::Everything => {}
        }
    }
}

fn same_rules<T: PartialEq>(a: &[(T, ElementId)], b: &[(T, ElementId)]) -> bool {
    a.iter().map(|(rule, _)| rule).eq(b.iter().map(|(rule, _)| rule))
}

fn union_rules<T: PartialEq>(mine: &mut Vec<(T, ElementId)>, other: Vec<(T, ElementId)>) {
    for (rule, element) in other {
        if !mine.iter().any(|(known, _)| *known == rule) {
            mine.push((rule, element));
        }
    }
}
