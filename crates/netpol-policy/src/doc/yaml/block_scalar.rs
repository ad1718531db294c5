//! Block scalars: `|` keeps lines, `>` folds them.

use super::flaw::{Flaw, Parsed};
use super::parser::{Parser, tab_in_indentation};
use crate::doc::codes;
use crate::doc::node::{Node, Value};

/// What becomes of the ends of lines at the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Chomp {
    /// `-`: none is kept.
    Strip,
    /// One is kept.
    Clip,
    /// `+`: all are kept.
    Keep,
}

/// What stands behind `|` or `>`.
#[derive(Clone, Copy, Debug)]
struct Header {
    folded: bool,
    chomp: Chomp,
    /// The indentation of the text, relative to what is around it; 0 if it is to be seen from the
    /// first line.
    indent: usize,
}

/// The text so far, and the ends of lines that are not yet in it because what they mean depends
/// on the next line.
struct Text {
    folded: bool,
    text: String,
    /// Whether the last line has ended.
    line_ended: bool,
    n_empty: usize,
    /// Whether the last line began with a blank; such lines are not folded.
    indented: bool,
}

impl Parser<'_> {
    /// Reads a block scalar, at the indicator of which the cursor stands. Its lines are indented
    /// by at least `min`.
    pub(super) fn block_scalar(&mut self, min: usize) -> Parsed<Node> {
        let start = self.cursor.mark();
        let header = self.block_header()?;
        let (indent, n_empty) = self.block_indent(header, min)?;
        let mut text = Text {
            folded: header.folded,
            text: String::new(),
            line_ended: false,
            n_empty,
            indented: false,
        };
        let mut end = self.cursor.pos();
        while self.cursor.indent() == indent && !self.cursor.at_line_end() {
            let line_start = self.cursor.pos();
            self.cursor.skip_to_line_end();
            end = self.cursor.pos();
            text.line(self.cursor.slice(line_start, end));
            text.line_ended = self.cursor.skip_line_end();
            text.n_empty = self.block_empty_lines(indent);
        }
        let text = text.finish(header.chomp);
        self.node_to(start, end, Value::String(text))
    }

    fn block_header(&mut self) -> Parsed<Header> {
        let mut header =
            Header { folded: self.cursor.peek() == Some(b'>'), chomp: Chomp::Clip, indent: 0 };
        self.cursor.skip(1);
        loop {
            match self.cursor.peek() {
                Some(b'-') if header.chomp == Chomp::Clip => header.chomp = Chomp::Strip,
                Some(b'+') if header.chomp == Chomp::Clip => header.chomp = Chomp::Keep,
                Some(digit @ b'1'..=b'9') if header.indent == 0 => {
                    header.indent = usize::from(digit - b'0');
                }
                _ => break,
            }
            self.cursor.skip(1);
        }
        self.finish_line()?;
        self.cursor.skip_line_end();
        Ok(header)
    }

    /// Moves to the first line with text. Returns the indentation of the text and the number of
    /// empty lines before it.
    fn block_indent(&mut self, header: Header, min: usize) -> Parsed<(usize, usize)> {
        if header.indent > 0 {
            let indent = min.saturating_sub(1) + header.indent;
            return Ok((indent, self.block_empty_lines(indent)));
        }
        let mut n_empty = 0;
        let mut widest = 0;
        loop {
            let n_spaces = self.cursor.skip_spaces();
            if !self.cursor.skip_line_end() {
                break;
            }
            widest = widest.max(n_spaces);
            n_empty += 1;
        }
        // How far the text is indented would be unclear.
        if self.cursor.peek() == Some(b'\t') {
            let tab = self.here(1);
            return Err(tab_in_indentation(tab));
        }
        let indent = self.cursor.indent().max(min);
        if indent < widest && !self.cursor.at_line_end() && self.cursor.indent() == indent {
            let span = self.here(1);
            let message = "this line is indented less than an empty line before it";
            return Err(Flaw::new(codes::SYNTAX, span, message)
                .help("remove the blanks from the empty line"));
        }
        Ok((indent, n_empty))
    }

    /// Moves behind lines that have nothing but at most `indent` spaces, and behind `indent`
    /// spaces of the line after them. Returns the number of lines.
    fn block_empty_lines(&mut self, indent: usize) -> usize {
        let mut n_empty = 0;
        loop {
            let spaces = self.cursor.rest_bytes().iter().take(indent);
            let n_spaces = spaces.take_while(|byte| **byte == b' ').count();
            self.cursor.skip(n_spaces);
            if !self.cursor.skip_line_end() {
                return n_empty;
            }
            n_empty += 1;
        }
    }
}

impl Text {
    /// Adds a line, and before it what the ends of lines before it stand for.
    fn line(&mut self, line: &str) {
        let indented = line.starts_with([' ', '\t']);
        let folds = self.folded && self.line_ended && !self.indented && !indented;
        if folds && self.n_empty == 0 {
            self.text.push(' ');
        } else if self.line_ended && !folds {
            self.text.push('\n');
        }
        self.end_lines();
        self.text.push_str(line);
        self.indented = indented;
    }

    fn end_lines(&mut self) {
        self.text.extend(std::iter::repeat_n('\n', self.n_empty));
    }

    fn finish(mut self, chomp: Chomp) -> String {
        if chomp != Chomp::Strip && self.line_ended {
            self.text.push('\n');
        }
        if chomp == Chomp::Keep {
            self.end_lines();
        }
        self.text
    }
}
