//! Values of types that SQLite does not have, from the texts and numbers that it shows them as.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use crate::value::{ColumnType, Value};

/// The value of a type that SQLite shows so.
pub(super) fn parse(ty: ColumnType, shown: &Value) -> Option<Value> {
    match (ty, shown) {
        (ColumnType::Bool, Value::Int(number @ (0 | 1))) => Some(Value::Bool(*number == 1)),
        (ColumnType::Float32 | ColumnType::Float64, Value::Int(number)) => {
            Some(Value::Float(*number as f64))
        }
        (ColumnType::Decimal, Value::Int(number)) => {
            Some(Value::Decimal { mantissa: i128::from(*number), scale: 0 })
        }
        (ColumnType::Decimal, Value::Float(number)) => decimal(&number.to_string()),
        (_, Value::Text(text)) => parse_text(ty, text.trim()),
        _ => None,
    }
}

fn parse_text(ty: ColumnType, text: &str) -> Option<Value> {
    match ty {
        ColumnType::Bool if text.eq_ignore_ascii_case("true") => Some(Value::Bool(true)),
        ColumnType::Bool if text.eq_ignore_ascii_case("false") => Some(Value::Bool(false)),
        ColumnType::Int128 | ColumnType::Uint64 => text.parse().ok().map(Value::integer),
        ColumnType::Uint128 => text.parse().ok().map(Value::unsigned),
        ColumnType::Float32 | ColumnType::Float64 => text.parse().ok().map(Value::Float),
        ColumnType::Decimal => decimal(text),
        ColumnType::Date => i32::try_from(date(text)?).ok().map(Value::Date),
        ColumnType::Time => {
            let (second, nanos) = time(text)?;
            Some(Value::Time(second * 1_000_000_000 + u64::from(nanos)))
        }
        ColumnType::Timestamp => timestamp(text),
        ColumnType::Interval => interval(text),
        ColumnType::Uuid => uuid(text),
        ColumnType::Inet => text.parse().ok().map(Value::Inet),
        ColumnType::Point => point(text),
        ColumnType::List | ColumnType::Map => {
            serde_json::from_str(text).ok().as_ref().and_then(from_json)
        }
        _ => None,
    }
}

fn decimal(text: &str) -> Option<Value> {
    let (whole, behind) = text.split_once('.').unwrap_or((text, ""));
    let digits = whole.trim_start_matches(['+', '-']);
    let is_number = |digits: &str| digits.bytes().all(|byte| byte.is_ascii_digit());
    if digits.len() + 1 < whole.len() || !is_number(digits) || !is_number(behind) {
        return None;
    }
    let mantissa = format!("{whole}{behind}").parse().ok()?;
    Some(Value::Decimal { mantissa, scale: u8::try_from(behind.len()).ok()? })
}

/// The day since 1970-01-01 of a date (Hinnant, "chrono-Compatible Low-Level Date Algorithms").
fn date(text: &str) -> Option<i64> {
    let (negative, rest) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let mut parts = rest.splitn(3, '-').map(|part| part.parse::<u32>().ok().map(i64::from));
    let (year, month, day) = (parts.next()??, parts.next()??, parts.next()??);
    let year = if negative { -year } else { year };
    if !(1..=12).contains(&month) || !(1..=days_in(year, month)).contains(&day) {
        return None;
    }
    let shifted = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (shifted.div_euclid(400), shifted.rem_euclid(400));
    let month = if month > 2 { month - 3 } else { month + 9 };
    let of_year = (153 * month + 2) / 5 + day - 1;
    Some(era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468)
}

fn days_in(year: i64, month: i64) -> i64 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

/// The second of a day, and nanoseconds behind it.
fn time(text: &str) -> Option<(u64, u32)> {
    let (clock, behind) = text.split_once('.').unwrap_or((text, "0"));
    let mut parts = clock.split(':').map(|part| part.parse::<u32>().ok().map(u64::from));
    let (hour, minute) = (parts.next()??, parts.next()??);
    let second = parts.next().unwrap_or(Some(0))?;
    let in_range = hour < 24 && minute < 60 && second < 60 && parts.next().is_none();
    if !in_range || behind.len() > 9 || !behind.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let nanos = format!("{behind:0<9}").parse().ok()?;
    Some((hour * 3_600 + minute * 60 + second, nanos))
}

fn timestamp(text: &str) -> Option<Value> {
    let (day, clock) = text.split_once([' ', 'T']).unwrap_or((text, "00:00:00"));
    let (second, nanos) = time(clock.trim_end_matches('Z'))?;
    let seconds = date(day)? * 86_400 + i64::try_from(second).ok()?;
    Some(Value::Timestamp { seconds, nanos })
}

fn interval(text: &str) -> Option<Value> {
    let (number, unit) = text.split_once(' ')?;
    match unit.trim() {
        "months" => number.parse().ok().map(Value::Months),
        "microseconds" => number.parse().ok().map(Value::Micros),
        _ => None,
    }
}

fn uuid(text: &str) -> Option<Value> {
    let digits = text.replace('-', "");
    let is_plain = digits.len() == 32 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_plain { u128::from_str_radix(&digits, 16).ok().map(Value::Uuid) } else { None }
}

fn point(text: &str) -> Option<Value> {
    let inner = text.strip_prefix("POINT(")?.strip_suffix(')')?;
    let (x, y) = inner.split_once(' ')?;
    Some(Value::Point(x.parse().ok()?, y.trim().parse().ok()?))
}

fn from_json(json: &Json) -> Option<Value> {
    Some(match json {
        Json::Null => Value::Null,
        Json::Bool(value) => Value::Bool(*value),
        Json::Number(number) => match number.as_i64() {
            Some(number) => Value::Int(number),
            None => Value::Float(number.as_f64()?),
        },
        Json::String(text) => Value::Text(text.clone()),
        Json::Array(values) => Value::List(values.iter().map(from_json).collect::<Option<_>>()?),
        Json::Object(entries) => {
            let entry = |(name, value): (&String, &Json)| Some((name.clone(), from_json(value)?));
            Value::Map(entries.iter().map(entry).collect::<Option<BTreeMap<_, _>>>()?)
        }
    })
}
