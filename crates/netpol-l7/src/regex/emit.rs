//! Writes a syntax tree in the syntax of `regex-automata`.
//!
//! That syntax differs from RE2 in its defaults: `\d`, `\w`, `\s`, `\b` know Unicode, brackets have set
//! operations, there are flags that RE2 does not have. So every class is written as ranges, every
//! character outside of letters and digits as its number, every flag next to what it applies to.

use core::fmt::Write;

use regex_automata::util::syntax;

use super::MAX_REGEX_NESTING;
use super::ast::{Look, Node, Repeat};
use super::class::{Class, Part, Property};

/// A class that nothing is in.
const NOTHING: &str = r"[^\x{0}-\x{10FFFF}]";

/// Returns the expression as text.
pub(super) fn emit(node: &Node) -> String {
    let mut out = String::new();
    write_node(&mut out, node);
    out
}

/// Returns how the text is to be read.
pub(super) fn config() -> syntax::Config {
    // A node opens at most three groups. `utf8(false)` admits the ASCII `\B`; everything else that is
    // written here matches whole characters only, as RE2 does.
    syntax::Config::new().nest_limit(4 * MAX_REGEX_NESTING as u32).utf8(false)
}

fn write_node(out: &mut String, node: &Node) {
    match node {
        Node::Empty => out.push_str("(?:)"),
        Node::Literal { c, fold: false } => write_char(out, *c),
        Node::Literal { c, fold: true } => {
            out.push_str("(?i:");
            write_char(out, *c);
            out.push(')');
        }
        Node::Any { newline: false } => out.push_str("(?-s:.)"),
        Node::Any { newline: true } => out.push_str("(?s:.)"),
        Node::Class(class) => write_class(out, class),
        Node::Look(look) => out.push_str(look_text(*look)),
        Node::Repeat(repeat) => write_repeat(out, repeat),
        Node::Concat(nodes) => nodes.iter().for_each(|node| write_node(out, node)),
        Node::Alternate(nodes) => write_alternatives(out, nodes),
    }
}

fn write_char(out: &mut String, c: char) {
    if c.is_ascii_alphanumeric() {
        out.push(c);
    } else {
        write_code(out, c.into());
    }
}

fn write_code(out: &mut String, code: u32) {
    // Writing to a string does not fail.
    let _ = write!(out, r"\x{{{code:X}}}");
}

fn look_text(look: Look) -> &'static str {
    match look {
        Look::TextStart => r"\A",
        Look::TextEnd => r"\z",
        Look::LineStart => "(?m:^)",
        Look::LineEnd => "(?m:$)",
        Look::WordBoundary => r"(?-u:\b)",
        Look::NotWordBoundary => r"(?-u:\B)",
    }
}

fn write_repeat(out: &mut String, Repeat { node, min, max, counted: _ }: &Repeat) {
    out.push_str("(?:");
    write_node(out, node);
    out.push(')');
    let _ = match (min, max) {
        (0, None) => write!(out, "*"),
        (1, None) => write!(out, "+"),
        (0, Some(1)) => write!(out, "?"),
        (min, None) => write!(out, "{{{min},}}"),
        (min, Some(max)) => write!(out, "{{{min},{max}}}"),
    };
}

fn write_alternatives(out: &mut String, nodes: &[Node]) {
    out.push_str("(?:");
    for (i, node) in nodes.iter().enumerate() {
        if i > 0 {
            out.push('|');
        }
        write_node(out, node);
    }
    out.push(')');
}

fn write_class(out: &mut String, class: &Class) {
    let mut parts = String::new();
    class.parts.iter().for_each(|part| write_part(&mut parts, part));
    let text = match (parts.as_str(), class.negated) {
        ("", false) => NOTHING.to_owned(),
        ("", true) => "(?s:.)".to_owned(),
        (parts, false) => format!("[{parts}]"),
        (parts, true) => format!("[^{parts}]"),
    };
    // Case folding comes before negation, in both syntaxes.
    let _ = if class.fold { write!(out, "(?i:{text})") } else { write!(out, "{text}") };
}

fn write_part(out: &mut String, part: &Part) {
    match *part {
        Part::Range(first, last) => write_range(out, first, last),
        Part::NotIn(ranges) => {
            out.push_str("[^");
            ranges.iter().for_each(|&(first, last)| write_range(out, first, last));
            out.push(']');
        }
        Part::Property { property, negated } => {
            out.push_str(if negated { "[^" } else { "[" });
            out.push_str(&property_text(property));
            out.push(']');
        }
    }
}

/// Writes a range without the surrogates, which are no characters.
fn write_range(out: &mut String, first: u32, last: u32) {
    for (first, last) in [(first, last.min(0xd7ff)), (first.max(0xe000), last)] {
        if first <= last {
            write_code(out, first);
            out.push('-');
            write_code(out, last);
        }
    }
}

fn property_text(property: Property) -> String {
    match property {
        Property::Any => r"\x{0}-\x{10FFFF}".to_owned(),
        // RE2's category of other characters is without the unassigned ones.
        Property::Category("C") => r"\p{gc=Cc}\p{gc=Cf}\p{gc=Co}".to_owned(),
        Property::Category("Cs") => NOTHING.to_owned(),
        Property::Category(name) => format!(r"\p{{gc={name}}}"),
        Property::Script(name) => format!(r"\p{{sc={name}}}"),
    }
}
