//! Any bytes, read as policies.

use netpol_policy::doc::{self, Limits, Object, Read};
use netpol_policy::{Options, Source};

/// Reads bytes as policies twice, and what was accepted once more as a source of its own.
///
/// # Errors
///
/// Fails if that gives something else the second time, or if there are more objects than the text
/// can hold; with the difference in words.
pub fn reads_the_same(bytes: &[u8]) -> Result<(), String> {
    let options = Options::default();
    let read = doc::read_bytes("policy.yaml", bytes, &options);
    let again = doc::read_bytes("policy.yaml", bytes, &options);
    same("objects", &objects(&read), &objects(&again))?;
    same("problems", &read.report.to_string(), &again.report.to_string())?;
    // The shortest object has more bytes than this.
    let most = bytes.len() / 8 + 1;
    if read.objects.len() > most {
        return Err(format!("{} objects in {} bytes", read.objects.len(), bytes.len()));
    }
    if read.report.has_errors() {
        return Ok(());
    }
    match doc::to_source("policy.yaml", bytes, Limits::default()) {
        Ok(source) => reads_the_same_between_others(&source, &read, &options),
        Err(report) => Err(format!("accepted, but no text: {report}")),
    }
}

/// Documents mean the same whatever stands in sources before and behind theirs.
fn reads_the_same_between_others(
    source: &Source,
    alone: &Read,
    options: &Options,
) -> Result<(), String> {
    let other = |name| {
        let text = format!(
            "apiVersion: cilium.io/v2\nkind: CiliumCIDRGroup\nmetadata: {{name: {name}}}\n\
             spec: {{externalCIDRs: []}}\n"
        );
        Source::named(name, &text)
    };
    let (before, behind) = (other("zz-before-all-others"), other("zz-behind-all-others"));
    let read = doc::read_all([&before, source, &behind], options, &doc::ReadOptions::default());
    let objects: Vec<&Object> = read.objects.iter().collect();
    let Some(between) = objects.len().checked_sub(1).and_then(|last| objects.get(1..last)) else {
        return Err(format!("objects are lost between others: {}", read.report));
    };
    same("objects between others", &self::objects(alone), &format!("{between:?}"))
}

fn objects(read: &Read) -> String {
    format!("{:?}", read.objects)
}

fn same(what: &str, first: &str, second: &str) -> Result<(), String> {
    match first == second {
        true => Ok(()),
        false => Err(format!("{what} differ: {first} and {second}")),
    }
}
