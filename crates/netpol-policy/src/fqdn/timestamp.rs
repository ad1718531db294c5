//! Points in time, which the caller gives.

use std::fmt;
use std::str::FromStr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

const NANOS_PER_SEC: u64 = 1_000_000_000;
const SECS_PER_DAY: u64 = 86_400;
const DAYS_PER_ERA: u64 = 146_097;

/// How [`Timestamp::ZERO`] is written: the year 1, as Cilium writes a time that never was.
const NEVER: &str = "0001-01-01T00:00:00Z";

/// A point in time: whole nanoseconds since the Unix epoch, up to the year 2554.
///
/// The text form is RFC 3339 in UTC. Times before the epoch are read as [`Timestamp::ZERO`], later
/// ones than can be held as the last one.
///
/// # Examples
///
/// ```
/// use netpol_policy::fqdn::Timestamp;
///
/// let time: Timestamp = "2026-01-02T05:04:05.25+02:00".parse()?;
/// assert_eq!(time.to_string(), "2026-01-02T03:04:05.25Z");
/// assert_eq!(Timestamp::from_unix_secs(60).to_string(), "1970-01-01T00:01:00Z");
/// # Ok::<(), netpol_policy::fqdn::ParseTimestampError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Timestamp(u64);

impl Timestamp {
    /// The Unix epoch, which also stands for a time that never was.
    pub const ZERO: Self = Self(0);

    /// Returns the time this many seconds after the Unix epoch.
    #[must_use]
    pub const fn from_unix_secs(secs: u64) -> Self {
        Self(secs.saturating_mul(NANOS_PER_SEC))
    }

    /// Returns the time this many nanoseconds after the Unix epoch.
    #[must_use]
    pub const fn from_unix_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    /// Returns the whole seconds since the Unix epoch.
    #[must_use]
    pub const fn as_unix_secs(self) -> u64 {
        self.0 / NANOS_PER_SEC
    }

    /// Returns the nanoseconds since the Unix epoch.
    #[must_use]
    pub const fn as_unix_nanos(self) -> u64 {
        self.0
    }

    /// Returns the time this much later, at most the last one that can be held.
    #[must_use]
    pub fn saturating_add(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(saturating_nanos(duration)))
    }

    /// Returns how much later this time is than another, or zero if it is earlier.
    #[must_use]
    pub const fn saturating_since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }
}

impl From<SystemTime> for Timestamp {
    fn from(time: SystemTime) -> Self {
        Self(time.duration_since(UNIX_EPOCH).map_or(0, saturating_nanos))
    }
}

fn saturating_nanos(duration: Duration) -> u64 {
    duration.as_nanos().try_into().unwrap_or(u64::MAX)
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == Self::ZERO {
            return f.write_str(NEVER);
        }
        let (days, second) =
            (self.as_unix_secs() / SECS_PER_DAY, self.as_unix_secs() % SECS_PER_DAY);
        let (year, month, day) = date(days);
        let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")?;
        match self.0 % NANOS_PER_SEC {
            0 => f.write_str("Z"),
            nanos => write!(f, ".{}Z", format!("{nanos:09}").trim_end_matches('0')),
        }
    }
}

impl FromStr for Timestamp {
    type Err = ParseTimestampError;

    /// Parses a time of RFC 3339, with any offset.
    ///
    /// # Errors
    ///
    /// The text has another form, or there is no such day or time. Leap seconds are none here.
    fn from_str(text: &str) -> Result<Self, ParseTimestampError> {
        parse(text).ok_or_else(|| ParseTimestampError { text: text.into() })
    }
}

fn parse(text: &str) -> Option<Timestamp> {
    let (date, rest) = text.split_at_checked(10)?;
    let (time, rest) = rest.strip_prefix(['T', 't'])?.split_at_checked(8)?;
    let days = parse_date(date)?;
    let second = parse_clock(time, true)?;
    let (nanos, zone) = parse_fraction(rest)?;
    let local = days * 86_400 + second;
    let Ok(secs) = u64::try_from(local - parse_zone(zone)?) else {
        return Some(Timestamp::ZERO);
    };
    Some(Timestamp::from_unix_secs(secs).saturating_add(Duration::from_nanos(nanos)))
}

/// Returns the days from the epoch to a date `YYYY-MM-DD`.
fn parse_date(text: &str) -> Option<i64> {
    let mut parts = text.split('-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    let (year, month, day) = (digits(year, 4)?, digits(month, 2)?, digits(day, 2)?);
    let valid = (1..=12).contains(&month) && (1..=days_in_month(year, month)).contains(&day);
    valid.then(|| days_from_epoch(year, month, day))
}

/// Returns the seconds of a time of day `HH:MM` or `HH:MM:SS`.
fn parse_clock(text: &str, with_seconds: bool) -> Option<i64> {
    let mut parts = text.split(':');
    let (hour, minute) = (digits(parts.next()?, 2)?, digits(parts.next()?, 2)?);
    let second = if with_seconds { digits(parts.next()?, 2)? } else { 0 };
    let valid = hour < 24 && minute < 60 && second < 60 && parts.next().is_none();
    valid.then(|| (hour * 3600 + minute * 60 + second).cast_signed())
}

/// Returns the nanoseconds of an optional `.fraction`, and what follows.
fn parse_fraction(text: &str) -> Option<(u64, &str)> {
    let Some(fraction) = text.strip_prefix('.') else { return Some((0, text)) };
    let end = fraction.find(|c: char| !c.is_ascii_digit()).filter(|&end| end > 0)?;
    let (fraction, zone) = fraction.split_at(end);
    let nanos = format!("{:0<9}", fraction.get(..9).unwrap_or(fraction));
    Some((nanos.parse().ok()?, zone))
}

/// Returns the seconds that `Z` or an offset such as `+02:00` is ahead of UTC.
fn parse_zone(text: &str) -> Option<i64> {
    match text.split_at_checked(1)? {
        ("Z" | "z", "") => Some(0),
        ("+", clock) => parse_clock(clock, false),
        ("-", clock) => parse_clock(clock, false).map(|offset| -offset),
        _ => None,
    }
}

fn digits(text: &str, count: usize) -> Option<u64> {
    let plain = text.len() == count && text.bytes().all(|b| b.is_ascii_digit());
    if plain { text.parse().ok() } else { None }
}

fn days_in_month(year: u64, month: u64) -> u64 {
    match month {
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => {
            29
        }
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Returns the days from 1970-01-01 to a date of the Gregorian calendar.
///
/// Years begin in March here, so that the leap day is the last of a year: 30.6 days a month on
/// average, 365.2425 a year, 146,097 in an era of 400 years. Dates count from 0000-03-01, which is
/// 719,468 days before the epoch.
fn days_from_epoch(year: u64, month: u64, day: u64) -> i64 {
    let (year, month) = if month > 2 { (year + 400, month - 3) } else { (year + 399, month + 9) };
    let leap_days = year / 4 - year / 100 + year / 400;
    let days = year * 365 + leap_days + (month * 153 + 2) / 5 + day - 1;
    days.cast_signed() - (719_468 + DAYS_PER_ERA.cast_signed())
}

/// Returns year, month and day of the date this many days after 1970-01-01.
fn date(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let (era, day) = (days / DAYS_PER_ERA, days % DAYS_PER_ERA);
    // Take off the leap days that have passed in this era, then count in years of 365 days.
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (year * 365 + year / 4 - year / 100);
    let month = (day * 5 + 2) / 153;
    let day = day - (month * 153 + 2) / 5 + 1;
    let year = era * 400 + year;
    if month < 10 { (year, month + 3, day) } else { (year + 1, month - 9, day) }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

/// Why a text is no time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseTimestampError {
    text: Box<str>,
}

impl fmt::Display for ParseTimestampError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is no time such as 2026-01-02T03:04:05Z", self.text)
    }
}

impl std::error::Error for ParseTimestampError {}
