//! Requests of redirected connections.

use netpol::{Header, HttpRequest, L7Handle, L7Verdict};

use crate::address::netpol_address;
use crate::error::{Failure, netpol_error, netpol_status};
use crate::guard::{guard, guard_status, guard_value};
use crate::pointer::{Out, exclusive, give, shared, slice};
use crate::reader::netpol_reader;
use crate::text::{netpol_str, netpol_text};
use crate::verdict::netpol_side;
use crate::{NETPOL_NULL, NETPOL_OK, NETPOL_PANICKED};

/// A header of a request. Bytes need not be UTF-8.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct netpol_header {
    /// The name; its case does not matter.
    pub name: netpol_str,
    /// The value, without surrounding blanks.
    pub value: netpol_str,
}

/// An HTTP request. Bytes need not be UTF-8.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct netpol_http_request {
    /// `sizeof(netpol_http_request)`.
    pub size: usize,
    /// The method, in the case it was sent in.
    pub method: netpol_str,
    /// The path with the query, without a fragment; it is taken as it is: resolve dot segments before.
    pub path: netpol_str,
    /// HTTP/2's `:authority` or HTTP/1's `Host`, with the port if the client sent one. `data` is NULL if there
    /// is none, which fails every rule that has a host.
    pub host: netpol_str,
    /// `n_headers` other headers, in the order of the request.
    pub headers: *const netpol_header,
    /// The number of headers.
    pub n_headers: usize,
}

/// Writes whether a redirected connection may carry an HTTP request: by the rules in force now, not those of when
/// the connection was judged.
///
/// `side` is the side of the connection's verdict whose decision is `NETPOL_DECISION_REDIRECT`. If `bound_to` is not
/// NULL, it is where the connection goes, and the host must be a name that DNS gave this address for. `rule`
/// may be NULL; else it gets the rule that decided, to be freed by the caller, or NULL if just none allows the
/// request. A call without `rule` allocates nothing once the reader has seen as many headers.
///
/// On any failure `allowed` is `false`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn netpol_reader_http(
    reader: *mut netpol_reader,
    side: *const netpol_side,
    bound_to: *const netpol_address,
    request: *const netpol_http_request,
    allowed: *mut bool,
    rule: *mut *mut netpol_text,
    error: *mut *mut netpol_error,
) -> netpol_status {
    let question = |reader: &mut netpol_reader, handle: &L7Handle| {
        // SAFETY: the caller promises a request, or NULL, with all that it points to (conventions 3 and 4).
        unsafe { reader.http(handle, request) }
    };
    // SAFETY: what is asked of the caller is what the header asks (conventions 1 to 4).
    unsafe { ask(reader, side, bound_to, Answer { allowed, rule, error }, question) }
}

/// Writes whether a DNS query for a name may pass, by the rules in force now. `name` is in presentation form,
/// with or without a final dot. `side`, `rule` and failures are as for `netpol_reader_http`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn netpol_reader_dns(
    reader: *mut netpol_reader,
    side: *const netpol_side,
    name: netpol_str,
    allowed: *mut bool,
    rule: *mut *mut netpol_text,
    error: *mut *mut netpol_error,
) -> netpol_status {
    let question = |reader: &mut netpol_reader, handle: &L7Handle| {
        // SAFETY: the caller promises the bytes of texts (convention 4).
        Ok(reader.reader.dns(handle, unsafe { name.text("name") }?))
    };
    let answer = Answer { allowed, rule, error };
    // SAFETY: what is asked of the caller is what the header asks (conventions 1 to 3).
    unsafe { ask(reader, side, core::ptr::null(), answer, question) }
}

/// Writes whether a TLS connection may ask for a server name, by the rules in force now. The empty name stands for
/// a connection that names none. `side`, `bound_to`, `rule` and failures are as for `netpol_reader_http`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn netpol_reader_sni(
    reader: *mut netpol_reader,
    side: *const netpol_side,
    bound_to: *const netpol_address,
    server_name: netpol_str,
    allowed: *mut bool,
    rule: *mut *mut netpol_text,
    error: *mut *mut netpol_error,
) -> netpol_status {
    let question = |reader: &mut netpol_reader, handle: &L7Handle| {
        // SAFETY: the caller promises the bytes of texts (convention 4).
        Ok(reader.reader.sni(handle, unsafe { server_name.text("server_name") }?))
    };
    // SAFETY: what is asked of the caller is what the header asks (conventions 1 to 3).
    unsafe { ask(reader, side, bound_to, Answer { allowed, rule, error }, question) }
}

/// Writes whether DNS gave an address for a name, as far as any endpoint was told; `false` on any failure. Case and
/// a final dot do not matter.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn netpol_reader_name_binds(
    reader: *mut netpol_reader,
    name: netpol_str,
    address: *const netpol_address,
    binds: *mut bool,
) -> netpol_status {
    let mut answer = false;
    let status = guard_status(|| {
        // SAFETY: the caller promises NULL or a reader of its own (conventions 1 and 2).
        let reader = unsafe { exclusive(reader, "reader") }?;
        // SAFETY: the caller promises the bytes of texts (convention 4).
        let name = unsafe { name.text("name") }?;
        // SAFETY: the caller promises an address or NULL (convention 3).
        let address = unsafe { shared(address, "address") }?.ip("address")?;
        answer = reader.reader.name_binds(name, address);
        if binds.is_null() { Err(Failure::null("binds")) } else { Ok(()) }
    });
    // SAFETY: the caller promises an output or NULL (convention 3).
    unsafe { Out::new(binds) }.put(answer);
    status
}

impl netpol_reader {
    /// Forgets what a panic may have left behind half done.
    fn renew(&mut self) {
        *self = Self::new(self.reader.clone());
    }

    /// Asks about an HTTP request.
    ///
    /// # Safety
    ///
    /// `request` is NULL or may be read, with all that it points to.
    unsafe fn http(
        &mut self,
        handle: &L7Handle,
        request: *const netpol_http_request,
    ) -> Result<L7Verdict, Failure> {
        // SAFETY: the caller promises the size, which every version of the struct begins with.
        let size = unsafe { shared(request.cast::<usize>(), "request") }?;
        Failure::check_size("request", *size, size_of::<netpol_http_request>())?;
        // SAFETY: the caller promises as many bytes as the size says.
        let request = unsafe { shared(request, "request") }?;
        let mut headers: Vec<Header<'_>> = core::mem::take(&mut self.headers);
        // SAFETY: the caller promises the headers and texts.
        let read = unsafe { request.read(&mut headers) };
        let verdict = read.map(|request| self.reader.http(handle, &request));
        self.headers = recycle(headers);
        verdict
    }
}

impl netpol_http_request {
    /// Returns the request that a caller means.
    ///
    /// # Safety
    ///
    /// Headers and texts may be read for the lifetime that the caller chooses.
    unsafe fn read<'a>(
        &self,
        headers: &'a mut Vec<Header<'_>>,
    ) -> Result<HttpRequest<'a>, Failure> {
        // SAFETY: the caller promises the headers.
        for header in unsafe { slice(self.headers, self.n_headers, "headers") }? {
            // SAFETY: the caller promises their bytes.
            let name = unsafe { header.name.bytes("headers") }?;
            // SAFETY: likewise.
            let value = unsafe { header.value.bytes("headers") }?;
            headers.push(Header { name, value });
        }
        // SAFETY: the caller promises the bytes.
        let method = unsafe { self.method.bytes("method") }?;
        // SAFETY: likewise.
        let path = unsafe { self.path.bytes("path") }?;
        // SAFETY: likewise.
        let host = unsafe { self.host.bytes("host") }?;
        let host = (!self.host.data.is_null()).then_some(host);
        Ok(HttpRequest { method, path, host, headers })
    }
}

/// Where the answer about a request goes.
struct Answer {
    allowed: *mut bool,
    rule: *mut *mut netpol_text,
    error: *mut *mut netpol_error,
}

/// Asks a reader about a request of the connection that a side redirects.
///
/// # Safety
///
/// `reader` is NULL, or points to a reader that nobody else uses during the call; the other pointers are NULL,
/// or point to what may be read, or written to.
unsafe fn ask(
    reader: *mut netpol_reader,
    side: *const netpol_side,
    bound_to: *const netpol_address,
    answer: Answer,
    question: impl FnOnce(&mut netpol_reader, &L7Handle) -> Result<L7Verdict, Failure>,
) -> netpol_status {
    let Answer { allowed, rule, error } = answer;
    // SAFETY: the caller promises an output or NULL.
    let error = unsafe { Out::new(error) };
    let mut is_allowed = false;
    let mut status = guard(error, || {
        // SAFETY: the caller promises NULL or a reader of its own.
        let reader = unsafe { exclusive(reader, "reader") }?;
        // SAFETY: the caller promises a side or NULL.
        let handle = unsafe { shared(side, "side") }?.handle()?;
        // SAFETY: the caller promises an address or NULL.
        let handle = match unsafe { shared(bound_to, "bound_to") } {
            Ok(address) => handle.bound_to(address.ip("bound_to")?),
            Err(_) => handle,
        };
        let verdict = question(reader, &handle)?;
        // SAFETY: the caller promises an output or NULL.
        let rule = unsafe { Out::new(rule) };
        if rule.is_wanted() {
            let text = verdict.rule().map(|rule| give(netpol_text::new(rule.to_string())));
            rule.put(text.unwrap_or(core::ptr::null_mut()));
        }
        is_allowed = verdict.is_allowed();
        Ok(())
    });
    if status == NETPOL_PANICKED {
        // SAFETY: the caller promises NULL or a reader of its own.
        let reader = unsafe { exclusive(reader, "reader") };
        guard_value((), || reader.map_or((), netpol_reader::renew));
    }
    if allowed.is_null() && status == NETPOL_OK {
        status = NETPOL_NULL;
    }
    // SAFETY: the caller promises an output or NULL.
    unsafe { Out::new(allowed) }.put(is_allowed);
    status
}

/// Returns the room of a list without its elements, which borrow from a request.
fn recycle(mut headers: Vec<Header<'_>>) -> Vec<Header<'static>> {
    headers.clear();
    // PERF: collected in place, so that the room stays: a test counts allocations.
    headers.into_iter().map(|_| Header { name: b"", value: b"" }).collect()
}
