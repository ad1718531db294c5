//! What is wrong with a text.

use crate::{Code, Span};

/// Something wrong with a text, before it is known whose text it is.
#[derive(Debug)]
pub(super) struct Flaw {
    pub(super) code: Code,
    pub(super) span: Span,
    pub(super) message: String,
    pub(super) help: Option<String>,
}

impl Flaw {
    #[cold]
    pub(super) fn new(code: Code, span: Span, message: impl Into<String>) -> Box<Self> {
        Box::new(Self { code, span, message: message.into(), help: None })
    }

    pub(super) fn help(mut self: Box<Self>, help: impl Into<String>) -> Box<Self> {
        self.help = Some(help.into());
        self
    }
}

/// What was read, or why reading cannot go on.
pub(super) type Parsed<T> = Result<T, Box<Flaw>>;
