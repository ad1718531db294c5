//! Problems of documents, for people: the place, the line with a caret, what is wrong, and what
//! to write instead.

use std::ops::Range;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{Annotation, AnnotationKind, Level, Origin, Renderer, Snippet};
use netpol::{Problem, Severity, Span};

use super::terminal::{Paint, note};

/// How many bytes of a line are shown before and behind the place.
const BEFORE: usize = 80;
const BEHIND: usize = 120;

/// Writes problems to standard error.
pub(crate) fn print_problems<'p>(problems: impl IntoIterator<Item = &'p Problem>) {
    for problem in problems {
        note(&render_problem(problem, Paint::stderr()));
    }
}

/// Returns the text about a problem, without a line end behind it.
pub(crate) fn render_problem(problem: &Problem, paint: Paint) -> String {
    let level = match problem.severity() {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let title = level.primary_title(problem.message()).id(problem.code().0);
    let excerpt = Excerpt::of(problem.source().text(), problem.span());
    let mut group = match &excerpt {
        None => title.element(origin(problem)),
        Some(excerpt) if excerpt.is_cut => title.element(origin(problem)).element(snippet(excerpt)),
        Some(excerpt) => title.element(snippet(excerpt).path(problem.source().name())),
    };
    if let Some(help) = problem.help() {
        group = group.element(Level::HELP.message(help));
    }
    let renderer = if paint.is_on() { Renderer::styled() } else { Renderer::plain() };
    renderer.decor_style(DecorStyle::Ascii).render(&[group])
}

/// Returns file, line and column, as far as they are known.
fn origin(problem: &Problem) -> Origin<'_> {
    let number = |n| usize::try_from(n).ok().filter(|n| *n > 0);
    let origin = Origin::path(problem.source().name());
    let Span { line, column, .. } = problem.span();
    match (number(line), number(column)) {
        (Some(line), Some(column)) => origin.line(line).char_column(column),
        _ => origin,
    }
}

/// Returns the excerpt with its marks; without a path the place is not repeated.
fn snippet(excerpt: &Excerpt) -> Snippet<'_, Annotation<'_>> {
    let caret = AnnotationKind::Primary.span(excerpt.marked.clone());
    Snippet::source(&excerpt.text).line_start(excerpt.line).annotation(caret)
}

/// The line in which a span begins, or the part of it around the span.
#[derive(Debug, PartialEq, Eq)]
struct Excerpt {
    text: String,
    line: usize,
    /// The bytes of `text` that are marked.
    marked: Range<usize>,
    /// Whether columns in `text` are not those of the file.
    is_cut: bool,
}

impl Excerpt {
    /// Returns the excerpt; `None` if the span has no place in the text.
    fn of(text: &str, span: Span) -> Option<Self> {
        let line = usize::try_from(span.line).ok().filter(|line| *line > 0)?;
        let before = text.get(..span.start)?;
        let start = before.rfind('\n').map_or(0, |end| end + 1);
        let behind = text.get(span.start..)?;
        let end = span.start + behind.find(['\n', '\r']).unwrap_or(behind.len());
        let shown = cut_back(text, start, span.start)..cut_front(text, span.start, end);
        let ellipsis = if shown.start > start { "… " } else { "" };
        let rest = if shown.end < end { " …" } else { "" };
        let shift = |offset: usize| ellipsis.len() + offset.min(shown.end) - shown.start;
        Some(Self {
            text: format!("{ellipsis}{}{rest}", text.get(shown.clone())?),
            line,
            marked: shift(span.start)..shift(span.end.max(span.start)),
            is_cut: shown.start > start,
        })
    }
}

/// Returns where the excerpt begins: at most so much before `at`, at a character.
fn cut_back(text: &str, start: usize, at: usize) -> usize {
    let earliest = at.saturating_sub(BEFORE);
    if earliest <= start {
        return start;
    }
    (earliest..at).find(|index| text.is_char_boundary(*index)).unwrap_or(at)
}

/// Returns where the excerpt ends: at most so much behind `at`, at a character.
fn cut_front(text: &str, at: usize, end: usize) -> usize {
    let latest = at.saturating_add(BEHIND);
    if latest >= end {
        return end;
    }
    (at..=latest).rev().find(|index| text.is_char_boundary(*index)).unwrap_or(at)
}

#[cfg(test)]
mod tests {
    use netpol::{Code, Source};

    use super::*;

    fn span(start: usize, end: usize, line: u32, column: u32) -> Span {
        Span { start, end, line, column }
    }

    #[test]
    fn place_line_caret_and_help_are_shown() {
        let source = Source::named("db.yaml", "spec:\n  port: 443\n");
        let problem = Problem::error(Code("wrong-type"), &source, span(14, 17, 2, 9), "a message")
            .with_help("write \"443\"");
        let expected = "\
error[wrong-type]: a message
 --> db.yaml:2:9
  |
2 |   port: 443
  |         ^^^
  |
  = help: write \"443\"";
        assert_eq!(render_problem(&problem, Paint::none()), expected);
    }

    #[test]
    fn a_span_of_several_lines_is_marked_in_its_first() {
        let excerpt = Excerpt::of("a: [1,\n  2]\n", span(3, 11, 1, 4)).unwrap();
        assert_eq!(
            excerpt,
            Excerpt { text: "a: [1,".into(), line: 1, marked: 3..6, is_cut: false }
        );
    }

    #[test]
    fn columns_count_characters() {
        let source = Source::named("a.yaml", "größe:\tx: 1\n");
        let problem = Problem::warning(Code("c"), &source, span(9, 10, 1, 8), "m");
        let text = render_problem(&problem, Paint::none());
        assert!(text.contains("--> a.yaml:1:8\n"), "{text}");
    }

    #[test]
    fn an_empty_span_at_the_end_has_a_caret() {
        let source = Source::named("a.yaml", "a: [\n");
        let problem = Problem::error(Code("syntax"), &source, span(4, 4, 1, 5), "m");
        let text = render_problem(&problem, Paint::none());
        assert!(text.contains("--> a.yaml:1:5\n") && text.contains('^'), "{text}");
    }

    #[test]
    fn long_lines_are_cut() {
        let text = format!("{}here{}", "ä".repeat(100), "ö".repeat(100));
        let excerpt = Excerpt::of(&text, span(200, 204, 1, 101)).unwrap();
        assert_eq!(&excerpt.text[excerpt.marked.clone()], "here");
        assert!(excerpt.text.starts_with("… ä") && excerpt.text.ends_with("ö …"));
        assert!(excerpt.text.chars().count() < 120);
    }

    #[test]
    fn places_outside_of_the_text_have_no_line() {
        assert_eq!(Excerpt::of("", span(3, 4, 1, 4)), None);
        assert_eq!(Excerpt::of("a", Span::default()), None);
        let source = Source::named("big.yaml", "");
        let problem = Problem::error(Code("limit"), &source, Span::default(), "too large");
        let expected = "error[limit]: too large\n--> big.yaml";
        assert_eq!(render_problem(&problem, Paint::none()), expected);
    }
}
