//! Runs the tool, and compares what it prints with golden files.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// What a run of the tool came to.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) code: i32,
}

/// Runs the tool among the fixtures.
pub(crate) fn netpol(args: &[&str]) -> Run {
    run_in(&fixtures(), args, None)
}

/// Runs the tool among the fixtures, with this on standard input.
pub(crate) fn netpol_with_stdin(args: &[&str], stdin: &[u8]) -> Run {
    run_in(&fixtures(), args, Some(stdin))
}

/// Runs the tool in a folder.
pub(crate) fn run_in(folder: &Path, args: &[&str], stdin: Option<&[u8]>) -> Run {
    let mut child = Command::new(env!("CARGO_BIN_EXE_netpol"))
        .args(args)
        .current_dir(folder)
        .env_remove("NO_COLOR")
        .env_remove("COLUMNS")
        .stdin(if stdin.is_some() { Stdio::piped() } else { Stdio::null() })
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    if let Some(mut pipe) = child.stdin.take() {
        // The tool may stop reading early.
        let _closed = pipe.write_all(stdin.unwrap_or_default());
    }
    let output = child.wait_with_output().unwrap();
    Run {
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
        code: output.status.code().expect("the tool must not be killed by a signal"),
    }
}

/// Returns the folder with the fixtures.
pub(crate) fn fixtures() -> PathBuf {
    tests().join("fixtures")
}

/// Returns the project's examples.
pub(crate) fn examples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples")
}

fn tests() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests")
}

/// Compares a text with the golden file of this name. With `NETPOL_BLESS` in the environment the
/// file is written instead; look at the difference before keeping it.
#[track_caller]
pub(crate) fn assert_golden(name: &str, actual: &str) {
    let path = tests().join("golden").join(name);
    if std::env::var_os("NETPOL_BLESS").is_some() {
        fs::write(&path, actual).unwrap();
        return;
    }
    let expected = fs::read_to_string(&path);
    let expected = expected.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    assert!(
        expected == actual,
        "{name} differs; with NETPOL_BLESS=1 it is written anew\n--- expected\n{expected}\n--- actual\n{actual}"
    );
}

/// An empty folder of the test's own, removed when dropped.
pub(crate) struct TempFolder(PathBuf);

impl TempFolder {
    pub(crate) fn new(test: &str) -> Self {
        let name = format!("netpol-cli-{test}-{}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    pub(crate) fn write(&self, name: &str, bytes: &[u8]) {
        let path = self.0.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
}

impl Drop for TempFolder {
    fn drop(&mut self) {
        let _left_behind = fs::remove_dir_all(&self.0);
    }
}
