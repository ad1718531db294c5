//! Messages in the form in which they are forwarded.

use hyper::body::Incoming;
use hyper::header::{
    CONNECTION, CONTENT_LENGTH, EXPECT, HOST, HeaderMap, HeaderName, HeaderValue,
    PROXY_AUTHENTICATE, PROXY_AUTHORIZATION, TE, TRAILER, TRANSFER_ENCODING, UPGRADE,
};
use hyper::{Method, Request, Response, Uri, Version};
use netpol::{Header, HeaderChange};

use crate::path::{Target, normal_form};

/// Headers that are about one connection, not about the message (RFC 9110, section 7.6.1). `Expect` is
/// answered by the gateway itself.
const HOP_BY_HOP: [HeaderName; 10] = [
    CONNECTION,
    EXPECT,
    PROXY_AUTHENTICATE,
    PROXY_AUTHORIZATION,
    TE,
    TRAILER,
    TRANSFER_ENCODING,
    UPGRADE,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
];

/// Returns a request as it is forwarded, and what becomes of its path; `None` if it cannot be: it
/// asks for a tunnel, has several hosts or, as HTTP/1.1, none, or its target is no path.
pub(super) fn forwarded(request: Request<Incoming>) -> Option<(Request<Incoming>, Target)> {
    let (mut head, body) = request.into_parts();
    if head.method == Method::CONNECT {
        return None;
    }
    // RFC 9112, section 3.2.2: the host of a target in absolute form replaces the header.
    if let Some(authority) = head.uri.authority() {
        head.headers.insert(HOST, HeaderValue::from_str(authority.as_str()).ok()?);
    }
    let hosts = head.headers.get_all(HOST).iter().count();
    if hosts > 1 || (hosts == 0 && head.version == Version::HTTP_11) {
        return None;
    }
    let target = normal_form(head.uri.path_and_query()?.as_str())?;
    if let Target::Path(path) = &target {
        head.uri = path.parse::<Uri>().ok()?;
    }
    remove_hop_by_hop(&mut head.headers);
    head.version = Version::HTTP_11;
    Some((Request::from_parts(head, body), target))
}

/// Returns a request with an empty host if it names none, as HTTP/1.0 may (RFC 9112, section 3.2).
pub(super) fn with_host<B>(mut request: Request<B>) -> Request<B> {
    request.headers_mut().entry(HOST).or_insert(HeaderValue::from_static(""));
    request
}

/// Returns a response as it is passed on.
pub(super) fn without_hop_by_hop(mut response: Response<Incoming>) -> Response<Incoming> {
    remove_hop_by_hop(response.headers_mut());
    response
}

/// Returns the host that a request names, with the port if there is one (HTTP-8).
pub(super) fn host<B>(request: &Request<B>) -> Option<&str> {
    request.headers().get(HOST).and_then(|host| host.to_str().ok())
}

/// Returns the headers of a request as rules see them.
pub(super) fn headers<B>(request: &Request<B>) -> Vec<Header<'_>> {
    request.headers().iter().map(|(name, value)| Header::new(name, value.as_bytes())).collect()
}

/// Changes headers as actions of a policy say (HM-5), but for those that say where a message goes and
/// where it ends. Returns `false` if that cannot be written.
pub(super) fn change_headers(headers: &mut HeaderMap, changes: &[HeaderChange]) -> bool {
    changes.iter().all(|change| change_header(headers, change).is_some())
}

fn change_header(headers: &mut HeaderMap, change: &HeaderChange) -> Option<()> {
    let (HeaderChange::Append { name, .. }
    | HeaderChange::Set { name, .. }
    | HeaderChange::Remove { name }) = change;
    let name: HeaderName = name.parse().ok()?;
    if HOP_BY_HOP.contains(&name) || [HOST, CONTENT_LENGTH].contains(&name) {
        return Some(());
    }
    match change {
        HeaderChange::Append { value, .. } => {
            headers.append(name, HeaderValue::from_bytes(value).ok()?);
        }
        HeaderChange::Set { value, .. } => {
            headers.insert(name, HeaderValue::from_bytes(value).ok()?);
        }
        HeaderChange::Remove { .. } => drop(headers.remove(name)),
    }
    Some(())
}

fn remove_hop_by_hop(headers: &mut HeaderMap) {
    let named: Vec<HeaderName> = headers
        .get_all(CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|name| name.trim().parse().ok())
        // Who names it wants to hide it from the policy or the server.
        .filter(|name| name != HOST)
        .collect();
    for name in HOP_BY_HOP.iter().chain(&named) {
        headers.remove(name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_about_the_connection_is_not_forwarded() {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("connection", "x-gone, close,host"),
            ("x-gone", "1"),
            ("x-kept", "1"),
            ("host", "shop.example"),
            ("transfer-encoding", "chunked"),
            ("proxy-authorization", "secret"),
        ] {
            headers.append(name.parse::<HeaderName>().unwrap(), HeaderValue::from_static(value));
        }
        remove_hop_by_hop(&mut headers);
        let mut left: Vec<_> = headers.keys().map(HeaderName::as_str).collect();
        left.sort_unstable();
        assert_eq!(left, ["host", "x-kept"]);
    }

    #[test]
    fn policies_change_headers_but_not_where_a_message_goes() {
        let mut headers = HeaderMap::new();
        headers.insert(HOST, HeaderValue::from_static("shop.example"));
        let append = |name: &str, value: &str| HeaderChange::Append {
            name: name.into(),
            value: value.into(),
        };
        let changes = ["x-a", "x-a", "host", "content-length", "transfer-encoding"];
        assert!(change_headers(&mut headers, &changes.map(|name| append(name, "1"))));
        assert_eq!((headers.get_all("x-a").iter().count(), headers.len()), (2, 3));
        assert_eq!(headers[HOST], "shop.example");
        assert!(change_headers(&mut headers, &[HeaderChange::Remove { name: "x-a".into() }]));
        assert_eq!(headers.len(), 1);
        assert!(!change_headers(&mut headers, &[append("x-a", "1\r\nx-b: 2")]));
        assert!(!change_headers(&mut headers, &[append(":path", "/admin")]));
    }
}
