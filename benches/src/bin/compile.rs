//! Prints what it costs to compile policies from nothing: many of them (W1), many prefixes in one
//! (W4), many names in one (W5).

use std::process::ExitCode;
use std::sync::Arc;

use netpol_bench::clock::timed;
use netpol_bench::figures::{Figure, Unit, Wanted, print};
use netpol_bench::heap::{Counting, measured};
use netpol_core::{IdentityId, LabelSet, prefix_labels};
use netpol_l7::{NameMatcher, NameSet, PatternDialect, SelectorKind, canonical_name};
use netpol_policy::rule::Policy;
use netpol_testkit::workload::{Blocks, Cluster, LoadedCluster, Names, digest, policies_of};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn main() -> ExitCode {
    let Some(wanted) = Wanted::from_arguments() else {
        eprintln!("usage: compile [--only TEXT] [--passes N] [-o json]");
        return ExitCode::from(2);
    };
    let mut figures = Vec::new();
    for map in CLUSTER_MAPS {
        let workload = format!("W1 {}-{}", map.n_policies, map.n_identities);
        if wanted.wants(&workload) {
            figures.extend(cluster(&workload, &map, wanted.passes));
        }
    }
    for (n, entries) in [(1_000, Some(1_001)), (10_000, Some(10_011)), (100_000, None)] {
        let workload = format!("W4 {n}");
        if wanted.wants(&workload) {
            figures.extend(blocks(&workload, n, entries, wanted.passes));
        }
    }
    if wanted.wants("W5") {
        figures.extend(names(wanted.passes));
    }
    print(&wanted, &figures);
    ExitCode::SUCCESS
}

/// What the maps of a cluster must come to.
struct ClusterMap {
    n_policies: u32,
    n_identities: u32,
    entries: usize,
    digest: &'static str,
}

const fn map(
    n_policies: u32,
    n_identities: u32,
    entries: usize,
    digest: &'static str,
) -> ClusterMap {
    ClusterMap { n_policies, n_identities, entries, digest }
}

const CLUSTER_MAPS: [ClusterMap; 6] = [
    map(100, 1_000, 711, "fa95a3123e3c685a44aa330a7957d6922df0bdd152e385dbe9deffa45e37990b"),
    map(100, 10_000, 5_900, "e23313fde3103acb2a24cfd040812f2fefa6a7daeeba3cbfb634d1dfc26fa5a5"),
    map(1_000, 1_000, 1_310, "0a0846e251c112d3baf0470f0556a776b2b19fa5e383a7d6e0c5d9befcf60aef"),
    map(1_000, 10_000, 9_408, "52936f50cd18773206d790ca45ac74720e9f809a76268cb8f909801a58c698d0"),
    map(10_000, 1_000, 11_420, "1667ba5dac20c4efe6982f8a287942e3e34bf7afa75be73161a6f4a8fafb3ee6"),
    map(10_000, 10_000, 45_532, "2625e22dcc0eddadf207c40a11c858618d5571bbea966f3b5a34c9c964f42374"),
];

fn cluster(workload: &str, map: &ClusterMap, passes: usize) -> Vec<Figure> {
    let cluster = Cluster::new(map.n_policies, map.n_identities);
    let largest = map.n_policies == 10_000 && map.n_identities == 10_000;
    let figure = |what, unit| Figure::new(format!("{workload} {what}"), unit);
    let limited = |figure: Figure, bar| if largest { figure.bar(bar) } else { figure };
    let mut yaml = limited(figure("yaml, per document", Unit::Micros), 27.0);
    let mut identities = figure("identities", Unit::Millis);
    let mut add = figure("add", Unit::Millis);
    let mut resolve = figure("resolve 100 endpoints", Unit::Millis);
    let mut compile = limited(figure("add and resolve", Unit::Millis), 92.0);
    let mut memory = limited(figure("memory without texts", Unit::MiB), 24.0 / 1.048_576);
    for pass in 0..=passes {
        let (policies, yaml_time) = timed(|| policies_of(&cluster.policies));
        drop(policies);
        let ((loaded, times), bytes) = measured(|| load(&cluster));
        if pass == 0 {
            let lines = loaded.lines();
            assert_eq!(lines.len(), map.entries, "{workload}");
            assert_eq!(digest(lines.iter().map(String::as_str)), map.digest, "{workload}");
            continue;
        }
        yaml.add(yaml_time / f64::from(map.n_policies));
        identities.add(times[0]);
        add.add(times[1]);
        resolve.add(times[2]);
        compile.add(times[1] + times[2]);
        memory.add(bytes as f64);
    }
    vec![yaml, identities, add, resolve, compile, memory]
}

/// Returns a cluster, and what identities, policies and endpoints took.
fn load(cluster: &Cluster) -> (LoadedCluster, [f64; 3]) {
    let policies = policies_of(&cluster.policies);
    let (mut loaded, identities) = timed(|| LoadedCluster::with_identities(cluster));
    let ((), add) = timed(|| insert(&mut loaded, policies));
    let ((), resolve) = timed(|| loaded.resolve(cluster));
    (loaded, [identities, add, resolve])
}

fn insert(loaded: &mut LoadedCluster, policies: Vec<Arc<Policy>>) {
    for policy in policies {
        loaded.repository.insert_policy(policy);
    }
}

fn blocks(workload: &str, n: usize, entries: Option<usize>, passes: usize) -> Vec<Figure> {
    let blocks = Blocks::new(n);
    let labels: Vec<(IdentityId, LabelSet)> =
        blocks.prefixes.iter().map(|(id, prefix)| (*id, prefix_labels(prefix, false))).collect();
    let figure = |what, unit| Figure::new(format!("{workload} {what}"), unit);
    let mut yaml = figure("yaml", Unit::Millis);
    let mut identities = figure("identities", Unit::Millis);
    let mut add = figure("add", Unit::Millis);
    let mut resolve = figure("resolve", Unit::Millis);
    resolve = match n {
        10_000 => resolve.bar(20.0),
        100_000 => resolve.bar(250.0),
        _ => resolve,
    };
    for pass in 0..=passes {
        let (policies, yaml_time) = timed(|| policies_of(&blocks.policy));
        let mut loaded = LoadedCluster::of_prefixes(&[]);
        let ((), identity_time) = timed(|| {
            labels.iter().for_each(|(id, labels)| loaded.repository.insert_identity(*id, labels));
        });
        let ((), add_time) = timed(|| insert(&mut loaded, policies));
        let ((), resolve_time) = timed(|| loaded.resolve_first());
        if let Some(entries) = entries {
            assert_eq!(loaded.entry_count(), entries, "{workload}");
        }
        if pass > 0 {
            yaml.add(yaml_time);
            identities.add(identity_time);
            add.add(add_time);
            resolve.add(resolve_time);
        }
    }
    vec![yaml, identities, add, resolve]
}

fn names(passes: usize) -> Vec<Figure> {
    let names = Names::new(1_000, 10_000, 20_000);
    let canonical: Vec<String> = names.names.iter().map(|name| canonical_name(name)).collect();
    let mut register = Figure::new("W5 compile a selector", Unit::Micros);
    let mut matching = Figure::new("W5 match a name", Unit::Micros);
    for pass in 0..=passes {
        let (set, register_time) = timed(|| name_set(&names));
        let ((named, matches), match_time) = timed(|| count_matches(&set, &canonical));
        assert_eq!((named, matches), (2_936, 3_391));
        if pass > 0 {
            register.add(register_time / names.selectors.len() as f64);
            matching.add(match_time / canonical.len() as f64);
        }
    }
    vec![register, matching]
}

/// The reference that counted the matches is of before the release, hence the dialect.
fn name_set(names: &Names) -> NameSet {
    let mut set = NameSet::new();
    for (tag, selector) in (0..).zip(&names.selectors) {
        let dialect = PatternDialect::Snapshot;
        match NameMatcher::new(SelectorKind::ToFqdns, selector, dialect) {
            Ok(matcher) => set.insert(tag, &matcher),
            Err(error) => unreachable!("a valid selector: {error}"),
        }
    }
    set
}

/// Returns how many names match some selector, and how many matches there are.
fn count_matches(set: &NameSet, names: &[String]) -> (usize, usize) {
    names.iter().fold((0, 0), |(named, matches), name| {
        let mut count = 0;
        set.for_each_match(name, |_| count += 1);
        (named + usize::from(count > 0), matches + count)
    })
}
