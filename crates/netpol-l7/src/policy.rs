//! The rules that apply to one peer on one port, united (spec `L7E`).

use crate::dns::{NameMatcher, NameSelector, NameSet, PatternDialect, SelectorKind};
use crate::http::{self, Group, HttpEffects, HttpRequest, HttpRule, Program};
use crate::sni::{ServerName, ServerNames};
use crate::{Decision, Error, Scratch};

/// What the policy of a port says for one selector of peers. All tags are the caller's.
///
/// # Examples
///
/// ```
/// use netpol_l7::{HttpRule, L7Rules, SelectorPolicy};
///
/// let docs = HttpRule { path: Some("/docs".into()), ..HttpRule::default() };
/// let policy = SelectorPolicy { rules: L7Rules::Http(vec![(5, docs)]), ..SelectorPolicy::new(4) };
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SelectorPolicy {
    /// Names this policy where it decides as a whole: it denies, or has nothing to ask.
    pub tag: u32,
    /// Whether it denies. Then nothing else in it counts.
    pub deny: bool,
    /// The server names that a TLS client may ask for, each with a tag. Empty: any, and none.
    pub server_names: Vec<(u32, String)>,
    /// The L7 rules.
    pub rules: L7Rules,
}

/// The L7 rules of a selector, each with a tag. They are alternatives.
///
/// A list that is *written* empty is no L7 rules, [`L7Rules::None`] (spec `L7V-2`). Here an empty list
/// allows nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum L7Rules {
    /// None: everything is allowed.
    #[default]
    None,
    /// HTTP rules.
    Http(Vec<(u32, HttpRule)>),
    /// DNS rules.
    Dns(Vec<(u32, NameSelector)>),
    /// Rules of a kind that cannot be evaluated here (Kafka, generic parsers). They allow no request and
    /// no name.
    Unsupported,
}

/// The L7 policy for one peer on one port: what all selectors that select the peer say, united.
///
/// The peer is allowed what one of the selector policies allows; a denial goes first (spec `L7E-4`). Of
/// several rules that allow, the one of the first selector policy is named. Without any selector policy
/// everything is denied.
///
/// # Examples
///
/// ```
/// use netpol_l7::{Decision, HttpRequest, HttpRule, L7Policy, L7Rules, Scratch, SelectorPolicy};
///
/// let docs = HttpRule { path: Some("/docs".into()), ..HttpRule::default() };
/// let web = SelectorPolicy { rules: L7Rules::Http(vec![(11, docs)]), ..SelectorPolicy::new(10) };
/// let mut scratch = Scratch::new();
///
/// let policy = L7Policy::new([&web])?;
/// let request = HttpRequest::new("GET", "/admin");
/// assert!(!policy.http(&request, &mut scratch).is_allowed());
///
/// // Another selector allows the peer on this port without L7 rules: every request passes.
/// let plain = SelectorPolicy::new(20);
/// let policy = L7Policy::new([&web, &plain])?;
/// assert_eq!(policy.http(&request, &mut scratch), Decision::Allow { rule: 20 });
/// # Ok::<(), netpol_l7::Error>(())
/// ```
#[derive(Debug)]
pub struct L7Policy {
    /// The first policy that denies.
    deny: Option<u32>,
    http: Program,
    dns: Names<NameSet>,
    server_names: Names<ServerNames>,
}

/// Names that are looked up, with the place of a rule as number.
#[derive(Debug, Default)]
struct Names<S> {
    set: S,
    /// The tag of each number.
    tags: Vec<u32>,
    /// The first number of a policy that does not look at the name.
    any: Option<u32>,
}

impl SelectorPolicy {
    /// Returns a policy that allows everything.
    pub fn new(tag: u32) -> Self {
        Self { tag, ..Self::default() }
    }

    /// Returns a policy that denies everything.
    pub fn deny(tag: u32) -> Self {
        Self { tag, deny: true, ..Self::default() }
    }
}

impl L7Policy {
    /// Compiles what the selectors that select a peer say, with DNS patterns as released.
    ///
    /// # Errors
    ///
    /// A rule is invalid, or the rules are too large together; see [`HttpRule::check`],
    /// [`NameSelector::check_agent`] and [`ServerName::new`].
    pub fn new<'a>(policies: impl IntoIterator<Item = &'a SelectorPolicy>) -> Result<Self, Error> {
        Self::with_dialect(policies, PatternDialect::default())
    }

    /// Compiles what the selectors that select a peer say.
    ///
    /// # Errors
    ///
    /// As for [`new`](Self::new).
    pub fn with_dialect<'a>(
        policies: impl IntoIterator<Item = &'a SelectorPolicy>,
        dialect: PatternDialect,
    ) -> Result<Self, Error> {
        let policies: Vec<_> = policies.into_iter().collect();
        let deny = policies.iter().find(|policy| policy.deny).map(|policy| policy.tag);
        let mut dns = Names::default();
        let mut server_names = Names::default();
        for policy in &policies {
            dns.add_rules(policy, dialect)?;
            server_names.add_names(policy)?;
        }
        let http = Program::new(policies.iter().filter_map(|policy| policy.http()))?;
        Ok(Self { deny, http, dns, server_names })
    }

    /// Decides an HTTP request.
    ///
    /// Server names play no part: they were decided upon when the connection was made (spec `L7E-7`).
    pub fn http(&self, request: &HttpRequest<'_>, scratch: &mut Scratch) -> Decision {
        match self.deny {
            Some(_) => Decision::Deny { rule: self.deny },
            None => http::decide(&self.http, request, &mut scratch.http),
        }
    }

    /// Decides an HTTP request and tells what the header actions do to it.
    ///
    /// The decision is that of [`http`](Self::http). All policies' actions run (spec `HM-8`), unless one
    /// denies.
    pub fn http_effects(&self, request: &HttpRequest<'_>, scratch: &mut Scratch) -> HttpEffects {
        match self.deny {
            Some(_) => HttpEffects::denied(self.deny),
            None => http::effects(&self.http, request, &mut scratch.http),
        }
    }

    /// Decides a DNS query for a name (spec `DNSP-2`).
    ///
    /// A policy without DNS rules allows every name (spec `DNSP-3`), unless it has server names or other
    /// L7 rules. The name is taken as by [`NameMatcher::is_match`].
    pub fn dns<N: AsRef<[u8]> + ?Sized>(&self, name: &N) -> Decision {
        self.decide_name(&self.dns, self.dns.set.first_match(name))
    }

    /// Decides a connection by the server name that its TLS client indicates (spec `SNI-2`, `L7E-7`).
    /// The empty name stands for none, and for a connection that is not TLS.
    ///
    /// L7 rules play no part: requests are decided upon one by one.
    pub fn sni<N: AsRef<[u8]> + ?Sized>(&self, server_name: &N) -> Decision {
        let found = self.server_names.set.first_match(server_name.as_ref());
        self.decide_name(&self.server_names, found)
    }

    /// Returns why HTTP rules were left out that can allow nothing, as
    /// [`HttpMatcher::unusable`](crate::HttpMatcher::unusable) does.
    pub fn unusable(&self) -> &[Error] {
        self.http.unusable()
    }

    fn decide_name<S>(&self, names: &Names<S>, found: Option<u32>) -> Decision {
        if self.deny.is_some() {
            return Decision::Deny { rule: self.deny };
        }
        let first = found.into_iter().chain(names.any).min();
        Decision::allow(first.and_then(|number| names.tags.get(number as usize)).copied())
    }
}

impl SelectorPolicy {
    /// Returns what the policy says about HTTP requests; `None` if it allows none.
    fn http(&self) -> Option<Group<'_>> {
        match &self.rules {
            L7Rules::None => Some(Group::Everything(self.tag)),
            L7Rules::Http(rules) => Some(Group::Rules(rules)),
            L7Rules::Dns(_) | L7Rules::Unsupported => None,
        }
    }
}

impl<S> Names<S> {
    /// Returns the number for the next rule.
    fn number(&mut self, tag: u32) -> u32 {
        self.tags.push(tag);
        self.tags.len() as u32 - 1
    }

    /// Takes note of a policy that does not look at the name.
    fn allow_any(&mut self, tag: u32) {
        let number = self.number(tag);
        self.any = self.any.or(Some(number));
    }
}

impl Names<NameSet> {
    fn add_rules(&mut self, policy: &SelectorPolicy, dialect: PatternDialect) -> Result<(), Error> {
        match &policy.rules {
            L7Rules::None if policy.server_names.is_empty() => self.allow_any(policy.tag),
            L7Rules::Dns(rules) => {
                for (tag, selector) in rules {
                    let matcher = NameMatcher::new(SelectorKind::DnsRule, selector, dialect)
                        .map_err(|error| error.in_rule(*tag))?;
                    let number = self.number(*tag);
                    self.set.insert(number, &matcher);
                }
            }
            L7Rules::None | L7Rules::Http(_) | L7Rules::Unsupported => {}
        }
        Ok(())
    }
}

impl Names<ServerNames> {
    fn add_names(&mut self, policy: &SelectorPolicy) -> Result<(), Error> {
        if policy.server_names.is_empty() {
            self.allow_any(policy.tag);
        }
        for (tag, name) in &policy.server_names {
            let entry = ServerName::new(name).map_err(|error| error.in_rule(*tag))?;
            let number = self.number(*tag);
            self.set.insert(number, &entry);
        }
        Ok(())
    }
}
