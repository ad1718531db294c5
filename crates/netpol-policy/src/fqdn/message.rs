//! DNS messages as bytes.

use std::fmt;
use std::net::IpAddr;

use domain::base::Message;
use domain::base::iana::OptRcode;
use domain::base::name::ParsedName;
use domain::base::record::ParsedRecord;
use domain::base::wire::ParseError;
use domain::rdata::{A, Aaaa, Cname};

use super::DnsAnswer;

/// The longest message, in bytes: more does not fit the length before it on TCP.
const MAX_MESSAGE_LEN: usize = 65_535;

impl DnsAnswer {
    /// Reads what a DNS message teaches: its question's name, the A and AAAA records of its answer
    /// section, and the smallest time to live there (LRN-1 to LRN-7).
    ///
    /// Returns `None` if it teaches nothing: it is a query, says that something failed, or has no
    /// addresses. That the message answers a query which was sent, and which policy allowed, is
    /// the caller's to know (VIS-2).
    ///
    /// # Errors
    ///
    /// The message cannot be unpacked: it ends early, has no question, a name in it is invalid, or
    /// an address is of the wrong length. Nothing is to be learnt, and the client gets SERVFAIL
    /// (LRN-8).
    ///
    /// # Examples
    ///
    /// ```
    /// use netpol_policy::fqdn::DnsAnswer;
    ///
    /// let message = b"\x12\x34\x81\x80\0\x01\0\x01\0\0\0\0\
    ///     \x02EU\x07example\0\0\x01\0\x01\
    ///     \xc0\x0c\0\x01\0\x01\0\0\0\x1e\0\x04\xc0\0\x02\x01";
    /// let answer = DnsAnswer::from_message(message)?.unwrap();
    /// assert_eq!(answer, DnsAnswer::new("eu.example", ["192.0.2.1".parse().unwrap()], 30));
    /// # Ok::<(), netpol_policy::fqdn::MessageError>(())
    /// ```
    pub fn from_message(message: &[u8]) -> Result<Option<Self>, MessageError> {
        if message.len() > MAX_MESSAGE_LEN {
            return Err(MessageError { kind: Kind::TooLong });
        }
        let message = Message::from_slice(message).map_err(|_| MessageError::malformed())?;
        if !message.header().qr() {
            return Ok(None);
        }
        // LRN-2: the first question only.
        let question = message.first_question().ok_or(MessageError { kind: Kind::NoQuestion })?;
        let answers = Answers::read(message)?;
        // LRN-1. The code has more bits than fit the header.
        if message.opt_rcode() != OptRcode::NOERROR || answers.addresses.is_empty() {
            return Ok(None);
        }
        let Answers { addresses, ttl } = answers;
        Ok(Some(Self::new(&presentation(question.qname()), addresses, ttl)))
    }
}

/// What is of interest in the answer section.
struct Answers {
    addresses: Vec<IpAddr>,
    ttl: u32,
}

impl Answers {
    /// Reads all sections, as a message of which any part is malformed teaches nothing (LRN-8).
    fn read(message: &Message<[u8]>) -> Result<Self, ParseError> {
        let mut answers = Self { addresses: Vec::new(), ttl: u32::MAX };
        let mut section = message.answer()?;
        for record in &mut section {
            answers.take(&record?)?;
        }
        // LRN-7: nothing else teaches.
        let mut rest = section.next_section()?;
        while let Some(mut section) = rest {
            section.try_for_each(|record| record.map(drop))?;
            rest = section.next_section()?;
        }
        Ok(answers)
    }

    /// Takes a record of the answer section, whatever its owner (LRN-3).
    fn take(&mut self, record: &ParsedRecord<'_, [u8]>) -> Result<(), ParseError> {
        if let Some(a) = record.to_record::<A>()? {
            self.addresses.push(a.data().addr().into());
        } else if let Some(aaaa) = record.to_record::<Aaaa>()? {
            self.addresses.push(aaaa.data().addr().into());
        } else if record.to_record::<Cname<ParsedName<&[u8]>>>()?.is_none() {
            return Ok(());
        }
        self.ttl = self.ttl.min(record.ttl().as_secs()); // LRN-5
        Ok(())
    }
}

/// Returns a name in presentation form: bytes that would be mistaken, or cannot be seen, are
/// escaped (DNS-2).
fn presentation(name: &ParsedName<&[u8]>) -> String {
    let mut text = String::new();
    for label in name.iter().filter(|label| !label.is_root()) {
        for &byte in label.as_slice() {
            match byte {
                b'.' | b'\\' | b'"' | b'\'' | b'(' | b')' | b';' | b'@' => {
                    text.extend(['\\', char::from(byte)]);
                }
                b'!'..=b'~' => text.push(char::from(byte)),
                _ => text.push_str(&format!("\\{byte:03}")),
            }
        }
        text.push('.');
    }
    text
}

/// Why a DNS message cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageError {
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    TooLong,
    NoQuestion,
    Malformed,
}

impl MessageError {
    fn malformed() -> Self {
        Self { kind: Kind::Malformed }
    }
}

impl From<ParseError> for MessageError {
    fn from(_: ParseError) -> Self {
        Self::malformed()
    }
}

impl fmt::Display for MessageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            Kind::TooLong => "the DNS message is longer than 65,535 bytes",
            Kind::NoQuestion => "the DNS message has no readable question",
            Kind::Malformed => "the DNS message cannot be unpacked",
        })
    }
}

impl std::error::Error for MessageError {}
