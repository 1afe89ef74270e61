//! Cells as bytes: a code, which tells kind and length, and a body.
//!
//! The format is in `spec/FORMAT.md`, "Rows". One value has one encoding; a decoder refuses others.

use std::collections::BTreeMap;
use std::net::IpAddr;

use crate::value::Value;

/// Not stored: the value that the column had for rows before it, or that the key holds.
pub(crate) const ABSENT: u64 = 0;
const NULL: u64 = 1;
const FALSE: u64 = 2;
const TRUE: u64 = 3;
/// Integers of this many bytes more.
const INT: u64 = 4;
const BIG_INT: u64 = 13;
const BIG_UINT: u64 = 14;
const FLOAT: u64 = 15;
const DECIMAL: u64 = 16;
const DATE: u64 = 17;
const TIME: u64 = 18;
const TIMESTAMP: u64 = 19;
const MONTHS: u64 = 20;
const MICROS: u64 = 21;
const UUID: u64 = 22;
const INET4: u64 = 23;
const INET6: u64 = 24;
const POINT: u64 = 25;
/// From here on a code is this, plus four times the length of the body, plus a kind.
const SIZED: u64 = 32;
const TEXT: u64 = 0;
const BYTES: u64 = 1;
const LIST: u64 = 2;
const MAP: u64 = 3;

/// How deep lists and maps may lie in one another.
const MAX_DEPTH: usize = 64;

/// Appends the body of a value, and gives its code.
pub(crate) fn push_body(out: &mut Vec<u8>, value: &Value) -> u64 {
    let start = out.len();
    match value {
        Value::Null => NULL,
        Value::Bool(value) => {
            if *value {
                TRUE
            } else {
                FALSE
            }
        }
        Value::Int(number) => {
            let len = int_len(*number);
            out.extend(&number.to_be_bytes()[8 - len..]);
            INT + len as u64
        }
        Value::BigInt(number) => fixed(out, BIG_INT, &number.to_be_bytes()),
        Value::BigUint(number) => fixed(out, BIG_UINT, &number.to_be_bytes()),
        Value::Float(number) => {
            // All NaNs are one.
            let number = if number.is_nan() { f64::NAN } else { *number };
            fixed(out, FLOAT, &number.to_bits().to_be_bytes())
        }
        Value::Decimal { mantissa, scale } => {
            out.push(*scale);
            fixed(out, DECIMAL, &mantissa.to_be_bytes())
        }
        Value::Text(text) => {
            out.extend(text.as_bytes());
            sized(TEXT, text.len())
        }
        Value::Bytes(bytes) => {
            out.extend(bytes);
            sized(BYTES, bytes.len())
        }
        Value::Date(days) => fixed(out, DATE, &days.to_be_bytes()),
        Value::Time(nanos) => fixed(out, TIME, &nanos.to_be_bytes()),
        Value::Timestamp { seconds, nanos } => {
            out.extend(seconds.to_be_bytes());
            fixed(out, TIMESTAMP, &nanos.to_be_bytes())
        }
        Value::Months(months) => fixed(out, MONTHS, &months.to_be_bytes()),
        Value::Micros(micros) => fixed(out, MICROS, &micros.to_be_bytes()),
        Value::Uuid(uuid) => fixed(out, UUID, &uuid.to_be_bytes()),
        Value::Inet(IpAddr::V4(address)) => fixed(out, INET4, &address.octets()),
        Value::Inet(IpAddr::V6(address)) => fixed(out, INET6, &address.octets()),
        Value::Point(x, y) => {
            out.extend(x.to_bits().to_be_bytes());
            fixed(out, POINT, &y.to_bits().to_be_bytes())
        }
        Value::List(values) => {
            values.iter().for_each(|value| push(out, value));
            sized(LIST, out.len() - start)
        }
        Value::Map(entries) => {
            for (name, value) in entries {
                push_varint(out, name.len() as u64);
                out.extend(name.as_bytes());
                push(out, value);
            }
            sized(MAP, out.len() - start)
        }
    }
}

/// Appends a code and its body.
pub(crate) fn push(out: &mut Vec<u8>, value: &Value) {
    let mut body = Vec::new();
    let code = push_body(&mut body, value);
    push_varint(out, code);
    out.extend(body);
}

fn fixed(out: &mut Vec<u8>, code: u64, bytes: &[u8]) -> u64 {
    out.extend(bytes);
    code
}

fn sized(kind: u64, len: usize) -> u64 {
    SIZED + 4 * len as u64 + kind
}

/// How many bytes an integer takes in two's complement; zero takes none.
fn int_len(number: i64) -> usize {
    if number == 0 {
        return 0;
    }
    let magnitude = if number < 0 { !number } else { number };
    let bits = 65 - magnitude.leading_zeros() as usize;
    bits.div_ceil(8)
}

/// How long the body of a code is; `None` if no value has the code.
pub(crate) fn body_len(code: u64) -> Option<usize> {
    Some(match code {
        ABSENT..=INT => 0,
        5..=12 => (code - INT) as usize,
        BIG_INT | BIG_UINT | UUID | INET6 | POINT => 16,
        FLOAT | TIME | MICROS => 8,
        DECIMAL => 17,
        DATE | MONTHS | INET4 => 4,
        TIMESTAMP => 12,
        SIZED.. => usize::try_from((code - SIZED) / 4).ok()?,
        _ => return None,
    })
}

/// The value of a code and its body, whose length is that of the code.
pub(crate) fn read(code: u64, body: &[u8]) -> Option<Value> {
    read_nested(code, body, 0)
}

fn read_nested(code: u64, body: &[u8], depth: usize) -> Option<Value> {
    Some(match code {
        NULL => Value::Null,
        FALSE => Value::Bool(false),
        TRUE => Value::Bool(true),
        INT..=12 => return read_int(body),
        BIG_INT => match Value::integer(i128::from_be_bytes(body.try_into().ok()?)) {
            big @ Value::BigInt(_) => big,
            _ => return None,
        },
        BIG_UINT => match Value::unsigned(u128::from_be_bytes(body.try_into().ok()?)) {
            big @ Value::BigUint(_) => big,
            _ => return None,
        },
        FLOAT => {
            let bits = u64::from_be_bytes(body.try_into().ok()?);
            let number = f64::from_bits(bits);
            if number.is_nan() && bits != f64::NAN.to_bits() {
                return None;
            }
            Value::Float(number)
        }
        DECIMAL => {
            let (&scale, mantissa) = body.split_first()?;
            Value::Decimal { mantissa: i128::from_be_bytes(mantissa.try_into().ok()?), scale }
        }
        DATE => Value::Date(i32::from_be_bytes(body.try_into().ok()?)),
        TIME => Value::Time(u64::from_be_bytes(body.try_into().ok()?)),
        TIMESTAMP => {
            let (seconds, nanos) = body.split_first_chunk()?;
            Value::Timestamp {
                seconds: i64::from_be_bytes(*seconds),
                nanos: u32::from_be_bytes(nanos.try_into().ok()?),
            }
        }
        MONTHS => Value::Months(i32::from_be_bytes(body.try_into().ok()?)),
        MICROS => Value::Micros(i64::from_be_bytes(body.try_into().ok()?)),
        UUID => Value::Uuid(u128::from_be_bytes(body.try_into().ok()?)),
        INET4 => Value::Inet(IpAddr::from(<[u8; 4]>::try_from(body).ok()?)),
        INET6 => Value::Inet(IpAddr::from(<[u8; 16]>::try_from(body).ok()?)),
        POINT => {
            let (x, y) = body.split_first_chunk()?;
            let number = |bytes| f64::from_bits(u64::from_be_bytes(bytes));
            Value::Point(number(*x), number(y.try_into().ok()?))
        }
        SIZED.. => return read_sized((code - SIZED) % 4, body, depth),
        _ => return None,
    })
}

fn read_int(body: &[u8]) -> Option<Value> {
    let Some(&first) = body.first() else { return Some(Value::Int(0)) };
    let mut bytes = if first & 0x80 == 0 { [0; 8] } else { [0xff; 8] };
    bytes.get_mut(8_usize.checked_sub(body.len())?..)?.copy_from_slice(body);
    let number = i64::from_be_bytes(bytes);
    (int_len(number) == body.len()).then_some(Value::Int(number))
}

fn read_sized(kind: u64, mut body: &[u8], depth: usize) -> Option<Value> {
    Some(match kind {
        TEXT => Value::Text(std::str::from_utf8(body).ok()?.to_owned()),
        BYTES => Value::Bytes(body.to_vec()),
        _ if depth == MAX_DEPTH => return None,
        LIST => {
            let mut values = Vec::new();
            while !body.is_empty() {
                values.push(pop(&mut body, depth + 1)?);
            }
            Value::List(values)
        }
        _ => {
            let mut entries = BTreeMap::new();
            while !body.is_empty() {
                let len = usize::try_from(pop_varint(&mut body)?).ok()?;
                let (name, rest) = body.split_at_checked(len)?;
                body = rest;
                let name = std::str::from_utf8(name).ok()?.to_owned();
                if entries.last_key_value().is_some_and(|(last, _)| *last >= name) {
                    return None;
                }
                entries.insert(name, pop(&mut body, depth + 1)?);
            }
            Value::Map(entries)
        }
    })
}

/// Reads a code and its body, and moves past them.
fn pop(bytes: &mut &[u8], depth: usize) -> Option<Value> {
    let code = pop_varint(bytes)?;
    let (body, rest) = bytes.split_at_checked(body_len(code)?)?;
    *bytes = rest;
    read_nested(code, body, depth)
}

/// Reads one value that takes all bytes.
pub(crate) fn read_whole(mut bytes: &[u8]) -> Option<Value> {
    let value = pop(&mut bytes, 0)?;
    bytes.is_empty().then_some(value)
}

/// Whether lists and maps lie deeper in one another than a cell can hold.
pub(crate) fn is_too_deep(value: &Value) -> bool {
    fn depth(value: &Value, left: usize) -> bool {
        match value {
            Value::List(_) | Value::Map(_) if left == 0 => true,
            Value::List(values) => values.iter().any(|value| depth(value, left - 1)),
            Value::Map(entries) => entries.values().any(|value| depth(value, left - 1)),
            _ => false,
        }
    }
    depth(value, MAX_DEPTH)
}

/// Appends a number in groups of seven bits, the lowest first (LEB128).
pub(crate) fn push_varint(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// Reads what [`push_varint`] wrote; refuses longer forms of a number.
pub(crate) fn pop_varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        let group = u64::from(byte & 0x7f);
        if shift == 63 && group > 1 {
            return None;
        }
        number |= group << shift;
        if byte & 0x80 == 0 {
            return (byte != 0 || shift == 0).then_some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests;
