//! What `list` shows is what `eval` says, pair by pair.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::Value;

use crate::support::{examples, fixtures, run_in};

#[test]
fn list_and_eval_agree_on_the_example() {
    assert_agreement(&examples(), "three-tier");
}

#[test]
fn list_and_eval_agree_on_a_world_with_denials_ranges_and_nodes() {
    assert_agreement(&fixtures(), "agreement.yaml");
}

/// Asks `eval` about every pair of what `list` names, at every port that it names and beside it;
/// what is not listed must be denied.
fn assert_agreement(folder: &Path, path: &str) {
    let run = run_in(folder, &["list", "-f", path, "-o", "json"], None);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let rows: Vec<Value> = serde_json::from_str(&run.stdout).unwrap();
    let text = |row: &Value, key: &str| row[key].as_str().unwrap().to_owned();
    let rows: BTreeMap<(String, String), String> =
        rows.iter().map(|row| ((text(row, "src"), text(row, "dst")), text(row, "conn"))).collect();
    let workloads =
        || rows.keys().flat_map(|(src, dst)| [src, dst]).filter(|peer| is_workload(peer));
    // Sources and destinations outside have ranges of their own.
    let sources: BTreeSet<&String> = rows.keys().map(|(src, _)| src).chain(workloads()).collect();
    let destinations: BTreeSet<&String> =
        rows.keys().map(|(_, dst)| dst).chain(workloads()).collect();
    let questions: BTreeSet<Question> =
        rows.values().flat_map(|conn| questions_about(conn)).collect();
    let mut n_asked = 0;
    for src in sources {
        for dst in destinations.iter().filter(|dst| src != **dst) {
            let listed = rows.get(&(src.clone(), (*dst).clone()));
            // Names are listed for those who use them.
            let by_name = listed.is_none() && dst.ends_with("[FQDN]");
            if by_name || !(is_workload(src) || is_workload(dst)) {
                continue;
            }
            let conn = listed.map_or("", String::as_str);
            for question in &questions {
                let allowed = ask(folder, path, src, dst, question);
                assert_eq!(
                    allowed,
                    allows(conn, question),
                    "{src} -> {dst}: {question:?} and `{conn}`"
                );
                n_asked += 1;
            }
        }
    }
    assert!(n_asked > 100, "only {n_asked} questions");
}

/// Protocol, and port or type.
type Question = (&'static str, u16);

/// Returns the ports that a text names, and those beside them, and some for all.
fn questions_about(conn: &str) -> Vec<Question> {
    let mut questions = vec![("SCTP", 9), ("TCP", 9), ("UDP", 9)];
    for (protocol, ports) in parse(conn) {
        for (start, end) in ports {
            questions.push((protocol, start.max(1)));
            questions.push((protocol, end));
            questions.push((protocol, end.saturating_add(1)));
        }
    }
    questions
}

/// Returns protocols and ranges of a text such as `TCP 80,443,UDP 53`.
fn parse(conn: &str) -> Vec<(&'static str, Vec<(u16, u16)>)> {
    let mut parsed: Vec<(&'static str, Vec<(u16, u16)>)> = Vec::new();
    if conn.is_empty() || conn == "All Connections" {
        return parsed;
    }
    for item in conn.split(',') {
        let (protocol, range) = item.split_once(' ').unwrap_or(("", item));
        if !protocol.is_empty() {
            let known = ["SCTP", "TCP", "UDP"].into_iter().find(|known| *known == protocol);
            parsed.push((known.unwrap_or_else(|| panic!("{conn}")), Vec::new()));
        }
        let (start, end) = range.split_once('-').unwrap_or((range, range));
        parsed.last_mut().unwrap().1.push((start.parse().unwrap(), end.parse().unwrap()));
    }
    parsed
}

fn allows(conn: &str, (protocol, port): &Question) -> bool {
    let ports = parse(conn).into_iter().filter(|(listed, _)| listed == protocol);
    let mut ranges = ports.flat_map(|(_, ranges)| ranges);
    conn == "All Connections" || ranges.any(|(start, end)| start <= *port && *port <= end)
}

fn is_workload(peer: &str) -> bool {
    !["[External]", "[FQDN]", "[Node]"].iter().any(|kind| peer.ends_with(kind))
}

fn ask(folder: &Path, path: &str, src: &str, dst: &str, (protocol, port): &Question) -> bool {
    let port = port.to_string();
    let args =
        ["eval", "-f", path, "--from", src, "--to", dst, "--protocol", protocol, "--port", &port];
    let run = run_in(folder, &args, None);
    assert!(run.code < 2, "{args:?}: {}", run.stderr);
    run.code == 0
}
