//! What can be said on the command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

use netpol_flowlog::Timestamp;

use crate::names::DnsAnswer;
use crate::request::{self, HeaderArg, HttpLine};

/// Cilium's network policies, without a cluster: what is wrong with them, what they allow, and
/// why.
///
/// Policies and the manifests of what they are about (pods, workloads, namespaces, services,
/// nodes) are read from the same files.
#[derive(Debug, Parser)]
#[command(name = "netpol", version, after_help = EXIT_CODES, after_long_help = OVERVIEW)]
pub(crate) struct Cli {
    /// The command.
    #[command(subcommand)]
    pub(crate) command: Command,
}

const EXIT_CODES: &str = "\
Exit codes: 0 fine or allowed, 1 findings or denied, 2 unusable input.";

const OVERVIEW: &str = "\
Examples:
  netpol check -f policies/                        what is wrong, and what to write instead
  netpol list -f app/                              who can reach whom
  netpol eval -f app/ --from shop/frontend --to shop/backend --port 80
                                                   may this connection be opened, and why
  netpol eval -f app/ --from shop/frontend --to shop/backend --port 80 --http 'GET /docs'
                                                   and may this request be made on it
  netpol map -f app/ --endpoint shop/backend       the policy map of one endpoint
  kubectl get cnp,deploy,ns -A -o yaml | netpol list -f -

Exit codes: 0 fine or allowed, 1 findings or denied, 2 unusable input.

Colours are used on a terminal, unless NO_COLOR is set.";

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Report everything that is wrong with policies, with places and remedies.
    ///
    /// Errors are what a cluster would refuse or netpol cannot use. Warnings are what is legal
    /// but surely not meant. Selectors that match nothing are reported only if the files hold
    /// pods or workloads.
    #[command(after_long_help = CHECK_HELP)]
    Check(CheckArgs),
    /// Tell whether a connection may be opened, and which rule decides.
    ///
    /// The egress policy of the source and the ingress policy of the destination both have to
    /// allow it. For a default deny, the policies behind it and the rule that came nearest are
    /// shown.
    #[command(after_long_help = EVAL_HELP)]
    Eval(Box<EvalArgs>),
    /// List all allowed connections, between workloads and with the outside.
    #[command(after_long_help = LIST_HELP)]
    List(ListArgs),
    /// Print the policy map of an endpoint, with the rules behind each entry.
    ///
    /// The columns are those of `cilium-dbg bpf policy get`.
    #[command(after_long_help = MAP_HELP)]
    Map(MapArgs),
    /// Write a completion script for a shell.
    #[command(after_long_help = COMPLETIONS_HELP)]
    Completions(CompletionsArgs),
}

/// What every command that reads manifests takes.
#[derive(Args, Debug)]
pub(crate) struct InputArgs {
    /// File or folder with manifests, or `-` for standard input; can be repeated.
    ///
    /// A folder stands for its files *.yaml, *.yml and *.json.
    #[arg(short, long, value_name = "PATH", required = true)]
    pub(crate) filename: Vec<PathBuf>,
    /// Read the folders inside folders too.
    #[arg(short = 'R', long)]
    pub(crate) recursive: bool,
    /// Namespace of objects, and of peers on the command line, that name none.
    #[arg(short, long, default_value = "default", value_name = "NAME")]
    pub(crate) namespace: String,
}

/// What commands take that evaluate policies.
#[derive(Args, Debug)]
pub(crate) struct EvaluationArgs {
    /// Go on without the documents that have errors. What is shown then follows from the others
    /// alone, and may allow more than the whole set does.
    #[arg(long)]
    pub(crate) keep_going: bool,
    /// Addresses that a DNS answer gave for a name; can be repeated. Name selectors that match the
    /// name then select them.
    #[arg(long, value_name = "NAME=ADDRESS[,ADDRESS]")]
    pub(crate) learn: Vec<DnsAnswer>,
}

/// A form of output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people.
    #[default]
    Text,
    /// For programs.
    Json,
}

/// A form of output of `eval`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum EvalFormat {
    /// For people.
    #[default]
    Text,
    /// For programs.
    Json,
    /// Hubble's compact lines: the verdict of each side that enforces policy, and on the request.
    Hubble,
    /// The same records as Hubble's JSON, one on a line.
    HubbleJson,
}

impl EvalFormat {
    /// Tells whether it is a flow log.
    pub(crate) const fn is_hubble(self) -> bool {
        matches!(self, Self::Hubble | Self::HubbleJson)
    }
}

/// A form of output of `check`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum CheckFormat {
    /// For people.
    #[default]
    Text,
    /// For programs.
    Json,
    /// SARIF 2.1.0, for code hosts and editors.
    Sarif,
}

/// Arguments of `check`.
#[derive(Args, Debug)]
pub(crate) struct CheckArgs {
    #[command(flatten)]
    pub(crate) input: InputArgs,
    /// Do not report warnings with this code; can be repeated. Errors cannot be left out.
    #[arg(long, value_name = "CODE")]
    pub(crate) allow: Vec<String>,
    /// Form of the output.
    #[arg(short, long, value_enum, default_value_t)]
    pub(crate) output: CheckFormat,
}

const CHECK_HELP: &str = "\
Examples:
  netpol check -f policies/
  netpol check -f policies/ -f app/deployment.yaml     selectors are compared with the workloads
  netpol check -f policies/ --allow empty-element      `{}` is meant
  kubectl get cnp,ccnp,netpol -A -o yaml | netpol check -f - -o json
  netpol check -f policies/ -o sarif > netpol.sarif

Exit codes: 0 nothing to report, 1 warnings only, 2 errors: a document that cannot be used, a file
that cannot be read. Documents of other kinds are skipped, which is reported and is fine.";

/// Arguments of `eval`.
#[derive(Args, Debug)]
pub(crate) struct EvalArgs {
    #[command(flatten)]
    pub(crate) input: InputArgs,
    #[command(flatten)]
    pub(crate) evaluation: EvaluationArgs,
    /// Who opens the connection.
    #[arg(long, value_name = "PEER")]
    pub(crate) from: String,
    /// Who is to accept it.
    #[arg(long, value_name = "PEER")]
    pub(crate) to: String,
    /// Destination port, after service translation: that of the pod.
    #[arg(short, long, value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) port: Option<u16>,
    /// Protocol: tcp, udp, sctp, icmp, icmpv6, or a number from 1 to 255.
    #[arg(long, default_value = "tcp", value_name = "PROTOCOL")]
    pub(crate) protocol: String,
    /// ICMP type, such as 8 (128 for ICMPv6) for an echo request.
    #[arg(long, value_name = "NUMBER")]
    pub(crate) icmp_type: Option<u8>,
    #[command(flatten)]
    pub(crate) request: RequestArgs,
    /// Form of the output.
    #[arg(short, long, value_enum, default_value_t)]
    pub(crate) output: EvalFormat,
    /// Time of the records of `-o hubble` and `-o hubble-json`, instead of now.
    #[arg(long, value_name = "RFC3339", value_parser = request::parse_time)]
    pub(crate) time: Option<Timestamp>,
}

/// What is asked on the connection.
#[derive(Args, Debug)]
pub(crate) struct RequestArgs {
    /// An HTTP request on the connection: method and path with query, such as 'GET /docs'.
    #[arg(long, value_name = "METHOD PATH", conflicts_with = "dns")]
    pub(crate) http: Option<HttpLine>,
    /// A header of the HTTP request; can be repeated.
    #[arg(long, value_name = "NAME: VALUE", requires = "http")]
    pub(crate) header: Vec<HeaderArg>,
    /// The host that the HTTP request names, with the port if it names one.
    #[arg(long, value_name = "HOST", requires = "http", value_parser = request::parse_host)]
    pub(crate) host: Option<String>,
    /// A DNS query for a name on the connection.
    #[arg(long, value_name = "NAME", conflicts_with = "sni", value_parser = request::parse_name)]
    pub(crate) dns: Option<String>,
    /// The server name that the TLS client of the connection indicates; with --http, that of the
    /// connection which carries the request.
    #[arg(long, value_name = "NAME", value_parser = request::parse_server_name)]
    pub(crate) sni: Option<String>,
}

const EVAL_HELP: &str = "\
Peers:
  NAMESPACE/NAME         a workload or pod of the manifests; NAME alone is in the namespace of -n
  NAME[KIND]             the same as `list` writes it, where several kinds share a name
  ADDRESS                an IP address: of a pod or node of the manifests, or else outside
  FIRST-LAST[External]   a range of addresses outside
  ENTITY                 world, world-ipv4, world-ipv6, host, remote-node, kube-apiserver, health,
                         ingress, init, unmanaged
  fqdn:SELECTOR          the addresses of a `toFQDNs` selector, written as in the policy

Examples:
  netpol eval -f app/ --from shop/frontend --to shop/backend --port 80
  netpol eval -f app/ -n shop --from backend --to database --port 7379 -o json
  netpol eval -f app/ --from 203.0.113.7 --to shop/database --port 443
  netpol eval -f app/ --from shop/backend --to world --protocol udp --port 53
  netpol eval -f app/ --from host --to shop/backend --protocol icmp --icmp-type 8
  netpol eval -f app/ --from shop/backend --to 'fqdn:*.cloud.google.com' --port 443
  netpol eval -f app/ --from shop/backend --to 192.0.2.9 --port 443 --learn a.example=192.0.2.9
  netpol eval -f app/ --from shop/frontend --to shop/backend --port 80 --http 'GET /docs' \\
      --host docs.example --header 'x-vpn: 1'
  netpol eval -f app/ --from shop/backend --to kube-system/dns --protocol udp --port 53 \\
      --dns www.example.com
  netpol eval -f app/ --from shop/backend --to world --port 443 --sni www.example.com -o hubble

Requests are asked about on each side that sends the connection through a proxy: the rule that
decides is shown. Where no proxy looks at it, a request passes with its connection. For HTTP the
connection is asked about first, as one without TLS unless --sni is given. What a custom listener
decides is its own business, and counts as allowed here. Header values of secrets are not known
here.

-o hubble shows the first packet of the connection, so that a demand for authentication drops it,
at each side where policy is enforced, up to the side that denies; then the request, for --dns as a
query of type A. Sides without a known address are called by their names.

Exit codes: 0 allowed, 1 denied, be it the connection or the request on it, 2 unusable input.
Allowed are also connections that a proxy looks at, and those for which both sides must
authenticate each other first. `world` stands for the outside by IPv4 and by IPv6: if they differ
both are shown, and the code is 1 if one is denied. The same holds for ranges.";

/// Arguments of `list`.
#[derive(Args, Debug)]
pub(crate) struct ListArgs {
    #[command(flatten)]
    pub(crate) input: InputArgs,
    #[command(flatten)]
    pub(crate) evaluation: EvaluationArgs,
    /// List entities too: host, remote-node, kube-apiserver, health, ingress, init, unmanaged.
    #[arg(long)]
    pub(crate) entities: bool,
    /// Form of the output.
    #[arg(short, long, value_enum, default_value_t)]
    pub(crate) output: Format,
}

const LIST_HELP: &str = "\
A connection is listed when the policies of both sides allow it, be it through a proxy or after
authentication. A workload stands for its pods; what goes on between them is left out.

  shop/backend[Deployment]            a workload
  203.0.113.7-203.0.113.7[External]   addresses outside; within a range all are treated alike
  *.cloud.google.com[FQDN]            addresses of a `toFQDNs` selector, for those who use it
  node-1[Node]                        a node of the manifests, for pods of other nodes
  host[Entity]                        an entity, with --entities

Connections are `All Connections`, or protocols with ports, such as `SCTP 1-65535,TCP 80,443`. ICMP
types (`ICMP 8`) and other protocols are shown where policies list them.

Examples:
  netpol list -f app/
  netpol list -f app/ -o json
  netpol list -f app/ -f policies/ -R --entities

Exit codes: 0 listed, 2 unusable input.";

/// Arguments of `map`.
#[derive(Args, Debug)]
pub(crate) struct MapArgs {
    #[command(flatten)]
    pub(crate) input: InputArgs,
    #[command(flatten)]
    pub(crate) evaluation: EvaluationArgs,
    /// The workload or pod, as NAMESPACE/NAME.
    #[arg(long, value_name = "ENDPOINT")]
    pub(crate) endpoint: String,
    /// Form of the output.
    #[arg(short, long, value_enum, default_value_t)]
    pub(crate) output: MapFormat,
}

/// A form of output of `map`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum MapFormat {
    /// For people.
    #[default]
    Text,
    /// For programs.
    Json,
    /// The bytes of Cilium's policy map, as `bpftool map dump` shows them. Proxies have the ports from 10000
    /// on, in order of their numbers.
    CiliumBpf,
}

const MAP_HELP: &str = "\
Examples:
  netpol map -f app/ --endpoint shop/database
  netpol map -f app/ -n shop --endpoint database -o json
  netpol map -f app/ -n shop --endpoint database -o cilium-bpf

Exit codes: 0 printed, 2 unusable input.";

/// Arguments of `completions`.
#[derive(Args, Debug)]
pub(crate) struct CompletionsArgs {
    /// The shell.
    #[arg(value_enum)]
    pub(crate) shell: Shell,
}

const COMPLETIONS_HELP: &str = "\
Examples:
  netpol completions bash > /etc/bash_completion.d/netpol
  netpol completions zsh > \"${fpath[1]}/_netpol\"
  netpol completions fish > ~/.config/fish/completions/netpol.fish";
