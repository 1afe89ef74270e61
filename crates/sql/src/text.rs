//! Values as people read them.

use std::fmt::Write as _;

use crate::value::Value;

/// A value as text, for messages and output; not SQL.
pub fn show(value: &Value) -> String {
    match value {
        Value::Null => "NULL".to_owned(),
        Value::Text(text) => text.clone(),
        Value::Bool(value) => value.to_string(),
        Value::Int(number) => number.to_string(),
        Value::BigInt(number) => number.to_string(),
        Value::BigUint(number) => number.to_string(),
        Value::Float(number) => format!("{number:?}"),
        Value::Decimal { mantissa, scale } => decimal(*mantissa, *scale),
        Value::Bytes(bytes) => hex(bytes),
        Value::Date(days) => date(i64::from(*days)),
        Value::Time(nanos) => time(nanos / 1_000_000_000, (nanos % 1_000_000_000) as u32),
        Value::Timestamp { seconds, nanos } => {
            let (days, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
            format!("{} {}", date(days), time(second.unsigned_abs(), *nanos))
        }
        Value::Months(months) => format!("{months} months"),
        Value::Micros(micros) => format!("{micros} microseconds"),
        Value::Uuid(uuid) => {
            let digits = format!("{uuid:032x}");
            let part = |range: std::ops::Range<usize>| digits.get(range).unwrap_or_default();
            [part(0..8), part(8..12), part(12..16), part(16..20), part(20..32)].join("-")
        }
        Value::Inet(address) => address.to_string(),
        Value::Point(x, y) => format!("POINT({x} {y})"),
        Value::List(_) | Value::Map(_) => json(value).to_string(),
    }
}

/// Values as a list, for messages.
pub fn list(values: &[Value]) -> String {
    values.iter().map(show).collect::<Vec<_>>().join(", ")
}

/// A value as JSON: numbers, texts, booleans, lists and maps as such, all else as text.
pub fn json(value: &Value) -> serde_json::Value {
    use serde_json::Value as Json;
    match value {
        Value::Null => Json::Null,
        Value::Bool(value) => Json::Bool(*value),
        Value::Int(number) => Json::from(*number),
        Value::BigInt(_) | Value::BigUint(_) | Value::Decimal { .. } => {
            show(value).parse().map_or_else(|_| Json::String(show(value)), Json::Number)
        }
        Value::Float(number) => serde_json::Number::from_f64(*number)
            .map_or_else(|| Json::String(show(value)), Json::Number),
        Value::List(values) => Json::Array(values.iter().map(json).collect()),
        Value::Map(entries) => {
            Json::Object(entries.iter().map(|(name, value)| (name.clone(), json(value))).collect())
        }
        _ => Json::String(show(value)),
    }
}

/// Bytes as hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut digits, byte| {
        // Writing to a string cannot fail.
        _ = write!(digits, "{byte:02x}");
        digits
    })
}

fn decimal(mantissa: i128, scale: u8) -> String {
    let scale = usize::from(scale);
    let digits = format!("{:0>width$}", mantissa.unsigned_abs(), width = scale + 1);
    let (whole, behind) = digits.split_at(digits.len() - scale);
    let sign = if mantissa < 0 { "-" } else { "" };
    let point = if scale > 0 { "." } else { "" };
    format!("{sign}{whole}{point}{behind}")
}

/// The date of a day since 1970-01-01 (Hinnant, "chrono-Compatible Low-Level Date Algorithms").
fn date(days: i64) -> String {
    let days = days + 719_468;
    let (era, day) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year + era * 400 + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

fn time(second: u64, nanos: u32) -> String {
    let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
    let clock = format!("{hour:02}:{minute:02}:{second:02}");
    if nanos == 0 {
        return clock;
    }
    let behind = format!("{nanos:09}");
    format!("{clock}.{}", behind.trim_end_matches('0'))
}
