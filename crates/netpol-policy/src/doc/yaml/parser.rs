//! What reading blocks, flows and scalars has in common.

use std::collections::HashMap;

use super::Limits;
use super::anchor::Anchor;
use super::cursor::{Cursor, Mark};
use super::flaw::{Flaw, Parsed};
use super::hint::Levels;
use crate::Span;
use crate::doc::codes;
use crate::doc::node::{Node, Value};

/// Reads one document.
pub(super) struct Parser<'t> {
    pub(super) cursor: Cursor<'t>,
    pub(super) limits: Limits,
    /// How many collections are open.
    pub(super) depth: usize,
    /// How many nodes there are, copies included.
    pub(super) n_nodes: usize,
    /// How many bytes of text copies have.
    pub(super) n_copied: usize,
    pub(super) anchors: HashMap<&'t str, Anchor>,
    pub(super) levels: Levels,
    /// What makes the document unusable and does not keep us from reading on.
    pub(super) flaws: Vec<Flaw>,
}

impl<'t> Parser<'t> {
    pub(super) fn new(cursor: Cursor<'t>, limits: Limits) -> Self {
        Self {
            cursor,
            limits,
            depth: 0,
            n_nodes: 0,
            n_copied: 0,
            anchors: HashMap::new(),
            levels: Levels::default(),
            flaws: Vec::new(),
        }
    }

    /// Reads the whole document; `None` if it is empty.
    pub(super) fn document(&mut self) -> Parsed<Option<Node>> {
        let marker = self.cursor.line_so_far();
        let marker_line = self.cursor.line();
        if marker == "..." {
            self.finish_line()?;
        }
        self.skip_directives()?;
        if self.next_token()?.is_none() {
            return Ok(None);
        }
        let root = self.block_node(0)?;
        if self.next_token()?.is_some() {
            return Err(self.misplaced());
        }
        if !marker.is_empty() && root.span.line == marker_line && self.is_block(&root) {
            let message = "a list or mapping cannot begin on the line of `---`";
            return Err(Flaw::new(codes::SYNTAX, root.span, message).help("begin it on the next"));
        }
        Ok(Some(root))
    }

    /// Moves over the directive that tells the version of YAML; others are errors.
    fn skip_directives(&mut self) -> Parsed<()> {
        while self.next_token()? == Some(0) && self.cursor.peek() == Some(b'%') {
            if !self.cursor.rest().starts_with("%YAML ") {
                let span = self.here(1);
                let message = "directives are not part of Kubernetes documents";
                return Err(Flaw::new(codes::UNSUPPORTED_YAML, span, message)
                    .help("remove the line, or quote a value that begins with `%`"));
            }
            self.cursor.skip_to_line_end();
        }
        Ok(())
    }

    /// Returns the node that reaches from `start` to the cursor.
    pub(super) fn node(&mut self, start: Mark, value: Value) -> Parsed<Node> {
        let end = self.cursor.pos();
        self.node_to(start, end, value)
    }

    /// Returns the node that reaches from `start` to `end`.
    pub(super) fn node_to(&mut self, start: Mark, end: usize, value: Value) -> Parsed<Node> {
        let span = start.to(end);
        self.count_nodes(1, span)?;
        Ok(Node { span, value })
    }

    /// Returns the empty node at the cursor.
    pub(super) fn empty(&mut self) -> Parsed<Node> {
        let start = self.cursor.mark();
        self.node(start, Value::Null)
    }

    pub(super) fn count_nodes(&mut self, n: usize, span: Span) -> Parsed<()> {
        self.n_nodes = self.n_nodes.saturating_add(n);
        let max = self.limits.max_nodes;
        if self.n_nodes <= max {
            return Ok(());
        }
        let message = format!("the document has more than {max} values");
        Err(Flaw::new(codes::LIMIT, span, message))
    }

    /// Goes one collection down, to one that begins at `start`; [`Self::leave`] comes back.
    pub(super) fn enter(&mut self, start: Mark) -> Parsed<()> {
        self.depth += 1;
        self.check_depth(self.depth, start)
    }

    pub(super) fn leave(&mut self) {
        self.depth -= 1;
    }

    pub(super) fn check_depth(&self, depth: usize, start: Mark) -> Parsed<()> {
        let max = self.limits.max_depth.min(Limits::MAX_DEPTH);
        if depth <= max {
            return Ok(());
        }
        let span = start.to(start.offset + 1);
        let message = format!("the document is nested more than {max} levels deep");
        Err(Flaw::new(codes::LIMIT, span, message))
    }

    /// Moves to the next token of a block, over ends of lines and comments, and returns its
    /// indentation; `None` at the end.
    pub(super) fn next_token(&mut self) -> Parsed<Option<usize>> {
        loop {
            self.cursor.skip_spaces();
            match self.cursor.peek() {
                None => return Ok(None),
                Some(b'\t') => self.skip_tabs()?,
                Some(b'#') if self.cursor.is_apart() => self.cursor.skip_to_line_end(),
                Some(_) if self.cursor.skip_line_end() => {}
                Some(_) => return Ok(Some(self.cursor.indent())),
            }
        }
    }

    /// Moves over tabs, which may stand in empty lines, before comments, and before the bracket
    /// that a JSON document begins with, but not in an indentation.
    fn skip_tabs(&mut self) -> Parsed<()> {
        let tab = self.here(1);
        self.cursor.skip_blanks();
        match self.cursor.peek() {
            None | Some(b'\n' | b'\r' | b'#') => Ok(()),
            Some(b'[' | b'{') if self.depth == 0 => Ok(()),
            Some(_) => Err(tab_in_indentation(tab)),
        }
    }

    /// Moves to the end of the line, on which only a comment may stand.
    pub(super) fn finish_line(&mut self) -> Parsed<()> {
        self.cursor.skip_blanks();
        if self.cursor.at_line_end() {
            return Ok(());
        }
        if self.cursor.peek() == Some(b'#') && self.cursor.is_apart() {
            self.cursor.skip_to_line_end();
            return Ok(());
        }
        Err(self.unexpected_behind())
    }

    /// Tells whether a `:` that ends a key is here, after blanks.
    pub(super) fn at_colon(&self) -> bool {
        let blanks =
            self.cursor.rest_bytes().iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
        self.cursor.peek_nth(blanks) == Some(b':') && self.cursor.is_separator(blanks + 1)
    }

    /// Returns the span of the next `n` bytes.
    pub(super) fn here(&mut self, n: usize) -> Span {
        let start = self.cursor.mark();
        start.to(start.offset + n)
    }
}

#[cold]
pub(super) fn tab_in_indentation(tab: Span) -> Box<Flaw> {
    Flaw::new(codes::SYNTAX, tab, "a tab in an indentation").help("indent with spaces only")
}
