//! `netpol eval`: whether a connection may be opened, and why.

mod json;
mod text;

use netpol::{AuthType, Direction, Engine, Explanation, PacketVerdict, Reader, Side, Summary};
use netpol_core::{Flow, IpFamily};

use crate::cli::{EvalArgs, Format};
use crate::failure::{Failure, Outcome};
use crate::inventory::{Face, evaluate};
use crate::output::{Paint, print, to_json};
use crate::peer::Peer;
use crate::question::Question;
use crate::reach::is_open;

/// Evaluates the connection.
pub(crate) fn run(args: &EvalArgs) -> Result<Outcome, Failure> {
    let question = Question::new(&args.protocol, args.port, args.icmp_type)?;
    let Some(inventory) = evaluate(&args.input, &args.evaluation)? else {
        return Ok(Outcome::Unusable);
    };
    let from = Peer::parse(&args.from, &inventory)?;
    let to = Peer::parse(&args.to, &inventory)?;
    let answers = answers(&inventory.engine, &from, &to, question)?;
    print(&match args.output {
        Format::Text => text::render(&inventory.engine, &answers, Paint::stdout()),
        Format::Json => to_json(&json::answers(&inventory.engine, &answers)),
    })?;
    let all_open = answers.iter().all(Answer::is_open);
    Ok(if all_open { Outcome::Fine } else { Outcome::Findings })
}

/// The answer about one flow.
#[derive(Debug)]
struct Answer<'a> {
    from: Named<'a>,
    to: Named<'a>,
    question: Question,
    verdict: PacketVerdict,
    /// Egress first.
    explanations: [Explanation; 2],
}

/// The names of a peer, and of one of its looks.
#[derive(Clone, Copy, Debug)]
struct Named<'a> {
    peer: &'a str,
    face: &'a str,
}

impl Answer<'_> {
    /// Tells whether the connection may be opened, be it through a proxy or after authentication.
    fn is_open(&self) -> bool {
        is_open(&self.verdict.egress) && is_open(&self.verdict.ingress)
    }

    /// Returns the verdict in one word: `allow`, `redirect`, `auth` or `deny`.
    fn word(&self) -> &'static str {
        if self.is_open() { self.verdict.summary().as_str() } else { Summary::Deny.as_str() }
    }

    /// Returns both sides, egress first, with their explanations.
    fn sides(&self) -> [(Direction, &Side, &Explanation); 2] {
        let [egress, ingress] = &self.explanations;
        [
            (Direction::Egress, &self.verdict.egress, egress),
            (Direction::Ingress, &self.verdict.ingress, ingress),
        ]
    }

    /// Tells whether two answers differ in nothing but the looks of the peers.
    fn says_the_same(&self, other: &Self) -> bool {
        self.word() == other.word() && self.explanations == other.explanations
    }
}

/// Returns the answers for all looks of both peers that fit together.
fn answers<'a>(
    engine: &Engine,
    from: &'a Peer,
    to: &'a Peer,
    question: Question,
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
            let from = Named { peer: &from.name, face: &src.name };
            let to = Named { peer: &to.name, face: &dst.name };
            answers.push(Answer { from, to, question, verdict, explanations });
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
