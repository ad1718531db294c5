//! What a record says about a request or response (L7F).

mod redact;
mod url;

use crate::wire::{field_of_message, message};
use crate::{L7Kind, summary};

pub use self::redact::HeaderRedaction;

use self::url::url;

/// The L7 part of a record.
///
/// # Examples
///
/// ```
/// use netpol_flowlog::{Http, HttpVersion, Layer7};
///
/// let request = Http::request(HttpVersion::Http11, "GET", "http", "database", "/public?a=b");
/// let answer = Layer7::http_response(request.response(200), Some(12_700_000));
/// assert_eq!(answer.summary(), "HTTP/1.1 200 12ms (GET http://database/public?a=b)");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "Layer7Fields", into = "Layer7Fields")]
pub struct Layer7 {
    /// Whether this is a request or a response.
    pub kind: L7Kind,
    /// The nanoseconds between request and response; 0 if unknown (L7F-5).
    pub latency_ns: u64,
    /// What the protocol says; `None` for protocols that records have no part for.
    pub protocol: Option<L7Protocol>,
}

/// The part of an L7 record that depends on the protocol.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum L7Protocol {
    /// A DNS query or answer.
    Dns(Dns),
    /// An HTTP request or response.
    Http(Http),
    /// A Kafka request or response.
    Kafka(Kafka),
}

impl Layer7 {
    /// Returns the part of a request or refused connection of which nothing else is known (L7F-13).
    #[must_use]
    pub const fn request() -> Self {
        Self { kind: L7Kind::REQUEST, latency_ns: 0, protocol: None }
    }

    /// Returns the part of an HTTP request.
    #[must_use]
    pub fn http_request(http: Http) -> Self {
        Self { protocol: Some(L7Protocol::Http(http)), ..Self::request() }
    }

    /// Returns the part of an HTTP response, with the nanoseconds since the request if they are known.
    #[must_use]
    pub fn http_response(http: Http, latency_ns: Option<u64>) -> Self {
        let protocol = Some(L7Protocol::Http(http));
        Self { kind: L7Kind::RESPONSE, latency_ns: latency_ns.unwrap_or_default(), protocol }
    }

    /// Returns the part of a DNS query.
    #[must_use]
    pub fn dns_request(dns: Dns) -> Self {
        Self { protocol: Some(L7Protocol::Dns(dns)), ..Self::request() }
    }

    /// Returns the part of a DNS answer.
    #[must_use]
    pub fn dns_response(dns: Dns) -> Self {
        Self { kind: L7Kind::RESPONSE, latency_ns: 0, protocol: Some(L7Protocol::Dns(dns)) }
    }

    /// Returns the text that describes it in lines (L7F-1, L7F-7, L7F-8, L7F-12); empty if no protocol is
    /// known.
    #[must_use]
    pub fn summary(&self) -> String {
        summary::of_l7(self)
    }
}

field_of_message!(Layer7);

message! {
    /// A DNS query, or an answer with its query.
    pub struct Dns {
        /// The name asked for, with a final dot.
        query: String = "query",
        /// The addresses of the answer.
        ips: Vec<String> = "ips",
        /// The seconds that the answer is good for; the largest number if it has no records (L7F-9).
        ttl: u32 = "ttl",
        /// The names that the name stands for.
        cnames: Vec<String> = "cnames",
        /// Who saw it, such as `proxy`.
        observation_source: String = "observation_source" | "observationSource",
        /// The response code.
        rcode: u32 = "rcode",
        /// The types asked for.
        qtypes: Vec<String> = "qtypes",
        /// The types of the answer's records.
        rrtypes: Vec<String> = "rrtypes",
    }
}

impl Dns {
    /// What answers without records have as time to live (L7F-9).
    pub const NO_RECORDS_TTL: u32 = u32::MAX;

    /// Returns a query that the DNS proxy saw: the name, as asked and with a final dot, and the number of
    /// the type. Blanks and what is not printable are written as `\` and three decimal digits.
    ///
    /// # Examples
    ///
    /// ```
    /// use netpol_flowlog::{Dns, Layer7};
    ///
    /// let query = Layer7::dns_request(Dns::query("example.com.", 28));
    /// assert_eq!(query.summary(), "DNS Query example.com. AAAA");
    /// ```
    #[must_use]
    pub fn query(name: &str, kind: u16) -> Self {
        Self {
            query: printable_name(name),
            observation_source: "proxy".into(),
            qtypes: vec![dns_type_name(kind).into()],
            ..Self::default()
        }
    }

    /// Returns the answer to this query with a response code and no records.
    #[must_use]
    pub fn answer(&self, rcode: u32) -> Self {
        Self { rcode, ttl: Self::NO_RECORDS_TTL, ..self.clone() }
    }
}

fn printable_name(name: &str) -> String {
    let mut text = String::with_capacity(name.len());
    for byte in name.bytes() {
        match byte {
            b'!'..=b'~' => text.push(byte.into()),
            _ => text.push_str(&format!("\\{byte:03}")),
        }
    }
    text
}

/// Returns the name of a DNS type, or `Unknown` (L7F-10).
#[must_use]
pub fn dns_type_name(number: u16) -> &'static str {
    summary::dns::type_name(number)
}

/// Returns the name of a DNS response code, or `Unknown` (L7F-10).
#[must_use]
pub fn dns_rcode_name(rcode: u32) -> &'static str {
    summary::dns::rcode_name(rcode)
}

message! {
    /// An HTTP request, or a response with its request.
    pub struct Http {
        /// The response's status; 0 in a request (L7F-4).
        code: u32 = "code",
        /// The method.
        method: String = "method",
        /// The URL.
        url: String = "url",
        /// The version, as [`HttpVersion::as_str`].
        protocol: String = "protocol",
        /// The headers, sorted by name, one for each value.
        headers: Vec<HttpHeader> = "headers",
    }
}

impl Http {
    /// Returns a request for `scheme://host` and a path with its query (L7F-3).
    ///
    /// Bytes that URLs cannot hold are written as `%` and two hexadecimal digits. A password is
    /// replaced (L7F-16).
    #[must_use]
    pub fn request(
        version: HttpVersion,
        method: &str,
        scheme: &str,
        host: &str,
        path: &str,
    ) -> Self {
        Self {
            method: method.into(),
            url: url(scheme, host, path),
            protocol: version.as_str().into(),
            ..Self::default()
        }
    }

    /// Returns the request or response with headers, in the order in which records have them.
    #[must_use]
    pub fn headers<'a>(mut self, headers: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let header =
            |(key, value): (&str, &str)| HttpHeader { key: key.into(), value: value.into() };
        self.headers = headers.into_iter().map(header).collect();
        self.headers.sort_by(|a, b| a.key.cmp(&b.key));
        self
    }

    /// Returns a response to this request: it repeats method, URL and request id (L7F-4).
    #[must_use]
    pub fn response(&self, code: u16) -> Self {
        let mut response = Self { code: code.into(), ..self.clone() };
        response.headers.retain(|header| header.key.eq_ignore_ascii_case("x-request-id"));
        response
    }
}

message! {
    /// A header of an HTTP request or response.
    pub struct HttpHeader {
        /// The name.
        key: String = "key",
        /// The value.
        value: String = "value",
    }
}

/// A version of HTTP (L7F-2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HttpVersion {
    /// HTTP/1.0.
    Http10,
    /// HTTP/1.1.
    Http11,
    /// HTTP/2.
    Http2,
    /// Any other.
    Other,
}

impl HttpVersion {
    /// Returns what records call it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Http10 => "HTTP/1",
            Self::Http11 => "HTTP/1.1",
            Self::Http2 => "HTTP/2",
            Self::Other => "Unknown",
        }
    }
}

message! {
    /// A Kafka request, or a response with its request: one topic (L7F-12).
    pub struct Kafka {
        /// The error of a response.
        error_code: i32 = "error_code" | "errorCode",
        /// The version of the API.
        api_version: i32 = "api_version" | "apiVersion",
        /// The name of the API, such as `produce`.
        api_key: String = "api_key" | "apiKey",
        /// The number that links response and request.
        correlation_id: i32 = "correlation_id" | "correlationId",
        /// The topic.
        topic: String = "topic",
    }
}

message! {
    /// [`Layer7`] as it is written: one protocol at most.
    struct Layer7Fields {
        kind: L7Kind = "type",
        latency_ns: u64 = "latency_ns" | "latencyNs",
        dns: Option<Dns> = "dns",
        http: Option<Http> = "http",
        kafka: Option<Kafka> = "kafka",
    }
}

impl From<Layer7> for Layer7Fields {
    fn from(Layer7 { kind, latency_ns, protocol }: Layer7) -> Self {
        let fields = Self { kind, latency_ns, ..Self::default() };
        match protocol {
            None => fields,
            Some(L7Protocol::Dns(dns)) => Self { dns: Some(dns), ..fields },
            Some(L7Protocol::Http(http)) => Self { http: Some(http), ..fields },
            Some(L7Protocol::Kafka(kafka)) => Self { kafka: Some(kafka), ..fields },
        }
    }
}

impl TryFrom<Layer7Fields> for Layer7 {
    type Error = &'static str;

    fn try_from(fields: Layer7Fields) -> Result<Self, Self::Error> {
        let Layer7Fields { kind, latency_ns, dns, http, kafka } = fields;
        let protocols =
            [dns.map(L7Protocol::Dns), http.map(L7Protocol::Http), kafka.map(L7Protocol::Kafka)];
        let mut protocols = protocols.into_iter().flatten();
        match (protocols.next(), protocols.next()) {
            (protocol, None) => Ok(Self { kind, latency_ns, protocol }),
            (_, Some(_)) => Err("`l7` has more than one protocol"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_bytes_of_names_cannot_break_a_line() {
        assert_eq!(Dns::query("a b\n\u{e9}.example.", 1).query, "a\\032b\\010\\195\\169.example.");
    }

    #[test]
    fn an_answer_without_records_has_the_largest_time_to_live() {
        let answer = Layer7::dns_response(Dns::query("nosuch.example.", 1).answer(3));
        let text =
            "DNS Answer RCode: Non-Existent Domain TTL: 4294967295 (Proxy nosuch.example. A)";
        assert_eq!(answer.summary(), text);
    }

    #[test]
    fn responses_repeat_the_request_id_and_no_other_header() {
        let headers = [("X-Request-Id", "id-1"), ("Authorization", "secret"), ("Accept", "b")];
        let request =
            Http::request(HttpVersion::Http2, "GET", "https", "a.example", "/").headers(headers);
        let names: Vec<_> = request.headers.iter().map(|header| header.key.as_str()).collect();
        assert_eq!(names, ["Accept", "Authorization", "X-Request-Id"]);
        let response = request.response(204);
        assert_eq!(
            response.headers,
            [HttpHeader { key: "X-Request-Id".into(), value: "id-1".into() }]
        );
    }
}
