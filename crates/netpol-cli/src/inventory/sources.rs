//! The texts that were read, by their names.

use std::cell::OnceCell;
use std::collections::HashMap;

use netpol::{Place, Source, Span};

/// The texts that were read.
#[derive(Debug, Default)]
pub(crate) struct Sources {
    texts: Vec<Text>,
    by_name: HashMap<String, usize>,
}

#[derive(Debug)]
struct Text {
    source: Source,
    /// Where each line begins; computed when it is asked for.
    lines: OnceCell<Vec<usize>>,
}

impl Sources {
    /// Returns the texts, in the order in which they were read.
    pub(crate) fn new(sources: Vec<Source>) -> Self {
        let names = sources.iter().enumerate();
        let by_name = names.map(|(index, source)| (source.name().to_owned(), index)).collect();
        let texts = sources.into_iter().map(|source| Text { source, lines: OnceCell::new() });
        Self { texts: texts.collect(), by_name }
    }

    /// Returns the texts, in the order in which they were read.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Source> {
        self.texts.iter().map(|text| &text.source)
    }

    /// Returns which of the texts has this name; one that is not among them is the last.
    pub(crate) fn index(&self, name: &str) -> usize {
        self.by_name.get(name).copied().unwrap_or(self.texts.len())
    }

    /// Returns the text that a place is in, and the stretch from the place to the end of its
    /// line.
    pub(crate) fn locate(&self, place: &Place) -> (Source, Span) {
        let Some(text) = self.texts.get(self.index(&place.file)) else {
            let span = Span { line: place.line, column: place.column, ..Span::default() };
            return (Source::named(&place.file, ""), span);
        };
        (text.source.clone(), text.span(place))
    }
}

impl Text {
    fn span(&self, place: &Place) -> Span {
        let Place { line, column, .. } = place;
        let (start, end) = self.offsets(*line, *column).unwrap_or_default();
        Span { start, end, line: *line, column: *column }
    }

    /// Returns the offsets of a place and of the end of its line.
    fn offsets(&self, line: u32, column: u32) -> Option<(usize, usize)> {
        let text = self.source.text();
        let lines = self.lines.get_or_init(|| {
            let behind = text.match_indices('\n').map(|(end, _)| end + 1);
            [0].into_iter().chain(behind).collect()
        });
        let index = usize::try_from(line).ok()?.checked_sub(1)?;
        let start = *lines.get(index)?;
        let end = lines.get(index + 1).copied().unwrap_or(text.len());
        let line = text.get(start..end)?;
        let column = usize::try_from(column).ok()?.checked_sub(1)?;
        let (offset, _) = line.char_indices().nth(column)?;
        Some((start + offset, start + line.trim_end().len()))
    }
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
