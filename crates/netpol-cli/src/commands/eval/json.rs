//! Answers for programs.

use netpol::{Direction, Engine, Explanation, IdentityId, Side};
use serde::Serialize;

use super::{Answer, Judgement, auth};
use crate::output::OriginJson;
use crate::request::{Decided, Request};

/// Returns the answers as JSON.
pub(super) fn answers<'a>(engine: &'a Engine, answers: &'a [Answer<'a>]) -> AnswersJson<'a> {
    // The worst answer counts for all; they are ordered by how much they allow.
    let words = ["deny", "auth", "redirect", "allow"];
    let worst = words.into_iter().find(|word| answers.iter().any(|answer| answer.word() == *word));
    AnswersJson {
        verdict: worst.unwrap_or("deny"),
        allowed: answers.iter().all(Answer::is_open),
        flows: answers.iter().map(|answer| flow(engine, answer)).collect(),
    }
}

fn flow<'a>(engine: &'a Engine, answer: &'a Answer<'a>) -> FlowJson<'a> {
    let peer = |name: &'a str, identity: IdentityId| PeerJson {
        name,
        identity: identity.number(),
        labels: engine.identity_labels(identity).map(ToString::to_string),
    };
    let [egress, ingress] =
        answer.sides().map(|(direction, side, explanation, judgement)| SideJson {
            request: judgement.as_ref().map(judged),
            ..self::side(engine, direction, side, explanation)
        });
    FlowJson {
        from: peer(&answer.from.face.name, answer.verdict.src_identity),
        to: peer(&answer.to.face.name, answer.verdict.dst_identity),
        protocol: answer.question.protocol.to_string(),
        port: answer.question.port,
        request: answer.request.map(RequestJson::from),
        verdict: answer.word(),
        egress,
        ingress,
    }
}

fn side<'a>(
    engine: &'a Engine,
    direction: Direction,
    side: &Side,
    explanation: &'a Explanation,
) -> SideJson<'a> {
    let redirect = side.verdict().and_then(|verdict| engine.redirect(verdict.redirect()));
    let nearest = explanation.nearest().map(|nearest| NearestJson {
        rule: OriginJson::from(&*nearest.origin),
        differs_in: if nearest.peer_matches { "ports" } else { "peers" },
    });
    SideJson {
        direction: direction.as_str(),
        decision: explanation.decision().to_owned(),
        match_type: side.verdict().map(|verdict| verdict.match_type().as_str()),
        proxy: redirect.map(ToString::to_string),
        auth: auth(side).map(netpol::AuthType::name),
        rules: explanation.origins().map(|origin| OriginJson::from(&**origin)).collect(),
        isolated_by: explanation.isolated_by().iter().map(ToString::to_string).collect(),
        nearest,
        request: None,
    }
}

fn judged(judgement: &Judgement) -> JudgedJson<'_> {
    let Judgement::Decided(Decided { is_connection, verdict }) = judgement else {
        return JudgedJson { decision: "listener", decided: None, rule: None };
    };
    JudgedJson {
        decision: if verdict.is_allowed() { "allow" } else { "deny" },
        decided: Some(if *is_connection { "connection" } else { "request" }),
        rule: verdict.rule().map(|origin| OriginJson::from(&**origin)),
    }
}

#[derive(Debug, Serialize)]
pub(super) struct AnswersJson<'a> {
    /// `allow`, `redirect`, `auth` or `deny`; of several flows the worst counts.
    verdict: &'static str,
    allowed: bool,
    flows: Vec<FlowJson<'a>>,
}

#[derive(Debug, Serialize)]
struct FlowJson<'a> {
    from: PeerJson<'a>,
    to: PeerJson<'a>,
    protocol: String,
    /// For ICMP the type.
    port: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    request: Option<RequestJson>,
    verdict: &'static str,
    egress: SideJson<'a>,
    ingress: SideJson<'a>,
}

#[derive(Debug, Serialize)]
struct PeerJson<'a> {
    name: &'a str,
    identity: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    labels: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct SideJson<'a> {
    direction: &'static str,
    /// `none`, `unenforced`, `allow`, `redirect`, `deny` or `default-deny`.
    decision: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    match_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    proxy: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    auth: Option<&'static str>,
    /// The rules that decided.
    rules: Vec<OriginJson<'a>>,
    /// With `default-deny`: the policies that switch it on.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    isolated_by: Vec<String>,
    /// With `default-deny`: the rule that came nearest.
    #[serde(skip_serializing_if = "Option::is_none")]
    nearest: Option<NearestJson<'a>>,
    /// With `redirect`, if a request was asked about: what is decided there.
    #[serde(skip_serializing_if = "Option::is_none")]
    request: Option<JudgedJson<'a>>,
}

/// The request that was asked about.
#[derive(Debug, Serialize)]
struct RequestJson {
    /// `http`, `dns` or `sni`.
    kind: &'static str,
    text: String,
}

impl From<Request<'_>> for RequestJson {
    fn from(request: Request<'_>) -> Self {
        Self { kind: request.kind(), text: request.to_string() }
    }
}

#[derive(Debug, Serialize)]
struct JudgedJson<'a> {
    /// `allow`, `deny`, or `listener`, where a custom listener decides by rules of its own.
    decision: &'static str,
    /// `request`, or `connection` if that is denied already.
    #[serde(skip_serializing_if = "Option::is_none")]
    decided: Option<&'static str>,
    /// The rule that decided; absent if none allows the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<OriginJson<'a>>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct NearestJson<'a> {
    rule: OriginJson<'a>,
    /// `ports` or `peers`.
    differs_in: &'static str,
}
