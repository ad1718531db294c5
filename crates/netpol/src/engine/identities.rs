//! Numbers for label sets, and who uses them.

use netpol_core::{
    AllocateError, IdentityAllocator, IdentityConfig, IdentityId, IdentityRange, LabelSet,
    RESERVED_IDENTITIES, ReservedIdentity, reserved_identity,
};
use netpol_policy::repository::Repository;

/// Numbers for label sets, the fixed ones included.
#[derive(Debug)]
pub(super) struct Identities {
    config: IdentityConfig,
    allocator: IdentityAllocator,
}

impl Identities {
    /// Returns the identities of which every reserved one is known already (IDN-3).
    pub(super) fn new(
        config: IdentityConfig,
        range: IdentityRange,
        repository: &mut Repository,
    ) -> Self {
        let unknown = ReservedIdentity::Unknown;
        for reserved in RESERVED_IDENTITIES.into_iter().filter(|reserved| *reserved != unknown) {
            repository.insert_identity(reserved.id(), &reserved.labels());
        }
        Self { config, allocator: IdentityAllocator::new(range) }
    }

    /// Returns the number of a label set and counts one more user; a new number is made known to
    /// the repository.
    pub(super) fn acquire(
        &mut self,
        labels: &LabelSet,
        repository: &mut Repository,
    ) -> Result<IdentityId, AllocateError> {
        if let Some(reserved) = reserved_identity(labels, &self.config) {
            // Well-known identities are not known beforehand.
            if ReservedIdentity::from_id(reserved).is_none() {
                repository.insert_identity(reserved, labels);
            }
            return Ok(reserved);
        }
        let id = self.allocator.acquire(labels)?;
        if self.allocator.users(id) == 1 {
            repository.insert_identity(id, labels);
        }
        Ok(id)
    }

    /// Counts one user less; with the last one the number is free and forgotten.
    pub(super) fn release(&mut self, id: IdentityId, repository: &mut Repository) {
        if self.allocator.release(id) {
            repository.remove_identity(id);
        }
    }

    /// Returns how many numbers are in use, besides the fixed ones.
    pub(super) fn len(&self) -> usize {
        self.allocator.len()
    }
}
