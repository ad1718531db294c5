//! Pods of a cluster.

use netpol_core::{Label, LabelSet, keys};

use super::random::Random;

const SEED: u64 = 0x1d00_0000;
const NAMESPACES: u32 = 50;
const APPS: u32 = 200;
const TIERS: [&str; 4] = ["front", "back", "data", "batch"];

/// The pods of one identity.
#[derive(Clone, Debug)]
pub struct Pod {
    /// The namespace, one of 50.
    pub namespace: String,
    /// The value of the label `app`, one of 200.
    pub app: String,
    /// The value of the label `tier`, one of 4.
    pub tier: &'static str,
    /// The value of the label `release`, which no other pod has.
    pub release: String,
}

impl Pod {
    /// Returns the pod with this number.
    #[must_use]
    pub fn new(number: u32) -> Self {
        let mut random = Random::new(SEED + u64::from(number));
        Self {
            namespace: namespace(number),
            app: app(&mut random),
            tier: tier(&mut random),
            release: format!("r{number}"),
        }
    }

    /// Returns the service account.
    #[must_use]
    pub fn service_account(&self) -> String {
        format!("sa-{}", self.app)
    }

    /// Returns the labels that make its identity.
    #[must_use]
    pub fn identity_labels(&self) -> LabelSet {
        let namespace_name = format!("{}kubernetes.io/metadata.name", keys::NAMESPACE_LABELS);
        let labels = [
            Label::k8s("app", &self.app),
            Label::k8s(&namespace_name, &self.namespace),
            Label::k8s(keys::CLUSTER, "default"),
            Label::k8s(keys::SERVICE_ACCOUNT, &self.service_account()),
            Label::k8s(keys::NAMESPACE, &self.namespace),
            Label::k8s("release", &self.release),
            Label::k8s("tier", self.tier),
        ];
        labels.into_iter().collect()
    }
}

/// Returns the namespace of the pod, or the policy, with this number.
pub(super) fn namespace(number: u32) -> String {
    format!("ns-{:02}", number % NAMESPACES)
}

pub(super) fn random_namespace(random: &mut Random) -> String {
    namespace(random.below(NAMESPACES))
}

pub(super) fn app(random: &mut Random) -> String {
    format!("app-{:03}", random.below(APPS))
}

pub(super) fn tier(random: &mut Random) -> &'static str {
    let tier: &&'static str = random.pick(&TIERS);
    tier
}
