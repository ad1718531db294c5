//! Timestamps.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::*;

#[test]
fn times_have_the_text_form_of_rfc_3339() {
    let cases = [
        (1, "1970-01-01T00:00:01Z"),
        (951_782_399, "2000-02-28T23:59:59Z"),
        (951_782_400, "2000-02-29T00:00:00Z"),
        (951_868_800, "2000-03-01T00:00:00Z"),
        (1_709_164_800, "2024-02-29T00:00:00Z"),
        (1_735_689_599, "2024-12-31T23:59:59Z"),
        (1_767_323_045, "2026-01-02T03:04:05Z"),
        (4_107_542_399, "2100-02-28T23:59:59Z"),
        (4_107_542_400, "2100-03-01T00:00:00Z"),
        (18_446_744_073, "2554-07-21T23:34:33Z"),
    ];
    for (secs, text) in cases {
        assert_eq!(at(secs).to_string(), text);
        assert_eq!(text.parse(), Ok(at(secs)), "{text}");
    }
}

#[test]
fn every_day_is_its_own_date() {
    let mut previous = String::new();
    for day in 1..200_000 {
        let text = at(day * 86_400).to_string();
        assert!(text > previous, "{text} {previous}");
        assert_eq!(text.parse(), Ok(at(day * 86_400)));
        previous = text;
    }
}

#[test]
fn fractions_and_offsets_are_read() {
    let half = Timestamp::from_unix_nanos(1_500_000_000);
    for text in [
        "1970-01-01T00:00:01.5Z",
        "1970-01-01t00:00:01.500000000z",
        "1970-01-01T02:00:01.5+02:00",
        "1969-12-31T23:30:01.5000000009-00:30",
    ] {
        assert_eq!(text.parse(), Ok(half), "{text}");
    }
    assert_eq!(half.to_string(), "1970-01-01T00:00:01.5Z");
    assert_eq!(Timestamp::from_unix_nanos(1).to_string(), "1970-01-01T00:00:00.000000001Z");
}

#[test]
fn times_that_cannot_be_held_are_the_nearest() {
    for text in ["0001-01-01T00:00:00Z", "0000-01-01T00:00:00Z", "1969-12-31T23:59:59Z"] {
        assert_eq!(text.parse(), Ok(Timestamp::ZERO), "{text}");
    }
    assert_eq!("9999-12-31T23:59:59Z".parse(), Ok(Timestamp::from_unix_nanos(u64::MAX)));
    assert_eq!(Timestamp::ZERO.to_string(), "0001-01-01T00:00:00Z");
}

#[test]
fn other_texts_are_no_times() {
    for text in [
        "",
        "now",
        "2026-01-02",
        "2026-01-02T03:04:05",
        "2026-01-02 03:04:05Z",
        "2026-1-02T03:04:05Z",
        "2026-02-29T00:00:00Z",
        "2026-13-01T00:00:00Z",
        "2026-00-01T00:00:00Z",
        "2026-01-00T00:00:00Z",
        "2026-04-31T00:00:00Z",
        "2026-01-02T24:00:00Z",
        "2026-01-02T03:60:05Z",
        "2026-01-02T03:04:60Z",
        "2026-01-02T03:04:05.Z",
        "2026-01-02T03:04:05.5",
        "2026-01-02T03:04:05+2:00",
        "2026-01-02T03:04:05+02:00Z",
        "2026-01-02T03:04:05ZZ",
        "+026-01-02T03:04:05Z",
        "2026-01-02T03:04:05+02:00:00",
        "2026-01-02T03-04-05Z",
        "2026:01:02T03:04:05Z",
        "ääääääääääääääääää",
        "2026-01-02T03:04:0\u{665}Z",
    ] {
        let error = text.parse::<Timestamp>().unwrap_err();
        assert_eq!(error.to_string(), format!("`{text}` is no time such as 2026-01-02T03:04:05Z"));
    }
}

#[test]
fn system_times_are_taken() {
    let time = UNIX_EPOCH + Duration::from_millis(1500);
    assert_eq!(Timestamp::from(time).as_unix_nanos(), 1_500_000_000);
    assert_eq!(Timestamp::from(UNIX_EPOCH - Duration::from_secs(1)), Timestamp::ZERO);
    let far: SystemTime = UNIX_EPOCH + Duration::from_secs(1 << 40);
    assert_eq!(Timestamp::from(far), Timestamp::from_unix_nanos(u64::MAX));
}
