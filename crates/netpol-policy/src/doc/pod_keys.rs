//! Keys of pods' labels that nearly every selector asks for, kept once.

use std::sync::LazyLock;

use netpol_core::{LabelSource, SelectKey, keys};

/// Returns the key of the label that says in which namespace a pod is.
pub(super) fn namespace() -> SelectKey {
    static KEY: LazyLock<SelectKey> = LazyLock::new(|| k8s(keys::NAMESPACE));
    KEY.clone()
}

/// Returns the key of the label that says in which cluster a pod is.
pub(super) fn cluster() -> SelectKey {
    static KEY: LazyLock<SelectKey> = LazyLock::new(|| k8s(keys::CLUSTER));
    KEY.clone()
}

fn k8s(key: &str) -> SelectKey {
    SelectKey::new(LabelSource::K8s, key)
}
