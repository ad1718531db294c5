//! Errors that say what was probably meant.

use super::cursor::Mark;
use super::flaw::Flaw;
use super::parser::Parser;
use crate::Span;
use crate::doc::codes;
use crate::doc::decode::key_without_space;
use crate::doc::node::Key;

/// The mappings around the cursor and those that have just been left.
#[derive(Debug, Default)]
pub(super) struct Levels {
    /// From outer to inner; those from `n_open` on are closed.
    levels: Vec<Level>,
    n_open: usize,
}

/// A mapping: its indentation, and where its last key stands.
#[derive(Clone, Copy, Debug, Default)]
struct Level {
    indent: usize,
    key: Span,
}

impl Levels {
    pub(super) fn open(&mut self, indent: usize) {
        self.levels.truncate(self.n_open);
        let key = Span::default();
        self.levels.push(Level { indent, key });
        self.n_open += 1;
    }

    /// Notes the key that is read now in the innermost mapping.
    pub(super) fn name(&mut self, key: &Key) {
        self.levels.truncate(self.n_open);
        if let Some(level) = self.levels.last_mut() {
            level.key = key.span;
        }
    }

    pub(super) fn close(&mut self) {
        self.n_open -= 1;
    }

    /// Returns the mapping whose indentation is nearest, an open one if two are equally near.
    fn nearest(&self, indent: usize) -> Option<Level> {
        let distance = |level: &&Level| level.indent.abs_diff(indent);
        self.levels.iter().min_by_key(distance).copied()
    }
}

impl Parser<'_> {
    /// Returns the error for a token that is indented like nothing around it.
    #[cold]
    pub(super) fn misplaced(&mut self) -> Box<Flaw> {
        let start = self.cursor.mark();
        let indent = self.cursor.indent();
        let word = self.word();
        let span = start.to(start.offset + word.len());
        self.misindented(span, word, indent)
    }

    fn misindented(&self, span: Span, word: &str, indent: usize) -> Box<Flaw> {
        let message = format!("the indentation of `{word}` fits nothing above it");
        let flaw = Flaw::new(codes::SYNTAX, span, message);
        let Some(level) = self.levels.nearest(indent) else {
            return flaw.help("indent what belongs together by the same number of spaces");
        };
        let key = self.cursor.slice(level.key.start, level.key.end);
        let n_spaces = level.indent.abs_diff(indent);
        let spaces = if n_spaces == 1 { "space" } else { "spaces" };
        let side = if level.indent < indent { "left" } else { "right" };
        let line = level.key.line;
        if n_spaces == 0 {
            return flaw.help(format!(
                "`{key}` in line {line} begins a mapping at this column: write `key: value`"
            ));
        }
        flaw.help(format!(
            "align it with `{key}` in line {line}: move it {n_spaces} {spaces} to the {side}"
        ))
    }

    /// Returns the error for a line of the form `key: value` that YAML takes for the next line of
    /// a plain scalar, because it is indented more than the scalar's key.
    #[cold]
    pub(super) fn key_in_scalar(&mut self, start: Mark, line: Mark, key: &str) -> Box<Flaw> {
        let first = self.cursor.slice(start.offset, line.offset);
        let first = first.lines().next().unwrap_or_default().trim_end();
        if key_without_space(first).is_some() && start.line + 1 == line.line {
            return self.no_field(start.to(start.offset + first.len()), first);
        }
        let span = line.to(line.offset + key.len());
        let indent = usize::try_from(line.column).map_or(0, |column| column.saturating_sub(1));
        self.misindented(span, key, indent)
    }

    /// Returns the error for something that is no `key: value` where only that can stand.
    #[cold]
    pub(super) fn no_field(&mut self, span: Span, text: &str) -> Box<Flaw> {
        let message = format!("`{}` is no `key: value`", shortened(text));
        let flaw = Flaw::new(codes::SYNTAX, span, message);
        if key_without_space(text).is_some() {
            flaw.help("put a space behind the colon")
        } else {
            flaw.help(
                "put a colon behind the key, or indent the line if it belongs to the one above",
            )
        }
    }

    #[cold]
    pub(super) fn no_string_key(&mut self, span: Span) -> Box<Flaw> {
        Flaw::new(codes::KEY_TYPE, span, "a key must be a string")
            .help("write the key as a word, or in quotes")
    }

    #[cold]
    pub(super) fn item_among_keys(&mut self) -> Box<Flaw> {
        let span = self.here(1);
        Flaw::new(codes::SYNTAX, span, "a list item among the keys of a mapping")
            .help("indent it if it belongs to the key above, or remove the dash")
    }

    /// Returns the error for what stands behind a value on the same line.
    #[cold]
    pub(super) fn unexpected_behind(&mut self) -> Box<Flaw> {
        if self.cursor.peek() == Some(b':') {
            let span = self.here(1);
            return Flaw::new(codes::SYNTAX, span, "a second colon on one line")
                .help("quote the value, or put what it belongs to on a line of its own");
        }
        let span = self.here(self.word().len());
        let message = "something stands behind the end of the value";
        Flaw::new(codes::SYNTAX, span, message).help("quote the whole value, or remove the rest")
    }

    #[cold]
    pub(super) fn unexpected(&mut self) -> Box<Flaw> {
        let character = self.cursor.peek_char().unwrap_or(' ');
        let span = self.here(character.len_utf8());
        let message = format!("`{character}` cannot stand here");
        Flaw::new(codes::SYNTAX, span, message)
    }

    /// Reports what cannot begin a plain scalar.
    pub(super) fn check_plain(&mut self) -> Result<(), Box<Flaw>> {
        match self.cursor.peek() {
            Some(b'!') => {
                let span = self.here(self.word().len());
                let message = "tags are not part of Kubernetes documents";
                Err(Flaw::new(codes::UNSUPPORTED_YAML, span, message)
                    .help("remove the tag; quote a value that is to be a string"))
            }
            Some(b'?') if self.cursor.is_separator(1) => {
                let span = self.here(1);
                let message = "keys that begin with `?` are not part of Kubernetes documents";
                Err(Flaw::new(codes::UNSUPPORTED_YAML, span, message).help("write `key: value`"))
            }
            Some(b':') if self.cursor.is_separator(1) => {
                let span = self.here(1);
                Err(Flaw::new(codes::SYNTAX, span, "no key stands before this colon"))
            }
            Some(
                byte @ (b'%' | b'@' | b'`' | b'*' | b'&' | b'|' | b'>' | b'#' | b']' | b'}' | b','),
            ) => {
                let span = self.here(1);
                let message = format!("`{}` cannot begin a value", char::from(byte));
                Err(Flaw::new(codes::SYNTAX, span, message).help("quote the value"))
            }
            _ => Ok(()),
        }
    }

    /// Returns the word at the cursor, up to a blank or colon, or the character there.
    fn word(&self) -> &str {
        let rest = self.cursor.rest();
        let is_end = |c: char| c.is_whitespace() || c == ':';
        let first = rest.chars().next().map_or(0, char::len_utf8);
        let end = rest.find(is_end).unwrap_or(rest.len()).max(first);
        rest.get(..end).unwrap_or_default()
    }
}

/// Returns the beginning of a text, for messages.
fn shortened(text: &str) -> String {
    const MAX_CHARS: usize = 60;
    match text.char_indices().nth(MAX_CHARS) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}
