//! The answer to a question.

/// Whether something is allowed, and by which rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Decision {
    /// Allowed.
    Allow {
        /// The tag of the rule that allows it.
        rule: u32,
    },
    /// Denied.
    Deny {
        /// The tag of the rule that denies it; `None` if just no rule allows it.
        rule: Option<u32>,
    },
}

impl Decision {
    /// Returns whether it is allowed.
    pub fn is_allowed(self) -> bool {
        matches!(self, Self::Allow { .. })
    }

    /// Returns the tag of the rule that decided.
    pub fn rule(self) -> Option<u32> {
        match self {
            Self::Allow { rule } => Some(rule),
            Self::Deny { rule } => rule,
        }
    }

    /// The decision if `rule`, when there is one, allows.
    pub(crate) fn allow(rule: Option<u32>) -> Self {
        rule.map_or_else(Self::default, |rule| Self::Allow { rule })
    }
}

impl Default for Decision {
    /// Returns the denial for want of a rule.
    fn default() -> Self {
        Self::Deny { rule: None }
    }
}
