//! Numbers in keys.
//!
//! A positive number is `0.d₁d₂d₃… · Bᵉ` with `d₁ ≠ 0` and no zero at the end, in base `B`. Its bytes
//! are a tag that grows with the exponent `e`, `e` itself where the tag does not tell it, and the
//! digits, `2d + 1` for each that another one follows and `2d` for the last. A negative number has the
//! complement of these. A last byte tells numbers of equal value apart: an integer from a float, a
//! decimal from one of another scale.

use super::{DECIMAL, Input, NUMBER};
use crate::value::Value;

/// Tags of a base, relative to its first.
const MINUS_INFINITY: u8 = 0;
const NEGATIVE: u8 = 1;
const ZERO: u8 = NEGATIVE + KINDS;
const POSITIVE: u8 = ZERO + 1;
const INFINITY: u8 = POSITIVE + KINDS;
const NAN: u8 = INFINITY + 1;

/// How many tags a sign has: small exponents, those from 1 on, large ones.
const KINDS: u8 = DIRECT + 2;
/// The exponents 1 to this have tags of their own: 64-bit integers have at most 10 digits.
const DIRECT: u8 = 10;

pub(super) const LAST: u8 = NUMBER + NAN;
pub(super) const LAST_DECIMAL: u8 = DECIMAL + INFINITY - 1;

const INTEGER: u8 = 1;
const FLOAT: u8 = 2;

/// The most digits that a number has: 128 bits in base 128.
const MAX_DIGITS: usize = 20;

/// Digits, the most significant first.
struct Digits {
    digits: [u8; MAX_DIGITS],
    len: usize,
}

impl Digits {
    /// The digits of an integer, without zeros at the end, and how many it has with them.
    fn of(mut number: u128, base: u128) -> (Self, i16) {
        let mut digits = [0; MAX_DIGITS];
        let mut places = 0;
        while number > 0 {
            // The remainder is below 128.
            digits[places] = (number % base) as u8;
            number /= base;
            places += 1;
        }
        let zeros = digits[..places].iter().take_while(|&&digit| digit == 0).count();
        digits[..places].reverse();
        (Self { digits, len: places - zeros }, places as i16)
    }

    fn push(&self, key: &mut Vec<u8>, mask: u8) {
        let digits = &self.digits[..self.len];
        let Some((last, others)) = digits.split_last() else { return };
        key.extend(others.iter().map(|digit| (digit << 1 | 1) ^ mask));
        key.push((last << 1) ^ mask);
    }
}

/// Appends the sign, the exponent and the digits.
fn push(key: &mut Vec<u8>, first: u8, negative: bool, exponent: i16, digits: &Digits) {
    let mask = if negative { 0xff } else { 0 };
    let kind = match exponent {
        ..=0 => 0,
        1..=10 => exponent as u8,
        _ => DIRECT + 1,
    };
    let tag = if negative { NEGATIVE + KINDS - 1 - kind } else { POSITIVE + kind };
    key.push(first + tag);
    if kind == 0 || kind == DIRECT + 1 {
        let ordered = (exponent as u16) ^ 0x8000;
        key.extend(ordered.to_be_bytes().map(|byte| byte ^ mask));
    }
    digits.push(key, mask);
}

pub(super) fn push_integer(key: &mut Vec<u8>, negative: bool, magnitude: u128) {
    if magnitude == 0 {
        key.push(NUMBER + ZERO);
    } else if let Ok(small) = u64::try_from(magnitude) {
        push_small(key, negative, small);
    } else {
        let (digits, places) = Digits::of(magnitude, 128);
        push(key, NUMBER, negative, places, &digits);
    }
    key.push(INTEGER);
}

/// As [`Digits::of`] and [`push`], with shifts: most keys are such numbers.
fn push_small(key: &mut Vec<u8>, negative: bool, number: u64) {
    let mask = if negative { 0xff } else { 0 };
    let zeros = number.trailing_zeros() / 7;
    let places = (70 - number.leading_zeros()) / 7;
    // At most 10.
    let kind = places as u8;
    let tag = if negative { NEGATIVE + KINDS - 1 - kind } else { POSITIVE + kind };
    key.push(NUMBER + tag);
    for place in (zeros..places).rev() {
        let digit = (number >> (7 * place)) as u8 & 0x7f;
        key.push((digit << 1 | u8::from(place > zeros)) ^ mask);
    }
}

pub(super) fn push_float(key: &mut Vec<u8>, number: f64) {
    if number.is_nan() {
        key.push(NUMBER + NAN);
    } else if number.is_infinite() {
        key.push(NUMBER + if number < 0.0 { MINUS_INFINITY } else { INFINITY });
    } else if number == 0.0 {
        key.push(NUMBER + ZERO);
    } else {
        let (mantissa, exponent) = split(number.abs());
        // Shifted so that the exponent counts whole digits.
        let shift = exponent.rem_euclid(7);
        let (digits, places) = Digits::of(u128::from(mantissa) << shift, 128);
        let exponent = places + (exponent - shift) / 7;
        push(key, NUMBER, number < 0.0, exponent, &digits);
    }
    key.push(FLOAT);
}

/// `number = mantissa · 2^exponent`, for a finite positive number.
fn split(number: f64) -> (u64, i16) {
    let bits = number.to_bits();
    let (raw, fraction) = ((bits >> 52) as i16, bits & ((1 << 52) - 1));
    if raw == 0 { (fraction, -1074) } else { (fraction | 1 << 52, raw - 1075) }
}

pub(super) fn push_decimal(key: &mut Vec<u8>, mantissa: i128, scale: u8) {
    if mantissa == 0 {
        key.push(DECIMAL + ZERO);
    } else {
        // An even number of digits behind the point, two of them a digit of base 100.
        let odd = scale % 2;
        let magnitude = mantissa.unsigned_abs();
        let (digits, places) = match magnitude.checked_mul(if odd == 1 { 10 } else { 1 }) {
            Some(magnitude) => Digits::of(magnitude, 100),
            // 39 decimal digits and one more.
            None => {
                let (mut digits, places) = Digits::of(magnitude / 10, 100);
                let last = (magnitude % 10) as u8 * 10;
                if last > 0 {
                    digits.len = places as usize;
                    digits.digits[digits.len.min(MAX_DIGITS - 1)] = last;
                    digits.len += 1;
                }
                (digits, places + 1)
            }
        };
        let exponent = places - i16::from(scale.div_ceil(2));
        push(key, DECIMAL, mantissa < 0, exponent, &digits);
    }
    key.push(scale);
}

/// A number as it is read from a key.
struct Read {
    negative: bool,
    exponent: i16,
    digits: Digits,
}

fn read(input: &mut Input<'_>, tag: u8, base: u8) -> Option<Read> {
    let negative = tag < ZERO;
    let mask = if negative { 0xff } else { 0 };
    let kind = if negative { (NEGATIVE + KINDS - 1).checked_sub(tag)? } else { tag - POSITIVE };
    let exponent = if kind == 0 || kind == DIRECT + 1 {
        let bytes = input.array::<2>()?.map(|byte| byte ^ mask);
        let exponent = (u16::from_be_bytes(bytes) ^ 0x8000) as i16;
        let fits = if kind == 0 { exponent <= 0 } else { exponent > i16::from(DIRECT) };
        fits.then_some(exponent)?
    } else {
        i16::from(kind)
    };
    let mut digits = Digits { digits: [0; MAX_DIGITS], len: 0 };
    loop {
        let byte = input.byte()? ^ mask;
        let digit = byte >> 1;
        let is_first = digits.len == 0;
        if digit >= base || (is_first && digit == 0) {
            return None;
        }
        *digits.digits.get_mut(digits.len)? = digit;
        digits.len += 1;
        if byte & 1 == 0 {
            return (digit != 0).then_some(Read { negative, exponent, digits });
        }
    }
}

/// The value of digits and zeros behind them.
fn compose(digits: &Digits, places: usize, base: u128) -> Option<u128> {
    let mut number = 0_u128;
    for place in 0..places {
        let digit = if place < digits.len { digits.digits[place] } else { 0 };
        number = number.checked_mul(base)?.checked_add(digit.into())?;
    }
    Some(number)
}

pub(super) fn pop(input: &mut Input<'_>, tag: u8) -> Option<Value> {
    let tag = tag - NUMBER;
    let number = match tag {
        MINUS_INFINITY | INFINITY | NAN | ZERO => None,
        _ => Some(read(input, tag, 128)?),
    };
    match (input.byte()?, number) {
        (INTEGER, Some(number)) => integer(&number),
        (INTEGER, None) if tag == ZERO => Some(Value::Int(0)),
        (FLOAT, Some(number)) => float(&number),
        (FLOAT, None) => Some(Value::Float(match tag {
            MINUS_INFINITY => f64::NEG_INFINITY,
            INFINITY => f64::INFINITY,
            NAN => f64::NAN,
            _ => 0.0,
        })),
        _ => None,
    }
}

fn integer(number: &Read) -> Option<Value> {
    let places = usize::try_from(number.exponent).ok()?;
    if places > MAX_DIGITS || number.digits.len > places {
        return None;
    }
    let magnitude = compose(&number.digits, places, 128)?;
    if !number.negative {
        return Some(Value::unsigned(magnitude));
    }
    match magnitude {
        0x8000_0000_0000_0000_0000_0000_0000_0000 => Some(Value::BigInt(i128::MIN)),
        _ => i128::try_from(magnitude).ok().map(|number| Value::integer(-number)),
    }
}

fn float(number: &Read) -> Option<Value> {
    // 53 bits take at most 9 digits.
    if number.digits.len > 9 {
        return None;
    }
    let mantissa = u64::try_from(compose(&number.digits, number.digits.len, 128)?).ok()?;
    let zeros = mantissa.trailing_zeros();
    let mantissa = mantissa >> zeros;
    let exponent = 7 * (i32::from(number.exponent) - number.digits.len as i32) + zeros as i32;
    if mantissa >= 1 << 53 || exponent < -1074 {
        return None;
    }
    // Both factors are powers of two or hold 53 bits, so nothing is rounded.
    let half = exponent / 2;
    let float = mantissa as f64 * 2_f64.powi(half) * 2_f64.powi(exponent - half);
    (float.is_finite() && float != 0.0).then_some(Value::Float(if number.negative {
        -float
    } else {
        float
    }))
}

pub(super) fn pop_decimal(input: &mut Input<'_>, tag: u8) -> Option<Value> {
    let tag = tag - DECIMAL;
    if tag == MINUS_INFINITY {
        return None;
    }
    if tag == ZERO {
        return Some(Value::Decimal { mantissa: 0, scale: input.byte()? });
    }
    let number = read(input, tag, 100)?;
    let scale = input.byte()?;
    // Digits of base 100 up to the last that the scale reaches.
    let places = i32::from(number.exponent) + i32::from(scale.div_ceil(2));
    let places = usize::try_from(places).ok().filter(|&places| places <= MAX_DIGITS)?;
    if number.digits.len > places {
        return None;
    }
    let magnitude = if scale % 2 == 0 {
        compose(&number.digits, places, 100)?
    } else {
        // The last digit is half of one of base 100.
        let last = if number.digits.len == places { number.digits.digits[places - 1] } else { 0 };
        if last % 10 != 0 {
            return None;
        }
        let rest = compose(&number.digits, places.checked_sub(1)?, 100)?;
        rest.checked_mul(10)?.checked_add(u128::from(last / 10))?
    };
    let mantissa = match (number.negative, i128::try_from(magnitude)) {
        (false, Ok(mantissa)) => mantissa,
        (true, Ok(mantissa)) => -mantissa,
        (true, Err(_)) if magnitude == i128::MIN.unsigned_abs() => i128::MIN,
        _ => return None,
    };
    Some(Value::Decimal { mantissa, scale })
}
