//! Values and types, as both engines share them.

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

/// A cell of a row.
///
/// Every content has one representation: a number that fits an [`Int`](Self::Int) is never a
/// [`BigInt`](Self::BigInt), see [`Value::integer`].
#[derive(Clone, Debug, PartialEq, Default)]
pub enum Value {
    /// No value.
    #[default]
    Null,
    /// True or false.
    Bool(bool),
    /// An integer of 64 bits.
    Int(i64),
    /// An integer of 128 bits that does not fit 64.
    BigInt(i128),
    /// An unsigned integer of 128 bits that does not fit a signed one.
    BigUint(u128),
    /// A floating-point number.
    Float(f64),
    /// `mantissa / 10^scale`; the scale counts: 1.0 is not 1.00.
    Decimal {
        /// The digits.
        mantissa: i128,
        /// How many of them stand behind the point.
        scale: u8,
    },
    /// A text.
    Text(String),
    /// Bytes.
    Bytes(Vec<u8>),
    /// A date: days since 1970-01-01.
    Date(i32),
    /// A time of day: nanoseconds since midnight.
    Time(u64),
    /// A date and time without a zone.
    Timestamp {
        /// Seconds since 1970-01-01 00:00:00.
        seconds: i64,
        /// Nanoseconds behind them.
        nanos: u32,
    },
    /// A span of calendar months.
    Months(i32),
    /// A span of microseconds.
    Micros(i64),
    /// A UUID.
    Uuid(u128),
    /// An IP address.
    Inet(IpAddr),
    /// A point of the plane: x and y.
    Point(f64, f64),
    /// A list.
    List(Vec<Value>),
    /// A map from texts.
    Map(BTreeMap<String, Value>),
}

impl Value {
    /// The integer in its one representation.
    pub fn integer(number: i128) -> Self {
        i64::try_from(number).map_or(Self::BigInt(number), Self::Int)
    }

    /// The unsigned integer in its one representation.
    pub fn unsigned(number: u128) -> Self {
        i128::try_from(number).map_or(Self::BigUint(number), Self::integer)
    }

    /// Whether this is no value.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// What kind of value this is, for messages.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Null => "NULL",
            Self::Bool(_) => "boolean",
            Self::Int(_) | Self::BigInt(_) | Self::BigUint(_) => "integer",
            Self::Float(_) => "float",
            Self::Decimal { .. } => "decimal",
            Self::Text(_) => "text",
            Self::Bytes(_) => "bytes",
            Self::Date(_) => "date",
            Self::Time(_) => "time",
            Self::Timestamp { .. } => "timestamp",
            Self::Months(_) | Self::Micros(_) => "interval",
            Self::Uuid(_) => "UUID",
            Self::Inet(_) => "IP address",
            Self::Point(..) => "point",
            Self::List(_) => "list",
            Self::Map(_) => "map",
        }
    }
}

/// A row: the cells in the order of the table's columns.
pub type Row = Vec<Value>;

/// The type of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names say it")]
pub enum ColumnType {
    /// Values of any kind.
    #[default]
    Any,
    Bool,
    Int8,
    Int16,
    Int32,
    Int64,
    Int128,
    Uint8,
    Uint16,
    Uint32,
    Uint64,
    Uint128,
    Float32,
    Float64,
    Decimal,
    Text,
    Bytes,
    Date,
    Time,
    Timestamp,
    Interval,
    Uuid,
    Inet,
    Point,
    List,
    Map,
}

impl ColumnType {
    /// Whether a column of this type may hold a value, be it nullable or not.
    pub fn admits(self, value: &Value) -> bool {
        let within = |min: i128, max: i128| match value {
            Value::Int(number) => (min..=max).contains(&i128::from(*number)),
            Value::BigInt(number) => (min..=max).contains(number),
            _ => false,
        };
        match self {
            _ if value.is_null() => true,
            Self::Any => true,
            Self::Bool => matches!(value, Value::Bool(_)),
            Self::Int8 => within(i8::MIN.into(), i8::MAX.into()),
            Self::Int16 => within(i16::MIN.into(), i16::MAX.into()),
            Self::Int32 => within(i32::MIN.into(), i32::MAX.into()),
            Self::Int64 => within(i64::MIN.into(), i64::MAX.into()),
            Self::Int128 => within(i128::MIN, i128::MAX),
            Self::Uint8 => within(0, u8::MAX.into()),
            Self::Uint16 => within(0, u16::MAX.into()),
            Self::Uint32 => within(0, u32::MAX.into()),
            Self::Uint64 => within(0, u64::MAX.into()),
            Self::Uint128 => within(0, i128::MAX) || matches!(value, Value::BigUint(_)),
            Self::Float32 | Self::Float64 => matches!(value, Value::Float(_)),
            Self::Decimal => matches!(value, Value::Decimal { .. }),
            Self::Text => matches!(value, Value::Text(_)),
            Self::Bytes => matches!(value, Value::Bytes(_)),
            Self::Date => matches!(value, Value::Date(_)),
            Self::Time => matches!(value, Value::Time(_)),
            Self::Timestamp => matches!(value, Value::Timestamp { .. }),
            Self::Interval => matches!(value, Value::Months(_) | Value::Micros(_)),
            Self::Uuid => matches!(value, Value::Uuid(_)),
            Self::Inet => matches!(value, Value::Inet(_)),
            Self::Point => matches!(value, Value::Point(..)),
            Self::List => matches!(value, Value::List(_)),
            Self::Map => matches!(value, Value::Map(_)),
        }
    }
}
