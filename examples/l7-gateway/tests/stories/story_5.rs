//! Story 5: `GET /docs` of the backend, and nothing else, is for users of the VPN.

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::client::{Client, connect, denied};
use crate::world::{BACKEND, FRONTEND, STRANGER, VPN, World};

fn docs() -> (u16, String) {
    (200, "GET /docs shop.example\n".into())
}

#[tokio::test]
async fn the_docs_are_for_users_of_the_vpn() {
    let world = World::start(&[]).await;
    assert_eq!(world.http(VPN, "GET /docs").await, docs());
    assert_eq!(world.http(STRANGER, "GET /docs").await, denied());
    // Story 3 lets the frontend do everything.
    assert_eq!(world.http(FRONTEND, "POST /orders").await.0, 200);
    assert_eq!(world.outside.seen(), (0, 2));
}

#[tokio::test]
async fn nothing_else_is_for_them() {
    let world = World::start(&[]).await;
    for request in [
        "GET /",
        "POST /docs",
        "get /docs",
        "GET /docs/",
        "GET /docs?x=1",
        "GET /docs/../admin",
        "GET /docs/%2e%2e/admin",
        "GET //admin",
        "GET /docs%20",
        "GET /Docs",
    ] {
        assert_eq!(world.http(VPN, request).await, denied(), "{request}");
    }
    assert_eq!(world.outside.seen(), (0, 0));
    let line = world.logged("HTTP/1.1 POST http://shop.example/docs").await;
    assert!(line.contains("shop/backend:80") && line.contains("DROPPED"), "{line}");
}

#[tokio::test]
async fn paths_are_judged_and_forwarded_in_normal_form() {
    let world = World::start(&[]).await;
    for path in ["//docs", "/./docs", "/a/../docs", "/%2e%2e/docs", "/a/b/..//../../docs"] {
        assert_eq!(world.http(VPN, &format!("GET {path}")).await, docs(), "{path}");
    }
}

#[tokio::test]
async fn hidden_slashes_are_sent_back() {
    let world = World::start(&[]).await;
    let mut client = Client::connect(VPN, world.backend()).await.unwrap();
    for (path, location) in
        [("/x%2F..%2Fdocs", "/docs"), ("/docs%5c..%2fadmin?a=%2F", "/admin?a=%2F")]
    {
        let response = client.begin(&format!("GET {path}"), "shop.example").await.unwrap();
        assert_eq!(response.status().as_u16(), 307, "{path}");
        assert_eq!(response.headers()["location"], location);
    }
    assert_eq!(client.ask("GET /docs", "shop.example").await.unwrap(), docs());
    assert_eq!(world.outside.seen(), (0, 1));
}

#[tokio::test]
async fn header_actions_change_what_is_forwarded() {
    let world = World::start(&[]).await;
    let rule = "path: /headers\n                headerMatches:
                  - {name: X-Team, value: blue, mismatch: REPLACE}
                  - {name: X-Added, value: one, mismatch: ADD}
                  - {name: X-Gone, value: kept, mismatch: DELETE}
                  - {name: X-Seen, value: \"1\", mismatch: LOG}
                  - {name: Content-Length, value: \"9\", mismatch: ADD}";
    world.folder.change("story-5-docs-route.yaml", "path: /docs", rule);
    world.gateway.reload().unwrap();
    let ask = |headers| raw(&world, headers);
    let head = "GET /headers HTTP/1.1\r\nHost: shop.example\r\n";
    let sent = format!("{head}X-Team: red\r\nX-Team: green\r\nx-added: two\r\nX-Gone: 1\r\n\r\n");
    let answer = ask(&sent).await;
    assert!(answer.ends_with("\r\n\r\nx-added: two\nx-added: one\nx-team: blue\n"), "{answer}");
    world.logged("header `x-team` rejected, was `red,green`").await;
    world.logged("header `x-seen` missing, wanted `1`").await;
    let right = format!("{head}X-Team: blue\r\nX-Added: one\r\nX-Gone: kept\r\nX-Seen: 1\r\n\r\n");
    let answer = ask(&right).await;
    let mut lines: Vec<_> = answer.rsplit("\r\n").next().unwrap().lines().collect();
    lines.sort_unstable();
    assert_eq!(lines, ["x-added: one", "x-gone: kept", "x-seen: 1", "x-team: blue"]);
}

#[tokio::test]
async fn a_header_that_must_match_denies() {
    let world = World::start(&[]).await;
    let rule = "path: /docs\n                headerMatches: [{name: X-Team, value: blue}]";
    world.folder.change("story-5-docs-route.yaml", "path: /docs", rule);
    world.gateway.reload().unwrap();
    assert_eq!(world.http(VPN, "GET /docs").await, denied());
    let answer = raw(&world, "GET /docs HTTP/1.1\r\nHost: a\r\nx-team: blue\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

#[tokio::test]
async fn a_denied_request_leaves_the_connection_open() {
    let world = World::start(&[]).await;
    let mut client = Client::connect(VPN, world.backend()).await.unwrap();
    for _ in 0..3 {
        assert_eq!(client.ask("GET /admin", "shop.example").await.unwrap(), denied());
        assert_eq!(client.ask("GET /docs", "shop.example").await.unwrap(), docs());
    }
}

#[tokio::test]
async fn decisions_are_logged_as_flows() {
    let world = World::start(&["--log", "json"]).await;
    assert_eq!(world.http(VPN, "GET /docs").await, docs());
    let line = world.logged("http://shop.example/docs").await;
    assert!(
        line.starts_with(r#"{"flow":{"time":"2023-11-14T22:13:20Z","verdict":"FORWARDED""#),
        "{line}"
    );
    // What is said about a connection is said once, and again when it changes.
    let mut client = Client::connect(FRONTEND, world.backend()).await.unwrap();
    for _ in 0..2 {
        assert_eq!(client.ask("GET /", "shop.example").await.unwrap().0, 200);
    }
    let frontend = || world.count(r#""pod_name":"frontend""#);
    assert_eq!(frontend(), 1); // No policy is about what the frontend sends.
    world.folder.remove("story-3-names.yaml");
    world.gateway.reload().unwrap();
    assert_eq!(client.ask("GET /", "shop.example").await.unwrap(), denied());
    assert_eq!(frontend(), 2);
}

#[tokio::test]
async fn connections_over_the_limit_wait() {
    let world = World::start(&["--max-connections", "1"]).await;
    let mut first = Client::connect(VPN, world.backend()).await.unwrap();
    assert_eq!(first.ask("GET /docs", "shop.example").await.unwrap(), docs());
    let second = world.http(VPN, "GET /docs");
    tokio::pin!(second);
    let early = tokio::time::timeout(std::time::Duration::from_millis(50), &mut second).await;
    assert!(early.is_err());
    drop(first);
    assert_eq!(second.await, docs());
}

#[tokio::test]
async fn changed_files_are_taken_over_by_themselves() {
    let world = World::start(&[]).await;
    let mut client = Client::connect(VPN, world.backend()).await.unwrap();
    assert_eq!(client.ask("GET /docs", "shop.example").await.unwrap(), docs());
    world.folder.change("story-5-docs-route.yaml", "/docs", "/manual");
    world.logged("files reloaded").await;
    assert_eq!(client.ask("GET /docs", "shop.example").await.unwrap(), denied());
    assert_eq!(client.ask("GET /manual", "shop.example").await.unwrap().0, 200);
}

#[tokio::test]
async fn a_policy_goes_with_its_file_and_moves_between_files() {
    let world = World::start(&[]).await;
    let text = include_str!("../../policies/story-5-docs-route.yaml");
    world.folder.remove("story-5-docs-route.yaml");
    world.gateway.reload().unwrap();
    assert_eq!(world.http(VPN, "GET /docs").await, denied());
    world.folder.write("aaa.yaml", text);
    world.gateway.reload().unwrap();
    assert_eq!(world.http(VPN, "GET /docs").await, docs());
    world.folder.remove("aaa.yaml");
    world.folder.write("zzz.yaml", text);
    world.gateway.reload().unwrap();
    assert_eq!(world.http(VPN, "GET /docs").await, docs());
}

#[tokio::test]
async fn what_cannot_be_shown_here_is_denied() {
    let world = World::start(&[]).await;
    // The gateway authenticates nobody, and plain HTTP names no server as TLS does.
    let demands = [
        "authentication: {mode: required}",
        "toPorts: [{ports: [{port: \"80\"}], serverNames: [shop.example]}]",
    ];
    let policy = include_str!("../../policies/story-5-docs-route.yaml");
    let until_ports = &policy[..policy.find("      toPorts").unwrap()];
    for demand in demands {
        world.folder.write("story-5-docs-route.yaml", &format!("{until_ports}      {demand}\n"));
        world.gateway.reload().unwrap();
        assert_eq!(world.http(VPN, "GET /docs").await, denied(), "{demand}");
    }
    world.folder.write("story-5-docs-route.yaml", until_ports);
    world.gateway.reload().unwrap();
    assert_eq!(world.http(VPN, "GET /docs").await, docs());
}

#[tokio::test]
async fn unusable_files_leave_the_old_policies_in_force() {
    let world = World::start(&["--max-policies", "3"]).await;
    let duplicate = include_str!("../../policies/story-5-docs-route.yaml");
    let moved = "apiVersion: v1
kind: Pod
metadata: {name: other, namespace: shop, labels: {tier: frontend}}
spec: {containers: [{name: main, image: x}]}
status: {podIPs: [{ip: 127.0.10.3}]}
";
    // Each is taken with a change that would open the backend, and must not open it.
    let open = duplicate.replace("GET", ".*").replace("/docs", "/.*");
    for (text, problem) in [
        ("kind: [", "bad.yaml:1:"),
        (
            "apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {name: x}\nspec: {}\n",
            "bad.yaml",
        ),
        (duplicate, "backend-docs"),
        (moved, "127.0.10.3"),
    ] {
        world.folder.write("bad.yaml", text);
        world.folder.write("story-5-docs-route.yaml", &open);
        let error = world.gateway.reload().unwrap_err().to_string();
        assert!(error.contains(problem), "{error}");
        assert_eq!(world.http(VPN, "GET /admin").await, denied(), "{text}");
        assert_eq!(world.http(VPN, "GET /docs").await, docs(), "{text}");
    }
    world.logged("the old policies stay").await;
    let many = duplicate.replace("backend-docs", "another");
    world.folder.write("bad.yaml", &format!("{many}---\n{}", many.replace("another", "more")));
    let error = world.gateway.reload().unwrap_err().to_string();
    assert!(error.contains("more than 3 policies"), "{error}");
    assert_eq!(world.http(VPN, "GET /admin").await, denied());
    world.folder.remove("bad.yaml");
    world.gateway.reload().unwrap();
    assert_eq!(world.http(VPN, "GET /admin").await.0, 200);
}

#[tokio::test]
async fn requests_that_are_not_clear_are_bad() {
    let world = World::start(&[]).await;
    for request in [
        "GET /docs HTTP/1.1\r\n\r\n",
        "GET /docs HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        "CONNECT shop.example:80 HTTP/1.1\r\nHost: shop.example:80\r\n\r\n",
        "OPTIONS * HTTP/1.1\r\nHost: shop.example\r\n\r\n",
    ] {
        let answer = raw(&world, request).await;
        assert!(answer.starts_with("HTTP/1.1 400"), "{request}{answer}");
    }
    assert_eq!(world.outside.seen(), (0, 0));
}

#[tokio::test]
async fn a_target_in_absolute_form_says_the_host() {
    let world = World::start(&[]).await;
    let answer =
        raw(&world, "GET http://shop.example/x/../docs HTTP/1.1\r\nHost: evil.example\r\n\r\n");
    assert!(answer.await.ends_with("GET /docs shop.example\n"));
    let old = raw(&world, "GET /docs HTTP/1.0\r\n\r\n").await;
    assert!(old.ends_with("GET /docs \n"), "{old}");
}

#[tokio::test]
async fn a_client_that_says_nothing_is_let_go() {
    let world = World::start(&["--idle-timeout-ms", "50"]).await;
    let mut stream = connect(VPN, world.backend()).await.unwrap();
    let mut answer = Vec::new();
    let ended =
        tokio::time::timeout(std::time::Duration::from_secs(10), stream.read_to_end(&mut answer));
    ended.await.unwrap().unwrap();
}

#[tokio::test]
async fn heads_without_end_are_refused() {
    let world = World::start(&[]).await;
    let long = format!("X: {}\r\n", "x".repeat(200_000));
    for headers in [long, "X: 1\r\n".repeat(5000)] {
        let mut stream = connect(VPN, world.backend()).await.unwrap();
        let head = format!("GET /docs HTTP/1.1\r\nHost: a\r\n{headers}\r\n");
        // It is not read to its end.
        let _unsent = stream.write_all(head.as_bytes()).await;
        let mut answer = [0; 12];
        if stream.read_exact(&mut answer).await.is_ok() {
            assert_eq!(&answer, b"HTTP/1.1 431");
        }
    }
    assert_eq!(world.outside.seen(), (0, 0));
}

#[tokio::test]
async fn a_server_that_is_away_is_a_bad_gateway() {
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let world = World::start(&["--http", &format!("{BACKEND}:0={nobody}")]).await;
    let away = world.gateway.http_addrs()[2];
    let mut client = Client::connect(VPN, away).await.unwrap();
    assert_eq!(client.ask("GET /docs", "shop.example").await.unwrap().0, 502);
    assert_eq!(client.ask("GET /admin", "shop.example").await.unwrap(), denied());
}

/// Sends a request as it is, by a connection that the gateway closes afterwards.
async fn raw(world: &World, request: &str) -> String {
    let mut stream = connect(VPN, world.backend()).await.unwrap();
    let request = request.replacen("\r\n", "\r\nConnection: close\r\n", 1);
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let read = stream.read_to_end(&mut answer);
    tokio::time::timeout(std::time::Duration::from_secs(10), read).await.unwrap().unwrap();
    String::from_utf8(answer).unwrap()
}
