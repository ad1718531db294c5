//! Files, folders and standard input: from the command line to texts.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use netpol_policy::doc::Limits;

use crate::failure::Failure;

/// The bytes of a file, with the name under which it is reported.
#[derive(Debug)]
pub(crate) struct Input {
    /// The path as given, or `<stdin>`.
    pub(crate) name: String,
    /// The bytes; one more than the limit if the file is too large.
    pub(crate) bytes: Vec<u8>,
}

/// What standard input is called in reports.
const STDIN: &str = "<stdin>";

/// How deep folders are searched, in case links go round in circles.
const MAX_DEPTH: u32 = 64;

/// What may be read in all.
const MAX_TOTAL_BYTES: usize = 1 << 30;

/// Reads what the arguments name, in the order of the arguments. A folder stands for its files
/// with the ending `yaml`, `yml` or `json`, sorted; with `recursive` for those of its folders
/// too. `-` is standard input. A file that is named twice is read once.
pub(crate) fn read(arguments: &[PathBuf], recursive: bool) -> Result<Vec<Input>, Failure> {
    let mut paths = Vec::new();
    for argument in arguments {
        expand(argument, recursive, &mut paths)?;
    }
    let mut seen = BTreeSet::new();
    paths.retain(|path| seen.insert(fs::canonicalize(path).unwrap_or_else(|_| path.clone())));
    let mut total = 0;
    let mut inputs = Vec::with_capacity(paths.len());
    for path in paths {
        let input = read_one(&path)?;
        total += input.bytes.len();
        if total > MAX_TOTAL_BYTES {
            let message = format!("the files hold more than {} MiB in all", MAX_TOTAL_BYTES >> 20);
            return Err(Failure::new(message, "name fewer files"));
        }
        inputs.push(input);
    }
    Ok(inputs)
}

/// Adds the files that an argument stands for.
fn expand(argument: &Path, recursive: bool, paths: &mut Vec<PathBuf>) -> Result<(), Failure> {
    if argument == Path::new("-") || !argument.is_dir() {
        paths.push(argument.to_owned());
        return Ok(());
    }
    let before = paths.len();
    let mut subfolders = false;
    search(argument, recursive, MAX_DEPTH, paths, &mut subfolders)?;
    if paths.len() > before {
        return Ok(());
    }
    let message =
        format!("there is no file `*.yaml`, `*.yml` or `*.json` in `{}`", argument.display());
    let help = match subfolders && !recursive {
        true => "add -R to read the folders inside it too",
        false => "name a folder with manifests, or a file, or `-` for standard input",
    };
    Err(Failure::new(message, help))
}

/// Adds the manifests in a folder, sorted by name.
fn search(
    folder: &Path,
    recursive: bool,
    depth: u32,
    paths: &mut Vec<PathBuf>,
    subfolders: &mut bool,
) -> Result<(), Failure> {
    let entries = fs::read_dir(folder).and_then(Iterator::collect::<io::Result<Vec<_>>>);
    let entries = entries.map_err(|error| cannot_read(folder, &error))?;
    let mut entries: Vec<PathBuf> = entries.iter().map(fs::DirEntry::path).collect();
    entries.sort_unstable();
    for path in entries {
        if path.is_dir() {
            *subfolders = true;
            if recursive && depth > 0 {
                search(&path, recursive, depth - 1, paths, subfolders)?;
            }
        } else if is_manifest(&path) {
            paths.push(path);
        }
    }
    Ok(())
}

fn is_manifest(path: &Path) -> bool {
    let ending = path.extension().and_then(OsStr::to_str);
    matches!(ending, Some("yaml" | "yml" | "json"))
}

fn read_one(path: &Path) -> Result<Input, Failure> {
    let stdin = path == Path::new("-");
    let bytes =
        if stdin { limited(io::stdin().lock()) } else { File::open(path).and_then(limited) };
    let bytes = bytes.map_err(|error| cannot_read(path, &error))?;
    let name = if stdin { STDIN.into() } else { path.display().to_string() };
    Ok(Input { name, bytes })
}

/// Reads until the end, or until it is clear that the limit is passed.
fn limited(source: impl Read) -> io::Result<Vec<u8>> {
    let limit = Limits::default().max_bytes as u64;
    let mut bytes = Vec::new();
    source.take(limit + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn cannot_read(path: &Path, error: &io::Error) -> Failure {
    let message = format!("cannot read `{}`: {error}", path.display());
    let help = match error.kind() {
        io::ErrorKind::NotFound => {
            "check the path; a folder, or `-` for standard input, will do too"
        }
        io::ErrorKind::PermissionDenied => "give yourself the permission to read it",
        _ => "name a file that can be read, or pipe it in and name `-`",
    };
    Failure::new(message, help)
}
