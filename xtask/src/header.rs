//! `include/netpol.h`: made from the crate `netpol-capi`, and what the built library exports held against it.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

/// The version of cbindgen that makes the header: others may lay it out differently.
const CBINDGEN: &str = "0.29.2";

/// Makes the header anew; or, to verify it, tells how it differs from the committed one.
pub(crate) fn run(root: &Path, verify: bool) -> Vec<String> {
    let header = match make(root) {
        Ok(header) => header,
        Err(finding) => return vec![finding],
    };
    let path = root.join("include").join("netpol.h");
    if verify {
        return match fs::read_to_string(&path) {
            Ok(committed) if committed == header => Vec::new(),
            _ => vec!["include/netpol.h is not up to date: run `cargo xtask header`".into()],
        };
    }
    let written = fs::write(&path, header);
    written.err().map(|error| format!("include/netpol.h: {error}")).into_iter().collect()
}

/// Tells how what a built library exports differs from the functions of the header.
pub(crate) fn symbols(root: &Path, library: &str) -> Vec<String> {
    let header = fs::read_to_string(root.join("include").join("netpol.h")).unwrap_or_default();
    let declared = declared(&header);
    let exported = match exported(library) {
        Ok(exported) => exported,
        Err(finding) => return vec![finding],
    };
    let missing = declared.difference(&exported);
    let surplus = exported.difference(&declared);
    let missing = missing.map(|name| format!("`{name}` is in the header, not in the library"));
    missing
        .chain(surplus.map(|name| format!("`{name}` is in the library, not in the header")))
        .collect()
}

fn make(root: &Path) -> Result<String, String> {
    let version = output(Command::new("cbindgen").arg("--version"))?;
    if version.trim() != format!("cbindgen {CBINDGEN}") {
        return Err(format!("cbindgen {CBINDGEN} is needed, this is {}", version.trim()));
    }
    let package = root.join("crates").join("netpol-capi");
    let mut command = Command::new("cbindgen");
    command.arg("--quiet").arg("--config").arg(package.join("cbindgen.toml")).arg(&package);
    let header = output(&mut command)?;
    // Lines of a comment that are empty end with a blank.
    let lines: Vec<&str> = header.lines().map(str::trim_end).collect();
    Ok(format!("{}\n", lines.join("\n")))
}

/// Returns the names of the functions that the header declares.
fn declared(header: &str) -> BTreeSet<String> {
    let code = header.lines().filter(|line| !line.starts_with([' ', '/', '*', '#', '}']));
    let declarations = code.filter(|line| !line.starts_with("typedef"));
    let names = declarations.filter_map(|line| {
        let before = line.split_once('(')?.0;
        before.rsplit([' ', '*']).next().map(str::to_owned)
    });
    names.filter(|name| name.starts_with("netpol_")).collect()
}

/// Returns the names that a library exports.
fn exported(library: &str) -> Result<BTreeSet<String>, String> {
    let mut command = Command::new("nm");
    command.args(["--dynamic", "--defined-only", "--format=just-symbols", library]);
    Ok(output(&mut command)?.lines().map(str::to_owned).collect())
}

fn output(command: &mut Command) -> Result<String, String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.output().map_err(|error| format!("`{name}` cannot be run: {error}"))?;
    if !output.status.success() {
        return Err(format!("`{name}` failed: {}", String::from_utf8_lossy(&output.stderr)));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
