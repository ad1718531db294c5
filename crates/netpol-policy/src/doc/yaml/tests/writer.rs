//! Writes trees as YAML, in styles chosen at random.

use proptest::prelude::*;

/// A tree without places.
#[derive(Clone, Debug)]
pub(super) enum Tree {
    /// Something that is written as it stands.
    Word(&'static str),
    Text(String),
    List(Vec<Self>),
    Map(Vec<(String, Self)>),
}

impl Tree {
    /// Returns the form that the tests compare.
    pub(super) fn flat(&self) -> String {
        match self {
            Self::Word(word) => (*word).to_owned(),
            Self::Text(text) => format!("{text:?}"),
            Self::List(items) => {
                let items: Vec<String> = items.iter().map(Self::flat).collect();
                format!("[{}]", items.join(","))
            }
            Self::Map(fields) => {
                let fields = fields.iter();
                let fields: Vec<String> =
                    fields.map(|(key, value)| format!("{key:?}:{}", value.flat())).collect();
                format!("{{{}}}", fields.join(","))
            }
        }
    }
}

/// Returns trees; keys of one mapping differ.
pub(super) fn trees() -> impl Strategy<Value = Tree> {
    let text = "[a-z0-9:#' \\-\"\\\\{}\\[\\],&*!|>%@`?~\n\tä😀]{0,12}";
    let leaf = prop_oneof![
        prop::sample::select(&["null", "true", "false", "0", "443", "-7"][..]).prop_map(Tree::Word),
        text.prop_map(Tree::Text),
        "[a-z][a-z./-]{0,8}".prop_map(Tree::Text),
    ];
    leaf.prop_recursive(4, 40, 5, |inner| {
        let items = prop::collection::vec(inner.clone(), 0..5);
        let fields = prop::collection::btree_map("[a-z :#'\"ä]{0,8}", inner, 0..5);
        prop_oneof![
            items.prop_map(Tree::List),
            fields.prop_map(|fields| Tree::Map(fields.into_iter().collect())),
        ]
    })
}

/// Returns the choices that a writer makes.
pub(super) fn choices() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(any::<u8>(), 1..200)
}

/// Returns a tree as a document in the style of these choices.
pub(super) fn written(tree: &Tree, choices: Vec<u8>) -> String {
    let mut writer = Writer { text: String::new(), choices, n_chosen: 0 };
    match tree {
        Tree::List(items) if !items.is_empty() => writer.block_list(items, 0),
        Tree::Map(fields) if !fields.is_empty() => writer.block_map(fields, 0),
        tree => {
            writer.inline(tree, 0);
            writer.end_line();
        }
    }
    let line_end = if writer.choose(4) == 0 { "\r\n" } else { "\n" };
    writer.text.replace('\n', line_end)
}

struct Writer {
    text: String,
    choices: Vec<u8>,
    n_chosen: usize,
}

impl Writer {
    /// Returns a number below `n`.
    fn choose(&mut self, n: usize) -> usize {
        let choice = self.choices[self.n_chosen % self.choices.len()];
        self.n_chosen += 1;
        usize::from(choice) % n
    }

    /// Writes one of these texts.
    fn one_of(&mut self, texts: &[&str]) {
        let choice = self.choose(texts.len());
        self.text.push_str(texts[choice]);
    }

    fn indent(&mut self, indent: usize) {
        self.text.extend(std::iter::repeat_n(' ', indent));
    }

    /// Ends a line, with a comment or empty lines now and then.
    fn end_line(&mut self) {
        self.one_of(&["\n", "\n", "  \n", " # a: [b\n", "\n\n", "\n# c\n"]);
    }

    fn block_list(&mut self, items: &[Tree], indent: usize) {
        for item in items {
            self.indent(indent);
            self.text.push('-');
            self.value(item, indent, false);
        }
    }

    fn block_map(&mut self, fields: &[(String, Tree)], indent: usize) {
        for (key, value) in fields {
            self.indent(indent);
            self.key(key);
            self.one_of(&[":", " :"]);
            self.value(value, indent, true);
        }
    }

    /// Writes a value behind a dash or colon that is indented by `indent`.
    fn value(&mut self, tree: &Tree, indent: usize, of_field: bool) {
        let inner = indent + 1 + self.choose(4);
        match tree {
            Tree::List(items) if !items.is_empty() && self.choose(3) > 0 => {
                self.end_line();
                let at_key = of_field && self.choose(2) == 0;
                self.block_list(items, if at_key { indent } else { inner });
            }
            Tree::Map(fields) if !fields.is_empty() && self.choose(3) > 0 => {
                self.end_line();
                self.block_map(fields, inner);
            }
            Tree::Text(text) if is_block(text) && self.choose(2) == 0 => {
                self.block_text(text, inner);
            }
            Tree::Word("null") if self.choose(2) == 0 => self.end_line(),
            tree => {
                self.one_of(&[" ", "  "]);
                self.inline(tree, inner);
                self.end_line();
            }
        }
    }

    fn block_text(&mut self, text: &str, indent: usize) {
        let body = text.strip_suffix('\n');
        self.text.push_str(if body.is_some() { " |\n" } else { " |-\n" });
        for line in body.unwrap_or(text).split('\n') {
            if !line.is_empty() {
                self.indent(indent);
                self.text.push_str(line);
            }
            self.text.push('\n');
        }
    }

    /// Writes a value on one line, except for what stands between brackets.
    fn inline(&mut self, tree: &Tree, indent: usize) {
        match tree {
            Tree::Word(word) => self.text.push_str(word),
            Tree::Text(text) => self.scalar(text),
            Tree::List(items) => {
                self.text.push('[');
                for (index, item) in items.iter().enumerate() {
                    self.comma(index, indent);
                    self.inline(item, indent);
                }
                self.text.push(']');
            }
            Tree::Map(fields) => {
                self.text.push('{');
                for (index, (key, value)) in fields.iter().enumerate() {
                    self.comma(index, indent);
                    self.key(key);
                    self.text.push_str(": ");
                    self.inline(value, indent);
                }
                self.text.push('}');
            }
        }
    }

    fn comma(&mut self, index: usize, indent: usize) {
        if index == 0 {
            return;
        }
        self.text.push(',');
        if self.choose(4) == 0 {
            self.end_line();
            self.indent(indent + 1);
        } else {
            self.text.push(' ');
        }
    }

    fn key(&mut self, key: &str) {
        self.scalar(key);
    }

    fn scalar(&mut self, text: &str) {
        let is_line = !text.contains(['\n', '\t']);
        match self.choose(3) {
            0 if is_plain(text) => self.text.push_str(text),
            1 if is_line => self.text.push_str(&format!("'{}'", text.replace('\'', "''"))),
            _ => self.double_quoted(text),
        }
    }

    fn double_quoted(&mut self, text: &str) {
        self.text.push('"');
        for c in text.chars() {
            match c {
                '"' | '\\' => self.text.extend(['\\', c]),
                '\n' => self.text.push_str("\\n"),
                '\t' => self.text.push_str("\\t"),
                'ä' if self.choose(2) == 0 => self.text.push_str("\\u00e4"),
                c => self.text.push(c),
            }
        }
        self.text.push('"');
    }
}

/// Tells whether a text is sure to be a string without quotes, everywhere.
fn is_plain(text: &str) -> bool {
    let is_word = |c: char| c.is_ascii_lowercase() || "./-".contains(c);
    text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.chars().all(is_word)
        && !["null", "true", "false"].contains(&text)
}

/// Tells whether a text can be written as a block scalar without further ado.
fn is_block(text: &str) -> bool {
    let body = text.strip_suffix('\n').unwrap_or(text);
    !body.is_empty() && !body.starts_with([' ', '\t', '\n']) && !body.ends_with('\n')
}
