//! The layouts of times in lines (TIM-4).

use super::{Date, SECONDS_PER_DAY, Timestamp};

/// How a line prints its time. All layouts are in UTC (TIM-1) and cut what they do not show (TIM-2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum TimeFormat {
    /// `2024-03-14`
    YearMonthDay,
    /// `2024-03-14T14Z`
    YearMonthDayHour,
    /// `2024-03-14T14:12Z`
    YearMonthDayHourMinute,
    /// `Mar 14 14:12:34.178`, the day padded with a blank.
    #[default]
    StampMilli,
    /// `2024-03-14T14:12:34Z`
    Rfc3339,
    /// `2024-03-14T14:12:34.178Z`, trailing zeros dropped.
    Rfc3339Milli,
    /// `2024-03-14T14:12:34.1789Z`, six digits at most, trailing zeros dropped.
    Rfc3339Micro,
    /// `2024-03-14T14:12:34.1789Z`, nine digits at most, trailing zeros dropped.
    Rfc3339Nano,
    /// `Thu, 14 Mar 2024 14:12:34 +0000`
    Rfc1123Z,
}

impl TimeFormat {
    /// All formats with their names.
    pub const ALL: [(&'static str, Self); 9] = [
        ("YearMonthDay", Self::YearMonthDay),
        ("YearMonthDayHour", Self::YearMonthDayHour),
        ("YearMonthDayHourMinute", Self::YearMonthDayHourMinute),
        ("StampMilli", Self::StampMilli),
        ("RFC3339", Self::Rfc3339),
        ("RFC3339Milli", Self::Rfc3339Milli),
        ("RFC3339Micro", Self::Rfc3339Micro),
        ("RFC3339Nano", Self::Rfc3339Nano),
        ("RFC1123Z", Self::Rfc1123Z),
    ];

    /// Returns the format with a name, in any case; [`TimeFormat::StampMilli`] if there is none (TIM-4).
    #[must_use]
    pub fn from_name(name: &str) -> Self {
        let row = Self::ALL.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        row.map(|(_, format)| *format).unwrap_or_default()
    }

    pub(super) fn format(self, time: Timestamp) -> String {
        let days = time.seconds.div_euclid(SECONDS_PER_DAY);
        let second_of_day = time.seconds.rem_euclid(SECONDS_PER_DAY);
        let Date { year, month, day } = Date::from_days(days);
        let (hour, minute, second) =
            (second_of_day / 3_600, second_of_day / 60 % 60, second_of_day % 60);
        let ymd = format!("{year:04}-{month:02}-{day:02}");
        let hms = format!("{hour:02}:{minute:02}:{second:02}");
        match self {
            Self::YearMonthDay => ymd,
            Self::YearMonthDayHour => format!("{ymd}T{hour:02}Z"),
            Self::YearMonthDayHourMinute => format!("{ymd}T{hour:02}:{minute:02}Z"),
            Self::StampMilli => {
                format!("{} {day:>2} {hms}.{:03}", month_name(month), time.nanos / 1_000_000)
            }
            Self::Rfc3339 => format!("{ymd}T{hms}Z"),
            Self::Rfc3339Milli => format!("{ymd}T{hms}{}Z", fraction(time.nanos, 3)),
            Self::Rfc3339Micro => format!("{ymd}T{hms}{}Z", fraction(time.nanos, 6)),
            Self::Rfc3339Nano => format!("{ymd}T{hms}{}Z", fraction(time.nanos, 9)),
            Self::Rfc1123Z => {
                let (weekday, month) = (weekday_name(days), month_name(month));
                format!("{weekday}, {day:02} {month} {year:04} {hms} +0000")
            }
        }
    }
}

/// Returns at most `digits` digits of the second behind a point, without trailing zeros.
fn fraction(nanos: u32, digits: usize) -> String {
    let mut text = format!(".{nanos:09}");
    text.truncate(1 + digits);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn month_name(month: i64) -> &'static str {
    match month {
        1 => "Jan",
        2 => "Feb",
        3 => "Mar",
        4 => "Apr",
        5 => "May",
        6 => "Jun",
        7 => "Jul",
        8 => "Aug",
        9 => "Sep",
        10 => "Oct",
        11 => "Nov",
        _ => "Dec",
    }
}

fn weekday_name(days: i64) -> &'static str {
    // 1970-01-01 was a Thursday.
    match days.rem_euclid(7) {
        0 => "Thu",
        1 => "Fri",
        2 => "Sat",
        3 => "Sun",
        4 => "Mon",
        5 => "Tue",
        _ => "Wed",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layouts_pad_cut_and_drop_zeros() {
        let time = Timestamp::parse("2024-01-04T01:02:03.099999999Z").unwrap();
        for (format, text) in [
            (TimeFormat::StampMilli, "Jan  4 01:02:03.099"),
            (TimeFormat::Rfc3339Milli, "2024-01-04T01:02:03.099Z"),
            (TimeFormat::Rfc3339Micro, "2024-01-04T01:02:03.099999Z"),
            (TimeFormat::Rfc3339Nano, "2024-01-04T01:02:03.099999999Z"),
            (TimeFormat::Rfc1123Z, "Thu, 04 Jan 2024 01:02:03 +0000"),
        ] {
            assert_eq!(time.format(format), text);
        }
        let whole = Timestamp::parse("2024-12-31T23:59:59Z").unwrap();
        assert_eq!(whole.format(TimeFormat::Rfc3339Nano), "2024-12-31T23:59:59Z");
    }

    #[test]
    fn the_week_goes_on_before_1970() {
        let time = Timestamp::parse("1969-12-31T00:00:00Z").unwrap();
        assert_eq!(time.format(TimeFormat::Rfc1123Z), "Wed, 31 Dec 1969 00:00:00 +0000");
    }

    #[test]
    fn names_are_read_in_any_case_and_unknown_ones_mean_the_default() {
        for (name, format) in TimeFormat::ALL {
            assert_eq!(TimeFormat::from_name(&name.to_lowercase()), format);
        }
        assert_eq!(TimeFormat::from_name("Kitchen"), TimeFormat::StampMilli);
    }
}
