//! Decoding of document trees, with every problem reported where it is.

use std::borrow::Cow;
use std::fmt;

use super::codes::{AMBIGUOUS_SCALAR, LIMIT, MISSING_FIELD, UNKNOWN_FIELD, WRONG_TYPE};
use super::node::{Key, Node, Value};
use crate::{Code, Problem, Report, Source, Span};

/// The path from the document's root to a field, such as `spec.ingress[0].toPorts`.
///
/// It is a list of borrowed links, so that going down costs nothing when nothing is wrong.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Path<'a> {
    Root,
    Field(&'a Self, &'a str),
    Index(&'a Self, usize),
}

impl<'a> Path<'a> {
    pub(crate) fn field(&'a self, name: &'a str) -> Self {
        Self::Field(self, name)
    }

    pub(crate) fn index(&'a self, index: usize) -> Self {
        Self::Index(self, index)
    }
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Path::Root => Ok(()),
            Path::Field(Path::Root, name) => f.write_str(&shortened(name, MAX_NAME)),
            Path::Field(parent, name) => write!(f, "{parent}.{}", shortened(name, MAX_NAME)),
            Path::Index(parent, index) => write!(f, "{parent}[{index}]"),
        }
    }
}

/// The most problems that are reported of one source. One more error says that there are more, and
/// reading stops.
pub(crate) const MAX_PROBLEMS: usize = 100_000;

/// The most characters of a name in a path, and of a message, so that a report does not grow out of
/// proportion to the source.
const MAX_NAME: usize = 300;
const MAX_MESSAGE: usize = 1_000;

/// Returns the beginning of a text that is too long to be repeated whole.
fn shortened(text: &str, max_chars: usize) -> Cow<'_, str> {
    if text.len() <= max_chars {
        return Cow::Borrowed(text);
    }
    match text.char_indices().nth(max_chars) {
        Some((end, _)) => Cow::Owned(format!("{}…", text.get(..end).unwrap_or_default())),
        None => Cow::Borrowed(text),
    }
}

/// Collects what is wrong with the documents of one source.
pub(crate) struct Context<'a> {
    pub(crate) source: &'a Source,
    pub(crate) report: &'a mut Report,
}

impl Context<'_> {
    /// Reports an error.
    pub(crate) fn error(
        &mut self,
        code: Code,
        span: Span,
        path: &Path<'_>,
        message: impl Into<String>,
    ) {
        let message = message.into();
        let message = shortened(&message, MAX_MESSAGE);
        self.push(Problem::error(code, self.source, span, message), path);
    }

    /// Reports an error with advice.
    pub(crate) fn error_help(
        &mut self,
        code: Code,
        span: Span,
        path: &Path<'_>,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        let (message, help) = (message.into(), help.into());
        let message = shortened(&message, MAX_MESSAGE);
        let problem = Problem::error(code, self.source, span, message);
        self.push(problem.with_help(shortened(&help, MAX_MESSAGE)), path);
    }

    /// Reports something that is legal but surely not meant, with advice.
    pub(crate) fn warning(
        &mut self,
        code: Code,
        span: Span,
        path: &Path<'_>,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        let (message, help) = (message.into(), help.into());
        let message = shortened(&message, MAX_MESSAGE);
        let problem = Problem::warning(code, self.source, span, message);
        self.push(problem.with_help(shortened(&help, MAX_MESSAGE)), path);
    }

    /// Tells whether so much is wrong that nothing more is reported.
    pub(crate) fn is_full(&self) -> bool {
        self.report.problems().len() > MAX_PROBLEMS
    }

    /// Adds a problem. Where there is no room for it, an error is the last that is added: nothing
    /// is taken for right because its problems are not known.
    fn push(&mut self, problem: Problem, path: &Path<'_>) {
        let n_problems = self.report.problems().len();
        if n_problems < MAX_PROBLEMS {
            self.report.push(problem.with_path(&path.to_string()));
        } else if n_problems == MAX_PROBLEMS {
            let message = format!("the source has more than {MAX_PROBLEMS} problems");
            let last = Problem::error(LIMIT, self.source, problem.span(), message);
            self.report.push(last.with_help("the rest of it is not read"));
        }
    }

    fn wrong_type(&mut self, node: &Node, path: &Path<'_>, wanted: &str) {
        let message = match path {
            Path::Root => format!("a document must be {wanted}, not {}", node.value.kind()),
            path => format!("`{path}` must be {wanted}, not {}", node.value.kind()),
        };
        match node.as_str().and_then(key_without_space) {
            Some(key) => {
                let help = format!("put a space behind the colon of `{key}:`");
                self.error_help(WRONG_TYPE, node.span, path, message, help);
            }
            None => self.error(WRONG_TYPE, node.span, path, message),
        }
    }

    /// Returns the text of a string; a number or boolean is told to be quoted (TYP-1, TYP-7).
    pub(crate) fn string<'n>(&mut self, node: &'n Node, path: &Path<'_>) -> Option<&'n str> {
        let quoted = match &node.value {
            Value::String(text) => {
                self.warn_if_ambiguous(node, text, path);
                return Some(text);
            }
            Value::Integer(number) => number.to_string(),
            Value::Float(number) => number.clone(),
            Value::Bool(flag) => flag.to_string(),
            _ => {
                self.wrong_type(node, path, "a string");
                return None;
            }
        };
        let message = format!("`{path}` must be a string, not {}", node.value.kind());
        self.error_help(WRONG_TYPE, node.span, path, message, format!("quote it: \"{quoted}\""));
        None
    }

    /// Reports a plain string that readers of YAML 1.1, which kubectl is, take for a boolean.
    fn warn_if_ambiguous(&mut self, node: &Node, text: &str, path: &Path<'_>) {
        const WORDS: [&str; 6] = ["y", "n", "yes", "no", "on", "off"];
        if text.len() > 3 || !WORDS.iter().any(|word| word.eq_ignore_ascii_case(text)) {
            return;
        }
        let span = node.span;
        if self.source.text().get(span.start..span.end) == Some(text) {
            let message = format!("other readers of YAML take `{text}` for a boolean");
            let help = format!("quote it: \"{text}\"");
            self.warning(AMBIGUOUS_SCALAR, span, path, message, help);
        }
    }

    /// Returns a whole number.
    pub(crate) fn integer(&mut self, node: &Node, path: &Path<'_>) -> Option<i64> {
        match node.value {
            Value::Integer(number) => Some(number),
            _ => {
                self.wrong_type(node, path, "an integer");
                None
            }
        }
    }

    /// Returns a boolean.
    pub(crate) fn boolean(&mut self, node: &Node, path: &Path<'_>) -> Option<bool> {
        match node.value {
            Value::Bool(flag) => Some(flag),
            _ => {
                self.wrong_type(node, path, "a boolean");
                None
            }
        }
    }

    /// Returns the items of a list.
    pub(crate) fn list<'n>(&mut self, node: &'n Node, path: &Path<'_>) -> Option<&'n [Node]> {
        match &node.value {
            Value::Sequence(items) => Some(items),
            _ => {
                self.wrong_type(node, path, "a list");
                None
            }
        }
    }

    /// Returns the fields of a mapping, of which only those in `known` may occur; others are
    /// reported, with the nearest known name (QUIRK-8).
    pub(crate) fn fields<'n>(
        &mut self,
        node: &'n Node,
        path: &Path<'_>,
        known: &[&str],
    ) -> Option<Fields<'n>> {
        let fields = self.any_fields(node, path)?;
        for (key, _) in fields.0 {
            if !known.contains(&key.text.as_str()) {
                self.unknown_field(key, path, known);
            }
        }
        Some(fields)
    }

    /// Returns the fields of a mapping, whatever their names.
    pub(crate) fn any_fields<'n>(&mut self, node: &'n Node, path: &Path<'_>) -> Option<Fields<'n>> {
        match &node.value {
            Value::Mapping(fields) => Some(Fields(fields)),
            _ => {
                self.wrong_type(node, path, "a mapping");
                None
            }
        }
    }

    /// Returns the value of a field that must be there; `node` is the mapping that should have it.
    pub(crate) fn required<'n>(
        &mut self,
        fields: Fields<'n>,
        node: &Node,
        path: &Path<'_>,
        name: &str,
    ) -> Option<&'n Node> {
        let value = fields.get(name);
        if value.is_none() {
            let path = path.field(name);
            let message = format!("`{path}` is missing");
            self.error(MISSING_FIELD, node.span, &path, message);
        }
        value
    }

    /// Reports a field that does not exist, with the nearest known name.
    pub(crate) fn unknown_field(&mut self, key: &Key, path: &Path<'_>, known: &[&str]) {
        let path = path.field(&key.text);
        let message = format!("unknown field `{path}`");
        match nearest(&key.text, known) {
            Some(name) => {
                let help = format!("did you mean `{name}`?");
                self.error_help(UNKNOWN_FIELD, key.span, &path, message, help);
            }
            None => {
                let help = format!("fields here: {}", known.join(", "));
                self.error_help(UNKNOWN_FIELD, key.span, &path, message, help);
            }
        }
    }
}

/// Returns the key of a text of the form `key:value`, which is a string.
pub(crate) fn key_without_space(text: &str) -> Option<&str> {
    let (key, value) = text.split_once(':')?;
    let is_word = |c: char| c.is_ascii_alphanumeric() || "-_./".contains(c);
    let is_key = !key.is_empty() && key.chars().all(is_word) && !value.starts_with("//");
    is_key.then_some(key)
}

/// The fields of a mapping.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fields<'n>(pub(crate) &'n [(Key, Node)]);

impl<'n> Fields<'n> {
    /// Returns the value of a field.
    pub(crate) fn get(self, name: &str) -> Option<&'n Node> {
        self.0.iter().find(|(key, _)| key.text == name).map(|(_, node)| node)
    }

    /// Returns the value of a field unless it is null, which counts as absent in Kubernetes' own
    /// kinds.
    pub(crate) fn present(self, name: &str) -> Option<&'n Node> {
        self.get(name).filter(|node| node.value != Value::Null)
    }

    /// Returns the items of a field if it is a list, and no items otherwise.
    pub(crate) fn items(self, name: &str) -> &'n [Node] {
        match self.get(name).map(|node| &node.value) {
            Some(Value::Sequence(items)) => items,
            _ => &[],
        }
    }

    /// Returns the key of a field, for its place.
    pub(crate) fn key(self, name: &str) -> Option<&'n Key> {
        self.0.iter().find(|(key, _)| key.text == name).map(|(key, _)| key)
    }
}

/// Returns the known name that was probably meant: at most two edits away, or differing in case.
pub(crate) fn nearest<'a>(text: &str, known: &[&'a str]) -> Option<&'a str> {
    const MAX_EDITS: usize = 2;
    let close = |name: &&'a str| edits(&text.to_lowercase(), &name.to_lowercase());
    let best = known.iter().copied().min_by_key(|name| close(name))?;
    (close(&best) <= MAX_EDITS).then_some(best)
}

/// Returns the Levenshtein distance of two words; words longer than any field name are far away.
fn edits(a: &str, b: &str) -> usize {
    const MAX_CHARS: usize = 64;
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    if a.len() > MAX_CHARS || b.len() > MAX_CHARS {
        return usize::MAX;
    }
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.iter().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        for (j, to) in b.iter().enumerate() {
            let above = row.get(j + 1).copied().unwrap_or(usize::MAX);
            let cost = usize::from(from != to);
            let best = (diagonal + cost).min(above + 1).min(left + 1);
            diagonal = above;
            if let Some(cell) = row.get_mut(j) {
                *cell = left;
            }
            left = best;
        }
        if let Some(cell) = row.last_mut() {
            *cell = left;
        }
    }
    row.last().copied().unwrap_or(usize::MAX)
}
