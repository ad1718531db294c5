//! Figures beside their bars, as text or JSON.

use std::env;
use std::fmt;

use serde_json::{Value, json};

use crate::clock::quantile;

/// What a measuring program was asked to do.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Only workloads whose name holds this text.
    pub only: String,
    /// How often each is measured, after one pass to warm up.
    pub passes: usize,
    /// Whether the figures are wanted as JSON.
    pub json: bool,
}

impl Wanted {
    /// Reads the arguments `--only TEXT`, `--passes N` and `-o json`; `None` if there are others.
    #[must_use]
    pub fn from_arguments() -> Option<Self> {
        Self::from_arguments_and(|_, _| false)
    }

    /// Reads the same and those of which `other` says, given the name and the value, that it took them.
    #[must_use]
    pub fn from_arguments_and(mut other: impl FnMut(&str, &str) -> bool) -> Option<Self> {
        let mut wanted = Self { only: String::new(), passes: 5, json: false };
        let mut arguments = env::args().skip(1);
        while let Some(argument) = arguments.next() {
            let value = arguments.next()?;
            match (argument.as_str(), value.as_str()) {
                ("--only", _) => wanted.only = value,
                ("--passes", _) => wanted.passes = value.parse().ok().filter(|n| *n > 0)?,
                ("-o", "json") => wanted.json = true,
                ("-o", "text") => wanted.json = false,
                (name, value) if other(name, value) => {}
                _ => return None,
            }
        }
        Some(wanted)
    }

    /// Tells whether a workload is wanted.
    #[must_use]
    pub fn wants(&self, workload: &str) -> bool {
        workload.contains(&self.only)
    }
}

/// What a figure counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Time, kept in nanoseconds and shown in microseconds.
    Micros,
    /// Time, kept in nanoseconds and shown in milliseconds.
    Millis,
    /// Memory, kept in bytes and shown in units of 2^20.
    MiB,
}

impl Unit {
    const fn scale(self) -> f64 {
        match self {
            Self::Micros => 1e3,
            Self::Millis => 1e6,
            Self::MiB => (1 << 20) as f64,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Micros => "us",
            Self::Millis => "ms",
            Self::MiB => "MiB",
        }
    }
}

/// The measurements of one thing, and what they must come to.
#[derive(Clone, Debug)]
pub struct Figure {
    name: String,
    unit: Unit,
    samples: Vec<f64>,
    bar: Option<f64>,
}

impl Figure {
    /// Returns a figure without measurements.
    #[must_use]
    pub fn new(name: impl Into<String>, unit: Unit) -> Self {
        Self { name: name.into(), unit, samples: Vec::new(), bar: None }
    }

    /// Sets what the median must not pass, in the unit that is shown.
    #[must_use]
    pub fn bar(self, bar: f64) -> Self {
        Self { bar: Some(bar), ..self }
    }

    /// Adds a measurement, in nanoseconds or bytes.
    pub fn add(&mut self, sample: f64) {
        self.samples.push(sample / self.unit.scale());
    }

    /// Returns the median, in the unit that is shown.
    #[must_use]
    pub fn median(&self) -> f64 {
        quantile(&self.samples, 0.5)
    }

    fn to_json(&self) -> Value {
        let Self { name, unit, samples, bar } = self;
        json!({
            "name": name,
            "unit": unit.name(),
            "median": self.median(),
            "samples": samples,
            "bar": bar,
        })
    }
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, unit, bar, .. } = self;
        let median = self.median();
        write!(f, "{name:52} {median:11.2} {:3}", unit.name())?;
        match bar {
            Some(bar) if median <= *bar => write!(f, "  bar {bar}"),
            Some(bar) => write!(f, "  bar {bar}, missed by {:.1}x", median / bar),
            None => Ok(()),
        }
    }
}

/// Prints figures as they were wanted.
pub fn print(wanted: &Wanted, figures: &[Figure]) {
    if wanted.json {
        let figures: Vec<Value> = figures.iter().map(Figure::to_json).collect();
        println!("{:#}", Value::from(figures));
    } else {
        figures.iter().for_each(|figure| println!("{figure}"));
    }
}
