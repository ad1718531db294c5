//! `netpol eval` about requests, and as a flow log.

use netpol_flowlog::LogLine;
use serde_json::Value;

use crate::support::{Run, assert_golden, examples, netpol, run_in};

const READ: [&str; 6] = ["--from", "reader", "--to", "catalogue", "--port", "80"];
const ASK: [&str; 6] = ["--from", "catalogue", "--to", "names", "--port", "53"];
const BUY: [&str; 6] = ["--from", "catalogue", "--to", "192.0.2.80", "--port", "443"];
const STORE: [&str; 6] = ["--from", "catalogue", "--to", "archive", "--port", "9000"];

/// Evaluates a connection of the library.
fn eval(connection: [&str; 6], args: &[&str]) -> Run {
    let files = ["eval", "-f", "requests.yaml", "-n", "library"];
    netpol(&[&files[..], &connection, args].concat())
}

/// Evaluates it as a flow log of a fixed time.
fn log(connection: [&str; 6], args: &[&str]) -> Run {
    let time = ["--time", "2024-03-14T15:12:34.1789+01:00", "-o", "hubble"];
    eval(connection, &[&time[..], args].concat())
}

#[test]
fn an_allowed_http_request_names_its_rule() {
    let run = eval(READ, &["--http", "GET /books/7"]);
    assert_golden("eval-http-allowed.txt", &run.stdout);
    assert_eq!(run.code, 0, "{}", run.stderr);
}

#[test]
fn a_denied_http_request_is_a_denial() {
    let run = eval(READ, &["--http", "DELETE /books/7"]);
    assert_golden("eval-http-denied.txt", &run.stdout);
    assert_eq!(run.code, 1);
    let run = eval(READ, &["--http", "DELETE /books/7", "-o", "json"]);
    assert_golden("eval-http-denied.json", &run.stdout);
    assert_eq!(run.code, 1);
}

#[test]
fn host_and_headers_belong_to_the_request() {
    let put = ["--http", "PUT /notes", "--host", "notes.example", "--header", "X-Card: 7"];
    assert_eq!(eval(READ, &put).code, 0);
    assert_eq!(eval(READ, &put[..4]).code, 1, "no header");
    assert_eq!(eval(READ, &[&put[..2], &put[4..]].concat()).code, 1, "no host");
    let wrong = ["--header", "x-other: 7", "--header", "x-card: 8"];
    assert_eq!(eval(READ, &[&put[..4], &wrong].concat()).code, 1, "another value");
}

#[test]
fn a_dns_query_is_decided_by_its_name() {
    let run = eval(ASK, &["--protocol", "udp", "--dns", "a.press.example"]);
    assert_golden("eval-dns-allowed.txt", &run.stdout);
    assert_eq!(run.code, 0);
    assert_eq!(eval(ASK, &["--dns", "A.press.example."]).code, 0, "over TCP too");
    assert_eq!(eval(ASK, &["--dns", "press.example"]).code, 1);
}

#[test]
fn a_server_name_is_decided_before_requests() {
    assert_eq!(eval(BUY, &["--sni", "www.press.example"]).code, 0);
    assert_eq!(eval(BUY, &["--sni", "www.other.example"]).code, 1);
    assert_eq!(eval(BUY, &["--sni", ""]).code, 1, "a client that names none");
    let request = ["--http", "GET /", "--sni", "www.press.example"];
    assert_eq!(eval(BUY, &request).code, 0);
    let run = eval(BUY, &request[..2]);
    assert_golden("eval-http-connection.txt", &run.stdout);
    assert_eq!(run.code, 1);
}

#[test]
fn without_a_proxy_a_request_is_not_looked_at() {
    let world = ["--from", "192.0.2.80", "--to", "reader", "--port", "80"];
    let run = eval(world, &["--http", "GET /"]);
    assert_golden("eval-http-unseen.txt", &run.stdout);
    assert_eq!(run.code, 0);
    let json = eval(world, &["--http", "GET /", "-o", "json"]).stdout;
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["flows"][0]["request"]["kind"], "http");
    assert_eq!(json["flows"][0]["ingress"].get("request"), None);
}

#[test]
fn a_request_on_a_denied_connection_is_not_decided() {
    let run = eval(["--from", "world", "--to", "catalogue", "--port", "80"], &["--http", "GET /"]);
    assert_eq!(run.code, 1);
    assert!(run.stdout.starts_with("denied: "), "{}", run.stdout);
    assert!(run.stdout.contains("GET /: cannot be made"), "{}", run.stdout);
}

#[test]
fn a_custom_listener_decides_by_itself() {
    let run = eval(STORE, &["--http", "GET /"]);
    assert_golden("eval-http-listener.txt", &run.stdout);
    assert_eq!(run.code, 0);
    let run = eval(STORE, &["--http", "GET /", "-o", "json"]);
    assert!(run.stdout.contains("\"decision\": \"listener\""), "{}", run.stdout);
    assert_eq!(log(STORE, &["--http", "GET /"]).stdout.lines().count(), 1, "no word of requests");
}

#[test]
fn answers_can_be_had_as_hubble_lines() {
    let udp = ["--protocol", "udp", "--dns"];
    let runs = [
        log(READ, &[]),
        log(READ, &["--http", "GET /books/7", "--host", "books.example"]),
        log(READ, &["--http", "DELETE /books/7"]),
        log(ASK, &[&udp[..], &["a.press.example"]].concat()),
        log(ASK, &[&udp[..], &["other.example"]].concat()),
        log(BUY, &["--sni", "www.other.example"]),
        log(BUY, &["--http", "GET /"]),
        log(["--from", "world", "--to", "catalogue", "--port", "80"], &[]),
    ];
    let text: Vec<&str> = runs.iter().map(|run| run.stdout.as_str()).collect();
    assert_golden("eval-hubble.txt", &text.concat());
    assert_eq!(runs.map(|run| run.code), [0, 0, 1, 0, 1, 1, 1, 1]);
}

#[test]
fn a_flow_log_shows_nothing_where_no_policy_is_enforced() {
    let world = ["--from", "192.0.2.80", "--to", "reader", "--port", "80"];
    let run = log(world, &["--http", "GET /"]);
    assert_eq!((run.stdout.as_str(), run.code), ("", 0));
    assert!(run.stderr.contains("no policy is enforced"), "{}", run.stderr);
}

#[test]
fn a_proxy_is_asked_only_about_what_it_expects() {
    let run = eval(READ, &["--dns", "a.example"]);
    assert_eq!((run.code, run.stdout.as_str()), (2, ""));
    assert!(run.stderr.contains("`--http`"), "{}", run.stderr);
    for args in [["--http", "GET /"], ["--sni", "a.example"]] {
        let run = eval(ASK, &args);
        assert_eq!((run.code, run.stdout.as_str()), (2, ""));
        assert!(run.stderr.contains("`--dns NAME`"), "{}", run.stderr);
    }
}

#[test]
fn the_stories_of_the_example_can_be_asked() {
    let ask = |args: &[&str]| {
        let mut all = vec!["eval", "-f", "three-tier", "-n", "shop"];
        all.extend(args);
        run_in(&examples(), &all, None)
    };
    let vpn = ["--from", "203.0.113.7", "--to", "backend", "--port", "80"];
    let runs = [
        ask(&[&vpn[..], &["--http", "GET /docs"]].concat()),
        ask(&[&vpn[..], &["--http", "POST /docs"]].concat()),
        ask(&["--from", "frontend", "--to", "backend", "--port", "80", "--http", "GET /docs"]),
    ];
    let text: Vec<&str> = runs.iter().map(|run| run.stdout.as_str()).collect();
    assert_golden("eval-story-5.txt", &text.concat());
    assert_eq!(runs.map(|run| run.code), [0, 1, 0]);

    let asks = ["--from", "backend", "--to", "kube-system/coredns", "--port", "53"];
    let asks = [&asks[..], &["--protocol", "udp", "--dns", "docs.cloud.google.com"]].concat();
    let learnt = "--learn docs.cloud.google.com=198.51.100.7";
    let uses = ["--from", "backend", "--to", "198.51.100.7", "--port", "443"];
    let told: Vec<&str> = uses.iter().copied().chain(learnt.split(' ')).collect();
    let runs = [ask(&asks), ask(&uses), ask(&told)];
    let text: Vec<&str> = runs.iter().map(|run| run.stdout.as_str()).collect();
    assert_golden("eval-story-3.txt", &text.concat());
    assert_eq!(runs.map(|run| run.code), [0, 1, 0]);
}

#[test]
fn sides_without_address_are_called_by_their_names() {
    let args = ["eval", "-f", "clinic", "-n", "clinic", "--time", "2024-03-14T14:12:34Z"];
    let line = |rest: &[&str]| netpol(&[&args[..], &["-o", "hubble"], rest].concat()).stdout;
    let text = [
        line(&["--from", "portal", "--to", "records", "--port", "9000"]),
        line(&["--from", "portal", "--to", "fqdn:*.pay.example", "--port", "443"]),
        line(&["--from", "host", "--to", "archive", "--port", "22"]),
        line(&["--from", "fd00:20::9", "--to", "archive", "--port", "22"]),
    ];
    assert_golden("eval-hubble-names.txt", &text.concat());
}

#[test]
fn answers_can_be_had_as_hubble_json() {
    let args = ["--http", "DELETE /books/7", "--header", "x-card: 7", "-o", "hubble-json"];
    let run = eval(READ, &[&args[..], &["--time", "2024-03-14T14:12:34.1789Z"]].concat());
    assert_golden("eval-hubble.json", &run.stdout);
    assert_eq!(run.code, 1);
    let lines: Vec<LogLine> =
        run.stdout.lines().map(|line| LogLine::from_json(line).unwrap()).collect();
    assert_eq!(lines.len(), 2);
}

#[test]
fn without_a_given_time_records_have_the_present_one() {
    let run = eval(READ, &["-o", "hubble-json"]);
    let now = netpol_flowlog::Timestamp::from_system_time(std::time::SystemTime::now()).unwrap();
    let line = LogLine::from_json(run.stdout.lines().next().unwrap()).unwrap();
    assert!((now.seconds() - line.time.unwrap().seconds()).abs() < 600, "{}", run.stdout);
}

#[test]
fn requests_that_cannot_be_made_are_unusable_input() {
    let cases: [(&[&str], &str); 13] = [
        (&["--http", "GET /", "--dns", "a"], "cannot be used with"),
        (&["--dns", "a", "--sni", "a"], "cannot be used with"),
        (&["--header", "a: b"], "--http"),
        (&["--host", "a"], "--http"),
        (&["--http", "/docs"], "write a method and a path"),
        (&["--http", "GET http://a/"], "the host goes to --host"),
        (&["--http", "GET /a/../b"], "without dot segments"),
        (&["--http", "GET /", "--header", "host: a"], "the host goes to --host"),
        (&["--dns", "a.example=192.0.2.1"], "--learn"),
        (&["--http", "GET /", "--protocol", "udp"], "write `--protocol tcp`"),
        (&["--dns", "a", "--protocol", "sctp"], "write `--protocol tcp or udp`"),
        (&["--time", "yesterday", "-o", "hubble"], "2024-03-14T14:12:34Z"),
        (&["--time", "2024-03-14T14:12:34Z"], "leave out `--time`"),
    ];
    for (args, help) in cases {
        let run = eval(READ, args);
        assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{args:?}");
        assert!(run.stderr.contains(help), "{args:?}: {}", run.stderr);
    }
}
