//! The answer for one flow.

use core::fmt;

use super::{AuthType, PolicyEntry, PolicyKey, ProxyPriority, RedirectId, RuleSetId};
use crate::IdentityId;

/// What becomes of a packet, as far as one endpoint's policy map is concerned (FLOW-6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Decision {
    /// An entry allows it.
    Allow,
    /// An entry allows it through a proxy, which has the final word.
    Redirect,
    /// A deny rule forbids it.
    Deny,
    /// No entry matches it.
    DefaultDeny,
}

impl Decision {
    /// Tells whether the packet passes, be it through a proxy.
    #[must_use]
    pub const fn is_allowed(self) -> bool {
        matches!(self, Self::Allow | Self::Redirect)
    }

    /// Returns the word for it: `allow`, `redirect`, `deny` or `default-deny`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Redirect => "redirect",
            Self::Deny => "deny",
            Self::DefaultDeny => "default-deny",
        }
    }
}

impl fmt::Display for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Which parts of the deciding key were specific (LKP-8).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum MatchType {
    /// Nothing matched.
    None = 0,
    /// The peer only.
    L3Only = 1,
    /// Peer, protocol and port.
    L3L4 = 2,
    /// Protocol and port only.
    L4Only = 3,
    /// Nothing specific: the key matches everything.
    All = 4,
    /// Peer and protocol.
    L3Proto = 5,
    /// Protocol only.
    ProtoOnly = 6,
}

impl MatchType {
    /// Returns the type of a key.
    #[must_use]
    pub fn of(key: &PolicyKey) -> Self {
        let any_peer = key.identity() == IdentityId::ANY;
        match (any_peer, key.protocol().is_any(), key.port().is_all()) {
            (false, true, _) => Self::L3Only,
            (false, false, true) => Self::L3Proto,
            (false, false, false) => Self::L3L4,
            (true, true, _) => Self::All,
            (true, false, true) => Self::ProtoOnly,
            (true, false, false) => Self::L4Only,
        }
    }

    /// Returns the words that flow records use, such as `L3-L4`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::L3Only => "L3-Only",
            Self::L3L4 => "L3-L4",
            Self::L4Only => "L4-Only",
            Self::All => "all",
            Self::L3Proto => "L3-Proto",
            Self::ProtoOnly => "Proto-Only",
        }
    }
}

/// Why a packet is not forwarded (LKP-5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DropReason {
    /// No entry allows it.
    Policy,
    /// An entry denies it.
    PolicyDeny,
    /// It is allowed once both sides have authenticated each other.
    AuthRequired,
}

/// The answer of one policy map for one flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Verdict {
    decision: Decision,
    match_type: MatchType,
    auth: AuthType,
    priority: ProxyPriority,
    redirect: RedirectId,
    rules: RuleSetId,
}

impl Verdict {
    /// The answer when no entry matches.
    pub const DEFAULT_DENY: Self = Self {
        decision: Decision::DefaultDeny,
        match_type: MatchType::None,
        auth: AuthType::Disabled,
        priority: ProxyPriority::NONE,
        redirect: RedirectId::NONE,
        rules: RuleSetId::NONE,
    };

    /// Returns the answer of the longest matches for the peer (`l3`) and for any peer (`l4`).
    #[must_use]
    pub fn choose(
        l3: Option<(PolicyKey, PolicyEntry)>,
        l4: Option<(PolicyKey, PolicyEntry)>,
    ) -> Self {
        // LKP-4
        let l4_wins = match (&l3, &l4) {
            (_, None) => false,
            (None, Some(_)) => true,
            (Some((l3_key, l3)), Some((l4_key, l4))) => {
                !l3.deny
                    && (l4.deny
                        || l4.priority > l3.priority
                        || (l4.priority == l3.priority && l4_key.match_len() > l3_key.match_len()))
            }
        };
        match if l4_wins { (l4, l3) } else { (l3, l4) } {
            (None, _) => Self::DEFAULT_DENY,
            (Some((key, entry)), other) => Self::of(&key, &entry, other.map(|(_, entry)| entry)),
        }
    }

    /// Returns the same answer with another demand for authentication.
    #[inline(always)]
    pub(super) const fn with_auth(self, auth: AuthType) -> Self {
        Self { auth, ..self }
    }

    fn of(key: &PolicyKey, entry: &PolicyEntry, other: Option<PolicyEntry>) -> Self {
        Self {
            decision: match (entry.deny, entry.priority.is_redirect()) {
                (true, _) => Decision::Deny,
                (false, true) => Decision::Redirect,
                (false, false) => Decision::Allow,
            },
            match_type: MatchType::of(key),
            auth: raised_auth(entry, other),
            priority: entry.priority,
            redirect: entry.redirect,
            rules: entry.rules,
        }
    }

    /// Returns what becomes of the packet.
    #[must_use]
    pub const fn decision(&self) -> Decision {
        self.decision
    }

    /// Returns which parts of the deciding key were specific.
    #[must_use]
    pub const fn match_type(&self) -> MatchType {
        self.match_type
    }

    /// Returns the authentication that the packet needs; disabled if it is denied.
    #[must_use]
    pub const fn auth(&self) -> AuthType {
        self.auth
    }

    /// Returns the strength of the redirect.
    #[must_use]
    pub const fn priority(&self) -> ProxyPriority {
        self.priority
    }

    /// Returns the proxy that an allowed packet goes to.
    #[must_use]
    pub const fn redirect(&self) -> RedirectId {
        self.redirect
    }

    /// Returns the rules that decided.
    #[must_use]
    pub const fn rules(&self) -> RuleSetId {
        self.rules
    }

    /// Returns why the packet is not forwarded as it is, if so.
    #[must_use]
    pub const fn drop_reason(&self) -> Option<DropReason> {
        match (self.decision, self.auth) {
            (Decision::Deny, _) => Some(DropReason::PolicyDeny),
            (Decision::DefaultDeny, _) => Some(DropReason::Policy),
            (_, AuthType::Disabled) => None,
            (_, AuthType::Spire | AuthType::AlwaysFail) => Some(DropReason::AuthRequired),
        }
    }
}

/// Returns the authentication of the chosen entry, raised by the other one (AUTH-5; as the
/// kernel does it, whatever the priorities: AUTH-6, QUIRK-18).
fn raised_auth(chosen: &PolicyEntry, other: Option<PolicyEntry>) -> AuthType {
    match other {
        _ if chosen.deny => AuthType::Disabled,
        Some(other) if !chosen.auth.is_explicit() && !other.deny => {
            chosen.auth.kind().max(other.auth.kind())
        }
        _ => chosen.auth.kind(),
    }
}
