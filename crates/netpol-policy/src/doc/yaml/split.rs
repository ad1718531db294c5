//! Splitting of a text into documents, and what is no text at all.

use super::spot::{Spot, is_space};

/// The parts of a text, each but the first of which begins with a line that begins with `---` or
/// `...` (one of them a word).
///
/// YAML ends a document there even inside a block scalar or a quoted one.
#[derive(Debug)]
pub(super) struct Parts<'t> {
    text: &'t str,
    /// Where the next part begins, and in which line; `None` at the end.
    next: Option<(usize, u32)>,
}

/// What may be a document.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part<'t> {
    /// The source up to the end of the part.
    pub(super) text: &'t str,
    /// Where the part begins.
    pub(super) start: Spot,
}

impl<'t> Parts<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        let start = if text.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len_utf8() } else { 0 };
        Self { text, next: Some((start, 1)) }
    }

    /// Returns where the next marker is behind this line: its offset and line.
    fn marker(&self, mut line_start: usize, mut line: u32) -> Option<(usize, u32)> {
        loop {
            line_start += self.text.get(line_start..)?.find('\n')? + 1;
            line = line.saturating_add(1);
            if is_marker(self.text.get(line_start..)?) {
                return Some((line_start, line));
            }
        }
    }
}

impl<'t> Iterator for Parts<'t> {
    type Item = Part<'t>;

    fn next(&mut self) -> Option<Part<'t>> {
        let (offset, line) = self.next?;
        self.next = self.marker(offset, line);
        let end = self.next.map_or(self.text.len(), |(at, _)| at);
        let text = self.text.get(..end)?;
        Some(Part { text, start: Spot { index: 0, offset, line, column: 1 } })
    }
}

const BYTE_ORDER_MARK: char = '\u{FEFF}';

/// Tells whether a line begins with a marker.
pub(super) fn is_marker(line: &str) -> bool {
    let rest = line.strip_prefix("---").or_else(|| line.strip_prefix("..."));
    rest.is_some_and(|rest| rest.chars().next().is_none_or(is_space))
}

/// Returns where the first character stands that YAML allows nowhere: a control character, a
/// carriage return by itself, or a byte order mark that is not at the beginning.
pub(super) fn first_unprintable(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let next = |at: usize| bytes.get(at + 1).copied();
    let is_bad = |(at, byte): (usize, &u8)| match byte {
        b'\t' | b'\n' | b' '..=b'~' => false,
        b'\r' => next(at) != Some(b'\n'),
        0..=0x1F | 0x7F => true,
        // U+0080 to U+009F but U+0085.
        0xC2 => next(at).is_some_and(|next| next < 0xA0 && next != 0x85),
        0xEF => bytes.get(at..at + 3).is_some_and(|bytes| match bytes {
            [_, 0xBF, 0xBE | 0xBF] => true, // U+FFFE, U+FFFF
            [_, 0xBB, 0xBF] => at > 0,      // the byte order mark
            _ => false,
        }),
        0x80.. => false,
    };
    bytes.iter().enumerate().position(is_bad)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(text: &str) -> Vec<(&str, u32)> {
        Parts::new(text).map(|part| (part.start.rest(part.text), part.start.line)).collect()
    }

    #[test]
    fn a_text_is_split_at_the_lines_with_markers() {
        assert_eq!(parts("a: b\n"), [("a: b\n", 1)]);
        let wanted = [("a\n", 1), ("---\nb\n", 2), ("--- # c\n", 4)];
        assert_eq!(parts("a\n---\nb\n--- # c\n"), wanted);
        assert_eq!(parts("---\r\na\r\n...\r\nb"), [("---\r\na\r\n", 1), ("...\r\nb", 3)]);
        assert_eq!(parts("--- a"), [("--- a", 1)]);
        assert_eq!(parts("---\n---"), [("---\n", 1), ("---", 2)]);
        assert_eq!(parts("---a\n ---\n----\n").len(), 1);
        assert_eq!(parts("\u{FEFF}a"), [("a", 1)]);
    }

    #[test]
    fn control_characters_are_no_text() {
        for good in ["", "a\tb\r\nä\u{85}\u{A0}", "\u{FEFF}a", "\u{10FFFF}\u{FFFD}"] {
            assert_eq!(first_unprintable(good), None, "{good:?}");
        }
        for bad in ["\0", "\u{1B}", "\r", "\u{7F}", "\u{9B}", "\u{FEFF}", "\u{FFFE}"] {
            assert_eq!(first_unprintable(&format!("ab{bad}c")), Some(2), "{bad:?}");
        }
        assert_eq!(first_unprintable("\r"), Some(0));
    }
}
