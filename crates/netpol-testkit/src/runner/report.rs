use std::fmt;

/// What came out of a run.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Report {
    /// Scenarios that met the vectors, and that did not.
    pub scenarios: Count,
    /// Flows that met the vectors, and that did not.
    pub flows: Count,
    /// Scenarios that differ from the vectors exactly as the list of differences says.
    pub deviating_as_listed: usize,
    /// Scenarios that differ from the vectors, are tagged with a defect, and are not in the list.
    pub deviating_unlisted: usize,
    /// What went wrong, in order.
    pub failures: Vec<Failure>,
}

/// How many passed, and how many did not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Count {
    /// How many passed.
    pub passed: usize,
    /// How many failed.
    pub failed: usize,
}

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// Name of the scenario.
    pub scenario: String,
    /// The flow, document or endpoint.
    pub place: String,
    /// Expected and got, in words.
    pub message: String,
}

impl Report {
    /// Returns whether nothing failed.
    pub fn is_success(&self) -> bool {
        self.failures.is_empty() && self.scenarios.failed == 0
    }

    /// Returns the text of at most `limit` failures, with a note about the rest.
    pub fn failure_text(&self, limit: usize) -> String {
        let shown: Vec<String> = self.failures.iter().take(limit).map(Failure::to_string).collect();
        let mut text = shown.concat();
        let left = self.failures.len().saturating_sub(limit);
        if left > 0 {
            text.push_str(&format!("... and {left} more differences\n"));
        }
        text
    }
}

impl fmt::Display for Report {
    /// Writes the summary: lines about deviating scenarios if there are any, and the counts.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { scenarios, flows, deviating_as_listed, deviating_unlisted, failures: _ } = self;
        if *deviating_as_listed > 0 {
            writeln!(f, "{deviating_as_listed} deviate as listed")?;
        }
        if *deviating_unlisted > 0 {
            writeln!(f, "{deviating_unlisted} deviate without being listed")?;
        }
        write!(f, "scenarios: {scenarios}, flows: {flows}")
    }
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} {}: {}", self.scenario, self.place, self.message)
    }
}
