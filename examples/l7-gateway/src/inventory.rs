//! Policies and endpoints, as files have them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use netpol::{Endpoint, EndpointKind, Engine, Limits, Object, ReadOptions, Report, Source};
use netpol_policy::doc::{self, Namespace};

use crate::GatewayError;

/// Everything that the files say, read and checked as one: no object may occur in two of them.
#[derive(Debug, Default)]
pub(crate) struct Inventory {
    /// The files.
    pub(crate) sources: Vec<Source>,
    /// The pods and nodes, by name.
    pub(crate) endpoints: BTreeMap<String, Endpoint>,
    /// Namespaces that have pods, but no document.
    pub(crate) plain_namespaces: BTreeSet<String>,
    /// What is accepted, but should be looked at.
    pub(crate) warnings: Report,
}

impl Inventory {
    /// Reads files and folders, and tries out on an empty engine what they say.
    ///
    /// # Errors
    ///
    /// Fails if anything cannot be read, a document is unusable, or an object occurs twice.
    pub(crate) fn read(paths: &[PathBuf], engine: Engine) -> Result<Self, GatewayError> {
        let mut sources = Vec::new();
        for path in files(paths)? {
            let text = read_text(&path).map_err(|error| GatewayError::read(&path, error))?;
            sources.push(Source::named(&path.display().to_string(), &text));
        }
        let doc::Read { objects, report, .. } =
            doc::read_all(&sources, engine.options(), &ReadOptions::default());
        if report.has_errors() {
            return Err(GatewayError::documents(report));
        }
        let inventory = Self::of(sources, &objects, report);
        inventory.try_out(engine)?;
        Ok(inventory)
    }

    fn of(sources: Vec<Source>, objects: &[Object], warnings: Report) -> Self {
        let described: BTreeSet<String> = objects.iter().filter_map(described_namespace).collect();
        let endpoints: BTreeMap<_, _> =
            objects.iter().filter_map(endpoint).map(|e| (e.to_string(), e)).collect();
        let used = endpoints.values().map(|endpoint| endpoint.namespace().to_owned());
        let plain_namespaces =
            used.filter(|name| !name.is_empty() && !described.contains(name)).collect();
        Self { sources, endpoints, plain_namespaces, warnings }
    }

    /// Gives everything to an engine of its own first, so that the one in force takes it whole or
    /// not at all.
    fn try_out(&self, mut engine: Engine) -> Result<(), GatewayError> {
        self.apply(&mut engine)?;
        let mut ids = Vec::new();
        for (name, endpoint) in &self.endpoints {
            let added = engine.add_endpoint(endpoint.clone());
            ids.push((name, added.map_err(|error| GatewayError::endpoint(name, &error))?));
        }
        engine.publish();
        match ids.iter().find_map(|(name, id)| Some((name, engine.endpoint_error(*id)?))) {
            Some((name, error)) => Err(GatewayError::endpoint(name, error)),
            None => Ok(()),
        }
    }

    /// Adds or replaces everything but endpoints; fails if that is more than the engine takes.
    pub(crate) fn apply(&self, engine: &mut Engine) -> Result<(), GatewayError> {
        for name in &self.plain_namespaces {
            // NP-8. Pods for which no identity is left keep theirs.
            let _exhausted = engine.set_namespace(name, [(Namespace::NAME_LABEL, &**name)]);
        }
        for source in &self.sources {
            engine.apply(source).map_err(GatewayError::documents)?;
        }
        Ok(())
    }
}

/// Returns the files of paths, those of a folder in order of their names. Hidden files, and files
/// that are neither YAML nor JSON, are passed over.
pub(crate) fn files(paths: &[PathBuf]) -> Result<Vec<PathBuf>, GatewayError> {
    let mut files = Vec::new();
    for path in paths {
        if !path.is_dir() {
            files.push(path.clone());
            continue;
        }
        let failed = |error| GatewayError::read(path, error);
        let mut found = Vec::new();
        for entry in fs::read_dir(path).map_err(failed)? {
            found.push(entry.map_err(failed)?.path());
        }
        found.retain(|file| is_document(file));
        found.sort();
        files.extend(found);
    }
    Ok(files)
}

/// Reads a file, but not more of it than is too much for a document.
fn read_text(path: &Path) -> io::Result<String> {
    let limit = Limits::default().max_bytes as u64 + 1;
    let mut text = String::new();
    File::open(path)?.take(limit).read_to_string(&mut text)?;
    Ok(text)
}

fn is_document(path: &Path) -> bool {
    let hidden = path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
    let known = |extension| ["yaml", "yml", "json"].iter().any(|known| extension == *known);
    !hidden && path.extension().is_some_and(known)
}

fn described_namespace(object: &Object) -> Option<String> {
    match object {
        Object::Namespace(namespace) => Some(namespace.name.to_string()),
        _ => None,
    }
}

/// Returns the endpoint that a manifest tells of. Pods in the network of their node have none of their
/// own.
fn endpoint(object: &Object) -> Option<Endpoint> {
    let (endpoint, labels, ips) = match object {
        Object::Pod(pod) if !pod.template.host_network => {
            let endpoint = Endpoint::pod(&pod.namespace, &pod.name)
                .service_account(&pod.template.service_account);
            let named = |endpoint: Endpoint, port: &doc::ContainerPort| match &port.name {
                Some(name) => endpoint.port(name, port.protocol, port.port),
                None => endpoint,
            };
            let endpoint = pod.template.ports.iter().fold(endpoint, named);
            (endpoint, &pod.template.labels, &pod.ips)
        }
        Object::Node(node) => {
            let endpoint = Endpoint::special(EndpointKind::RemoteNode, &node.name);
            (endpoint, &node.labels, &node.addresses)
        }
        _ => return None,
    };
    let labels = labels.iter().map(|(key, value)| (&**key, &**value));
    Some(ips.iter().fold(endpoint.labels(labels), |endpoint, ip| endpoint.ip(*ip)))
}
