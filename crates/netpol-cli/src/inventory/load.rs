//! Loading: files to documents, documents to an engine.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use netpol::{
    Endpoint, EndpointId, EndpointKind, Engine, EngineError, IdentityId, Place, Problem, Report,
    Source, Span,
};
use netpol_policy::doc::{
    self, Namespace, Node, Object, Pod, PodTemplate, ReadOptions, Skipped, Workload,
};

use super::{Entry, Face, Kind, Sources};
use crate::cli::{EvaluationArgs, InputArgs};
use crate::failure::Failure;
use crate::input::{self, Input};
use crate::lint::{codes, lint};
use crate::names::DnsAnswer;
use crate::output::{note, print_problems, printable};

/// What the files hold.
#[derive(Debug)]
pub(crate) struct Loaded {
    /// The texts.
    pub(crate) sources: Sources,
    /// What is wrong with them.
    pub(crate) report: Report,
    /// Documents of other kinds.
    pub(crate) skipped: Vec<Skipped>,
    /// How many objects there are.
    pub(crate) n_objects: usize,
    /// What follows from the documents that are usable.
    pub(crate) inventory: Inventory,
}

/// An engine, and what it can be asked about.
#[derive(Debug)]
pub(crate) struct Inventory {
    /// The engine, published.
    pub(crate) engine: Engine,
    /// Workloads and nodes, sorted by how they are written.
    pub(crate) entries: Vec<Entry>,
    /// The namespace of peers that name none.
    pub(crate) namespace: String,
}

/// Loads the files for a command that evaluates policies; returns `None` after saying what is
/// wrong with them if they cannot be used.
///
/// Nothing is evaluated on half a policy set, unless the user asks for it.
pub(crate) fn evaluate(
    input: &InputArgs,
    evaluation: &EvaluationArgs,
) -> Result<Option<Inventory>, Failure> {
    let Loaded { sources, report, skipped, inventory, .. } = load(input, &evaluation.learn)?;
    print_problems(report.errors());
    let n_errors = report.errors().count();
    if n_errors > 0 && !evaluation.keep_going {
        let errors = if n_errors == 1 { "one error" } else { "errors" };
        note(&format!(
            "{errors} above, so nothing was evaluated; --keep-going leaves out what is wrong"
        ));
        return Ok(None);
    }
    tell_of_warnings(lint(&inventory, &sources, &report).iter().filter(|p| !p.is_error()).count());
    tell_of_skipped(&skipped);
    Ok(Some(inventory))
}

fn tell_of_warnings(n: usize) {
    match n {
        0 => {}
        1 => note("1 warning: `netpol check` shows it"),
        n => note(&format!("{n} warnings: `netpol check` shows them")),
    }
}

/// Says how many documents of which kinds were left out.
fn tell_of_skipped(skipped: &[Skipped]) {
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    for document in skipped {
        *kinds.entry(&document.kind).or_default() += 1;
    }
    if !kinds.is_empty() {
        let kinds: Vec<String> = kinds.iter().map(|(kind, n)| format!("{n} {kind}")).collect();
        note(&printable(&format!("skipped: {}", kinds.join(", "))));
    }
}

/// Loads the files, and what DNS answers told.
pub(crate) fn load(args: &InputArgs, learnt: &[DnsAnswer]) -> Result<Loaded, Failure> {
    let inputs = input::read(&args.filename, args.recursive)?;
    let mut report = Report::new();
    let sources =
        Sources::new(inputs.into_iter().filter_map(|input| text(input, &mut report)).collect());
    let mut engine = Engine::new();
    for DnsAnswer { name, addresses } in learnt {
        engine.learn_name(name, addresses.iter().copied()).map_err(|error| refused(&error))?;
    }
    let mut reading = ReadOptions::default();
    reading.default_namespace = args.namespace.as_str().into();
    let read = doc::read_all(sources.iter(), engine.options(), &reading);
    report.extend(read.report);
    let n_objects = read.objects.len();
    let mut loader = Loader::new(engine, &sources, report);
    loader.insert(read.objects).map_err(|error| refused(&error))?;
    let (inventory, report) = loader.finish(&args.namespace).map_err(|error| refused(&error))?;
    Ok(Loaded { sources, report, skipped: read.skipped, n_objects, inventory })
}

fn refused(error: &EngineError) -> Failure {
    Failure::new(error.to_string(), "split the input: this is more than one engine takes")
}

/// Returns the text of a file, or `None` after reporting that it is none.
fn text(Input { name, bytes }: Input, report: &mut Report) -> Option<Source> {
    let limits = doc::Limits::default();
    if bytes.len() > limits.max_bytes {
        report.push(too_large(&name, limits.max_bytes));
        return None;
    }
    match doc::to_source(&name, &bytes, limits) {
        Ok(source) => Some(source),
        Err(problems) => {
            report.extend(problems);
            None
        }
    }
}

/// Returns the problem that a file goes on behind the last byte that was read.
fn too_large(name: &str, limit: usize) -> Problem {
    let message = format!("the file is larger than {} MiB", limit >> 20);
    let start = Span { line: 1, column: 1, ..Span::default() };
    Problem::error(codes::LIMIT, &Source::named(name, ""), start, message)
        .with_help("split it into several files")
}

/// Fills an engine.
struct Loader<'s> {
    engine: Engine,
    sources: &'s Sources,
    report: Report,
    entries: Vec<Entry>,
    // Where each endpoint stands.
    places: Vec<(EndpointId, Place)>,
    // Addresses of API servers that have not been found to be nodes.
    api_servers: BTreeSet<IpAddr>,
}

impl<'s> Loader<'s> {
    fn new(engine: Engine, sources: &'s Sources, report: Report) -> Self {
        Self {
            engine,
            sources,
            report,
            entries: Vec::new(),
            places: Vec::new(),
            api_servers: BTreeSet::new(),
        }
    }

    fn insert(&mut self, objects: Vec<Object>) -> Result<(), EngineError> {
        self.api_servers = objects.iter().flat_map(api_servers).collect();
        self.insert_undescribed_namespaces(&objects)?;
        for object in objects {
            match self.engine.insert_object(object) {
                Some(Object::Pod(pod)) => self.insert_pod(&pod),
                Some(Object::Workload(workload)) => self.insert_workload(&workload),
                Some(Object::Node(node)) => self.insert_node(&node),
                _ => {}
            }
        }
        self.insert_api_servers()
    }

    /// Gives namespaces without a document the label that every namespace has (NP-8).
    fn insert_undescribed_namespaces(&mut self, objects: &[Object]) -> Result<(), EngineError> {
        let used = objects.iter().filter_map(|object| match object {
            Object::Pod(pod) => Some(&pod.namespace),
            Object::Workload(workload) => Some(&workload.namespace),
            _ => None,
        });
        for namespace in used.collect::<BTreeSet<_>>() {
            self.engine.set_namespace(namespace, [(Namespace::NAME_LABEL, &**namespace)])?;
        }
        Ok(())
    }

    fn insert_pod(&mut self, pod: &Pod) {
        let Pod { name, namespace, template, ips, place } = pod;
        let endpoint = ips.iter().fold(endpoint(namespace, name, template), |e, ip| e.ip(*ip));
        self.insert_pods(Kind::Pod, endpoint, template.host_network, place);
    }

    fn insert_workload(&mut self, workload: &Workload) {
        let Workload { kind, name, namespace, template, place, .. } = workload;
        let endpoint = endpoint(namespace, name, template);
        self.insert_pods(Kind::Workload(*kind), endpoint, template.host_network, place);
    }

    fn insert_pods(&mut self, kind: Kind, endpoint: Endpoint, host_network: bool, place: &Place) {
        let (namespace, name) = (endpoint.namespace().to_owned(), endpoint.name().to_owned());
        // Pods in the network of their node have its identity, and no policy of their own.
        let face = match host_network {
            true => Some(Face::of(IdentityId::REMOTE_NODE)),
            false => self.add(endpoint, place),
        };
        self.entries.extend(face.map(|face| Entry { kind, namespace, name, face }));
    }

    fn insert_node(&mut self, node: &Node) {
        let Node { name, labels, addresses, place } = node;
        let labels = labels.iter().map(|(key, value)| (&**key, &**value));
        let mut endpoint = Endpoint::special(EndpointKind::RemoteNode, name).labels(labels);
        for ip in addresses {
            endpoint = endpoint.ip(*ip);
            if self.api_servers.remove(ip) {
                endpoint = endpoint.api_server();
            }
        }
        let (namespace, name) = (String::new(), name.to_string());
        let face = self.add(endpoint, place);
        self.entries.extend(face.map(|face| Entry { kind: Kind::Node, namespace, name, face }));
    }

    /// Adds an endpoint; returns its face, whose identity is known only after publication.
    fn add(&mut self, endpoint: Endpoint, place: &Place) -> Option<Face> {
        match self.engine.add_endpoint(endpoint) {
            Ok(id) => {
                self.places.push((id, place.clone()));
                Some(Face { identity: IdentityId::REMOTE_NODE, endpoint: Some(id) })
            }
            Err(error) => {
                let (source, span) = self.sources.locate(place);
                let problem =
                    Problem::error(codes::UNUSABLE_ENDPOINT, &source, span, error.to_string());
                self.report.push(problem.with_help("change or remove one of them"));
                None
            }
        }
    }

    /// Adds the API servers outside of the cluster.
    fn insert_api_servers(&mut self) -> Result<(), EngineError> {
        let addresses = std::mem::take(&mut self.api_servers).into_iter();
        let outside: Vec<IpAddr> =
            addresses.filter(|ip| self.engine.endpoint_at(*ip).is_none()).collect();
        if !outside.is_empty() {
            let server = Endpoint::special(EndpointKind::KubeApiserver, "kube-apiserver");
            self.engine.add_endpoint(outside.into_iter().fold(server, Endpoint::ip))?;
        }
        Ok(())
    }

    /// Publishes, and reports endpoints whose policy cannot be computed.
    fn finish(mut self, namespace: &str) -> Result<(Inventory, Report), EngineError> {
        if let Some(error) = self.engine.publish().error {
            return Err(error);
        }
        self.report_conflicts();
        let Self { engine, mut entries, report, .. } = self;
        for face in entries.iter_mut().map(|entry| &mut entry.face) {
            let Some(id) = face.endpoint else { continue };
            face.identity = engine.endpoint_identity(id).unwrap_or(face.identity);
            face.endpoint = Some(id).filter(|id| engine.is_managed(*id));
        }
        entries.sort_by_cached_key(ToString::to_string);
        Ok((Inventory { engine, entries, namespace: namespace.to_owned() }, report))
    }

    fn report_conflicts(&mut self) {
        // Pods with the same labels have the same policy, and the same problem.
        let mut seen = BTreeSet::new();
        for (id, place) in &self.places {
            let Some(error) = self.engine.endpoint_error(*id) else { continue };
            let message = error.to_string();
            if !seen.insert(message.clone()) {
                continue;
            }
            let name = self.engine.endpoint(*id).map(ToString::to_string).unwrap_or_default();
            let message = format!("the policy of `{name}` cannot be computed: {message}");
            let place = error.origins().first().map_or(place, |origin| &origin.place);
            let (source, span) = self.sources.locate(place);
            let help = "change one of these rules, or whom it applies to; until then everything is denied there";
            let problem = Problem::error(codes::POLICY_CONFLICT, &source, span, message);
            self.report.push(problem.with_help(help));
        }
    }
}

/// Returns the endpoint that stands for the pods of a template.
fn endpoint(namespace: &str, name: &str, template: &PodTemplate) -> Endpoint {
    let labels = template.labels.iter().map(|(key, value)| (&**key, &**value));
    let endpoint =
        Endpoint::pod(namespace, name).labels(labels).service_account(&template.service_account);
    template.ports.iter().fold(endpoint, |endpoint, port| match &port.name {
        Some(name) => endpoint.port(name, port.protocol, port.port),
        None => endpoint,
    })
}

/// Returns the addresses of API servers that an object tells of: those behind the service
/// `default/kubernetes`.
fn api_servers(object: &Object) -> Vec<IpAddr> {
    match object {
        Object::Endpoints(endpoints)
            if &*endpoints.namespace == "default" && &*endpoints.service == "kubernetes" =>
        {
            endpoints.addresses.clone()
        }
        _ => Vec::new(),
    }
}
