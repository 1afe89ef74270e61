//! Keys: values as bytes that compare as the values do.
//!
//! The format is in `spec/FORMAT.md`, "Keys of rows". Numbers follow the key encoding of SQLite 4
//! (a sign and exponent, then digits of which each tells whether one follows), with base 128 for
//! integers and floats, whose values it holds exactly, and base 100 for decimals.

mod number;
mod text;

use std::net::IpAddr;

use crate::error::SqlError;
use crate::schema::Collation;
use crate::value::Value;

const NULL: u8 = 0x05;
const FALSE: u8 = 0x10;
const TRUE: u8 = 0x11;
/// Numbers from minus infinity to NaN take the tags from here to `number::LAST`.
const NUMBER: u8 = 0x20;
const DECIMAL: u8 = 0x50;
const TEXT: u8 = 0x80;
const BYTES: u8 = 0x90;
const DATE: u8 = 0xa0;
const TIME: u8 = 0xa1;
const TIMESTAMP: u8 = 0xa2;
const MONTHS: u8 = 0xa3;
const MICROS: u8 = 0xa4;
const UUID: u8 = 0xa8;
const INET4: u8 = 0xa9;
const INET6: u8 = 0xaa;

/// The longest key, in bytes.
pub const MAX_KEY_LEN: usize = prollytree_tree::MAX_KEY_LEN;

/// Appends a value to a key.
///
/// # Errors
/// A point, a list or a map has no order.
pub fn push(
    key: &mut Vec<u8>,
    value: &Value,
    collation: Collation,
    descending: bool,
) -> Result<(), SqlError> {
    let start = key.len();
    match value {
        Value::Null => key.push(NULL),
        Value::Bool(false) => key.push(FALSE),
        Value::Bool(true) => key.push(TRUE),
        Value::Int(number) => number::push_integer(key, *number < 0, number.unsigned_abs().into()),
        Value::BigInt(number) => number::push_integer(key, *number < 0, number.unsigned_abs()),
        Value::BigUint(number) => number::push_integer(key, false, *number),
        Value::Float(number) => number::push_float(key, *number),
        Value::Decimal { mantissa, scale } => number::push_decimal(key, *mantissa, *scale),
        Value::Text(content) => {
            key.push(TEXT);
            text::push(key, &text::collate(content, collation));
        }
        Value::Bytes(content) => {
            key.push(BYTES);
            text::push(key, content);
        }
        Value::Date(days) => push_signed(key, DATE, &(days ^ i32::MIN).to_be_bytes()),
        Value::Time(nanos) => push_signed(key, TIME, &nanos.to_be_bytes()),
        Value::Timestamp { seconds, nanos } => {
            push_signed(key, TIMESTAMP, &(seconds ^ i64::MIN).to_be_bytes());
            key.extend(nanos.to_be_bytes());
        }
        Value::Months(months) => push_signed(key, MONTHS, &(months ^ i32::MIN).to_be_bytes()),
        Value::Micros(micros) => push_signed(key, MICROS, &(micros ^ i64::MIN).to_be_bytes()),
        Value::Uuid(uuid) => push_signed(key, UUID, &uuid.to_be_bytes()),
        Value::Inet(IpAddr::V4(address)) => push_signed(key, INET4, &address.octets()),
        Value::Inet(IpAddr::V6(address)) => push_signed(key, INET6, &address.octets()),
        Value::Point(..) | Value::List(_) | Value::Map(_) => {
            return Err(SqlError::NoOrder { kind: value.kind() });
        }
    }
    if descending {
        key.iter_mut().skip(start).for_each(|byte| *byte = !*byte);
    }
    Ok(())
}

fn push_signed(key: &mut Vec<u8>, tag: u8, bytes: &[u8]) {
    key.push(tag);
    key.extend(bytes);
}

/// The key of a number that rows are found by.
pub fn rowid_key(rowid: i64) -> Vec<u8> {
    let mut key = Vec::with_capacity(12);
    number::push_integer(&mut key, rowid < 0, rowid.unsigned_abs().into());
    key
}

/// Reads the first value of a key, and moves past it. What a collation did to a text is not undone.
///
/// # Errors
/// The bytes are not the one encoding of a value.
pub fn pop(key: &mut &[u8], descending: bool) -> Result<Value, SqlError> {
    let mut input = Input { rest: key, mask: if descending { 0xff } else { 0 } };
    let value = input.value().ok_or_else(|| SqlError::BadKey { key: key.to_vec() })?;
    *key = input.rest;
    Ok(value)
}

/// Bytes of a key that are left, and what they are to be complemented with.
struct Input<'k> {
    rest: &'k [u8],
    mask: u8,
}

impl Input<'_> {
    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(first ^ self.mask)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (first, rest) = self.rest.split_first_chunk::<N>()?;
        self.rest = rest;
        Some(first.map(|byte| byte ^ self.mask))
    }

    fn value(&mut self) -> Option<Value> {
        Some(match self.byte()? {
            NULL => Value::Null,
            FALSE => Value::Bool(false),
            TRUE => Value::Bool(true),
            tag @ NUMBER..=number::LAST => number::pop(self, tag)?,
            tag @ DECIMAL..=number::LAST_DECIMAL => number::pop_decimal(self, tag)?,
            TEXT => Value::Text(String::from_utf8(text::pop(self)?).ok()?),
            BYTES => Value::Bytes(text::pop(self)?),
            DATE => Value::Date(i32::from_be_bytes(self.array()?) ^ i32::MIN),
            TIME => Value::Time(u64::from_be_bytes(self.array()?)),
            TIMESTAMP => Value::Timestamp {
                seconds: i64::from_be_bytes(self.array()?) ^ i64::MIN,
                nanos: u32::from_be_bytes(self.array()?),
            },
            MONTHS => Value::Months(i32::from_be_bytes(self.array()?) ^ i32::MIN),
            MICROS => Value::Micros(i64::from_be_bytes(self.array()?) ^ i64::MIN),
            UUID => Value::Uuid(u128::from_be_bytes(self.array()?)),
            INET4 => Value::Inet(IpAddr::from(self.array::<4>()?)),
            INET6 => Value::Inet(IpAddr::from(self.array::<16>()?)),
            _ => return None,
        })
    }
}

/// The smallest key behind all keys that begin with `prefix`; `None` if there is none.
pub fn behind(prefix: &[u8]) -> Option<Vec<u8>> {
    let last = prefix.iter().rposition(|&byte| byte != 0xff)?;
    let mut end = prefix.get(..=last)?.to_vec();
    if let Some(byte) = end.last_mut() {
        *byte += 1;
    }
    Some(end)
}

#[cfg(test)]
mod tests;
