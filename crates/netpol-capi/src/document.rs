//! Documents: policies and the Kubernetes objects that they are about.

use netpol::{Applied, Engine, Problem, Report, Source};
use netpol_policy::doc;

use crate::engine::{change, netpol_engine};
use crate::error::{Failure, netpol_error, netpol_status};
use crate::guard::{guard, guard_value};
use crate::pointer::{self, Out, give, shared};
use crate::text::{netpol_str, netpol_text};

/// A problem that is legal, but surely not meant, or without effect.
pub const NETPOL_WARNING: u8 = 1;
/// A problem that makes a document unusable.
pub const NETPOL_ERROR: u8 = 2;

/// What came of applying or deleting documents. The caller frees it with `netpol_report_free`.
#[derive(Debug)]
pub struct netpol_report {
    problems: Vec<Problem>,
    applied: netpol_applied,
}

/// One thing that is wrong with a document. Its texts live until the report is freed.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct netpol_problem {
    /// The name of the source that was given to the call.
    pub file: netpol_str,
    /// A stable word for this kind of problem, such as `unknown-field`.
    pub code: netpol_str,
    /// The path of the field, such as `spec.ingress[0].toPorts`; empty if the problem is about no field.
    pub path: netpol_str,
    /// What is wrong: lower case, without a final stop.
    pub message: netpol_str,
    /// What to write instead; `data` is NULL if that is not known.
    pub help: netpol_str,
    /// The line, from 1; 0 if the problem is about the source as a whole.
    pub line: u32,
    /// The column in characters, from 1; 0 if the problem is about the source as a whole.
    pub column: u32,
    /// `NETPOL_WARNING` or `NETPOL_ERROR`.
    pub severity: u8,
}

/// How many documents were what.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct netpol_applied {
    /// Policies that were added or replaced.
    pub policies: usize,
    /// CIDR groups that were added or replaced.
    pub cidr_groups: usize,
    /// Pods, workloads and nodes. They make no endpoints by themselves: `netpol_engine_add_endpoint` does.
    pub manifests: usize,
    /// Documents of kinds that have nothing to do with network policy.
    pub skipped: usize,
    /// Objects that were removed.
    pub removed: usize,
}

/// Adds or replaces everything that a text holds: policies, CIDR groups, namespaces, services and the
/// addresses behind them, as YAML or JSON, one or more documents. `name` stands for the text in reports: the
/// name of a file, for example.
///
/// If some document is unusable, nothing is applied and the status is `NETPOL_BAD_DOCUMENT`. The report, unless
/// `report` is NULL, is handed out both then and on success, when it may have warnings.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn netpol_engine_apply(
    engine: *mut netpol_engine,
    name: netpol_str,
    text: netpol_str,
    report: *mut *mut netpol_report,
    error: *mut *mut netpol_error,
) -> netpol_status {
    let apply = |engine: &mut Engine, source: &Source| engine.apply(source).map(netpol_report::of);
    // SAFETY: the caller promises an engine of its own, or NULL, texts and outputs (conventions 1 to 4).
    unsafe { change_by(engine, name, text, report, error, apply) }
}

/// Removes everything that a text names: policies, CIDR groups, namespaces, services and the addresses behind
/// them. The report says how many there were.
///
/// If some document is unusable, nothing is removed and the status is `NETPOL_BAD_DOCUMENT`. The report, unless
/// `report` is NULL, is handed out both then and on success.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn netpol_engine_delete(
    engine: *mut netpol_engine,
    name: netpol_str,
    text: netpol_str,
    report: *mut *mut netpol_report,
    error: *mut *mut netpol_error,
) -> netpol_status {
    let delete =
        |engine: &mut Engine, source: &Source| engine.delete(source).map(netpol_report::of_removal);
    // SAFETY: the caller promises an engine of its own, or NULL, texts and outputs (conventions 1 to 4).
    unsafe { change_by(engine, name, text, report, error, delete) }
}

/// Returns the number of problems; 0 for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn netpol_report_len(report: *const netpol_report) -> usize {
    // SAFETY: the caller promises NULL or a report that is not freed yet (conventions 1 and 3).
    unsafe { shared(report, "report") }.map_or(0, |report| report.problems.len())
}

/// Writes the problem with an index, from 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn netpol_report_problem(
    report: *const netpol_report,
    index: usize,
    problem: *mut netpol_problem,
    error: *mut *mut netpol_error,
) -> netpol_status {
    // SAFETY: the caller promises an output or NULL (convention 3).
    let error = unsafe { Out::new(error) };
    guard(error, || {
        // SAFETY: the caller promises NULL or a report that is not freed yet (conventions 1 and 3).
        let report = unsafe { shared(report, "report") }?;
        // SAFETY: the caller promises an output or NULL (convention 3).
        let place = unsafe { Out::new(problem) }.required("problem")?;
        let bad_index = || Failure::bad_number("index", index.try_into().unwrap_or(u64::MAX));
        place.put(report.problems.get(index).ok_or_else(bad_index)?.into());
        Ok(())
    })
}

/// Writes how many documents were what.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn netpol_report_applied(
    report: *const netpol_report,
    applied: *mut netpol_applied,
    error: *mut *mut netpol_error,
) -> netpol_status {
    // SAFETY: the caller promises an output or NULL (convention 3).
    let error = unsafe { Out::new(error) };
    guard(error, || {
        // SAFETY: the caller promises NULL or a report that is not freed yet (conventions 1 and 3).
        let report = unsafe { shared(report, "report") }?;
        // SAFETY: the caller promises an output or NULL (convention 3).
        unsafe { Out::new(applied) }.required("applied")?.put(report.applied);
        Ok(())
    })
}

/// Returns all problems as text, one a line; the caller frees it. NULL if `report` is.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn netpol_report_text(report: *const netpol_report) -> *mut netpol_text {
    guard_value(core::ptr::null_mut(), || {
        // SAFETY: the caller promises NULL or a report that is not freed yet (conventions 1 and 3).
        let Ok(report) = (unsafe { shared(report, "report") }) else {
            return core::ptr::null_mut();
        };
        let lines: Vec<String> = report.problems.iter().map(ToString::to_string).collect();
        give(netpol_text::new(lines.join("\n")))
    })
}

/// Frees a report; does nothing with NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn netpol_report_free(report: *mut netpol_report) {
    // SAFETY: the caller promises NULL or a report that is used no more (convention 1).
    unsafe { pointer::free(report) };
}

impl netpol_report {
    fn of(applied: Applied) -> Self {
        let counts = netpol_applied {
            policies: applied.policies.len(),
            cidr_groups: applied.cidr_groups.len(),
            manifests: applied.manifests.len(),
            skipped: applied.skipped.len(),
            removed: 0,
        };
        Self { problems: applied.report.problems().to_vec(), applied: counts }
    }

    fn of_removal(removed: usize) -> Self {
        let applied = netpol_applied { removed, ..netpol_applied::default() };
        Self { problems: Vec::new(), applied }
    }
}

impl From<&Problem> for netpol_problem {
    fn from(problem: &Problem) -> Self {
        Self {
            file: netpol_str::borrow(problem.source().name()),
            code: netpol_str::borrow(problem.code().0),
            path: netpol_str::borrow(problem.path()),
            message: netpol_str::borrow(problem.message()),
            help: problem.help().map_or(netpol_str::NONE, netpol_str::borrow),
            line: problem.span().line,
            column: problem.span().column,
            severity: if problem.is_error() { NETPOL_ERROR } else { NETPOL_WARNING },
        }
    }
}

/// Changes an engine that a caller passed by what documents say, and hands out the report.
///
/// # Safety
///
/// As for [`change`]; besides, the texts may be read, and `report` is NULL or an output.
unsafe fn change_by(
    engine: *mut netpol_engine,
    name: netpol_str,
    text: netpol_str,
    report: *mut *mut netpol_report,
    error: *mut *mut netpol_error,
    act: impl FnOnce(&mut Engine, &Source) -> Result<netpol_report, Report>,
) -> netpol_status {
    let work = |engine: &mut netpol_engine| {
        // SAFETY: the caller promises an output or NULL.
        let place = unsafe { Out::new(report) };
        // SAFETY: the caller promises the texts.
        let source = unsafe { source(engine, name, text) }?;
        let result = match source {
            Ok(source) => engine.change(|engine| act(engine, &source))?,
            Err(report) => Err(report),
        };
        finish(place, result)
    };
    // SAFETY: the caller promises an engine of its own, or NULL, and an output.
    unsafe { change(engine, error, work) }
}

/// Returns the source that a caller means, or the report about what is no text.
///
/// # Safety
///
/// The texts may be read.
unsafe fn source(
    engine: &netpol_engine,
    name: netpol_str,
    text: netpol_str,
) -> Result<Result<Source, Report>, Failure> {
    // SAFETY: the caller promises the text.
    let name = unsafe { name.text("name") }?;
    // SAFETY: likewise.
    let bytes = unsafe { text.bytes("text") }?;
    Ok(doc::to_source(name, bytes, engine.limits))
}

/// Hands the report out, be it good or bad.
fn finish(
    place: Out<'_, *mut netpol_report>,
    result: Result<netpol_report, Report>,
) -> Result<(), Failure> {
    let (report, failure) = match result {
        Ok(report) => (report, Ok(())),
        Err(report) => {
            let failure = Failure::bad_document(&report);
            let problems = report.problems().to_vec();
            (netpol_report { problems, applied: netpol_applied::default() }, Err(failure))
        }
    };
    if place.is_wanted() {
        place.put(give(report));
    }
    failure
}
