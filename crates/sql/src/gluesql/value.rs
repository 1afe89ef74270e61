//! Values of GlueSQL as cells of rows, and back.
//!
//! A cell does not tell the width of a number; its column does. Inside lists and maps, where no column
//! tells it, integers are read as `I64`, or as 128 bits if they are larger, and floats as `F64`.

use chrono::{DateTime, NaiveDate, NaiveTime, Timelike};
use gluesql_core::ast::DataType;
use gluesql_core::data::{Interval, Key, Point, Value as GlueValue};
use rust_decimal::Decimal;

use crate::value::{ColumnType, Value};

/// 1970-01-01 as chrono counts days.
const EPOCH_DAY: i32 = 719_163;
const NANOS: u64 = 1_000_000_000;

/// The cell of a value.
pub(super) fn to_cell(value: GlueValue) -> Value {
    match value {
        GlueValue::Null => Value::Null,
        GlueValue::Bool(value) => Value::Bool(value),
        GlueValue::I8(number) => Value::Int(number.into()),
        GlueValue::I16(number) => Value::Int(number.into()),
        GlueValue::I32(number) => Value::Int(number.into()),
        GlueValue::I64(number) => Value::Int(number),
        GlueValue::I128(number) => Value::integer(number),
        GlueValue::U8(number) => Value::Int(number.into()),
        GlueValue::U16(number) => Value::Int(number.into()),
        GlueValue::U32(number) => Value::Int(number.into()),
        GlueValue::U64(number) => Value::integer(number.into()),
        GlueValue::U128(number) => Value::unsigned(number),
        GlueValue::F32(number) => Value::Float(number.into()),
        GlueValue::F64(number) => Value::Float(number),
        GlueValue::Decimal(number) => {
            // Decimals have at most 28 digits behind the point.
            Value::Decimal { mantissa: number.mantissa(), scale: number.scale() as u8 }
        }
        GlueValue::Str(text) => Value::Text(text),
        GlueValue::Bytea(bytes) => Value::Bytes(bytes),
        GlueValue::Inet(address) => Value::Inet(address),
        GlueValue::Date(date) => Value::Date(days(date)),
        GlueValue::Timestamp(time) => {
            let time = time.and_utc();
            Value::Timestamp { seconds: time.timestamp(), nanos: time.timestamp_subsec_nanos() }
        }
        GlueValue::Time(time) => Value::Time(
            u64::from(time.num_seconds_from_midnight()) * NANOS + u64::from(time.nanosecond()),
        ),
        GlueValue::Interval(Interval::Month(months)) => Value::Months(months),
        GlueValue::Interval(Interval::Microsecond(micros)) => Value::Micros(micros),
        GlueValue::Uuid(uuid) => Value::Uuid(uuid),
        GlueValue::Point(Point { x, y }) => Value::Point(x, y),
        GlueValue::List(values) => Value::List(values.into_iter().map(to_cell).collect()),
        GlueValue::Map(entries) => {
            Value::Map(entries.into_iter().map(|(name, value)| (name, to_cell(value))).collect())
        }
    }
}

fn days(date: NaiveDate) -> i32 {
    use chrono::Datelike;
    date.num_days_from_ce() - EPOCH_DAY
}

/// The value of a cell of a column; `None` if GlueSQL has no such value.
pub(super) fn from_cell(cell: Value, ty: ColumnType) -> Option<GlueValue> {
    Some(match cell {
        Value::Null => GlueValue::Null,
        Value::Bool(value) => GlueValue::Bool(value),
        Value::Int(number) => integer(number, ty),
        Value::BigInt(number) => match u64::try_from(number) {
            Ok(number) if ty == ColumnType::Uint64 => GlueValue::U64(number),
            _ if ty == ColumnType::Uint128 => GlueValue::U128(number.try_into().ok()?),
            _ => GlueValue::I128(number),
        },
        Value::BigUint(number) => GlueValue::U128(number),
        // What a column of this type holds was such a number before.
        Value::Float(number) if ty == ColumnType::Float32 => GlueValue::F32(number as f32),
        Value::Float(number) => GlueValue::F64(number),
        Value::Decimal { mantissa, scale } => {
            GlueValue::Decimal(Decimal::try_from_i128_with_scale(mantissa, scale.into()).ok()?)
        }
        Value::Text(text) => GlueValue::Str(text),
        Value::Bytes(bytes) => GlueValue::Bytea(bytes),
        Value::Date(days) => {
            GlueValue::Date(NaiveDate::from_num_days_from_ce_opt(days.checked_add(EPOCH_DAY)?)?)
        }
        Value::Time(nanos) => GlueValue::Time(time(nanos)?),
        Value::Timestamp { seconds, nanos } => {
            GlueValue::Timestamp(DateTime::from_timestamp(seconds, nanos)?.naive_utc())
        }
        Value::Months(months) => GlueValue::Interval(Interval::Month(months)),
        Value::Micros(micros) => GlueValue::Interval(Interval::Microsecond(micros)),
        Value::Uuid(uuid) => GlueValue::Uuid(uuid),
        Value::Inet(address) => GlueValue::Inet(address),
        Value::Point(x, y) => GlueValue::Point(Point { x, y }),
        Value::List(cells) => {
            let values = cells.into_iter().map(|cell| from_cell(cell, ColumnType::Any));
            GlueValue::List(values.collect::<Option<_>>()?)
        }
        Value::Map(entries) => {
            let values = entries
                .into_iter()
                .map(|(name, cell)| Some((name, from_cell(cell, ColumnType::Any)?)));
            GlueValue::Map(values.collect::<Option<_>>()?)
        }
    })
}

/// An integer of a column; as `I64` where it does not fit, which a column without strict types allows.
fn integer(number: i64, ty: ColumnType) -> GlueValue {
    let narrow = match ty {
        ColumnType::Int8 => number.try_into().ok().map(GlueValue::I8),
        ColumnType::Int16 => number.try_into().ok().map(GlueValue::I16),
        ColumnType::Int32 => number.try_into().ok().map(GlueValue::I32),
        ColumnType::Int128 => Some(GlueValue::I128(number.into())),
        ColumnType::Uint8 => number.try_into().ok().map(GlueValue::U8),
        ColumnType::Uint16 => number.try_into().ok().map(GlueValue::U16),
        ColumnType::Uint32 => number.try_into().ok().map(GlueValue::U32),
        ColumnType::Uint64 => number.try_into().ok().map(GlueValue::U64),
        ColumnType::Uint128 => number.try_into().ok().map(GlueValue::U128),
        _ => None,
    };
    narrow.unwrap_or(GlueValue::I64(number))
}

/// The time of day; a leap second of chrono reaches a second further than any other.
fn time(nanos: u64) -> Option<NaiveTime> {
    const LAST: u32 = 86_399;
    let second = u32::try_from(nanos / NANOS).ok()?.min(LAST);
    let within = nanos - u64::from(second) * NANOS;
    NaiveTime::from_num_seconds_from_midnight_opt(second, within.try_into().ok()?)
}

/// The cell of a key.
pub(super) fn key_to_cell(key: &Key) -> Value {
    to_cell(GlueValue::from(key.clone()))
}

/// How GlueSQL calls a type. What may be of any type is a text to it.
pub(super) fn data_type(ty: ColumnType) -> DataType {
    match ty {
        ColumnType::Any | ColumnType::Text => DataType::Text,
        ColumnType::Bool => DataType::Boolean,
        ColumnType::Int8 => DataType::Int8,
        ColumnType::Int16 => DataType::Int16,
        ColumnType::Int32 => DataType::Int32,
        ColumnType::Int64 => DataType::Int,
        ColumnType::Int128 => DataType::Int128,
        ColumnType::Uint8 => DataType::Uint8,
        ColumnType::Uint16 => DataType::Uint16,
        ColumnType::Uint32 => DataType::Uint32,
        ColumnType::Uint64 => DataType::Uint64,
        ColumnType::Uint128 => DataType::Uint128,
        ColumnType::Float32 => DataType::Float32,
        ColumnType::Float64 => DataType::Float,
        ColumnType::Decimal => DataType::Decimal,
        ColumnType::Bytes => DataType::Bytea,
        ColumnType::Date => DataType::Date,
        ColumnType::Time => DataType::Time,
        ColumnType::Timestamp => DataType::Timestamp,
        ColumnType::Interval => DataType::Interval,
        ColumnType::Uuid => DataType::Uuid,
        ColumnType::Inet => DataType::Inet,
        ColumnType::Point => DataType::Point,
        ColumnType::List => DataType::List,
        ColumnType::Map => DataType::Map,
    }
}

/// The column type of a type of GlueSQL.
pub(super) fn column_type(ty: &DataType) -> ColumnType {
    match ty {
        DataType::Boolean => ColumnType::Bool,
        DataType::Int8 => ColumnType::Int8,
        DataType::Int16 => ColumnType::Int16,
        DataType::Int32 => ColumnType::Int32,
        DataType::Int => ColumnType::Int64,
        DataType::Int128 => ColumnType::Int128,
        DataType::Uint8 => ColumnType::Uint8,
        DataType::Uint16 => ColumnType::Uint16,
        DataType::Uint32 => ColumnType::Uint32,
        DataType::Uint64 => ColumnType::Uint64,
        DataType::Uint128 => ColumnType::Uint128,
        DataType::Float32 => ColumnType::Float32,
        DataType::Float => ColumnType::Float64,
        DataType::Text => ColumnType::Text,
        DataType::Bytea => ColumnType::Bytes,
        DataType::Inet => ColumnType::Inet,
        DataType::Date => ColumnType::Date,
        DataType::Timestamp => ColumnType::Timestamp,
        DataType::Time => ColumnType::Time,
        DataType::Interval => ColumnType::Interval,
        DataType::Uuid => ColumnType::Uuid,
        DataType::Map => ColumnType::Map,
        DataType::List => ColumnType::List,
        DataType::Decimal => ColumnType::Decimal,
        DataType::Point => ColumnType::Point,
    }
}
