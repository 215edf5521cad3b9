//! Opening hours: weekly, by the clock on the wall of the place.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use crate::written_as::written_as;
use chrono::{DateTime, Datelike, Days, LocalResult, NaiveDate, NaiveDateTime, TimeZone, Utc, Weekday};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

/// Hours that may be used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "OpeningText", into = "OpeningText")]
pub struct Opening {
    zone: Tz,
    /// In order, not overlapping.
    weekly: BTreeMap<Day, Vec<ClockSpan>>,
    closed: BTreeSet<NaiveDate>,
}

/// Hours as they are written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(as = Opening))]
#[serde(deny_unknown_fields)]
pub struct OpeningText {
    /// An IANA name such as `Europe/Berlin`.
    pub zone: String,
    /// By day (`mon` to `sun`); a day that is not there is closed.
    #[cfg_attr(feature = "schema", schema(value_type = BTreeMap<Day, Vec<String>>))]
    pub weekly: BTreeMap<Day, Vec<ClockSpan>>,
    /// Days on which it is closed whatever the day of the week, such as holidays.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    #[cfg_attr(feature = "schema", schema(value_type = Vec<NaiveDate>))]
    pub closed: BTreeSet<NaiveDate>,
}

written_as!(Opening, OpeningText);

/// Why hours cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OpeningError {
    #[error("`{0}` is no time zone: write a name such as Europe/Berlin")]
    Zone(String),
    #[error(
        "{day}: {span} ends before it begins: hours beyond midnight stand on both days, until 24:00 and from 00:00"
    )]
    Backwards { day: Day, span: ClockSpan },
    #[error("{day}: {one} and {next} overlap: write each hour once")]
    Overlap { day: Day, one: ClockSpan, next: ClockSpan },
    #[error("there are {0} spans on one day: write at most 6")]
    TooMany(usize),
    #[error("there are {0} closed days: write at most 400")]
    TooManyClosed(usize),
}

/// A day of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(as = Weekday))]
#[serde(rename_all = "lowercase")]
pub enum Day {
    Mon,
    Tue,
    Wed,
    Thu,
    Fri,
    Sat,
    Sun,
}

impl From<Weekday> for Day {
    fn from(day: Weekday) -> Self {
        match day {
            Weekday::Mon => Self::Mon,
            Weekday::Tue => Self::Tue,
            Weekday::Wed => Self::Wed,
            Weekday::Thu => Self::Thu,
            Weekday::Fri => Self::Fri,
            Weekday::Sat => Self::Sat,
            Weekday::Sun => Self::Sun,
        }
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Mon => "Monday",
            Self::Tue => "Tuesday",
            Self::Wed => "Wednesday",
            Self::Thu => "Thursday",
            Self::Fri => "Friday",
            Self::Sat => "Saturday",
            Self::Sun => "Sunday",
        })
    }
}

/// From a minute of the day to another, the second not included; written `08:00-16:30`, to `24:00` at the latest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ClockSpan {
    from: u16,
    to: u16,
}

/// A text that is no span of a day.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no span of a day: write one such as 08:00-16:30")]
pub struct ClockSpanError(String);

const MINUTES_OF_DAY: u16 = 24 * 60;

impl FromStr for ClockSpan {
    type Err = ClockSpanError;

    fn from_str(text: &str) -> Result<Self, ClockSpanError> {
        let wrong = || ClockSpanError(text.chars().take(40).collect());
        let (from, to) = text.split_once('-').ok_or_else(wrong)?;
        let (from, to) = (minute(from).ok_or_else(wrong)?, minute(to).ok_or_else(wrong)?);
        if from < MINUTES_OF_DAY { Ok(Self { from, to }) } else { Err(wrong()) }
    }
}

fn minute(text: &str) -> Option<u16> {
    let (hours, minutes) = text.split_once(':')?;
    let number = |text: &str| {
        let digits = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
        digits.then(|| text.parse::<u16>().ok()).flatten()
    };
    let (hours, minutes) = (number(hours)?, number(minutes)?);
    let minute = hours * 60 + minutes;
    (minutes < 60 && minute <= MINUTES_OF_DAY).then_some(minute)
}

impl TryFrom<String> for ClockSpan {
    type Error = ClockSpanError;

    fn try_from(text: String) -> Result<Self, ClockSpanError> {
        text.parse()
    }
}

impl From<ClockSpan> for String {
    fn from(span: ClockSpan) -> Self {
        span.to_string()
    }
}

impl fmt::Display for ClockSpan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [from, to] = [self.from, self.to].map(|minute| (minute / 60, minute % 60));
        write!(f, "{:02}:{:02}-{:02}:{:02}", from.0, from.1, to.0, to.1)
    }
}

impl TryFrom<OpeningText> for Opening {
    type Error = OpeningError;

    fn try_from(text: OpeningText) -> Result<Self, OpeningError> {
        let zone = text.zone.parse().map_err(|_| OpeningError::Zone(text.zone.chars().take(40).collect()))?;
        let mut weekly = text.weekly;
        for (day, spans) in &mut weekly {
            spans.sort_unstable();
            check_day(*day, spans)?;
        }
        if text.closed.len() > 400 {
            return Err(OpeningError::TooManyClosed(text.closed.len()));
        }
        Ok(Self { zone, weekly, closed: text.closed })
    }
}

fn check_day(day: Day, spans: &[ClockSpan]) -> Result<(), OpeningError> {
    if spans.len() > 6 {
        return Err(OpeningError::TooMany(spans.len()));
    }
    if let Some(span) = spans.iter().find(|span| span.from >= span.to) {
        return Err(OpeningError::Backwards { day, span: *span });
    }
    let overlap = spans.iter().zip(spans.iter().skip(1)).find(|(one, next)| one.to > next.from);
    overlap.map_or(Ok(()), |(one, next)| Err(OpeningError::Overlap { day, one: *one, next: *next }))
}

impl From<Opening> for OpeningText {
    fn from(opening: Opening) -> Self {
        Self { zone: opening.zone.name().to_owned(), weekly: opening.weekly, closed: opening.closed }
    }
}

impl Opening {
    pub fn is_open(&self, at: DateTime<Utc>) -> bool {
        let today = at.with_timezone(&self.zone).date_naive();
        self.spans_of(today).any(|(from, to)| (from..to).contains(&at))
    }

    /// Whether it is open at any instant of `[from, to)`, of which the first 400 days count.
    pub fn opens_within(&self, from: DateTime<Utc>, to: DateTime<Utc>) -> bool {
        let last = to.with_timezone(&self.zone).date_naive();
        let days = from.with_timezone(&self.zone).date_naive().iter_days().take(400);
        let mut spans = days.take_while(|day| *day <= last).flat_map(|day| self.spans_of(day));
        spans.any(|(opens, closes)| opens < to && closes > from)
    }

    /// The first instant of `[at, until)` at which it is open, of which the first 400 days count.
    pub fn next_open(&self, at: DateTime<Utc>, until: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let last = until.with_timezone(&self.zone).date_naive();
        let days = at.with_timezone(&self.zone).date_naive().iter_days().take(400);
        let mut spans = days.take_while(|day| *day <= last).flat_map(|day| self.spans_of(day));
        let (opens, _) = spans.find(|(opens, closes)| *closes > at && opens < closes)?;
        Some(opens.max(at)).filter(|at| *at < until)
    }

    /// From when to when it is open on a local day. What begins in an hour that the clock leaves out begins when it
    /// leaps; of an hour that comes twice, the first one opens and the second one closes.
    fn spans_of(&self, day: NaiveDate) -> impl Iterator<Item = (DateTime<Utc>, DateTime<Utc>)> {
        let spans = self.weekly.get(&day.weekday().into()).filter(|_| !self.closed.contains(&day));
        spans.into_iter().flatten().filter_map(move |span| {
            let opens = self.instant(day, span.from, |first, _| first)?;
            let closes = self.instant(day, span.to, |_, second| second)?;
            Some((opens, closes))
        })
    }

    fn instant(
        &self,
        day: NaiveDate,
        minute: u16,
        pick: fn(DateTime<Tz>, DateTime<Tz>) -> DateTime<Tz>,
    ) -> Option<DateTime<Utc>> {
        let day = if minute < MINUTES_OF_DAY { day } else { day.checked_add_days(Days::new(1))? };
        let minute = u32::from(minute % MINUTES_OF_DAY);
        let mut local = day.and_hms_opt(minute / 60, minute % 60, 0)?;
        // The longest leap there ever was is a day, at the date line.
        for _ in 0..=MINUTES_OF_DAY {
            match self.zone.from_local_datetime(&local) {
                LocalResult::Single(at) => return Some(at.to_utc()),
                LocalResult::Ambiguous(first, second) => return Some(pick(first, second).to_utc()),
                LocalResult::None => local = next_minute(local)?,
            }
        }
        None
    }
}

fn next_minute(local: NaiveDateTime) -> Option<NaiveDateTime> {
    local.checked_add_signed(chrono::Duration::minutes(1))
}
