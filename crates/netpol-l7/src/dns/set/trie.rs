//! A tree of patterns, one level for each label, from the right.
//!
//! A name walks it along all edges that its labels fit. An edge is a literal label (found by hash), `*`,
//! or a label with a star in it. The latter are found by the literal text before or after their stars,
//! the longer of the two: one lookup for each length that occurs.

use std::collections::{BTreeMap, HashMap};

use super::take;
use crate::dns::compiled::{Glob, Label};
use crate::dns::name::{Labels, is_plain_text};

/// A place in the tree.
#[derive(Clone, Debug, Default)]
pub(super) struct Node {
    /// Patterns that end here.
    tags: Vec<u32>,
    /// Patterns that want one or more plain labels more.
    deep: Vec<u32>,
    literals: HashMap<Box<[u8]>, Self>,
    any: Option<Box<Self>>,
    globs: Option<Box<Globs>>,
}

/// Edges for labels with stars in them.
#[derive(Clone, Debug, Default)]
struct Globs {
    by_prefix: Affixes,
    by_suffix: Affixes,
}

/// Edges by a literal text at one end of the label.
#[derive(Clone, Debug, Default)]
struct Affixes {
    edges: HashMap<Box<[u8]>, Vec<(Glob, Node)>>,
    /// How many texts of each length there are.
    lengths: BTreeMap<usize, usize>,
}

impl Node {
    pub(super) fn insert(&mut self, labels: &[Label], deep: bool, tag: u32) {
        match labels {
            [] if deep => self.deep.push(tag),
            [] => self.tags.push(tag),
            [label, rest @ ..] => self.child(label).insert(rest, deep, tag),
        }
    }

    pub(super) fn remove(&mut self, labels: &[Label], deep: bool, tag: u32) -> bool {
        let [label, rest @ ..] = labels else {
            return take(if deep { &mut self.deep } else { &mut self.tags }, tag);
        };
        let Some(child) = self.existing(label) else {
            return false;
        };
        let removed = child.remove(rest, deep, tag);
        if child.is_empty() {
            self.prune(label);
        }
        removed
    }

    /// Calls `found` with the tags of the patterns that match the labels.
    pub(super) fn for_each_match(&self, labels: Labels<'_>, found: &mut impl FnMut(u32)) {
        if !self.deep.is_empty() && labels.are_plain() {
            self.deep.iter().copied().for_each(&mut *found);
        }
        let Some((rest, label)) = labels.split() else {
            return self.tags.iter().copied().for_each(found);
        };
        if let Some(child) = self.literals.get(label) {
            child.for_each_match(rest, found);
        }
        if (self.any.is_none() && self.globs.is_none()) || !is_plain_text(label) {
            return;
        }
        if let Some(child) = &self.any {
            child.for_each_match(rest, found);
        }
        if let Some(globs) = &self.globs {
            globs.for_each_match(label, &mut |child: &Self| child.for_each_match(rest, found));
        }
    }

    fn child(&mut self, label: &Label) -> &mut Self {
        match label {
            Label::Literal(text) => self.literals.entry(text.clone()).or_default(),
            Label::Any => self.any.get_or_insert_default(),
            Label::Glob(glob) => self.globs.get_or_insert_default().child(glob),
        }
    }

    fn existing(&mut self, label: &Label) -> Option<&mut Self> {
        match label {
            Label::Literal(text) => self.literals.get_mut(text),
            Label::Any => self.any.as_deref_mut(),
            Label::Glob(glob) => self.globs.as_mut()?.existing(glob),
        }
    }

    /// Removes an edge.
    fn prune(&mut self, label: &Label) {
        match label {
            Label::Literal(text) => drop(self.literals.remove(text)),
            Label::Any => self.any = None,
            Label::Glob(glob) => {
                if let Some(globs) = &mut self.globs {
                    globs.prune(glob);
                }
                self.globs.take_if(|globs| globs.is_empty());
            }
        }
    }

    /// Returns whether no pattern goes through here.
    pub(super) fn is_empty(&self) -> bool {
        let Self { tags, deep, literals, any, globs } = self;
        tags.is_empty()
            && deep.is_empty()
            && literals.is_empty()
            && any.is_none()
            && globs.is_none()
    }
}

impl Globs {
    fn child(&mut self, glob: &Glob) -> &mut Node {
        let (affixes, text) = self.affixes(glob);
        if !affixes.edges.contains_key(text) {
            *affixes.lengths.entry(text.len()).or_default() += 1;
        }
        let edges = affixes.edges.entry(text.into()).or_default();
        let place = edges.iter().position(|(other, _)| other == glob).unwrap_or_else(|| {
            edges.push((glob.clone(), Node::default()));
            edges.len() - 1
        });
        &mut edges[place].1
    }

    fn existing(&mut self, glob: &Glob) -> Option<&mut Node> {
        let (affixes, text) = self.affixes(glob);
        let edges = affixes.edges.get_mut(text)?;
        edges.iter_mut().find(|(other, _)| other == glob).map(|(_, node)| node)
    }

    fn prune(&mut self, glob: &Glob) {
        let (affixes, text) = self.affixes(glob);
        let Some(edges) = affixes.edges.get_mut(text) else {
            return;
        };
        edges.retain(|(other, _)| other != glob);
        if !edges.is_empty() {
            return;
        }
        affixes.edges.remove(text);
        if let Some(count) = affixes.lengths.get_mut(&text.len()) {
            *count -= 1;
            if *count == 0 {
                affixes.lengths.remove(&text.len());
            }
        }
    }

    fn is_empty(&self) -> bool {
        self.by_prefix.edges.is_empty() && self.by_suffix.edges.is_empty()
    }

    /// Returns where a label is filed, and under which text.
    fn affixes<'g>(&mut self, glob: &'g Glob) -> (&mut Affixes, &'g [u8]) {
        if glob.prefix.len() >= glob.suffix.len() {
            (&mut self.by_prefix, &glob.prefix)
        } else {
            (&mut self.by_suffix, &glob.suffix)
        }
    }

    /// Calls `found` with the node behind each edge that fits a plain label.
    fn for_each_match<'a>(&'a self, label: &[u8], found: &mut impl FnMut(&'a Node)) {
        self.by_prefix.for_each_match(label, |length| label.get(..length), found);
        let len = label.len();
        self.by_suffix.for_each_match(label, |length| label.get(len.checked_sub(length)?..), found);
    }
}

impl Affixes {
    fn for_each_match<'a, 'l>(
        &'a self,
        label: &[u8],
        affix: impl Fn(usize) -> Option<&'l [u8]>,
        found: &mut impl FnMut(&'a Node),
    ) {
        for text in self.lengths.keys().map_while(|&length| affix(length)) {
            for (glob, node) in self.edges.get(text).into_iter().flatten() {
                if glob.matches(label) {
                    found(node);
                }
            }
        }
    }
}
