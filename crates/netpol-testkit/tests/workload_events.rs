//! Events of the workloads: whom they affect, and that what they lead to equals a computation from
//! nothing.

use netpol_testkit::workload::{Cluster, LoadedCluster, policies_of};

/// Returns the mean number of endpoints whose map a commit changes.
fn mean(affected: &[usize]) -> f64 {
    affected.iter().sum::<usize>() as f64 / affected.len() as f64
}

#[test]
fn identities_that_come_and_go_affect_few_endpoints() {
    let cluster = Cluster::new(1000, 10_000);
    let mut loaded = LoadedCluster::new(&cluster);
    let before = loaded.lines();
    let repository = &mut loaded.repository;
    let added: Vec<usize> = cluster
        .new_pods
        .iter()
        .map(|(id, pod)| {
            repository.insert_identity(*id, &pod.identity_labels());
            repository.commit().len()
        })
        .collect();
    let removed: Vec<usize> = cluster
        .new_pods
        .iter()
        .map(|(id, _)| {
            repository.remove_identity(*id);
            repository.commit().len()
        })
        .collect();
    assert_eq!((mean(&added), mean(&removed)), (0.440, 0.440));
    assert_eq!(loaded.lines(), before);
}

#[test]
fn policies_that_come_change_and_go_affect_few_endpoints() {
    let cluster = Cluster::new(1000, 1000);
    let mut loaded = LoadedCluster::new(&cluster);
    let (added, replacements) = (policies_of(&cluster.added), policies_of(&cluster.replacements));
    let repository = &mut loaded.repository;
    let mut insert = |policy: &std::sync::Arc<_>| {
        repository.insert_policy(std::sync::Arc::clone(policy));
        repository.commit().len()
    };
    let on_add: Vec<usize> = added.iter().map(&mut insert).collect();
    let on_replace: Vec<usize> = replacements.iter().map(&mut insert).collect();
    let on_remove: Vec<usize> = added
        .iter()
        .map(|policy| {
            repository.remove_policy(&policy.name);
            repository.commit().len()
        })
        .collect();
    let means = [&on_add, &on_replace, &on_remove].map(|affected| mean(affected));
    assert_eq!(means, [0.525, 0.53, 0.525]);

    let mut anew = LoadedCluster::with_identities(&cluster);
    for policy in policies_of(&cluster.policies).into_iter().chain(replacements) {
        anew.repository.insert_policy(policy);
    }
    anew.resolve(&cluster);
    assert_eq!(loaded.lines(), anew.lines());
}
