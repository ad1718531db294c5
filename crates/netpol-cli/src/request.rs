//! What `netpol eval` is asked about a connection that goes through a proxy: a request.

use std::fmt;
use std::str::FromStr;

use netpol::{Header, HttpRequest, L7Handle, L7Verdict, Protocol, Reader, Redirect};
use netpol_flowlog::Timestamp;

use crate::cli::RequestArgs;
use crate::failure::Failure;

/// A request on a connection.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Request<'a> {
    /// An HTTP request.
    Http {
        /// Method and path.
        line: &'a HttpLine,
        /// The headers but the host.
        headers: &'a [HeaderArg],
        /// The host, if the request names one.
        host: Option<&'a str>,
        /// The server name that the TLS client indicates; `None` without TLS.
        sni: Option<&'a str>,
    },
    /// A DNS query for a name.
    Dns(&'a str),
    /// A TLS client that indicates a server name; an empty one stands for none.
    Sni(&'a str),
}

/// What the L7 rules of one side say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Decided {
    /// Whether the connection that carries the request was decided upon, not the request itself.
    pub(crate) is_connection: bool,
    /// The verdict.
    pub(crate) verdict: L7Verdict,
}

impl<'a> Request<'a> {
    /// Returns the request that the arguments ask about, if any.
    ///
    /// # Errors
    ///
    /// Fails if no such request goes over the protocol.
    pub(crate) fn new(args: &'a RequestArgs, protocol: Protocol) -> Result<Option<Self>, Failure> {
        let RequestArgs { http, header, host, dns, sni } = args;
        let (host, sni) = (host.as_deref(), sni.as_deref());
        let request = match (http, dns.as_deref(), sni) {
            (Some(line), _, sni) => Self::Http { line, headers: header, host, sni },
            (None, Some(name), _) => Self::Dns(name),
            (None, None, Some(name)) => Self::Sni(name),
            (None, None, None) => return Ok(None),
        };
        match (request, protocol) {
            (_, Protocol::TCP) | (Self::Dns(_), Protocol::UDP) => Ok(Some(request)),
            (Self::Dns(_), _) => Err(misfit("DNS queries", protocol, "tcp or udp")),
            (Self::Http { .. }, _) => Err(misfit("HTTP requests", protocol, "tcp")),
            (Self::Sni(_), _) => Err(misfit("server names of TLS", protocol, "tcp")),
        }
    }

    /// Asks the L7 rules of a redirected connection: first about the connection, then about the
    /// request on it (L7E-7).
    pub(crate) fn ask(&self, reader: &mut Reader, handle: &L7Handle) -> Decided {
        let of_request = |verdict| Decided { is_connection: false, verdict };
        let (line, headers, host, sni) = match *self {
            Self::Dns(name) => return of_request(reader.dns(handle, name)),
            Self::Sni(name) => return of_request(reader.sni(handle, name)),
            Self::Http { line, headers, host, sni } => (line, headers, host, sni),
        };
        let connection = reader.sni(handle, sni.unwrap_or_default());
        if !connection.is_allowed() {
            return Decided { is_connection: true, verdict: connection };
        }
        let headers: Vec<Header<'_>> =
            headers.iter().map(|header| Header::new(&header.name, &header.value)).collect();
        let asked = HttpRequest::new(&line.method, &line.path).headers(&headers);
        of_request(reader.http(handle, &host.map_or(asked, |host| asked.host(host))))
    }

    /// Tells whether a proxy can be sent such a request: only the DNS proxy answers DNS queries,
    /// and it knows nothing else.
    pub(crate) fn fits(&self, proxy: &Redirect) -> bool {
        matches!(self, Self::Dns(_)) == matches!(proxy, Redirect::Dns)
    }

    /// Returns `http`, `dns` or `sni`.
    pub(crate) const fn kind(&self) -> &'static str {
        match self {
            Self::Http { .. } => "http",
            Self::Dns(_) => "dns",
            Self::Sni(_) => "sni",
        }
    }
}

fn misfit(what: &str, protocol: Protocol, fit: &str) -> Failure {
    let message = format!("{what} do not go over {protocol}");
    Failure::new(message, format!("write `--protocol {fit}`, or ask about the connection alone"))
}

impl fmt::Display for Request<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Http { line: HttpLine { method, path }, .. } => write!(f, "{method} {path}"),
            Self::Dns(name) => write!(f, "DNS query for {name}"),
            Self::Sni("") => f.write_str("TLS without a server name"),
            Self::Sni(name) => write!(f, "TLS to {name}"),
        }
    }
}

/// Method and path of an HTTP request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HttpLine {
    /// The method.
    pub(crate) method: String,
    /// The path with the query, in the form in which proxies compare it.
    pub(crate) path: String,
}

impl FromStr for HttpLine {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.split_once(' ').filter(|(method, _)| is_token(method));
        let (method, path) = parts.ok_or("write a method and a path, such as 'GET /docs'")?;
        if !path.starts_with('/') {
            return Err("the path must begin with `/`; the host goes to --host".into());
        }
        if !is_visible(path) {
            return Err("the path must be visible ASCII; write the rest as %20 and the like".into());
        }
        if path.contains('#') {
            return Err("no client sends a fragment; leave out `#` and what follows".into());
        }
        if !is_normal(path) {
            return Err("proxies change such a path before they compare it; write it without dot \
                        segments, double or escaped slashes, and backslashes"
                .into());
        }
        Ok(Self { method: method.to_owned(), path: path.to_owned() })
    }
}

/// Tells whether a proxy compares the path as it is written (HTTP-7).
fn is_normal(path: &str) -> bool {
    let (path, _query) = path.split_once('?').unwrap_or((path, ""));
    let path = path.to_ascii_lowercase();
    let strange = ["//", "\\", "%2f", "%5c"].iter().any(|strange| path.contains(strange));
    let dots = |segment: &str| matches!(&*segment.replace("%2e", "."), "." | "..");
    !strange && !path.split('/').any(dots)
}

/// A header of an HTTP request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HeaderArg {
    /// The name.
    pub(crate) name: String,
    /// The value, without surrounding blanks.
    pub(crate) value: String,
}

impl FromStr for HeaderArg {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.split_once(':').filter(|(name, _)| is_token(name));
        let (name, value) = parts.ok_or("write NAME: VALUE, such as 'x-vpn: 1'")?;
        if name.eq_ignore_ascii_case("host") {
            return Err("the host goes to --host".into());
        }
        let value = value.trim_matches([' ', '\t']);
        if value.contains(|c: char| c.is_control() && c != '\t') {
            return Err("a header holds no control characters".into());
        }
        Ok(Self { name: name.to_owned(), value: value.to_owned() })
    }
}

/// Returns the host of an HTTP request.
pub(crate) fn parse_host(text: &str) -> Result<String, String> {
    match !text.is_empty() && is_visible(text) && !text.contains('/') {
        true => Ok(text.to_owned()),
        false => Err("write a host, such as docs.example or docs.example:8080".into()),
    }
}

/// Returns the name of a DNS query.
pub(crate) fn parse_name(text: &str) -> Result<String, String> {
    if text.contains('=') {
        return Err("write a name alone; addresses of names go to --learn NAME=ADDRESS".into());
    }
    match !text.is_empty() && is_visible(text) {
        true => Ok(text.to_owned()),
        false => Err("write a name, such as www.example.com".into()),
    }
}

/// Returns a server name; the empty one stands for none.
pub(crate) fn parse_server_name(text: &str) -> Result<String, String> {
    match is_visible(text) {
        true => Ok(text.to_owned()),
        false => Err("write a name, such as www.example.com, or nothing for none".into()),
    }
}

/// Returns a time written as RFC 3339.
pub(crate) fn parse_time(text: &str) -> Result<Timestamp, String> {
    Timestamp::parse(text).ok_or_else(|| "write it as 2024-03-14T14:12:34Z".into())
}

fn is_visible(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// Tells whether a text can be a method or the name of a header (RFC 9110, section 5.6.2).
fn is_token(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !text.is_empty() && text.bytes().all(fits)
}

#[cfg(test)]
mod tests {
    use super::{HeaderArg, HttpLine, parse_host, parse_name};

    #[test]
    fn a_request_is_a_method_and_a_path_as_proxies_compare_it() {
        for right in ["GET /", "GET /docs?next=//a/../b", "PUT /a%20b", "GET /.well-known/..x"] {
            assert!(right.parse::<HttpLine>().is_ok(), "{right}");
        }
        let wrong = [
            "GET",
            "/docs",
            "GET docs",
            " /",
            "GET  /",
            "G/T /",
            "GET /a b",
            "GET /a#b",
            "GET //a",
            "GET /a/../b",
            "GET /a/%2E%2e",
            "GET /.",
            "GET /a%2Fb",
            "GET /a%5cb",
            "GET /a\\b",
            "GET /\u{e9}",
        ];
        for wrong in wrong {
            assert!(wrong.parse::<HttpLine>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn headers_have_a_name_and_a_value_without_blanks_around() {
        let header: HeaderArg = "X-Vpn:  a: b ".parse().unwrap();
        assert_eq!((header.name.as_str(), header.value.as_str()), ("X-Vpn", "a: b"));
        for wrong in ["x-vpn", ": 1", "x vpn: 1", ":path: /", "Host: a", "a: b\r\nc: d"] {
            assert!(wrong.parse::<HeaderArg>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn names_and_hosts_are_visible_ascii() {
        assert!(parse_name("a.example.").is_ok() && parse_host("[::1]:80").is_ok());
        assert!(["", "a b", "a=192.0.2.1"].iter().all(|name| parse_name(name).is_err()));
        assert!(["", "a b", "http://a"].iter().all(|host| parse_host(host).is_err()));
    }
}
