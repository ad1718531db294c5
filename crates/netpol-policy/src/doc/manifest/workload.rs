//! Workloads: objects that make pods from a template.

use std::fmt;
use std::sync::Arc;

use super::fields::{mapping, number};
use super::pod::{PodTemplate, template};
use super::{Labels, namespace};
use crate::Place;
use crate::doc::decode::{Context, Path};
use crate::doc::metadata::Metadata;
use crate::doc::node::Node as Tree;

/// The kind of a workload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum WorkloadKind {
    /// Deployment
    Deployment,
    /// StatefulSet
    StatefulSet,
    /// DaemonSet
    DaemonSet,
    /// ReplicaSet
    ReplicaSet,
    /// ReplicationController
    ReplicationController,
    /// Job
    Job,
    /// CronJob
    CronJob,
}

impl WorkloadKind {
    /// Returns the kind as documents write it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Deployment => "Deployment",
            Self::StatefulSet => "StatefulSet",
            Self::DaemonSet => "DaemonSet",
            Self::ReplicaSet => "ReplicaSet",
            Self::ReplicationController => "ReplicationController",
            Self::Job => "Job",
            Self::CronJob => "CronJob",
        }
    }
}

impl fmt::Display for WorkloadKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// An object that makes pods from a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Workload {
    /// What it is.
    pub kind: WorkloadKind,
    /// Its name.
    pub name: Arc<str>,
    /// Its namespace.
    pub namespace: Arc<str>,
    /// How many pods there are to be, as written; 1 if nothing is written, and for a DaemonSet,
    /// which has one on every node.
    pub replicas: u32,
    /// What its pods are like.
    pub template: PodTemplate,
    /// Where the document begins.
    pub place: Place,
}

pub(super) fn workload(
    cx: &mut Context<'_>,
    root: &Tree,
    path: &Path<'_>,
    meta: &Metadata,
    kind: WorkloadKind,
) -> Option<Workload> {
    let fields = cx.any_fields(root, path)?;
    let spec = cx.required(fields, root, path, "spec")?;
    let path = path.field("spec");
    let fields = cx.any_fields(spec, &path)?;
    let (replicas, template) = if kind == WorkloadKind::CronJob {
        let job = mapping(cx, fields, &path, "jobTemplate");
        let path = path.field("jobTemplate");
        let spec_of_job = cx.required(job, spec, &path, "spec")?;
        let path = path.field("spec");
        let fields = cx.any_fields(spec_of_job, &path)?;
        let template = template(cx, spec_of_job, fields, &path);
        (number(cx, fields, &path, "parallelism", 1), template)
    } else {
        let template = template(cx, spec, fields, &path);
        (number(cx, fields, &path, replicas_field(kind), 1), template)
    };
    let mut template = template?;
    if kind == WorkloadKind::Job {
        add_job_labels(&mut template.labels, &meta.name);
    }
    Some(Workload {
        kind,
        name: Arc::clone(&meta.name),
        namespace: namespace(meta),
        replicas,
        template,
        place: meta.place.clone(),
    })
}

/// Returns the field that tells how many pods there are.
fn replicas_field(kind: WorkloadKind) -> &'static str {
    match kind {
        WorkloadKind::Job => "parallelism",
        _ => "replicas",
    }
}

/// Adds the labels that Kubernetes gives the pods of a job. Both are part of the identity.
fn add_job_labels(labels: &mut Labels, job: &Arc<str>) {
    for key in ["job-name", "batch.kubernetes.io/job-name"] {
        labels.entry(key.into()).or_insert_with(|| Arc::clone(job));
    }
}
