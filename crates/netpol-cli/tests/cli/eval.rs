//! `netpol eval`.

use serde_json::Value;

use crate::support::{assert_golden, netpol};

/// Evaluates a connection of the clinic; returns what is printed and the exit code.
fn eval(args: &str) -> (String, i32) {
    let args: Vec<&str> = args.split_whitespace().collect();
    let run = netpol(&[&["eval", "-f", "clinic", "-n", "clinic"], args.as_slice()].concat());
    (run.stdout, run.code)
}

#[track_caller]
fn assert_code(args: &str, code: i32) {
    let (text, actual) = eval(args);
    assert_eq!(actual, code, "{args}: {text}");
}

#[test]
fn an_allowed_connection_names_the_rules_of_both_sides() {
    let (text, code) = eval("--from records --to archive --port 5432");
    assert_golden("eval-allowed.txt", &text);
    assert_eq!(code, 0);
}

#[test]
fn a_default_deny_names_its_policies_and_the_nearest_rule() {
    let (text, code) = eval("--from portal --to archive --port 5432");
    assert_golden("eval-default-deny.txt", &text);
    assert_eq!(code, 1);
}

#[test]
fn an_explicit_deny_names_its_rule() {
    let (text, code) = eval("--from probe --to archive --port 5432");
    assert_golden("eval-deny.txt", &text);
    assert_eq!(code, 1);
}

#[test]
fn a_redirect_names_its_proxy() {
    let (text, code) = eval("--from portal --to records --port 9000");
    assert_golden("eval-redirect.txt", &text);
    assert_eq!(code, 0);
}

#[test]
fn answers_can_be_had_as_json() {
    let (text, code) = eval("--from portal --to archive --port 5432 -o json");
    assert_golden("eval-default-deny.json", &text);
    assert_eq!(code, 1);
    let (text, code) = eval("--from portal --to records --port 9000 --output json");
    assert_golden("eval-redirect.json", &text);
    assert_eq!(code, 0);
}

#[test]
fn addresses_are_pods_or_outside() {
    assert_code("--from 198.51.100.7 --to records --port 9000", 0);
    assert_code("--from 198.51.100.70 --to records --port 9000", 1);
    // The probe's own address.
    assert_code("--from 10.20.0.9 --to archive --port 5432", 1);
    let (text, _) = eval("--from fd00:20::9 --to kube-system/dns --protocol udp --port 53");
    assert!(text.contains("fd00:20::9 (clinic/probe)"), "{text}");
}

#[test]
fn ranges_are_addresses_outside() {
    assert_code("--from 198.51.100.0-198.51.100.63[External] --to records --port 9000", 0);
    let (text, code) =
        eval("--from 198.51.100.0-198.51.100.255[External] --to records --port 9000");
    assert_eq!(code, 1);
    assert!(text.starts_with("allowed: 198.51.100.0-198.51.100.63[External] -> "), "{text}");
    assert!(text.contains("denied: 198.51.100.64-198.51.100.127[External] -> "), "{text}");
    assert_code("--from 10.20.0.9-10.20.0.9[External] --to records --port 9000", 2);
}

#[test]
fn entities_are_peers() {
    assert_code("--from world --to portal --port 8080", 0);
    assert_code("--from world-ipv6 --to portal --port 8081", 1);
    assert_code("--from host --to archive --port 22", 0);
    assert_code("--from remote-node --to archive --port 22", 1);
    assert_code("--from host[Entity] --to clinic/archive[StatefulSet] --port 22", 0);
}

#[test]
fn the_outside_may_differ_by_family() {
    let (text, code) = eval("--from world --to portal --protocol icmp --icmp-type 8");
    assert_eq!((code, text.matches("allowed: ").count()), (0, 1), "{text}");
    let differs =
        netpol(&["eval", "-f", "families.yaml", "--from", "app", "--to", "world", "--port", "80"]);
    assert_eq!(differs.code, 1);
    assert_golden("eval-families.txt", &differs.stdout);
}

#[test]
fn protocols_other_than_tcp_are_asked_for() {
    assert_code("--from portal --to kube-system/dns --protocol UDP --port 53", 0);
    assert_code("--from portal --to kube-system/dns --protocol tcp --port 53", 1);
    assert_code("--from world --to portal --protocol icmpv6 --icmp-type 128", 0);
    assert_code("--from world --to portal --protocol icmpv6 --icmp-type 129", 1);
    assert_code("--from backup --to probe --protocol 47", 0);
    assert_code("--from backup --to archive --protocol 47", 1);
}

#[test]
fn names_are_peers_as_policies_write_them() {
    assert_code("--from portal --to fqdn:*.pay.example --port 443", 0);
    assert_code("--from portal --to *.pay.example[FQDN] --port 80", 1);
    assert_code("--from portal --to fqdn:other.example --port 443", 2);
}

#[test]
fn answers_of_dns_tell_addresses_of_names() {
    assert_code("--from portal --to 192.0.2.77 --port 443", 1);
    assert_code("--from portal --to 192.0.2.77 --port 443 --learn www.pay.example=192.0.2.77", 0);
    assert_code("--from portal --to 192.0.2.77 --port 443 --learn www.pay.test=192.0.2.77", 1);
    assert_code("--from portal --to 192.0.2.77 --port 443 --learn www.pay.example", 2);
}

#[test]
fn authentication_is_said_and_counts_as_allowed() {
    let args = ["eval", "-f", "authentication.yaml", "--to", "server", "--port", "80"];
    let run = netpol(&[&args[..], &["--from", "client"]].concat());
    assert_golden("eval-authentication.txt", &run.stdout);
    assert_eq!(run.code, 0);
    let run = netpol(&[&args[..], &["--from", "tester"]].concat());
    assert!(run.stdout.contains("its authentication never succeeds"), "{}", run.stdout);
    assert_eq!(run.code, 1);
    let run = netpol(&[&args[..], &["--from", "client", "-o", "json"]].concat());
    let answer: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!((&answer["verdict"], &answer["allowed"]), (&"auth".into(), &true.into()));
}

#[test]
fn a_question_that_cannot_be_asked_is_no_denial() {
    let cases = [
        (
            "--from nobody --to archive --port 1",
            "nothing is called `nobody`",
            "clinic/archive[StatefulSet]",
        ),
        ("--from portal --to archive", "TCP needs a destination port", "--port N"),
        ("--from portal --to archive --protocol icmp", "ICMP needs a type", "--icmp-type N"),
        ("--from portal --to archive --protocol x --port 1", "`x` is no protocol", "tcp, udp"),
        ("--from 192.0.2.1 --to ::1 --port 1", "have no address family in common", "IPv4"),
        ("--from ::1 --to portal --protocol icmp --icmp-type 8", "no address family", "icmpv6"),
    ];
    for (args, message, help) in cases {
        let args: Vec<&str> = args.split_whitespace().collect();
        let run = netpol(&[&["eval", "-f", "clinic", "-n", "clinic"], args.as_slice()].concat());
        assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{args:?}");
        assert!(run.stderr.contains(message), "{args:?}: {}", run.stderr);
        assert!(run.stderr.contains("help: ") && run.stderr.contains(help), "{}", run.stderr);
    }
}

#[test]
fn a_name_that_means_several_things_is_refused() {
    let args = ["eval", "-f", "families.yaml", "--to", "world-ipv4", "--port", "80", "--from"];
    let run = netpol(&[&args[..], &["ingress"]].concat());
    assert_eq!(run.code, 2);
    assert!(
        run.stderr.contains("`ingress[Entity]` or `default/ingress[Deployment]`"),
        "{}",
        run.stderr
    );
    assert_eq!(netpol(&[&args[..], &["default/ingress"]].concat()).code, 0);
}

#[test]
fn nothing_is_evaluated_on_half_a_policy_set() {
    let args = [
        "eval",
        "-f",
        "clinic",
        "-f",
        "bad/many.yaml",
        "-n",
        "clinic",
        "--from",
        "records",
        "--to",
        "archive",
        "--port",
        "5432",
    ];
    let run = netpol(&args);
    assert_eq!((run.code, run.stdout.as_str()), (2, ""));
    assert!(run.stderr.contains("bad/many.yaml:10:7"), "{}", run.stderr);
    assert!(run.stderr.contains("--keep-going"), "{}", run.stderr);
    let run = netpol(&[&args[..], &["--keep-going"]].concat());
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(run.stderr.contains("bad/many.yaml:10:7"), "still reported: {}", run.stderr);
}

#[test]
fn where_the_policy_cannot_be_computed_everything_is_denied() {
    let run = netpol(&[
        "eval",
        "-f",
        "lint/app.yaml",
        "-f",
        "lint/conflict.yaml",
        "--keep-going",
        "--from",
        "clinic/portal",
        "--to",
        "clinic/records",
        "--port",
        "9000",
    ]);
    assert_eq!(run.code, 1);
    assert!(run.stdout.contains("the policy cannot be computed"), "{}", run.stdout);
}
