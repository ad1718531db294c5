//! Times: what a record carries, and how lines print it.

mod format;

use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::de::{Deserialize, Deserializer, Error as _};
use serde::ser::Serializer;

pub use self::format::TimeFormat;

use crate::wire::Field;

const SECONDS_PER_DAY: i64 = 86_400;

/// A time in UTC to the nanosecond, from the year 1 to the year 9999.
///
/// Its text is RFC 3339 with `Z` and 0, 3, 6 or 9 digits of the second, the fewest that lose nothing (JSN-6).
///
/// # Examples
///
/// ```
/// use netpol_flowlog::Timestamp;
///
/// let time = Timestamp::new(1_710_425_554, 178_900_000).unwrap();
/// assert_eq!(time.to_string(), "2024-03-14T14:12:34.178900Z");
/// assert_eq!(Timestamp::parse("2024-03-14T15:12:34.1789+01:00"), Some(time));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Timestamp {
    seconds: i64,
    nanos: u32,
}

impl Timestamp {
    const MIN_SECONDS: i64 = -62_135_596_800;
    const MAX_SECONDS: i64 = 253_402_300_799;

    /// Returns the time this many seconds and nanoseconds (at most 999,999,999) after the beginning of 1970
    /// in UTC, or `None` if it is not within the years 1 to 9999.
    #[must_use]
    pub const fn new(seconds: i64, nanos: u32) -> Option<Self> {
        let in_range = Self::MIN_SECONDS <= seconds && seconds <= Self::MAX_SECONDS;
        if in_range && nanos < 1_000_000_000 { Some(Self { seconds, nanos }) } else { None }
    }

    /// Returns a time of the system's clock, or `None` if it is after the year 9999 or before 1970.
    #[must_use]
    pub fn from_system_time(time: SystemTime) -> Option<Self> {
        let since = time.duration_since(UNIX_EPOCH).ok()?;
        Self::new(i64::try_from(since.as_secs()).ok()?, since.subsec_nanos())
    }

    /// Returns the time written as RFC 3339, in any zone, with at most nine digits of the second.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (date, rest) = text.split_once('T')?;
        let clock_len = rest.find(['Z', '+', '-'])?;
        let (clock, zone) = rest.split_at_checked(clock_len)?;
        let (clock, fraction) = clock.split_once('.').map_or((clock, None), |(c, f)| (c, Some(f)));
        let nanos = fraction.map_or(Some(0), parse_fraction)?;
        let days = parse_date(date)?;
        let seconds = days * SECONDS_PER_DAY + parse_clock(clock)? - parse_zone(zone)?;
        Self::new(seconds, nanos)
    }

    /// Returns the seconds since the beginning of 1970 in UTC; negative before.
    #[must_use]
    pub const fn seconds(self) -> i64 {
        self.seconds
    }

    /// Returns the nanoseconds of the second, below 1,000,000,000.
    #[must_use]
    pub const fn nanos(self) -> u32 {
        self.nanos
    }

    /// Returns the time as printed in a line (TIM-4).
    #[must_use]
    pub fn format(self, format: TimeFormat) -> String {
        format.format(self)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let second = TimeFormat::Rfc3339.format(*self);
        let second = second.trim_end_matches('Z');
        match self.nanos {
            0 => write!(f, "{second}Z"),
            n if n % 1_000_000 == 0 => write!(f, "{second}.{:03}Z", n / 1_000_000),
            n if n % 1_000 == 0 => write!(f, "{second}.{:06}Z", n / 1_000),
            n => write!(f, "{second}.{n:09}Z"),
        }
    }
}

impl Field for Timestamp {
    fn is_absent(&self) -> bool {
        false
    }

    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }

    fn read_present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| D::Error::custom(format_args!("`{text}` is not a time")))
    }
}

/// A date of the proleptic Gregorian calendar.
struct Date {
    year: i64,
    /// 1 to 12.
    month: i64,
    /// 1 to 31.
    day: i64,
}

impl Date {
    /// Returns the date this many days after 1970-01-01.
    ///
    /// Years are counted from March, so that the day that leap years add comes last; an era is the 400 years
    /// after which the calendar repeats.
    fn from_days(days: i64) -> Self {
        const DAYS_PER_ERA: i64 = 146_097;
        let days = days + DAYS_BEFORE_1970;
        let era = days.div_euclid(DAYS_PER_ERA);
        let day_of_era = days.rem_euclid(DAYS_PER_ERA);
        let leap_days = day_of_era / 1_460 - day_of_era / 36_524 + day_of_era / 146_096;
        let year_of_era = (day_of_era - leap_days) / 365;
        let day_of_year = day_of_era - days_before_year(year_of_era);
        let march_month = (5 * day_of_year + 2) / 153;
        let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
        let year = era * 400 + year_of_era + i64::from(month <= 2);
        Self { year, month, day: day_of_year - days_before_month(march_month) + 1 }
    }

    /// Returns the days from 1970-01-01 to this date.
    fn days(&self) -> i64 {
        let Self { year, month, day } = *self;
        let year = year - i64::from(month <= 2);
        let march_month = (month + 9) % 12;
        days_before_year(year) + days_before_month(march_month) + day - 1 - DAYS_BEFORE_1970
    }

    fn is_valid(&self) -> bool {
        let Self { year, month, day } = *self;
        let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        let last = match month {
            2 => 28 + i64::from(leap),
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        };
        (1..=12).contains(&month) && (1..=last).contains(&day)
    }
}

/// Days from 0000-03-01 to 1970-01-01.
const DAYS_BEFORE_1970: i64 = 719_468;

/// Returns the days before a year that begins in March, from the year 0 on.
const fn days_before_year(year: i64) -> i64 {
    365 * year + year / 4 - year / 100 + year / 400
}

/// Returns the days of a year before a month, March being 0.
const fn days_before_month(march_month: i64) -> i64 {
    (153 * march_month + 2) / 5
}

fn parse_date(text: &str) -> Option<i64> {
    let mut parts = text.split('-');
    let date = Date {
        year: digits(parts.next()?, 4)?,
        month: digits(parts.next()?, 2)?,
        day: digits(parts.next()?, 2)?,
    };
    (parts.next().is_none() && date.is_valid()).then(|| date.days())
}

fn parse_clock(text: &str) -> Option<i64> {
    let mut parts = text.split(':');
    let (hour, minute, second) =
        (digits(parts.next()?, 2)?, digits(parts.next()?, 2)?, digits(parts.next()?, 2)?);
    let valid = parts.next().is_none() && hour < 24 && minute < 60 && second < 60;
    valid.then_some((hour * 60 + minute) * 60 + second)
}

/// Returns the seconds that a zone is ahead of UTC.
fn parse_zone(text: &str) -> Option<i64> {
    if text == "Z" {
        return Some(0);
    }
    let (sign, text) = match text.strip_prefix('-') {
        Some(text) => (-1, text),
        None => (1, text.strip_prefix('+')?),
    };
    let (hours, minutes) = text.split_once(':')?;
    let (hours, minutes) = (digits(hours, 2)?, digits(minutes, 2)?);
    (hours < 24 && minutes < 60).then_some(sign * (hours * 60 + minutes) * 60)
}

fn parse_fraction(text: &str) -> Option<u32> {
    let number = digits(text, text.len())?;
    let missing = 9_u32.checked_sub(u32::try_from(text.len()).ok()?)?;
    u32::try_from(number * 10_i64.pow(missing)).ok()
}

/// Returns a number written with exactly `len` decimal digits, one to nine.
fn digits(text: &str, len: usize) -> Option<i64> {
    let valid = text.len() == len && len <= 9 && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| valid)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_dates_agree_over_four_centuries() {
        let first = Date { year: 1, month: 1, day: 1 }.days();
        assert_eq!(first * SECONDS_PER_DAY, Timestamp::MIN_SECONDS);
        let mut expected = Date { year: 1800, month: 1, day: 1 };
        let last = Date { year: 2210, month: 1, day: 1 };
        for days in expected.days()..=last.days() {
            let date = Date::from_days(days);
            assert_eq!(
                (date.year, date.month, date.day),
                (expected.year, expected.month, expected.day)
            );
            assert_eq!(date.days(), days);
            expected.day += 1;
            if !expected.is_valid() {
                expected = Date { year: expected.year, month: expected.month + 1, day: 1 };
            }
            if !expected.is_valid() {
                expected = Date { year: expected.year + 1, month: 1, day: 1 };
            }
        }
    }

    #[test]
    fn text_has_the_fewest_groups_of_digits_that_lose_nothing() {
        let text = |nanos| Timestamp::new(951_782_400, nanos).unwrap().to_string();
        assert_eq!(text(0), "2000-02-29T00:00:00Z");
        assert_eq!(text(178_000_000), "2000-02-29T00:00:00.178Z");
        assert_eq!(text(100), "2000-02-29T00:00:00.000000100Z");
    }

    #[test]
    fn the_ends_of_the_range_are_read_and_written() {
        for text in ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999999Z"] {
            assert_eq!(Timestamp::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(Timestamp::parse("0001-01-01T00:00:00+00:01"), None);
        assert_eq!(Timestamp::new(253_402_300_800, 0), None);
        assert_eq!(Timestamp::new(0, 1_000_000_000), None);
    }

    #[test]
    fn what_is_no_time_is_not_read() {
        for text in [
            "",
            "T",
            "Z",
            "2024-03-14",
            "2024-03-14T14:12:34",
            "2024-02-30T00:00:00Z",
            "2023-02-29T00:00:00Z",
            "2024-13-01T00:00:00Z",
            "2024-03-14T24:00:00Z",
            "2024-03-14T14:12:60Z",
            "2024-03-14T14:12:34.Z",
            "2024-03-14T14:12:34.1234567890Z",
            "2024-03-14T14:12:34+1:00",
            "+024-03-14T14:12:34Z",
            "2024-03-14T14:12:34Zx",
            "2024-03-14T14:12:34ü",
        ] {
            assert_eq!(Timestamp::parse(text), None, "{text}");
        }
    }

    #[test]
    fn times_of_the_system_clock_are_taken_over() {
        let time = UNIX_EPOCH + std::time::Duration::new(5, 7);
        assert_eq!(Timestamp::from_system_time(time), Timestamp::new(5, 7));
        assert_eq!(
            Timestamp::from_system_time(UNIX_EPOCH - std::time::Duration::from_secs(1)),
            None
        );
    }
}
