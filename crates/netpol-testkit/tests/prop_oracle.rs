//! The compiled policies equal the oracle in random worlds: what is accepted, labels of prefixes,
//! policy maps entry for entry, and decisions about flows.

mod prop_common;

use std::cell::Cell;

use netpol_testkit::generate::{Case, Recipe, disagreement, reduced};
use proptest::prelude::*;
use proptest::test_runner::{TestError, TestRunner};

#[test]
fn compiled_policies_equal_the_oracle() {
    let mut runner = TestRunner::new(prop_common::config(300));
    let flows = Cell::new(0);
    let result = runner.run(&prop_common::recipes(), |recipe| {
        let case = recipe.case();
        flows.set(flows.get() + case.flows.len());
        prop_assert!(disagreement(&case).is_none());
        Ok(())
    });
    match result {
        Ok(()) => println!("{} worlds, {} flows", runner.config().cases, flows.get()),
        Err(TestError::Fail(_, recipe)) => panic!("{}", explained(&recipe)),
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn a_recipe_survives_its_bytes() {
    let mut runner = TestRunner::new(prop_common::config(100));
    let result = runner.run(&prop_common::recipes(), |recipe| {
        prop_assert_eq!(Recipe::from_bytes(&recipe.to_bytes()), recipe);
        Ok(())
    });
    result.unwrap();
}

/// Returns the smallest world that shows what a recipe shows, and what that is.
fn explained(recipe: &Recipe) -> String {
    let case = recipe.case();
    let was_refused = disagreement(&case).is_some_and(|it| it.is_refusal());
    let fails = |case: &Case| disagreement(case).is_some_and(|it| it.is_refusal() == was_refused);
    let case = match was_refused {
        true => case,
        false => reduced(case, fails),
    };
    let words = disagreement(&case).map_or_else(String::new, |it| it.to_string());
    let Case { world, flows } = case;
    let documents: Vec<&str> =
        world.policies.iter().map(|document| document.text.as_str()).collect();
    format!(
        "{words}\n{}\n{:?}\nendpoints {:#?}\nnamespaces {:?}\nservices {:?}\nnames {:?}\nflows {flows:?}",
        documents.join("\n"),
        world.config,
        world.endpoints,
        world.namespaces,
        world.services,
        world.dns,
    )
}
