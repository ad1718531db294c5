//! The value of a policy map.

use core::fmt;

use super::AuthRequirement;

/// Which set of rules stands behind an entry: an index into the interned sets of whoever
/// compiled the map. [`RuleSetId::NONE`] if nothing is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(transparent)]
pub struct RuleSetId(u32);

impl RuleSetId {
    /// No rules are known.
    pub const NONE: Self = Self(0);

    /// Returns the set with this number.
    #[must_use]
    pub const fn new(number: u32) -> Self {
        Self(number)
    }

    /// Returns the number.
    #[must_use]
    pub const fn number(self) -> u32 {
        self.0
    }
}

/// Which proxy a redirect leads to: an index into the interned redirects of whoever compiled the
/// map. [`RedirectId::NONE`] for no redirect.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(transparent)]
pub struct RedirectId(u32);

impl RedirectId {
    /// No redirect.
    pub const NONE: Self = Self(0);

    /// Returns the redirect with this number.
    #[must_use]
    pub const fn new(number: u32) -> Self {
        Self(number)
    }

    /// Returns the number.
    #[must_use]
    pub const fn number(self) -> u32 {
        self.0
    }

    /// Tells whether this is no redirect.
    #[must_use]
    pub const fn is_none(self) -> bool {
        self.0 == 0
    }
}

/// How strong a redirect is among entries that match the same packet; greater wins (L7P-3).
///
/// 0 is no redirect, 1 a redirect without priority, 2 to 127 is 128 less the listener priority.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(transparent)]
pub struct ProxyPriority(u8);

impl ProxyPriority {
    /// No redirect.
    pub const NONE: Self = Self(0);
    /// A redirect by HTTP rules.
    pub const HTTP: Self = Self::of_listener(101);
    /// A redirect by server names or TLS contexts.
    pub const TLS: Self = Self::of_listener(116);
    /// A redirect by DNS rules.
    pub const DNS: Self = Self::of_listener(121);
    /// A redirect to a custom listener without a priority of its own.
    pub const LISTENER: Self = Self::of_listener(126);

    /// Returns the strength of a listener priority, 1 (strongest) to 126.
    ///
    /// 0 gives a redirect without priority; what is greater than 126 counts as 126, as kernel maps have it.
    #[must_use]
    pub const fn of_listener(priority: u8) -> Self {
        match priority {
            0 => Self(1),
            1..=126 => Self(128 - priority),
            127.. => Self(2),
        }
    }

    /// Returns the number that kernel maps hold.
    #[must_use]
    pub const fn number(self) -> u8 {
        self.0
    }

    /// Tells whether this is a redirect at all.
    #[must_use]
    pub const fn is_redirect(self) -> bool {
        self.0 != 0
    }
}

impl fmt::Display for ProxyPriority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// The value of a policy map: what is decided for the packets of a key (MAP-2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PolicyEntry {
    /// Whether the packets are denied. All other fields but `rules` are then empty.
    pub deny: bool,
    /// Where allowed packets are redirected to.
    pub redirect: RedirectId,
    /// How strong the redirect is.
    pub priority: ProxyPriority,
    /// The authentication that allowed packets need.
    pub auth: AuthRequirement,
    /// The rules behind the entry.
    pub rules: RuleSetId,
}

impl PolicyEntry {
    /// Returns the plain allow.
    #[must_use]
    pub const fn allow(rules: RuleSetId) -> Self {
        Self {
            deny: false,
            redirect: RedirectId::NONE,
            priority: ProxyPriority::NONE,
            auth: AuthRequirement::NONE,
            rules,
        }
    }

    /// Returns the deny.
    #[must_use]
    pub const fn deny(rules: RuleSetId) -> Self {
        Self { deny: true, ..Self::allow(rules) }
    }

    /// Returns the same decision behind other rules.
    #[must_use]
    pub const fn with_rules(self, rules: RuleSetId) -> Self {
        Self { rules, ..self }
    }

    /// Tells whether two entries decide the same, whatever rules are behind them.
    #[must_use]
    pub fn same_decision(&self, other: &Self) -> bool {
        *self == other.with_rules(self.rules)
    }
}
