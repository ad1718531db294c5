//! Errors that say what was probably meant, from the lines around the place at which the parser
//! gave up.

use super::anchor::no_anchor;
use super::flaw::{Flaw, Parsed};
use super::spot::{Spot, is_space};
use crate::Span;
use crate::doc::codes;
use crate::doc::decode::key_without_space;

/// Why and where the parser refused a document.
#[derive(Clone, Copy, Debug)]
pub(super) struct Refusal<'t> {
    /// The source up to the end of the document.
    pub(super) text: &'t str,
    /// Where the document begins.
    pub(super) start: Spot,
    /// Where the last token ends that was understood.
    pub(super) at: Spot,
    pub(super) spot: Spot,
    pub(super) reason: &'t str,
    /// The innermost bracket that was open there.
    pub(super) bracket: Option<Spot>,
}

/// A line with something on it.
#[derive(Clone, Copy, Debug)]
struct Line<'t> {
    start: usize,
    /// How many spaces and dashes precede the content.
    indent: usize,
    /// What stands behind them, without blanks at its end.
    content: &'t str,
}

impl<'t> Refusal<'t> {
    /// Returns the error that tells what to write instead.
    #[cold]
    pub(super) fn explain(self) -> Box<Flaw> {
        self.tab()
            .or_else(|| self.token())
            .or_else(|| self.in_brackets())
            .or_else(|| self.in_line())
            .or_else(|| self.line())
            .unwrap_or_else(|| self.unexpected())
    }

    /// Returns the error for a tab where only spaces may stand.
    fn tab(self) -> Option<Box<Flaw>> {
        if self.says("valid YAML whitespace") {
            let at = self.text.get(..self.spot.offset)?.rfind('\t')?;
            let flaw = Flaw::new(codes::SYNTAX, self.span(at, 1), "a tab behind a colon or dash");
            return Some(flaw.help("write a space"));
        }
        if self.says("tab") {
            let behind = self.text.get(self.line_start(self.spot)..)?;
            let mut offset = self.line_start(self.spot);
            for line in behind.split_inclusive('\n') {
                let blanks = line.len() - line.trim_start_matches([' ', '\t']).len();
                if let Some(at) = line.get(..blanks)?.find('\t') {
                    return Some(tab_in_indentation(self.span(offset + at, 1)));
                }
                offset += line.len();
            }
        }
        let before = self.text.get(self.line_start(self.spot)..self.spot.offset)?;
        let at = before.find('\t')?;
        let is_blank = before.chars().all(is_space);
        is_blank.then(|| tab_in_indentation(self.span(self.line_start(self.spot) + at, 1)))
    }

    /// Returns the error for a token that is wrong in itself.
    fn token(self) -> Option<Box<Flaw>> {
        let span = self.spot.to_next(self.text);
        let word = self.spot.to(self.spot.behind_word(self.text).offset);
        let escapes = ["escape character", "hexadecimal number", "escape code"];
        match self.spot.peek(self.text)? {
            '"' if escapes.into_iter().any(|word| self.says(word)) => Some(self.no_escape()),
            quote @ ('"' | '\'') if self.says("quoted scalar") && !self.says("trailing") => {
                let message = "the quote that begins here is not closed";
                let help = format!("write {quote} at the end of the value");
                Some(Flaw::new(codes::SYNTAX, span, message).help(help))
            }
            '*' if self.says("unknown anchor") => Some(no_anchor(self.text, word)),
            '*' | '&' if self.says("anchor or alias") => {
                let message = "`&` and `*` begin the name of an anchor, which is missing";
                let help = "quote a value that begins with one of them";
                Some(Flaw::new(codes::SYNTAX, span, message).help(help))
            }
            '*' | '&' if self.says("did not find expected") => {
                let message = "a value has one name, and an alias has none";
                Some(Flaw::new(codes::SYNTAX, word, message).help("remove this one"))
            }
            '!' if self.says("tag") => {
                let message = "tags are not part of Kubernetes documents";
                let help = "remove the tag; quote a value that is to be a string";
                Some(Flaw::new(codes::UNSUPPORTED_YAML, word, message).help(help))
            }
            c if self.says("unexpected character") => {
                let message = format!("`{c}` cannot begin a value");
                Some(Flaw::new(codes::SYNTAX, span, message).help("quote the value"))
            }
            _ => None,
        }
    }

    /// Returns the error for a backslash in the quotes here that begins no escape.
    fn no_escape(self) -> Box<Flaw> {
        let mut chars = self.spot.rest(self.text).char_indices();
        let mut place = self.spot.offset;
        while let Some((at, c)) = chars.next() {
            if c != '\\' {
                continue;
            }
            place = self.spot.offset + at + 1;
            let is_escape = |c| "0abt\tnvfre \"/\\N_LP\n\r".contains(c);
            if !chars.next().is_some_and(|(_, c)| is_escape(c) || self.is_code(place, c)) {
                break;
            }
        }
        let span = self.spot.at_offset(self.text, place).to_next(self.text);
        let flaw = Flaw::new(codes::SYNTAX, span, "a backslash that begins no escape");
        if self.says("escape code") {
            return flaw.help("half a character: write the character itself");
        }
        flaw.help("write two backslashes, or use single quotes")
    }

    /// Tells whether the letter here begins the code of a character.
    fn is_code(self, offset: usize, letter: char) -> bool {
        let n_digits = match letter {
            'x' => 2,
            'u' => 4,
            'U' => 8,
            _ => return false,
        };
        let digits = self.text.get(offset + 1..offset + 1 + n_digits);
        digits
            .and_then(|digits| u32::from_str_radix(digits, 16).ok())
            .and_then(char::from_u32)
            .is_some()
    }

    /// Returns the error for what cannot stand between brackets.
    fn in_brackets(self) -> Option<Box<Flaw>> {
        let bracket = self.unclosed_bracket().or(self.bracket)?;
        let (opening, closing, what) = match bracket.peek(self.text)? {
            '[' => ('[', ']', "list"),
            _ => ('{', '}', "mapping"),
        };
        let span = self.spot.to_next(self.text);
        match self.spot.peek(self.text) {
            None => {}
            Some('-') if self.spot.behind(self.text, '-').is_some() => {
                let message = "items between brackets have no dashes";
                let flaw = Flaw::new(codes::SYNTAX, span, message);
                return Some(flaw.help("separate them with commas"));
            }
            Some(',') => {
                let message = "nothing stands before this comma";
                return Some(Flaw::new(codes::SYNTAX, span, message).help("remove the comma"));
            }
            // A line at the level of the keys around belongs to them.
            Some(_) if self.says("invalid indentation") || self.says("illegal placement") => {}
            Some(_) if self.says("trailing content") => return None,
            Some(_) if self.says("expected ','") => {
                let message = format!(
                    "a comma or `{closing}` should stand here, in the {what} that begins in line {}",
                    bracket.line
                );
                return Some(Flaw::new(codes::SYNTAX, span, message));
            }
            Some(_) => return Some(self.unexpected()),
        }
        let message = format!("the `{opening}` that stands here is not closed");
        let span = bracket.to_next(self.text);
        Some(Flaw::new(codes::SYNTAX, span, message).help(format!("add `{closing}`")))
    }

    /// Returns the last bracket without counterpart behind what was understood.
    fn unclosed_bracket(self) -> Option<Spot> {
        let mut open = Vec::new();
        let mut spot = self.at;
        while spot.offset < self.spot.offset {
            match spot.peek(self.text)? {
                '[' | '{' => open.push(spot),
                ']' | '}' => drop(open.pop()),
                quote @ ('"' | '\'') => {
                    let rest = spot.rest(self.text).get(1..)?;
                    let end = rest.find(quote)?;
                    spot = spot.at_offset(self.text, spot.offset + 1 + end);
                }
                _ => {}
            }
            spot = spot.at_index(self.text, spot.index + 1);
        }
        open.pop()
    }

    /// Returns the error for something that cannot stand where it does on its line.
    fn in_line(self) -> Option<Box<Flaw>> {
        let line_start = self.line_start(self.spot);
        let before = self.text.get(line_start..self.spot.offset)?;
        let key = before.trim_start_matches(|c| is_space(c) || c == '-');
        let span = self.spot.to_next(self.text);
        let flaw = |message: &str| Flaw::new(codes::SYNTAX, span, message);
        if self.says("content after") && self.spot.peek(self.text) != Some(':') {
            let span = self.spot.to(self.spot.behind_word(self.text).offset);
            let message = "something stands behind the end of the value";
            let help = "quote the whole value, or remove the rest";
            return Some(Flaw::new(codes::SYNTAX, span, message).help(help));
        }
        if self.spot.behind(self.text, ':').is_some() && ends_key(key.trim_end()).is_some() {
            let help = "quote the value, or put what it belongs to on a line of its own";
            return Some(flaw("a second colon on one line").help(help));
        }
        if before.trim_start().starts_with("---") && self.says("not allowed in this context") {
            let content = before.trim_start_matches(|c| is_space(c) || c == '-');
            let place = self.span(self.spot.offset - content.len(), content.len().max(1));
            let message = "a list or mapping cannot begin on the line of `---`";
            let flaw = Flaw::new(codes::SYNTAX, place, message);
            return Some(flaw.help("begin it on the next"));
        }
        let word = key.trim_end().rsplit(is_space).next()?;
        if self.says("not allowed in this context") && word.starts_with('&') {
            return Some(anchor_on_line(self.span(line_start + before.rfind('&')?, word.len())));
        }
        if self.says("block sequence entries are not allowed") && !key.is_empty() {
            let message = "a list cannot begin on the line of its key";
            let help = "begin the list on the next line, or write it as `[a, b]`";
            return Some(flaw(message).help(help));
        }
        let line = self.text.get(line_start..)?.trim_start();
        if key.is_empty() && line.starts_with("- ") && !self.says("simple key") {
            let dash = self.span(self.text.len() - line.len(), 1);
            let message = "a list item among the keys of a mapping";
            let help = "indent it if it belongs to the key above, or remove the dash";
            return Some(Flaw::new(codes::SYNTAX, dash, message).help(help));
        }
        None
    }

    /// Returns the error for a line that is indented like nothing above it, or is no field.
    fn line(self) -> Option<Box<Flaw>> {
        let lines = self.lines();
        // The parser misses the colon of a key when it sees what comes next.
        let end = if self.says("simple key") {
            self.spot.offset.saturating_sub(1)
        } else {
            self.spot.offset
        };
        let end = lines.iter().rposition(|line| line.start <= end)?;
        let (line, above) = (*lines.get(end)?, lines.get(..end)?);
        let Some(key) = line.key() else {
            let is_level = levels(above).any(|(indent, _)| indent == line.indent);
            if is_level || key_without_space(line.content).is_some() {
                return Some(no_field(self.content_span(line), line.content));
            }
            let word = line.content.split([' ', ':']).next()?;
            return Some(self.misindented(line, word, above));
        };
        match above.last() {
            Some(last) if last.key().is_none() && key_without_space(last.content).is_some() => {
                Some(no_field(self.content_span(*last), last.content))
            }
            _ => Some(self.misindented(line, key, above)),
        }
    }

    /// Returns the error for a word at the beginning of a line, with the key above it whose
    /// indentation is nearest; an outer one if two are equally near.
    fn misindented(self, line: Line<'_>, word: &str, above: &[Line<'_>]) -> Box<Flaw> {
        let span = self.span(line.start + line.indent, word.len());
        let message = format!("the indentation of `{word}` fits nothing above it");
        let flaw = Flaw::new(codes::SYNTAX, span, message);
        let mut levels: Vec<(usize, Line<'_>)> = levels(above).collect();
        levels.reverse();
        let nearest = levels.iter().min_by_key(|(indent, _)| indent.abs_diff(line.indent));
        let Some((indent, other)) = nearest else {
            return flaw.help("indent what belongs together by the same number of spaces");
        };
        let key = other.key().unwrap_or_default();
        let place = self.start.at_offset(self.text, other.start).line;
        let n_spaces = indent.abs_diff(line.indent);
        let spaces = if n_spaces == 1 { "space" } else { "spaces" };
        let side = if *indent < line.indent { "left" } else { "right" };
        flaw.help(if n_spaces == 0 {
            format!("`{key}` in line {place} begins a mapping at this column: write `key: value`")
        } else {
            format!(
                "align it with `{key}` in line {place}: move it {n_spaces} {spaces} to the {side}"
            )
        })
    }

    #[cold]
    fn unexpected(self) -> Box<Flaw> {
        let span = self.spot.to_next(self.text);
        let message = match self.spot.peek(self.text) {
            Some(c) if !is_space(c) => format!("`{c}` cannot stand here"),
            _ => format!("this is no YAML: {}", self.reason),
        };
        Flaw::new(codes::SYNTAX, span, message)
    }

    fn says(self, words: &str) -> bool {
        self.reason.contains(words)
    }

    fn line_start(self, spot: Spot) -> usize {
        let before = self.text.get(..spot.offset).unwrap_or_default();
        before.rfind('\n').map_or(0, |end| end + 1).max(self.start.offset)
    }

    fn span(self, offset: usize, n: usize) -> Span {
        self.start.at_offset(self.text, offset).to(offset + n)
    }

    fn content_span(self, line: Line<'_>) -> Span {
        self.span(line.start + line.indent, line.content.len())
    }

    /// Returns the lines of the document that have content.
    fn lines(self) -> Vec<Line<'t>> {
        let mut start = self.start.offset;
        let mut lines = Vec::new();
        for text in self.start.rest(self.text).split_inclusive('\n') {
            let mut content = text.trim_start_matches(' ');
            while let Some(rest) = content.strip_prefix("- ") {
                content = rest.trim_start_matches(' ');
            }
            let indent = text.len() - content.len();
            let content = content.trim_end();
            if !content.is_empty() && !content.starts_with('#') {
                lines.push(Line { start, indent, content });
            }
            start += text.len();
        }
        lines
    }
}

impl<'t> Line<'t> {
    /// Returns the key at the beginning of the line.
    fn key(self) -> Option<&'t str> {
        ends_key(self.content)
    }
}

/// Returns what stands before the first colon that ends a key.
fn ends_key(text: &str) -> Option<&str> {
    let at = text.find(": ").or_else(|| text.ends_with(':').then(|| text.len() - 1));
    text.get(..at?)
}

/// Returns the lines of the keys that the last of these lines is in, from inner to outer, each with
/// the indentation of its key.
fn levels<'l>(lines: &[Line<'l>]) -> impl Iterator<Item = (usize, Line<'l>)> {
    let mut innermost = usize::MAX;
    lines.iter().rev().filter_map(move |line| {
        let is_outer = line.indent < innermost && line.key().is_some();
        is_outer.then(|| {
            innermost = line.indent;
            (line.indent, *line)
        })
    })
}

/// Returns the error for something that is no `key: value` where only that can stand.
#[cold]
pub(super) fn no_field(span: Span, text: &str) -> Box<Flaw> {
    let message = format!("`{}` is no `key: value`", shortened(text));
    let flaw = Flaw::new(codes::SYNTAX, span, message);
    if key_without_space(text).is_some() {
        flaw.help("put a space behind the colon")
    } else {
        flaw.help("put a colon behind the key, or indent the line if it belongs to the one above")
    }
}

#[cold]
pub(super) fn no_string_key(span: Span) -> Box<Flaw> {
    Flaw::new(codes::KEY_TYPE, span, "a key must be a string")
        .help("write the key as a word, or in quotes")
}

#[cold]
pub(super) fn anchor_on_line(span: Span) -> Box<Flaw> {
    let message = "an anchor on the line on which a list or mapping begins";
    Flaw::new(codes::UNSUPPORTED_YAML, span, message).help("put the anchor on the line before")
}

/// Returns the error for two braces, which begin no document but a placeholder.
#[cold]
pub(super) fn template(span: Span) -> Box<Flaw> {
    let message = "this looks like a template, not like a document";
    Flaw::new(codes::SYNTAX, span, message)
        .help("render the template first, and read what comes out")
}

/// Refuses a tab before a list or mapping, whose indentation nobody could tell.
pub(super) fn check_indentation(text: &str, spot: Spot) -> Parsed<()> {
    let before = text.get(..spot.offset).unwrap_or_default();
    let line = before.get(before.rfind('\n').map_or(0, |end| end + 1)..).unwrap_or_default();
    let Some(at) = line.find('\t') else {
        return Ok(());
    };
    let n_behind = line.get(at..).unwrap_or_default().chars().count();
    let column = spot.column.saturating_sub(u32::try_from(n_behind).unwrap_or(u32::MAX));
    let offset = spot.offset - line.len() + at;
    Err(tab_in_indentation(Spot { offset, column, ..spot }.to(offset + 1)))
}

fn tab_in_indentation(tab: Span) -> Box<Flaw> {
    Flaw::new(codes::SYNTAX, tab, "a tab in an indentation").help("indent with spaces only")
}

/// Returns the beginning of a text, for messages.
fn shortened(text: &str) -> String {
    const MAX_CHARS: usize = 60;
    match text.char_indices().nth(MAX_CHARS) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}
