//! `netpol eval`: whether a connection may be opened and a request made on it, and why.

mod hubble;
mod json;
mod judgement;
mod text;

use std::time::SystemTime;

use netpol::{AuthType, Direction, Engine, Explanation, PacketVerdict, Reader, Side, Summary};
use netpol_core::{Flow, IpFamily};
use netpol_flowlog::{CompactOptions, LogLine, Timestamp};

use self::judgement::Judgement;
use crate::cli::{EvalArgs, EvalFormat};
use crate::failure::{Failure, Outcome};
use crate::inventory::{Face, evaluate};
use crate::output::{Paint, print, to_json};
use crate::peer::{Peer, PeerFace};
use crate::question::Question;
use crate::reach::is_open;
use crate::request::Request;

/// Evaluates the connection.
pub(crate) fn run(args: &EvalArgs) -> Result<Outcome, Failure> {
    let question = Question::new(&args.protocol, args.port, args.icmp_type)?;
    let request = Request::new(&args.request, question.protocol)?;
    if args.time.is_some() && !args.output.is_hubble() {
        return Err(Failure::new(
            "only a flow log has times",
            "leave out `--time`, or add `-o hubble` or `-o hubble-json`",
        ));
    }
    let Some(inventory) = evaluate(&args.input, &args.evaluation)? else {
        return Ok(Outcome::Unusable);
    };
    let from = Peer::parse(&args.from, &inventory)?;
    let to = Peer::parse(&args.to, &inventory)?;
    let answers = answers(&inventory.engine, &from, &to, question, request)?;
    let output = render(&inventory.engine, &answers, args);
    if output.is_empty() {
        // EMT-3
        eprintln!("no policy is enforced on either side, so a flow log shows no verdict");
    }
    print(&output)?;
    let all_open = answers.iter().all(Answer::is_open);
    Ok(if all_open { Outcome::Fine } else { Outcome::Findings })
}

fn render(engine: &Engine, answers: &[Answer<'_>], args: &EvalArgs) -> String {
    let paint = Paint::stdout();
    let options = CompactOptions { color: paint.is_on(), ..CompactOptions::default() };
    let line: &dyn Fn(&LogLine) -> String = match args.output {
        EvalFormat::Text => return text::render(engine, answers, paint),
        EvalFormat::Json => return to_json(&json::answers(engine, answers)),
        EvalFormat::Hubble => &|line| line.to_compact(&options),
        EvalFormat::HubbleJson => &LogLine::to_json,
    };
    let time = args.time.or_else(|| Timestamp::from_system_time(SystemTime::now()));
    hubble::lines(engine, answers, time).iter().map(|record| line(record) + "\n").collect()
}

/// The answer about one flow.
#[derive(Debug)]
struct Answer<'a> {
    from: Named<'a>,
    to: Named<'a>,
    question: Question,
    request: Option<Request<'a>>,
    verdict: PacketVerdict,
    /// Egress first.
    explanations: [Explanation; 2],
    /// What the sides say about the request, egress first.
    judgements: [Option<Judgement>; 2],
}

/// The name of a peer, and one of its looks.
#[derive(Clone, Copy, Debug)]
struct Named<'a> {
    peer: &'a str,
    face: &'a PeerFace,
}

impl Answer<'_> {
    /// Tells whether the connection may be opened, be it through a proxy or after authentication,
    /// and the request made on it.
    fn is_open(&self) -> bool {
        self.is_connection_open() && !self.judgements.iter().flatten().any(Judgement::is_denied)
    }

    fn is_connection_open(&self) -> bool {
        is_open(&self.verdict.egress) && is_open(&self.verdict.ingress)
    }

    /// Tells whether no proxy looks at the request on its way.
    fn is_unseen(&self) -> bool {
        self.judgements.iter().all(Option::is_none)
    }

    /// Returns the verdict in one word: `allow`, `redirect`, `auth` or `deny`.
    fn word(&self) -> &'static str {
        if self.is_open() { self.verdict.summary().as_str() } else { Summary::Deny.as_str() }
    }

    /// Returns both sides, egress first, with their explanations and what they say about
    /// the request.
    fn sides(&self) -> [(Direction, &Side, &Explanation, &Option<Judgement>); 2] {
        let [egress, ingress] = &self.explanations;
        let [of_egress, of_ingress] = &self.judgements;
        [
            (Direction::Egress, &self.verdict.egress, egress, of_egress),
            (Direction::Ingress, &self.verdict.ingress, ingress, of_ingress),
        ]
    }

    /// Tells whether two answers differ in nothing but the looks of the peers.
    fn says_the_same(&self, other: &Self) -> bool {
        self.word() == other.word()
            && self.explanations == other.explanations
            && self.judgements == other.judgements
    }
}

/// Returns the answers for all looks of both peers that fit together.
fn answers<'a>(
    engine: &Engine,
    from: &'a Peer,
    to: &'a Peer,
    question: Question,
    request: Option<Request<'a>>,
) -> Result<Vec<Answer<'a>>, Failure> {
    let mut reader = engine.reader();
    let mut answers = Vec::new();
    for src in &from.faces {
        for dst in &to.faces {
            if !have_common_family([src.family, dst.family, question.family()]) {
                continue;
            }
            let verdict = verdict(&mut reader, src.face, dst.face, question);
            let explanations = explain(engine, &verdict, question);
            let judgements = Judgement::of_sides(engine, &mut reader, &verdict, request)?;
            let from = Named { peer: &from.name, face: src };
            let to = Named { peer: &to.name, face: dst };
            answers.push(Answer { from, to, question, request, verdict, explanations, judgements });
        }
    }
    if answers.is_empty() {
        let message = format!(
            "`{}`, `{}` and {} have no address family in common",
            from.name, to.name, question.protocol
        );
        let help = "name peers that are both reachable by IPv4, or both by IPv6; icmp is IPv4, icmpv6 is IPv6";
        return Err(Failure::new(message, help));
    }
    Ok(answers)
}

/// Tells whether all who belong to a family belong to the same one.
fn have_common_family(families: [Option<IpFamily>; 3]) -> bool {
    let mut given = families.into_iter().flatten();
    let first = given.next();
    given.all(|family| Some(family) == first)
}

fn verdict(reader: &mut Reader, from: Face, to: Face, question: Question) -> PacketVerdict {
    let Question { protocol, port } = question;
    let mut side = |own: Face, direction, peer: Face| match own.endpoint {
        Some(endpoint) => {
            reader.endpoint_verdict(endpoint, direction, peer.identity, protocol, port)
        }
        None => Side::None,
    };
    PacketVerdict {
        src_identity: from.identity,
        dst_identity: to.identity,
        egress: side(from, Direction::Egress, to),
        ingress: side(to, Direction::Ingress, from),
    }
}

fn explain(engine: &Engine, verdict: &PacketVerdict, question: Question) -> [Explanation; 2] {
    let Question { protocol, port } = question;
    let flow = |direction, peer| Flow { direction, peer, protocol, port };
    [
        engine.explain_side(&flow(Direction::Egress, verdict.dst_identity), &verdict.egress),
        engine.explain_side(&flow(Direction::Ingress, verdict.src_identity), &verdict.ingress),
    ]
}

/// Returns the authentication that a side asks for, if any.
fn auth(side: &Side) -> Option<AuthType> {
    let auth = side.verdict().map(netpol::Verdict::auth);
    auth.filter(|auth| *auth != AuthType::Disabled)
}
