use super::tape::Tape;
use crate::world::{AllowLocalhost, Config, PolicyEnforcement, RepeatedStars};

/// Returns options, most of them as they are by default.
pub(super) fn config(tape: &mut Tape<'_>) -> Config {
    let mut config = Config { repeated_stars: RepeatedStars::Release, ..Config::default() };
    for _ in 0..tape.below(4) {
        change(tape, &mut config);
    }
    config
}

fn change(tape: &mut Tape<'_>, config: &mut Config) {
    match tape.below(14) {
        0 => config.allow_localhost = AllowLocalhost::Policy,
        1 => config.host_firewall = true,
        2 => config.policy_default_local_cluster = false,
        3 => config.node_selector_labels = true,
        4 => config.cidr_matches_nodes = true,
        5 => config.ipv6 = !config.ipv4,
        6 => config.ipv4 = !config.ipv6,
        7 => config.policy_enforcement = PolicyEnforcement::Always,
        8 => config.policy_enforcement = PolicyEnforcement::Never,
        9 => config.cluster_name = "paris".to_owned(),
        10 => config.enable_non_default_deny_policies = false,
        11 => config.extended_ip_protocols = true,
        12 => config.missing_listeners = true,
        _ => config.icmp_rules = false,
    }
}
