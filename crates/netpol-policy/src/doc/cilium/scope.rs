//! What decoders know of the surroundings of what they decode.

use std::sync::Arc;

use netpol_core::Direction;

use crate::Options;
use crate::rule::{ElementList, PolicyName};

/// The document.
#[derive(Clone, Copy)]
pub(super) struct Document<'a> {
    pub(super) options: &'a Options,
    pub(super) policy: &'a Arc<PolicyName>,
}

/// One rule of the document.
#[derive(Clone, Copy)]
pub(super) struct RuleScope<'a> {
    pub(super) document: &'a Document<'a>,
    /// `Some(i)` for `specs[i]`.
    pub(super) spec: Option<u32>,
    /// Whether the rule is about the local node (SUBJ-5).
    pub(super) node: bool,
    /// Whether the subject selector mentions `reserved:init` (PEER-4).
    pub(super) init: bool,
    pub(super) default_deny: DefaultDeny,
}

/// One of the rule's four lists.
#[derive(Clone, Copy)]
pub(super) struct ListScope<'a> {
    pub(super) rule: &'a RuleScope<'a>,
    pub(super) list: ElementList,
}

impl<'a> ListScope<'a> {
    pub(super) fn options(&self) -> &'a Options {
        self.rule.document.options
    }

    pub(super) fn policy(&self) -> &'a Arc<PolicyName> {
        self.rule.document.policy
    }

    pub(super) fn is_ingress(&self) -> bool {
        self.list.direction() == Direction::Ingress
    }
}

/// In which directions elements of a rule switch default deny on (RULE-4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct DefaultDeny {
    pub(super) ingress: bool,
    pub(super) egress: bool,
}

impl DefaultDeny {
    pub(super) fn of(self, direction: Direction) -> bool {
        match direction {
            Direction::Ingress => self.ingress,
            Direction::Egress => self.egress,
        }
    }
}
