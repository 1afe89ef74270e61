//! Points in time, and where they come from.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use jiff::civil::{Date, DateTime};
use jiff::tz::Offset;

/// A second, and the offset from UTC where it was taken.
///
/// Ordered by the second alone, then by the offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp {
    /// Seconds since 1970-01-01T00:00:00Z.
    pub seconds: i64,
    /// The offset from UTC, in minutes; east is positive.
    pub offset_minutes: i16,
}

impl Timestamp {
    /// The largest offset from UTC that is allowed, in minutes.
    pub(crate) const MAX_OFFSET_MINUTES: i16 = 24 * 60 - 1;

    /// A second, told in UTC.
    pub const fn utc(seconds: i64) -> Self {
        Self { seconds, offset_minutes: 0 }
    }
}

impl fmt::Display for Timestamp {
    /// Writes RFC 3339, as `2026-01-31T12:00:00+01:00`; seconds since 1970 if that has no such form.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let offset = Offset::from_seconds(i32::from(self.offset_minutes) * 60);
        let second = jiff::Timestamp::from_second(self.seconds);
        match (second, offset) {
            (Ok(second), Ok(offset)) => write!(f, "{}", second.display_with_offset(offset)),
            _ => write!(f, "@{}", self.seconds),
        }
    }
}

/// A text that is no time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a time: expected a form of 2026-01-31T12:00:00Z or @<seconds>, found {found:?}")]
pub struct ParseTimeError {
    found: String,
}

impl FromStr for Timestamp {
    type Err = ParseTimeError;

    /// Reads RFC 3339, a date, a date and a time (both UTC), or `@` and seconds since 1970.
    fn from_str(text: &str) -> Result<Self, ParseTimeError> {
        let error = || ParseTimeError { found: text.to_owned() };
        if let Some(seconds) = text.strip_prefix('@') {
            return seconds.parse().map(Self::utc).map_err(|_| error());
        }
        let utc = |time: DateTime| Offset::UTC.to_timestamp(time).ok();
        // Tried first: a civil time would silently drop an offset that the text has.
        let second = (text.parse::<jiff::Timestamp>().ok())
            .or_else(|| text.parse::<DateTime>().ok().and_then(utc))
            .or_else(|| text.parse::<Date>().ok().and_then(|date| utc(date.at(0, 0, 0, 0))));
        second.map(|second| Self::utc(second.as_second())).ok_or_else(error)
    }
}

/// Tells the time.
pub trait Clock: Send + Sync {
    /// The time now.
    fn now(&self) -> Timestamp;
}

/// The clock of the operating system, in UTC.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let since = |earlier: SystemTime, later: SystemTime| {
            later.duration_since(earlier).map(|elapsed| elapsed.as_secs() as i64)
        };
        let now = SystemTime::now();
        let seconds = since(UNIX_EPOCH, now).or_else(|_| since(now, UNIX_EPOCH).map(|s| -s));
        Timestamp::utc(seconds.unwrap_or(0))
    }
}

/// A clock for tests: it stands, except for a step at each look.
#[derive(Clone, Debug)]
pub struct ManualClock {
    seconds: Arc<AtomicI64>,
    step: i64,
}

impl ManualClock {
    /// A clock that shows `seconds` first, and `step` seconds more at each look.
    pub fn new(seconds: i64, step: i64) -> Self {
        Self { seconds: Arc::new(AtomicI64::new(seconds)), step }
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp::utc(self.seconds.fetch_add(self.step, Ordering::Relaxed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_and_written() {
        let seconds = |text: &str| text.parse::<Timestamp>().unwrap().seconds;
        assert_eq!(seconds("1970-01-01T00:00:10Z"), 10);
        assert_eq!(seconds("1970-01-02"), 86_400);
        assert_eq!(seconds("1970-01-01 01:00:00+01:00"), 0);
        assert_eq!(seconds("1970-01-01T00:01"), 60);
        assert_eq!(seconds("@-5"), -5);
        assert!("yesterday".parse::<Timestamp>().is_err());
        let time = Timestamp { seconds: 0, offset_minutes: 90 };
        assert_eq!(time.to_string(), "1970-01-01T01:30:00+01:30");
        assert_eq!(Timestamp::utc(i64::MAX).to_string(), format!("@{}", i64::MAX));
    }
}
