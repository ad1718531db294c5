//! Reads RE2 syntax, as Go's `regexp` package and RE2 itself do.
//!
//! One pass over the text with a stack of open groups; no recursion. Where the two differ the stricter
//! one counts: a document passes Go (the agent), and then RE2 (the proxy) has to compile it.

mod escape;

use super::ast::{Look, Node, Repeat};
use super::syntax_error::{Problem, SyntaxError};
use super::{MAX_REGEX_LEN, MAX_REGEX_NESTING};

/// The largest count of a repetition, and of nested repetitions multiplied.
const MAX_REPEAT: u32 = 1000;

/// How many groups may be open at once, the expression itself included.
const MAX_OPEN_GROUPS: usize = 1000;

/// Reads a regular expression.
pub(super) fn parse(pattern: &str) -> Result<Node, SyntaxError> {
    if pattern.len() > MAX_REGEX_LEN {
        return Err(SyntaxError::whole(pattern, Problem::TooLong));
    }
    let mut parser = Parser::new(pattern);
    while let Some(c) = parser.peek() {
        parser.token(c)?;
    }
    parser.finish()
}

/// The state of reading.
struct Parser<'p> {
    pattern: &'p str,
    pos: usize,
    flags: Flags,
    /// The innermost open group.
    group: Group,
    /// The groups around it.
    outer: Vec<Group>,
    /// Where the token before this one began, if it was a repetition.
    repetition: Option<usize>,
}

/// The flags in force: `(?i)`, `(?m)`, `(?s)`. Greediness (`(?U)`) has no effect here.
#[derive(Clone, Copy, Default)]
struct Flags {
    fold: bool,
    multi_line: bool,
    dot_newline: bool,
}

/// An open group; the whole expression is one too.
#[derive(Default)]
struct Group {
    start: usize,
    /// The flags to return to at its end.
    flags: Flags,
    /// The finished alternatives.
    branches: Vec<Item>,
    /// The alternative being read.
    items: Vec<Item>,
}

/// A node and how deep it is.
struct Item {
    node: Node,
    depth: usize,
}

impl<'p> Parser<'p> {
    fn new(pattern: &'p str) -> Self {
        Self {
            pattern,
            pos: 0,
            flags: Flags::default(),
            group: Group::default(),
            outer: Vec::new(),
            repetition: None,
        }
    }

    /// Reads one token that begins with `c`.
    fn token(&mut self, c: char) -> Result<(), SyntaxError> {
        let repetition = self.repetition.take();
        match c {
            '(' => self.open_group(),
            ')' => self.close_group(),
            '[' => self.bracket(),
            '\\' => self.backslash(),
            '{' => self.count(repetition),
            '*' => self.repeat(1, (0, None), false, repetition),
            '+' => self.repeat(1, (1, None), false, repetition),
            '?' => self.repeat(1, (0, Some(1)), false, repetition),
            '|' => {
                self.pos += 1;
                self.end_branch()
            }
            '^' => self.push(1, Node::Look(self.flags.line_start())),
            '$' => self.push(1, Node::Look(self.flags.line_end())),
            '.' => self.push(1, Node::Any { newline: self.flags.dot_newline }),
            _ => self.literal(c.len_utf8(), c),
        }
    }

    /// Closes the whole expression.
    fn finish(mut self) -> Result<Node, SyntaxError> {
        if !self.outer.is_empty() {
            return Err(self.error(self.group.start, self.pos, Problem::MissingParen));
        }
        self.end_branch()?;
        let branches = core::mem::take(&mut self.group.branches);
        self.combine(branches, Node::alternate).map(|item| item.node)
    }

    /// Opens `(`, `(?:`, `(?P<name>`, or sets flags: `(?i)`, `(?i:`.
    fn open_group(&mut self) -> Result<(), SyntaxError> {
        let start = self.pos;
        let (length, flags) = match self.rest().strip_prefix("(?") {
            None => (1, Some(self.flags)),
            Some(rest) if rest.starts_with("P<") => (self.group_name(4)?, Some(self.flags)),
            Some(rest) if rest.starts_with('<') => (self.group_name(3)?, Some(self.flags)),
            Some(_) => self.group_flags()?,
        };
        self.pos += length;
        let Some(flags) = flags else { return Ok(()) };
        if self.outer.len() + 1 >= MAX_OPEN_GROUPS {
            return Err(self.error(start, self.pos, Problem::TooDeep));
        }
        let group = Group { start, flags: self.flags, ..Group::default() };
        self.outer.push(core::mem::replace(&mut self.group, group));
        self.flags = flags;
        Ok(())
    }

    /// Returns the length of `(?P<name>` or `(?<name>`, whose name begins at `skip`.
    fn group_name(&self, skip: usize) -> Result<usize, SyntaxError> {
        let rest = self.rest();
        if rest.starts_with("(?<=") || rest.starts_with("(?<!") {
            // Lookbehind, not a name.
            return Err(self.error_here(4, Problem::LookAround));
        }
        let Some(end) = rest.find('>') else {
            return Err(self.error_here(rest.len(), Problem::GroupName));
        };
        let name = rest.get(skip..end).unwrap_or_default();
        if name.is_empty() || !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
            return Err(self.error_here(end + 1, Problem::GroupName));
        }
        Ok(end + 1)
    }

    /// Reads `(?flags)`, which sets flags for the rest of the group around it, or `(?flags:`, which opens
    /// a group: then the flags in it are returned.
    fn group_flags(&mut self) -> Result<(usize, Option<Flags>), SyntaxError> {
        let rest = self.rest();
        let mut flags = self.flags;
        let mut negated = false;
        let mut any = false;
        for (at, c) in rest.char_indices().skip(2) {
            match c {
                'i' => flags.fold = !negated,
                'm' => flags.multi_line = !negated,
                's' => flags.dot_newline = !negated,
                'U' => {}
                '-' if !negated => {
                    negated = true;
                    any = false;
                    continue;
                }
                ':' | ')' if any || !negated => {
                    if c == ':' {
                        return Ok((at + 1, Some(flags)));
                    }
                    self.flags = flags;
                    return Ok((at + 1, None));
                }
                '=' | '!' => return Err(self.error_here(at + 1, Problem::LookAround)),
                _ => return Err(self.error_here(at + c.len_utf8(), Problem::GroupSyntax)),
            }
            any = true;
        }
        Err(self.error_here(rest.len(), Problem::GroupSyntax))
    }

    fn close_group(&mut self) -> Result<(), SyntaxError> {
        self.end_branch()?;
        let Some(outer) = self.outer.pop() else {
            return Err(self.error_here(1, Problem::UnexpectedParen));
        };
        let closed = core::mem::replace(&mut self.group, outer);
        let item = self.combine(closed.branches, Node::alternate)?;
        self.group.items.push(item);
        self.flags = closed.flags;
        self.pos += 1;
        Ok(())
    }

    fn end_branch(&mut self) -> Result<(), SyntaxError> {
        let items = core::mem::take(&mut self.group.items);
        let branch = self.combine(items, Node::concat)?;
        self.group.branches.push(branch);
        Ok(())
    }

    /// Makes one item of several.
    fn combine(&self, items: Vec<Item>, join: fn(Vec<Node>) -> Node) -> Result<Item, SyntaxError> {
        let inner = items.iter().map(|item| item.depth).max().unwrap_or(0);
        let depth = if items.len() > 1 { inner + 1 } else { inner };
        self.check_depth(depth)?;
        let node = join(items.into_iter().map(|item| item.node).collect());
        Ok(Item { node, depth })
    }

    fn check_depth(&self, depth: usize) -> Result<(), SyntaxError> {
        if depth > MAX_REGEX_NESTING {
            return Err(self.error_here(0, Problem::TooDeep));
        }
        Ok(())
    }

    /// Reads `{2}`, `{2,}` or `{2,5}`; anything else that begins with `{` is a literal brace.
    fn count(&mut self, repetition: Option<usize>) -> Result<(), SyntaxError> {
        let Some((length, min, max)) = counts(self.rest()) else {
            return self.literal(1, '{');
        };
        let (Some(min), Ok(max)) = (min, max) else {
            return Err(self.error_here(length, Problem::RepeatSize));
        };
        if max.is_some_and(|max| max < min) {
            return Err(self.error_here(length, Problem::RepeatSize));
        }
        self.repeat(length, (min, max), true, repetition)
    }

    /// Applies a repetition, written in `length` bytes, to the item before it.
    fn repeat(
        &mut self,
        mut length: usize,
        (min, max): (u32, Option<u32>),
        counted: bool,
        repetition: Option<usize>,
    ) -> Result<(), SyntaxError> {
        let start = self.pos;
        if self.rest().get(length..).is_some_and(|rest| rest.starts_with('?')) {
            length += 1; // lazy: no effect on a whole match
        }
        if let Some(first) = repetition {
            return Err(self.error(first, start + length, Problem::RepeatOfRepeat));
        }
        let Some(Item { node, depth }) = self.group.items.pop() else {
            return Err(self.error_here(length, Problem::NothingToRepeat));
        };
        self.check_depth(depth + 1)?;
        let node = Node::Repeat(Box::new(Repeat { node, min, max, counted }));
        if (min >= 2 || max.is_some_and(|max| max >= 2)) && !node.repeats_within(MAX_REPEAT) {
            return Err(self.error_here(length, Problem::RepeatSize));
        }
        self.group.items.push(Item { node, depth: depth + 1 });
        self.pos += length;
        self.repetition = Some(start);
        Ok(())
    }

    fn literal(&mut self, length: usize, c: char) -> Result<(), SyntaxError> {
        self.push(length, Node::Literal { c, fold: self.flags.fold })
    }

    /// Appends a node that was written in `length` bytes.
    #[expect(clippy::unnecessary_wraps, reason = "lets all tokens end the same way")]
    fn push(&mut self, length: usize, node: Node) -> Result<(), SyntaxError> {
        self.group.items.push(Item { node, depth: 0 });
        self.pos += length;
        Ok(())
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn rest(&self) -> &'p str {
        self.pattern.get(self.pos..).unwrap_or_default()
    }

    fn error(&self, start: usize, end: usize, problem: Problem) -> SyntaxError {
        SyntaxError::new(self.pattern, start, end, problem)
    }

    /// An error about the next `length` bytes.
    fn error_here(&self, length: usize, problem: Problem) -> SyntaxError {
        self.error(self.pos, self.pos + length, problem)
    }
}

impl Flags {
    fn line_start(self) -> Look {
        if self.multi_line { Look::LineStart } else { Look::TextStart }
    }

    fn line_end(self) -> Look {
        if self.multi_line { Look::LineEnd } else { Look::TextEnd }
    }
}

/// Reads `{min}`, `{min,}`, `{min,max}`: its length, and the numbers if they are small enough.
type Counts = (usize, Option<u32>, Result<Option<u32>, ()>);

fn counts(text: &str) -> Option<Counts> {
    let inner = text.strip_prefix('{')?;
    let (inner, _) = inner.split_once('}')?;
    let length = inner.len() + 2;
    let Some((min, max)) = inner.split_once(',') else {
        let count = number(inner)?;
        return Some((length, count.ok(), count.map(Some)));
    };
    let min = number(min)?.ok();
    let max = if max.is_empty() { Ok(None) } else { number(max)?.map(Some) };
    Some((length, min, max))
}

/// Reads a decimal number without leading zeros; `Err` if it is above [`MAX_REPEAT`].
fn number(text: &str) -> Option<Result<u32, ()>> {
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if !digits || (text.len() > 1 && text.starts_with('0')) {
        return None;
    }
    Some(text.parse().ok().filter(|&n| n <= MAX_REPEAT).ok_or(()))
}
