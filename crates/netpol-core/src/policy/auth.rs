//! Demands for mutual authentication.

/// How two endpoints must prove who they are before their packets pass (AUTH-1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum AuthType {
    /// Not at all.
    #[default]
    Disabled = 0,
    /// Mutual authentication, mode `required`.
    Spire = 1,
    /// A test type that never succeeds.
    AlwaysFail = 2,
}

impl AuthType {
    /// Returns the name that flow records and tools use.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Disabled => "disabled",
            Self::Spire => "spire",
            Self::AlwaysFail => "test-always-fail",
        }
    }
}

/// The authentication that an entry asks for: a type, and whether a rule said so itself or it
/// was derived from a broader entry (AUTH-1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AuthRequirement {
    explicit: bool,
    kind: AuthType,
}

impl AuthRequirement {
    /// No rule says anything.
    pub const NONE: Self = Self { explicit: false, kind: AuthType::Disabled };

    /// Returns the requirement that a rule states.
    #[must_use]
    pub const fn explicit(kind: AuthType) -> Self {
        Self { explicit: true, kind }
    }

    /// Returns the requirement that an entry takes over from a broader one.
    #[must_use]
    pub const fn derived(kind: AuthType) -> Self {
        Self { explicit: false, kind }
    }

    /// Returns the type.
    #[must_use]
    pub const fn kind(self) -> AuthType {
        self.kind
    }

    /// Tells whether a rule states it.
    #[must_use]
    pub const fn is_explicit(self) -> bool {
        self.explicit
    }

    /// Returns the byte of kernel maps: the type, and bit 7 if explicit.
    #[must_use]
    pub const fn to_byte(self) -> u8 {
        (self.kind as u8) | if self.explicit { 0x80 } else { 0 }
    }

    /// Returns what two requirements at one key come to (AUTH-4).
    #[must_use]
    pub fn merge(self, other: Self) -> Self {
        self.max(other)
    }
}
