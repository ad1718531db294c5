//! Cases that fail, made small.

use serde_json::Value;

use super::recipe::Case;
use crate::world::Document;

/// Returns the smallest case to be found that still fails, by leaving out one thing after another.
pub fn reduced(mut case: Case, fails: impl Fn(&Case) -> bool) -> Case {
    loop {
        let smaller = smaller(&case).into_iter().find(&fails);
        match smaller {
            Some(smaller) => case = smaller,
            None => return case,
        }
    }
}

/// Returns all cases that have one thing less.
fn smaller(case: &Case) -> Vec<Case> {
    let mut cases = Vec::new();
    let mut without = |count: usize, remove: &dyn Fn(&mut Case, usize)| {
        for index in 0..count {
            let mut smaller = case.clone();
            remove(&mut smaller, index);
            cases.push(smaller);
        }
    };
    without(case.world.policies.len(), &|case, index| drop(case.world.policies.remove(index)));
    without(case.world.endpoints.len(), &|case, index| drop(case.world.endpoints.remove(index)));
    without(case.flows.len(), &|case, index| drop(case.flows.remove(index)));
    without(case.world.dns.len(), &|case, index| drop(case.world.dns.remove(index)));
    without(case.world.services.len(), &|case, index| drop(case.world.services.remove(index)));
    without(case.world.namespaces.len(), &|case, index| {
        let name = case.world.namespaces.keys().nth(index).cloned();
        name.and_then(|name| case.world.namespaces.remove(&name));
    });
    for (index, endpoint) in case.world.endpoints.iter().enumerate() {
        for key in endpoint.labels.keys() {
            let mut smaller = case.clone();
            smaller.world.endpoints[index].labels.remove(key);
            cases.push(smaller);
        }
    }
    for (index, document) in case.world.policies.iter().enumerate() {
        for value in smaller_values(&document.value) {
            let mut smaller = case.clone();
            smaller.world.policies[index] = Document::from_value(value);
            cases.push(smaller);
        }
    }
    cases
}

/// Returns all values that lack one member or item somewhere.
fn smaller_values(value: &Value) -> Vec<Value> {
    let mut values = Vec::new();
    match value {
        Value::Object(members) => {
            for (key, member) in members {
                let mut smaller = members.clone();
                smaller.remove(key);
                values.push(Value::Object(smaller));
                for member in smaller_values(member) {
                    let mut smaller = members.clone();
                    smaller.insert(key.clone(), member);
                    values.push(Value::Object(smaller));
                }
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                let mut smaller = items.clone();
                smaller.remove(index);
                values.push(Value::Array(smaller));
                for item in smaller_values(item) {
                    let mut smaller = items.clone();
                    smaller[index] = item;
                    values.push(Value::Array(smaller));
                }
            }
        }
        _ => {}
    }
    values
}
