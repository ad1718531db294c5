//! `netpol map`.

use crate::support::{assert_golden, netpol};

#[test]
fn the_map_is_printed_as_operators_know_it() {
    let run = netpol(&["map", "-f", "clinic", "--endpoint", "clinic/archive"]);
    assert_golden("map-archive.txt", &run.stdout);
    assert_eq!(run.code, 0);
}

#[test]
fn the_map_can_be_had_as_json() {
    let run =
        netpol(&["map", "-f", "clinic", "-n", "clinic", "--endpoint", "records", "-o", "json"]);
    assert_golden("map-records.json", &run.stdout);
    assert_eq!(run.code, 0);
}

#[test]
fn authentication_is_part_of_the_map() {
    let run = netpol(&["map", "-f", "authentication.yaml", "--endpoint", "server"]);
    assert_golden("map-authentication.txt", &run.stdout);
}

#[test]
fn a_direction_that_is_not_enforced_allows_everything() {
    let run = netpol(&["map", "-f", "clinic", "--endpoint", "kube-system/dns"]);
    assert!(run.stdout.contains("ingress: not enforced: everything is allowed"), "{}", run.stdout);
    assert!(run.stdout.contains("(not enforced)"), "{}", run.stdout);
}

#[test]
fn what_has_no_policy_has_no_map() {
    for peer in ["kube-system/agent", "world", "192.0.2.1"] {
        let run = netpol(&["map", "-f", "clinic", "--endpoint", peer]);
        assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{peer}");
        assert!(run.stderr.contains("no policy is enforced on"), "{}", run.stderr);
    }
}

#[test]
fn the_map_can_be_had_as_the_bytes_of_a_kernel_map() {
    let run = netpol(&["map", "-f", "clinic", "--endpoint", "clinic/archive", "-o", "cilium-bpf"]);
    assert_golden("map-archive-bpf.txt", &run.stdout);
    assert!(!run.stderr.contains("Cilium's map"), "{}", run.stderr);
    assert_eq!(run.code, 0);
}

#[test]
fn a_type_that_the_kernel_map_widens_is_warned_of() {
    let run = netpol(&["map", "-f", "echo-reply.yaml", "--endpoint", "server", "-o", "cilium-bpf"]);
    assert!(run.stdout.contains("key: 30 00 00 00 00 00 00 00 00 01 00 00"), "{}", run.stdout);
    assert!(
        run.stderr.contains("warning: Cilium's map has no key for port or type 0"),
        "{}",
        run.stderr
    );
    assert_eq!(run.code, 0);
}
