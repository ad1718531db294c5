//! What is asked about an HTTP request.

/// A request, borrowed from the caller's own form of it.
///
/// The caller has read the request and brought it to normal form (spec `HTTP-7`, `L7Q-9`): dot segments
/// of the path are resolved and runs of slashes merged, requests in absolute form are split into host
/// and path. Nothing is decoded or normalised here: `/a%20b` and `/a b` are different paths.
///
/// # Examples
///
/// ```
/// use netpol_l7::{Header, HttpRequest};
///
/// let headers = [Header::new("x-vpn", "1")];
/// let request = HttpRequest::new("GET", "/docs?page=2").host("docs.example.com").headers(&headers);
/// assert_eq!(request.path, b"/docs?page=2");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HttpRequest<'a> {
    /// The method, in the case it was sent in.
    pub method: &'a [u8],
    /// The path with the query, without a fragment (spec `HTTP-6`).
    pub path: &'a [u8],
    /// HTTP/2's `:authority` or HTTP/1's `Host`, with the port if the client sent one (spec `HTTP-8`).
    /// `None` fails every rule that has a host.
    pub host: Option<&'a [u8]>,
    /// The other headers, in the order of the request. A header named `host` or like one of the fields
    /// above (`:path`) is not looked at.
    pub headers: &'a [Header<'a>],
}

/// A header of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header<'a> {
    /// The name; its case does not matter.
    pub name: &'a [u8],
    /// The value, without surrounding blanks.
    pub value: &'a [u8],
}

impl<'a> HttpRequest<'a> {
    /// Returns a request without host and headers.
    pub fn new<M, P>(method: &'a M, path: &'a P) -> Self
    where
        M: AsRef<[u8]> + ?Sized,
        P: AsRef<[u8]> + ?Sized,
    {
        Self { method: method.as_ref(), path: path.as_ref(), host: None, headers: &[] }
    }

    /// Returns the request with a host.
    #[must_use]
    pub fn host<H: AsRef<[u8]> + ?Sized>(self, host: &'a H) -> Self {
        Self { host: Some(host.as_ref()), ..self }
    }

    /// Returns the request with headers.
    #[must_use]
    pub fn headers(self, headers: &'a [Header<'a>]) -> Self {
        Self { headers, ..self }
    }
}

impl<'a> Header<'a> {
    /// Returns a header.
    pub fn new<N, V>(name: &'a N, value: &'a V) -> Self
    where
        N: AsRef<[u8]> + ?Sized,
        V: AsRef<[u8]> + ?Sized,
    {
        Self { name: name.as_ref(), value: value.as_ref() }
    }
}
