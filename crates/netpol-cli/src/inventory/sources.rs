//! The texts that were read, by their names.

use std::collections::HashMap;

use netpol::{Place, Source, Span};

/// The texts that were read.
#[derive(Debug, Default)]
pub(crate) struct Sources {
    sources: Vec<Source>,
    by_name: HashMap<String, usize>,
}

impl Sources {
    /// Returns the texts, in the order in which they were read.
    pub(crate) fn new(sources: Vec<Source>) -> Self {
        let names = sources.iter().enumerate();
        let by_name = names.map(|(index, source)| (source.name().to_owned(), index)).collect();
        Self { sources, by_name }
    }

    /// Returns the texts, in the order in which they were read.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Source> {
        self.sources.iter()
    }

    /// Returns which of the texts has this name; one that is not among them is the last.
    pub(crate) fn index(&self, name: &str) -> usize {
        self.by_name.get(name).copied().unwrap_or(self.sources.len())
    }

    /// Returns the text that a place is in, and the stretch from the place to the end of its
    /// line.
    pub(crate) fn locate(&self, place: &Place) -> (Source, Span) {
        let span = Span { line: place.line, column: place.column, ..Span::default() };
        let Some(source) = self.sources.get(self.index(&place.file)) else {
            return (Source::named(&place.file, ""), span);
        };
        let located = line_of(source.text(), place.line).and_then(|(line_start, line)| {
            let column = usize::try_from(place.column).ok()?.checked_sub(1)?;
            let (offset, _) = line.char_indices().nth(column)?;
            let end = line_start + line.trim_end().len();
            Some(Span { start: line_start + offset, end, ..span })
        });
        (source.clone(), located.unwrap_or(span))
    }
}

/// Returns a line, and where it begins.
fn line_of(text: &str, number: u32) -> Option<(usize, &str)> {
    let index = usize::try_from(number).ok()?.checked_sub(1)?;
    let line = text.split_inclusive('\n').nth(index)?;
    // Both are parts of the same text.
    Some((line.as_ptr().addr() - text.as_ptr().addr(), line))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_found_in_its_text() {
        let text = "größe: 1\n  - port: 80\r\n";
        let sources = Sources::new(vec![Source::named("a.yaml", text)]);
        let place = |line, column| Place { file: "a.yaml".into(), line, column };
        let (_, span) = sources.locate(&place(2, 5));
        assert_eq!(&text[span.start..span.end], "port: 80");
        let (_, span) = sources.locate(&place(1, 3));
        assert_eq!(&text[span.start..span.end], "öße: 1");
        let (_, span) = sources.locate(&place(9, 1));
        assert_eq!((span.start, span.end, span.line), (0, 0, 9));
    }
}
