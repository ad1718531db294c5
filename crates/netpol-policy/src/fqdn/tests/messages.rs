//! LRN: what the bytes of a DNS message teach, however odd they are.

use proptest::prelude::*;

use super::*;

const A: u16 = 1;
const CNAME: u16 = 5;
const TXT: u16 = 16;
const AAAA: u16 = 28;
const OPT: u16 = 41;

/// `QR`, and nothing special.
const RESPONSE: u16 = 0x8180;

/// The question's name, which begins right behind the header.
const QUESTION: &[u8] = b"\xc0\x0c";

/// A record: owner, type, time to live, data.
type Record<'a> = (&'a [u8], u16, u32, &'a [u8]);

fn bytes(flags: u16, question: &[u8], sections: [&[Record<'_>]; 3]) -> Vec<u8> {
    let mut bytes = vec![0x12, 0x34];
    bytes.extend(flags.to_be_bytes());
    bytes.extend(1_u16.to_be_bytes());
    for section in sections {
        bytes.extend(u16::try_from(section.len()).unwrap().to_be_bytes());
    }
    bytes.extend(question);
    bytes.extend([0, 1, 0, 1]);
    for (owner, kind, ttl, data) in sections.concat() {
        bytes.extend(owner);
        bytes.extend(kind.to_be_bytes());
        bytes.extend([0, 1]);
        bytes.extend(ttl.to_be_bytes());
        bytes.extend(u16::try_from(data.len()).unwrap().to_be_bytes());
        bytes.extend(data);
    }
    bytes
}

fn answers(records: &[Record<'_>]) -> Vec<u8> {
    bytes(RESPONSE, b"\x01a\x07example\0", [records, &[], &[]])
}

fn read(message: &[u8]) -> Result<Option<DnsAnswer>, MessageError> {
    DnsAnswer::from_message(message)
}

fn teaches(message: &[u8], name: &str, addresses: &[&str], ttl: u32) {
    let expected = DnsAnswer::new(name, addresses.iter().copied().map(ip), ttl);
    assert_eq!(read(message), Ok(Some(expected)));
}

#[test]
fn lrn_1_only_successful_responses_with_addresses_teach() {
    let a: Record<'_> = (QUESTION, A, 30, &[192, 0, 2, 1]);
    let with = |flags| bytes(flags, b"\x01a\0", [&[a], &[], &[]]);
    teaches(&with(RESPONSE), "a", &["192.0.2.1"], 30);
    for flags in [0x0180, RESPONSE | 2, RESPONSE | 3, RESPONSE | 5] {
        assert_eq!(read(&with(flags)), Ok(None), "{flags:x}");
    }
    assert_eq!(read(&answers(&[])), Ok(None));
    assert_eq!(read(&answers(&[(QUESTION, TXT, 30, b"\x01x")])), Ok(None));
    assert_eq!(read(&answers(&[(QUESTION, CNAME, 30, b"\x01x\0")])), Ok(None));
}

#[test]
fn lrn_1_the_upper_bits_of_the_code_count() {
    let a: Record<'_> = (QUESTION, A, 30, &[192, 0, 2, 1]);
    // Code 16: a one above the four bits of the header.
    let failed: Record<'_> = (b"\0", OPT, 0x0100_0000, b"");
    assert_eq!(read(&bytes(RESPONSE, b"\x01a\0", [&[a], &[], &[failed]])), Ok(None));
    let fine: Record<'_> = (b"\0", OPT, 0, b"");
    teaches(&bytes(RESPONSE, b"\x01a\0", [&[a], &[], &[fine]]), "a.", &["192.0.2.1"], 30);
}

#[test]
fn lrn_2_the_first_question_names() {
    let mut message = answers(&[(QUESTION, A, 30, &[192, 0, 2, 1])]);
    message[4..6].copy_from_slice(&[0, 2]);
    let second = b"\x01b\0\0\x01\0\x01";
    let end = 12 + b"\x01a\x07example\0".len() + 4;
    message.splice(end..end, *second);
    teaches(&message, "a.example.", &["192.0.2.1"], 30);
    message[4..6].copy_from_slice(&[0, 0]);
    assert!(read(&message).is_err());
}

#[test]
fn lrn_2_names_are_in_presentation_form() {
    let with = |question: &[u8]| {
        let message = bytes(RESPONSE, question, [&[(b"\0", A, 30, &[192, 0, 2, 1])], &[], &[]]);
        read(&message).unwrap().unwrap().name().to_owned()
    };
    assert_eq!(with(b"\0"), ".");
    assert_eq!(with(b"\x03WwW\x02IO\0"), "www.io.");
    assert_eq!(with(b"\x05a.b\\c\0"), r"a\.b\\c.");
    assert_eq!(with(b"\x06 \"\x00\x7f\xe4;\0"), r#"\032\"\000\127\228\;."#);
}

#[test]
fn lrn_3_addresses_count_whoever_owns_them() {
    let message = answers(&[
        (b"\x05other\0", A, 30, &[192, 0, 2, 1]),
        (QUESTION, AAAA, 20, &[0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]),
        (b"\0", A, 40, &[192, 0, 2, 2]),
    ]);
    teaches(&message, "a.example", &["192.0.2.1", "2001:db8::1", "192.0.2.2"], 20);
}

#[test]
fn lrn_4_chains_are_collapsed() {
    let message = answers(&[
        (QUESTION, CNAME, 300, b"\x04edge\x03cdn\x03net\0"),
        (b"\x04edge\x03cdn\x03net\0", A, 30, &[192, 0, 2, 1]),
    ]);
    teaches(&message, "a.example", &["192.0.2.1"], 30);
    let mut names = NameManager::new(FqdnConfig::default());
    names.learn(1, &read(&message).unwrap().unwrap(), at(0));
    assert!(!names.binds("edge.cdn.net", ip("192.0.2.1")));
}

#[test]
fn lrn_4_chains_that_loop_are_no_chains() {
    let message = answers(&[
        (QUESTION, CNAME, 300, b"\x01b\0"),
        (b"\x01b\0", CNAME, 300, QUESTION),
        (QUESTION, A, 30, &[192, 0, 2, 1]),
    ]);
    teaches(&message, "a.example", &["192.0.2.1"], 30);
}

#[test]
fn lrn_5_the_shortest_time_to_live_counts() {
    let message = answers(&[
        (QUESTION, CNAME, 10, b"\x01b\0"),
        (b"\x01b\0", A, 30, &[192, 0, 2, 1]),
        (b"\x01b\0", TXT, 5, b"\x01x"),
    ]);
    teaches(&message, "a.example", &["192.0.2.1"], 10);
    for ttl in [0, 1 << 31, u32::MAX] {
        teaches(&answers(&[(QUESTION, A, ttl, &[192, 0, 2, 1])]), "a.example", &["192.0.2.1"], ttl);
    }
}

#[test]
fn lrn_7_other_sections_teach_nothing() {
    let a: Record<'_> = (QUESTION, A, 30, &[192, 0, 2, 1]);
    let b: Record<'_> = (QUESTION, A, 1, &[192, 0, 2, 2]);
    teaches(&bytes(RESPONSE, b"\x01a\0", [&[a], &[b], &[b]]), "a", &["192.0.2.1"], 30);
    assert_eq!(read(&bytes(RESPONSE, b"\x01a\0", [&[], &[b], &[b]])), Ok(None));
}

#[test]
fn lrn_8_addresses_of_the_wrong_length_teach_nothing() {
    for (kind, data) in
        [(A, &[1, 2, 3][..]), (A, &[1, 2, 3, 4, 5]), (A, &[]), (AAAA, &[1, 2, 3, 4])]
    {
        let good: Record<'_> = (QUESTION, A, 30, &[192, 0, 2, 1]);
        let error = read(&answers(&[good, (QUESTION, kind, 30, data)])).unwrap_err();
        assert_eq!(error.to_string(), "the DNS message cannot be unpacked");
    }
}

#[test]
fn lrn_8_messages_that_end_early_teach_nothing() {
    let message = bytes(
        RESPONSE,
        b"\x01a\x07example\0",
        [
            &[(QUESTION, CNAME, 10, b"\x01b\0"), (b"\x01b\0", A, 30, &[192, 0, 2, 1])],
            &[(QUESTION, TXT, 30, b"\x01x")],
            &[(b"\0", OPT, 0, b"")],
        ],
    );
    assert!(read(&message).unwrap().is_some());
    for len in 0..message.len() {
        assert!(read(&message[..len]).is_err(), "{len}");
    }
}

#[test]
fn hostile_pointers_are_refused() {
    // To itself, forwards, into the header's reserved bits, and two that point at each other.
    for owner in [&b"\xc0\x1d"[..], b"\xc0\xff", b"\xff\xff", b"\x80\x0c", b"\x40\x0c"] {
        assert!(read(&answers(&[(owner, A, 30, &[192, 0, 2, 1])])).is_err(), "{owner:?}");
    }
    for question in [&b"\xc0\x0c"[..], b"\xc0\x0e\xc0\x0c", b"\x01a\xc0\x0c"] {
        let message = bytes(RESPONSE, question, [&[(b"\0", A, 30, &[192, 0, 2, 1])], &[], &[]]);
        assert!(read(&message).is_err(), "{question:?}");
    }
}

#[test]
fn names_that_are_too_long_are_refused() {
    let with = |labels: usize| {
        let mut question = b"\x3f".to_vec();
        question.extend([b'a'; 63]);
        let mut question = question.repeat(labels);
        question.push(0);
        read(&bytes(RESPONSE, &question, [&[(b"\0", A, 30, &[192, 0, 2, 1])], &[], &[]]))
    };
    assert!(with(3).is_ok());
    assert!(with(4).is_err());
}

#[test]
fn counts_that_lie_are_refused() {
    for place in [4, 6, 8, 10] {
        let mut message = answers(&[(QUESTION, A, 30, &[192, 0, 2, 1])]);
        message[place..place + 2].copy_from_slice(&[0xff, 0xff]);
        assert!(read(&message).is_err(), "{place}");
    }
}

#[test]
fn a_message_full_of_records_is_read_in_bounded_time_and_memory() {
    let a: Record<'_> = (QUESTION, A, 30, &[192, 0, 2, 1]);
    let message = answers(&[a].repeat(4094));
    assert!(message.len() <= 65_535);
    assert_eq!(read(&message).unwrap().unwrap().addresses().len(), 4094);
    assert!(read(&answers(&[a].repeat(5000))).is_err());
    // The longest names that pointers can make, over and over again.
    let mut longest = Vec::new();
    longest.extend(b"\x01a".repeat(126));
    longest.push(0);
    let chain = bytes(RESPONSE, &longest, [&[a].repeat(4000), &[], &[]]);
    assert_eq!(read(&chain).unwrap().unwrap().addresses().len(), 4000);
}

proptest! {
    #[test]
    fn arbitrary_bytes_do_no_harm(message in proptest::collection::vec(any::<u8>(), 0..600)) {
        let _ = read(&message);
    }

    #[test]
    fn damaged_messages_do_no_harm(place in 0_usize..200, byte: u8, len in 0_usize..200) {
        let mut message = answers(&[
            (QUESTION, CNAME, 300, b"\x04edge\x03cdn\x03net\0"),
            (b"\x04edge\x03cdn\x03net\0", A, 30, &[192, 0, 2, 1]),
            (QUESTION, AAAA, 20, &[0x20; 16]),
        ]);
        if let Some(damaged) = message.get_mut(place) {
            *damaged = byte;
        }
        message.truncate(len);
        if let Ok(Some(answer)) = read(&message) {
            prop_assert!(answer.addresses().len() <= 2);
            let mut names = NameManager::new(FqdnConfig::default());
            names.learn(1, &answer, at(0));
        }
    }
}
