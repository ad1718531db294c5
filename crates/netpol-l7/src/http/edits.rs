//! The changes that actions make to the headers of a request, so that later rules see them (HM-8).

/// Changes, in order; scratch memory.
#[derive(Debug, Default)]
pub(super) struct Edits {
    edits: Vec<Edit>,
    /// For each header name, its changes since the last one that removed all earlier values.
    chains: Vec<Option<Chain>>,
}

#[derive(Clone, Copy, Debug)]
struct Edit {
    name: u32,
    /// Earlier values are gone.
    replaces: bool,
    /// The action whose value is added.
    action: Option<usize>,
    /// The next change of the same chain.
    next: Option<usize>,
}

/// The places of the first and last change.
#[derive(Clone, Copy, Debug)]
struct Chain {
    first: usize,
    last: usize,
}

impl Edits {
    /// Makes room for changes to so many names by so many actions.
    pub(super) fn prepare(&mut self, names: usize, actions: usize) {
        if self.chains.len() < names {
            self.chains.resize(names, None);
        }
        self.edits.reserve(actions);
    }

    /// Adds the value of an action to a header.
    pub(super) fn append(&mut self, name: u32, action: usize) {
        self.push(Edit { name, replaces: false, action: Some(action), next: None });
    }

    /// Makes the value of an action the only one of a header.
    pub(super) fn set(&mut self, name: u32, action: usize) {
        self.push(Edit { name, replaces: true, action: Some(action), next: None });
    }

    /// Removes a header.
    pub(super) fn remove(&mut self, name: u32) {
        self.push(Edit { name, replaces: true, action: None, next: None });
    }

    /// Returns whether a header still has the values that came with the request.
    pub(super) fn keep_original(&self, name: u32) -> bool {
        self.first(name).is_none_or(|(_, edit)| !edit.replaces)
    }

    /// Returns the actions whose values a header has.
    pub(super) fn actions(&self, name: u32) -> impl Iterator<Item = usize> {
        let next = |(_, edit): &(usize, &Edit)| {
            let next = edit.next?;
            Some((next, self.edits.get(next)?))
        };
        core::iter::successors(self.first(name), next).filter_map(|(_, edit)| edit.action)
    }

    /// Forgets all changes.
    pub(super) fn clear(&mut self) {
        for edit in self.edits.drain(..) {
            if let Some(chain) = self.chains.get_mut(edit.name as usize) {
                *chain = None;
            }
        }
    }

    fn first(&self, name: u32) -> Option<(usize, &Edit)> {
        let Chain { first, .. } = (*self.chains.get(name as usize)?)?;
        Some((first, self.edits.get(first)?))
    }

    fn push(&mut self, edit: Edit) {
        let Some(chain) = self.chains.get_mut(edit.name as usize) else {
            return;
        };
        let place = self.edits.len();
        match chain {
            Some(chain) if !edit.replaces => {
                if let Some(last) = self.edits.get_mut(chain.last) {
                    last.next = Some(place);
                }
                chain.last = place;
            }
            chain => *chain = Some(Chain { first: place, last: place }),
        }
        self.edits.push(edit);
    }
}
