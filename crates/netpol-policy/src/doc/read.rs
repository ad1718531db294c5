//! Reading of sources: what is in them, what is left out, what is wrong.

use std::fmt;
use std::sync::Arc;

use foldhash::fast::RandomState;
use hashbrown::HashMap;
use hashbrown::hash_map::Entry;

use super::decode::{Context, Path};
use super::kind::{Kind, Meaning, meaning};
use super::manifest::{self, Endpoints, Namespace, Pod, Service, Workload};
use super::metadata::{Metadata, metadata};
use super::node::Node;
use super::{Limits, cidr_group, cilium, codes, kubernetes_policy, yaml};
use crate::rule::{CidrGroup, Policy};
use crate::{Options, Place, Problem, Report, Source, Span};

/// Reads all documents of a source.
///
/// Every problem is reported. A document with an error gives no object, and the others of the
/// source are read all the same: look at the report before anything is decided on half of what was
/// written.
///
/// # Examples
///
/// ```
/// use netpol_policy::{Options, Source, doc};
///
/// let text = "
/// apiVersion: networking.k8s.io/v1
/// kind: NetworkPolicy
/// metadata: {name: db}
/// spec:
///   podSelector: {matchLabels: {app: db}}
///   ingress:
///   - from: [{podSelector: {matchLabels: {app: web}}}]
///     ports: [{port: 5432}]
/// ";
/// let read = doc::read(&Source::named("db.yaml", text), &Options::default());
/// assert!(read.report.is_empty());
/// assert_eq!(read.objects.len(), 1);
///
/// let text = text.replace("podSelector", "podSelectors");
/// let read = doc::read(&Source::named("db.yaml", &text), &Options::default());
/// assert_eq!(
///     read.report.problems()[0].to_string(),
///     "db.yaml:6:3: error: unknown field `spec.podSelectors` (did you mean `podSelector`?)",
/// );
/// ```
#[must_use]
pub fn read(source: &Source, options: &Options) -> Read {
    read_all([source], options, &ReadOptions::default())
}

/// Reads all documents of several sources, in which no object may occur twice.
#[must_use]
pub fn read_all<'s>(
    sources: impl IntoIterator<Item = &'s Source>,
    options: &Options,
    reading: &ReadOptions,
) -> Read {
    let mut read = Read::default();
    let mut seen = HashMap::default();
    for source in sources {
        let mut report = Report::new();
        let mut cx = Context { source, report: &mut report };
        let mut reader = Reader { options, reading, seen: &mut seen, read: &mut read };
        yaml::each_document(&mut cx, reading.limits, |cx, root| reader.document(cx, root));
        read.report.extend(report);
    }
    read
}

/// Reads all documents of a file's content, which may turn out to be no text at all.
///
/// # Examples
///
/// ```
/// use netpol_policy::{Options, doc};
///
/// let read = doc::read_bytes("db.yaml", b"kind: \xff\n", &Options::default());
/// assert_eq!(
///     read.report.problems()[0].to_string(),
///     "db.yaml:1:7: error: the bytes from here on are no UTF-8 text (is this a text file?)",
/// );
/// ```
#[must_use]
pub fn read_bytes(name: &str, bytes: &[u8], options: &Options) -> Read {
    match to_source(name, bytes, Limits::default()) {
        Ok(source) => read(&source, options),
        Err(report) => Read { report, ..Read::default() },
    }
}

/// Returns the source that a file's content is.
///
/// # Errors
///
/// Fails if the content is no UTF-8 text, or is larger than the limits allow.
pub fn to_source(name: &str, bytes: &[u8], limits: Limits) -> Result<Source, Report> {
    let (n_bytes, max) = (bytes.len(), limits.max_bytes);
    if n_bytes > max {
        let source = Source::named(name, "");
        return Err(yaml::too_large(&source, n_bytes, max));
    }
    match str::from_utf8(bytes) {
        Ok(text) => Ok(Source::named(name, text)),
        Err(error) => Err(not_utf8(name, bytes, error.valid_up_to())),
    }
}

/// Returns the report about bytes that are text up to an offset.
fn not_utf8(name: &str, bytes: &[u8], valid_up_to: usize) -> Report {
    let text = String::from_utf8_lossy(bytes);
    let source = Source::named(name, &text);
    let span = yaml::span_at(source.text(), valid_up_to, char::REPLACEMENT_CHARACTER.len_utf8());
    let message = "the bytes from here on are no UTF-8 text";
    let is_utf16 = bytes.starts_with(&[0xFF, 0xFE]) || bytes.starts_with(&[0xFE, 0xFF]);
    let help =
        if is_utf16 { "this looks like UTF-16: save it as UTF-8" } else { "is this a text file?" };
    let mut report = Report::new();
    report.push(Problem::error(codes::NOT_TEXT, &source, span, message).with_help(help));
    report
}

/// How sources are read.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ReadOptions {
    /// The namespace of objects that say none; default `default`.
    pub default_namespace: Arc<str>,
    /// How much is read.
    pub limits: Limits,
    /// Who checks a NetworkPolicy; by default the API server does.
    pub gate: NetworkPolicyGate,
}

impl Default for ReadOptions {
    fn default() -> Self {
        Self {
            default_namespace: "default".into(),
            limits: Limits::default(),
            gate: NetworkPolicyGate::default(),
        }
    }
}

/// Who checks a NetworkPolicy of Kubernetes (NPV-1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum NetworkPolicyGate {
    /// The API server: what it refuses is an error.
    #[default]
    ApiServer,
    /// Cilium's agent alone, which trusts what it is given: what only the API server refuses is a
    /// warning.
    Agent,
}

/// What sources hold.
#[derive(Clone, Debug, Default)]
pub struct Read {
    /// The objects, in the order in which they are written.
    pub objects: Vec<Object>,
    /// Documents of kinds that are not read.
    pub skipped: Vec<Skipped>,
    /// What is wrong.
    pub report: Report,
}

/// One object, as meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Object {
    /// A policy of any kind.
    Policy(Policy),
    /// A named list of prefixes.
    CidrGroup(CidrGroup),
    /// A namespace.
    Namespace(Namespace),
    /// A pod.
    Pod(Pod),
    /// What makes pods.
    Workload(Workload),
    /// A service.
    Service(Service),
    /// Addresses behind a service.
    Endpoints(Endpoints),
    /// A node.
    Node(manifest::Node),
}

/// A document of a kind that is not read.
///
/// Written as `app.yaml:3:1: skipped ConfigMap shop/settings`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// Its kind, as written.
    pub kind: Arc<str>,
    /// Its namespace, if it says one.
    pub namespace: Option<Arc<str>>,
    /// Its name, if it has one.
    pub name: Option<Arc<str>>,
    /// Where the document begins.
    pub place: Place,
}

impl fmt::Display for Skipped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: skipped {}", self.place, self.kind)?;
        match (&self.namespace, &self.name) {
            (Some(namespace), Some(name)) => write!(f, " {namespace}/{name}"),
            (None, Some(name)) => write!(f, " {name}"),
            (_, None) => Ok(()),
        }
    }
}

/// What an object is known by: kind, namespace and name.
type Id = (Kind, Option<Arc<str>>, Arc<str>);

/// Reads documents into what has been read so far.
struct Reader<'r> {
    options: &'r Options,
    reading: &'r ReadOptions,
    /// Where each object stands.
    seen: &'r mut HashMap<Id, Place, RandomState>,
    read: &'r mut Read,
}

impl Reader<'_> {
    /// Reads a document that says itself what it is.
    fn document(&mut self, cx: &mut Context<'_>, root: &Node) {
        let before = cx.report.problems().len();
        let Some(fields) = cx.any_fields(root, &Path::Root) else {
            return;
        };
        let version = fields.get("apiVersion");
        let kind = fields.get("kind");
        let kind =
            typed(cx, root.span, kind, "kind", "say what this is, such as `kind: NetworkPolicy`");
        let help = match kind.and_then(Kind::named).map(Kind::api_versions) {
            Some([first, ..]) => format!("add `apiVersion: {first}`"),
            _ => "say which version of the kind this is, such as `apiVersion: cilium.io/v2`".into(),
        };
        let version = typed(cx, root.span, version, "apiVersion", &help);
        if let (Some(version), Some(kind)) = (version, kind) {
            self.meant(cx, root, version, kind, before);
        }
    }

    /// Reads a document of this version and kind.
    fn meant(
        &mut self,
        cx: &mut Context<'_>,
        root: &Node,
        version: &str,
        kind: &str,
        before: usize,
    ) {
        match meaning(version, kind) {
            Meaning::Read(Kind::List) => self.list(cx, root, None),
            Meaning::ListOf(kind) => self.list(cx, root, Some(kind)),
            Meaning::Read(kind) => self.object(cx, root, kind, before),
            Meaning::WrongVersion(known) => {
                let span = root.get("apiVersion").map_or(root.span, |node| node.span);
                let path = Path::Root.field("apiVersion");
                let message = format!("`{version}` has no `{kind}`");
                let help = format!("write {}", known.api_versions().join(" or "));
                cx.error_help(codes::API_VERSION, span, &path, message, help);
            }
            Meaning::Misspelt(known) => {
                let span = root.get("kind").map_or(root.span, |node| node.span);
                let path = Path::Root.field("kind");
                let message = format!("`{version}` has no `{kind}`");
                let help = format!("did you mean `{}`?", known.as_str());
                cx.error_help(codes::UNKNOWN_KIND, span, &path, message, help);
            }
            Meaning::Other => self.read.skipped.push(skipped(cx, root, kind)),
        }
    }

    /// Reads the items of a list. Those of a list of one kind need not say what they are.
    fn list(&mut self, cx: &mut Context<'_>, root: &Node, kind: Option<Kind>) {
        let known = ["apiVersion", "kind", "metadata", "items"];
        let Some(fields) = cx.fields(root, &Path::Root, &known) else {
            return;
        };
        let items = match kind {
            // An empty list of one kind may be written as null.
            Some(_) if fields.get("items").is_some() => fields.present("items"),
            _ => cx.required(fields, root, &Path::Root, "items"),
        };
        let path = Path::Root.field("items");
        let items = items.and_then(|items| cx.list(items, &path));
        for item in items.unwrap_or_default() {
            match kind {
                Some(kind) if item.get("kind").is_none() && item.get("apiVersion").is_none() => {
                    let before = cx.report.problems().len();
                    self.object(cx, item, kind, before);
                }
                _ => self.document(cx, item),
            }
        }
    }

    /// Reads an object. It is left out if anything is wrong with it.
    fn object(&mut self, cx: &mut Context<'_>, root: &Node, kind: Kind, before: usize) {
        let namespace = &self.reading.default_namespace;
        let Some(meta) = metadata(cx, root, kind, namespace) else {
            self.check_rest(cx, root, kind);
            return;
        };
        self.check_new(cx, root, &meta);
        let object = self.decode(cx, root, &meta);
        let problems = cx.report.problems().iter().skip(before);
        if !problems.into_iter().any(Problem::is_error) {
            self.read.objects.extend(object);
        }
    }

    fn decode(&self, cx: &mut Context<'_>, root: &Node, meta: &Metadata) -> Option<Object> {
        match meta.kind {
            Kind::CiliumNetworkPolicy | Kind::CiliumClusterwideNetworkPolicy => {
                cilium::policy(cx, root, meta, self.options).map(Object::Policy)
            }
            Kind::NetworkPolicy => {
                let gate = self.reading.gate;
                let policy =
                    kubernetes_policy::kubernetes_policy(cx, root, meta, self.options, gate);
                policy.map(Object::Policy)
            }
            Kind::CiliumCidrGroup => cidr_group::cidr_group(cx, root, meta).map(Object::CidrGroup),
            _ => manifest::object(cx, root, meta),
        }
    }

    /// Reports what is wrong with the rest of a document whose metadata are of no use.
    fn check_rest(&self, cx: &mut Context<'_>, root: &Node, kind: Kind) {
        let meta = Metadata {
            kind,
            name: "".into(),
            namespace: kind.is_namespaced().then(|| "".into()),
            labels: Vec::new(),
            span: root.span,
            place: cx.source.place(root.span),
        };
        self.decode(cx, root, &meta);
    }

    /// Reports an object that has been read before.
    fn check_new(&mut self, cx: &mut Context<'_>, root: &Node, meta: &Metadata) {
        let Metadata { kind, name, namespace, place, .. } = meta;
        let id = (*kind, namespace.clone(), Arc::clone(name));
        let first = match self.seen.entry(id) {
            Entry::Occupied(first) => first.get().clone(),
            Entry::Vacant(entry) => {
                entry.insert(place.clone());
                return;
            }
        };
        let node = root.get("metadata").and_then(|node| node.get("name"));
        let span = node.map_or(meta.span, |node| node.span);
        let path = Path::Root;
        let kind = kind.as_str();
        let message = match namespace {
            Some(namespace) => format!("the {kind} `{namespace}/{name}` stands here a second time"),
            None => format!("the {kind} `{name}` stands here a second time"),
        };
        let help = format!("it stands first in {first}: remove or rename one");
        cx.error_help(codes::DUPLICATE_OBJECT, span, &path, message, help);
    }
}

/// Returns the text of `apiVersion` or `kind`, or `None` after reporting that it is missing.
fn typed<'n>(
    cx: &mut Context<'_>,
    root: Span,
    node: Option<&'n Node>,
    name: &str,
    help: &str,
) -> Option<&'n str> {
    let path = Path::Root.field(name);
    let Some(node) = node else {
        let message = format!("`{name}` is missing");
        cx.error_help(codes::MISSING_FIELD, root, &path, message, help);
        return None;
    };
    cx.string(node, &path)
}

fn skipped(cx: &Context<'_>, root: &Node, kind: &str) -> Skipped {
    let metadata = root.get("metadata");
    let field = |name| metadata.and_then(|node| node.get(name)).and_then(Node::as_str);
    Skipped {
        kind: kind.into(),
        namespace: field("namespace").map(Arc::from),
        name: field("name").map(Arc::from),
        place: cx.source.place(root.span),
    }
}
