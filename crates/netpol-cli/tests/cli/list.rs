//! `netpol list`.

use serde_json::Value;

use crate::support::{assert_golden, examples, netpol, run_in};

#[test]
fn the_clinic_is_listed() {
    let run = netpol(&["list", "-f", "clinic"]);
    assert_golden("list-clinic.txt", &run.stdout);
    assert_eq!(run.code, 0);
    let expected = "1 warning: `netpol check` shows it\nskipped: 1 ConfigMap\n";
    assert_eq!(run.stderr, expected);
}

#[test]
fn the_list_can_be_had_as_json() {
    let run = netpol(&["list", "-f", "clinic", "-o", "json"]);
    assert_golden("list-clinic.json", &run.stdout);
    assert_eq!(run.code, 0);
}

#[test]
fn the_example_is_listed() {
    let run = run_in(&examples(), &["list", "-f", "three-tier"], None);
    assert_golden("list-three-tier.txt", &run.stdout);
    assert_eq!(run.code, 0);
}

#[test]
fn nodes_are_listed_if_there_are_some() {
    let run = netpol(&["list", "-f", "nodes"]);
    assert_golden("list-nodes.txt", &run.stdout);
}

#[test]
fn entities_are_listed_on_demand() {
    let run = netpol(&["list", "-f", "nodes", "--entities"]);
    assert_golden("list-entities.txt", &run.stdout);
}

#[test]
fn connections_after_authentication_are_listed() {
    let run = netpol(&["list", "-f", "authentication.yaml", "-o", "json"]);
    let rows: Vec<Value> = serde_json::from_str(&run.stdout).unwrap();
    let to_server = rows.iter().filter(|row| row["dst"] == "default/server[Deployment]");
    let to_server: Vec<_> = to_server.map(|row| (&row["src"], &row["conn"])).collect();
    assert_eq!(to_server, [(&"default/client[Deployment]".into(), &"TCP 80".into())]);
}

#[test]
fn learnt_addresses_are_ranges_of_their_own() {
    let run =
        netpol(&["list", "-f", "clinic", "-o", "json", "--learn", "www.pay.example=192.0.2.77"]);
    let rows: Vec<Value> = serde_json::from_str(&run.stdout).unwrap();
    let row = rows.iter().find(|row| {
        row["src"] == "clinic/portal[Deployment]" && row["dst"] == "192.0.2.77-192.0.2.77[External]"
    });
    assert_eq!(row.unwrap()["conn"], "TCP 443");
}

#[test]
fn where_nothing_is_allowed_that_is_said() {
    let run = netpol(&["list", "-f", "duplicates/one.yaml"]);
    assert_eq!((run.code, run.stdout.as_str()), (0, "no connections\n"));
    let run = netpol(&["list", "-f", "duplicates/one.yaml", "-o", "json"]);
    assert_eq!((run.code, run.stdout.as_str()), (0, "[]\n"));
}

#[test]
fn rows_are_sorted_and_each_pair_stands_once() {
    for path in ["clinic", "nodes", "families.yaml"] {
        let run = netpol(&["list", "-f", path, "-o", "json", "--entities"]);
        let rows: Vec<Value> = serde_json::from_str(&run.stdout).unwrap();
        let pair = |row: &Value| {
            (row["src"].as_str().unwrap().to_owned(), row["dst"].as_str().unwrap().to_owned())
        };
        let pairs: Vec<_> = rows.iter().map(pair).collect();
        assert!(pairs.is_sorted_by(|a, b| a < b), "{path}");
        assert!(pairs.iter().all(|(src, dst)| src != dst), "{path}");
    }
}
