//! DNS messages, as far as a forwarder looks at them.

use domain::base::iana::Opcode;
use domain::base::{Message, MessageBuilder};

pub(super) use domain::base::iana::Rcode;

/// A query with one question.
pub(super) struct Query {
    message: Message<Vec<u8>>,
    name: String,
    kind: u16,
}

/// What a client sent.
pub(super) enum Received {
    /// A query.
    Query(Query),
    /// What gets this answer without being looked at further.
    Bad(Vec<u8>),
    /// What gets no answer.
    NotForUs,
}

impl Query {
    /// Reads what a client sent (DNSP-5).
    pub(super) fn read(bytes: Vec<u8>) -> Received {
        let Ok(message) = Message::from_octets(bytes) else {
            return Received::NotForUs; // There is no number to answer with.
        };
        if message.header().qr() {
            return Received::NotForUs;
        }
        if ![Opcode::QUERY, Opcode::NOTIFY].contains(&message.header().opcode()) {
            return Received::Bad(error(&message, Rcode::NOTIMP));
        }
        match question(&message) {
            Some((name, kind)) => Received::Query(Self { message, name, kind }),
            None => Received::Bad(error(&message, Rcode::FORMERR)),
        }
    }

    /// Returns the name that is asked for, in presentation form with a final dot (DNS-2).
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Returns the number of the type that is asked for.
    pub(super) fn kind(&self) -> u16 {
        self.kind
    }

    /// Returns an answer with this query's number and question, and a code.
    pub(super) fn error(&self, rcode: Rcode) -> Vec<u8> {
        error(&self.message, rcode)
    }

    /// Returns the query's bytes with another number.
    pub(super) fn numbered(&self, id: u16) -> Vec<u8> {
        with_id(self.message.as_slice().to_vec(), id)
    }

    /// Returns an answer to the query that was sent with another number, with its own; `None` if it
    /// answers something else.
    pub(super) fn answered(&self, sent_id: u16, bytes: &[u8]) -> Option<Vec<u8>> {
        let reply = Message::from_slice(bytes).ok()?;
        let header = reply.header();
        if !header.qr() || header.id() != sent_id {
            return None;
        }
        // A server that cannot read the question may leave it out.
        let failed = reply.header_counts().qdcount() == 0 && header.rcode() != Rcode::NOERROR;
        let same = || reply.sole_question().ok() == self.message.sole_question().ok();
        (failed || same()).then(|| with_id(bytes.to_vec(), self.message.header().id()))
    }
}

/// Returns name and type of the only question.
fn question(message: &Message<Vec<u8>>) -> Option<(String, u16)> {
    let question = message.sole_question().ok()?;
    Some((format!("{}.", question.qname()), question.qtype().to_int()))
}

fn error(message: &Message<Vec<u8>>, rcode: Rcode) -> Vec<u8> {
    MessageBuilder::new_vec().start_error(message, rcode).finish()
}

fn with_id(mut bytes: Vec<u8>, id: u16) -> Vec<u8> {
    bytes.iter_mut().zip(id.to_be_bytes()).for_each(|(byte, new)| *byte = new);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A query for `www.example.` and the type A.
    const QUERY: &[u8] = b"\x12\x34\x01\0\0\x01\0\0\0\0\0\0\x03www\x07example\0\0\x01\0\x01";

    fn changed(at: usize, byte: u8) -> Vec<u8> {
        let mut bytes = QUERY.to_vec();
        bytes[at] = byte;
        bytes
    }

    fn query() -> Query {
        let Received::Query(query) = Query::read(QUERY.to_vec()) else { panic!("no query") };
        query
    }

    fn code_of_bad(bytes: &[u8]) -> u8 {
        let Received::Bad(answer) = Query::read(bytes.to_vec()) else { panic!("not bad") };
        assert_eq!(answer[..2], QUERY[..2]);
        answer[3] & 15
    }

    #[test]
    fn a_query_is_read() {
        let query = query();
        assert_eq!((query.name(), query.kind()), ("www.example.", 1));
        let refused = query.error(Rcode::REFUSED);
        assert_eq!((refused[..2].to_vec(), refused[3] & 15), (vec![0x12, 0x34], 5));
        assert_eq!(refused[12..], QUERY[12..]);
    }

    #[test]
    fn what_is_no_query_is_answered_or_passed_over() {
        assert_eq!(code_of_bad(&changed(2, 0x28)), 4, "UPDATE");
        assert_eq!(code_of_bad(&changed(5, 0)), 1, "no question");
        assert_eq!(code_of_bad(&changed(5, 2)), 1, "two questions");
        assert_eq!(code_of_bad(&changed(12, 0xc0)), 1, "a pointer to nowhere");
        assert_eq!(code_of_bad(&QUERY[..20]), 1, "cut off");
        assert!(matches!(Query::read(changed(2, 0x81)), Received::NotForUs), "a response");
        assert!(matches!(Query::read(QUERY[..11].to_vec()), Received::NotForUs), "no header");
    }

    #[test]
    fn bytes_that_are_no_letters_are_escaped() {
        let Received::Query(query) = Query::read(changed(13, b'.')) else { panic!("no query") };
        assert_eq!(query.name(), "\\.ww.example.");
        let Received::Query(query) = Query::read(changed(13, 0)) else { panic!("no query") };
        assert_eq!(query.name(), "\\000ww.example.");
    }

    #[test]
    fn only_answers_to_the_question_count() {
        let query = query();
        let reply = |at: usize, byte| {
            let mut bytes = changed(2, 0x81);
            bytes[..2].copy_from_slice(&[0xab, 0xcd]);
            bytes[at] = byte;
            bytes
        };
        let answered = |bytes: &[u8]| query.answered(0xabcd, bytes);
        assert_eq!(
            answered(&reply(2, 0x81)).map(|bytes| bytes[..2].to_vec()),
            Some(vec![0x12, 0x34])
        );
        assert!(answered(&reply(13, b'W')).is_some(), "case does not matter");
        assert!(answered(&reply(13, b'v')).is_none(), "another name");
        assert!(answered(&reply(0, 0)).is_none(), "another number");
        assert!(answered(&reply(2, 0x01)).is_none(), "a query");
        assert!(answered(&reply(26, 28)).is_none(), "another type");
        assert!(answered(&reply(5, 0)).is_none(), "no question");
        let mut failed = reply(5, 0);
        failed[3] = 1;
        assert!(answered(&failed).is_some(), "no question, but a failure");
    }
}
