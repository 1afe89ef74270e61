use std::cmp::Ordering;

use proptest::prelude::*;

use super::*;

fn key_of(values: &[(Value, bool)]) -> Vec<u8> {
    let mut key = Vec::new();
    for (value, descending) in values {
        push(&mut key, value, Collation::Binary, *descending).unwrap();
    }
    key
}

fn single(value: Value) -> Vec<u8> {
    key_of(&[(value, false)])
}

/// What a value must compare as, computed without its bytes. `None`: the two are of different kinds.
fn compare(a: &Value, b: &Value) -> Option<Ordering> {
    Some(match (a, b) {
        (Value::Int(a), Value::Int(b)) => a.cmp(b),
        (Value::BigInt(a), Value::BigInt(b)) => a.cmp(b),
        (Value::Int(a), Value::BigInt(b)) => i128::from(*a).cmp(b),
        (Value::BigInt(a), Value::Int(b)) => a.cmp(&i128::from(*b)),
        (Value::Float(a), Value::Float(b)) => a.partial_cmp(b)?,
        (Value::Int(a), Value::Float(b)) => compare_mixed(*a, *b)?,
        (Value::Float(a), Value::Int(b)) => compare_mixed(*b, *a)?.reverse(),
        (Value::Text(a), Value::Text(b)) => a.cmp(b),
        (Value::Bytes(a), Value::Bytes(b)) => a.cmp(b),
        (Value::Bool(a), Value::Bool(b)) => a.cmp(b),
        (Value::Date(a), Value::Date(b)) => a.cmp(b),
        (Value::Micros(a), Value::Micros(b)) => a.cmp(b),
        _ => return None,
    })
}

fn compare_mixed(a: i64, b: f64) -> Option<Ordering> {
    // Beyond 2^53 a float is an integer, and fits 128 bits here.
    if b.is_nan() {
        return None;
    }
    if b.abs() < 1e30 {
        let whole = i128::from(a).cmp(&(b.floor() as i128));
        return Some(whole.then(if b.fract() == 0.0 { Ordering::Equal } else { Ordering::Less }));
    }
    0.0.partial_cmp(&b)
}

fn number() -> impl Strategy<Value = Value> {
    prop_oneof![
        any::<i64>().prop_map(Value::Int),
        (-300_i64..300).prop_map(Value::Int),
        any::<i128>().prop_map(Value::integer),
        any::<f64>().prop_filter("a number", |x| !x.is_nan()).prop_map(Value::Float),
        (-300.0..300.0).prop_map(Value::Float),
        (-300_i32..300).prop_map(|x| Value::Float(x.into())),
    ]
}

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        number(),
        "[a\\x00ÿ]{0,4}".prop_map(Value::Text),
        prop::collection::vec(prop_oneof![Just(0_u8), Just(255), any::<u8>()], 0..4)
            .prop_map(Value::Bytes),
        any::<i32>().prop_map(Value::Date),
        any::<i64>().prop_map(Value::Micros),
        (any::<i128>(), 0..=38_u8).prop_map(|(mantissa, scale)| Value::Decimal { mantissa, scale }),
        any::<u128>().prop_map(Value::Uuid),
    ]
}

fn same(a: &Value, b: &Value) -> bool {
    // Minus zero is zero in a key.
    a == b || matches!((a, b), (Value::Float(a), Value::Float(b)) if a.is_nan() && b.is_nan())
}

proptest! {
    #[test]
    fn keys_compare_as_their_values(a in number(), b in number()) {
        let (x, y) = (single(a.clone()), single(b.clone()));
        match compare(&a, &b) {
            // An integer and a float of equal value are told apart behind their digits.
            Some(Ordering::Equal) if a != b => {
                prop_assert_eq!(&x[..x.len() - 1], &y[..y.len() - 1]);
            }
            Some(order) => prop_assert_eq!(x.cmp(&y), order, "{:?} {:?}", a, b),
            None => {}
        }
    }

    #[test]
    fn composite_keys_compare_part_by_part(
        a in (value(), value()), b in (value(), value()), down in any::<(bool, bool)>(),
    ) {
        let x = key_of(&[(a.0.clone(), down.0), (a.1.clone(), down.1)]);
        let y = key_of(&[(b.0.clone(), down.0), (b.1.clone(), down.1)]);
        let part = |a: &Value, b: &Value, down: bool| {
            let order = single(a.clone()).cmp(&single(b.clone()));
            if down { order.reverse() } else { order }
        };
        prop_assert_eq!(x.cmp(&y), part(&a.0, &b.0, down.0).then(part(&a.1, &b.1, down.1)));
    }

    #[test]
    fn keys_are_read_back(values in prop::collection::vec((value(), any::<bool>()), 0..4)) {
        let key = key_of(&values);
        let mut rest = &key[..];
        for (value, descending) in &values {
            let read = pop(&mut rest, *descending).unwrap();
            prop_assert!(same(&read, value), "{:?} became {:?}", value, read);
        }
        prop_assert!(rest.is_empty());
    }

    #[test]
    fn bytes_are_one_key_or_none(bytes in prop::collection::vec(any::<u8>(), 0..12), down in any::<bool>()) {
        let mut rest = &bytes[..];
        if let Ok(value) = pop(&mut rest, down) {
            let read = bytes.len() - rest.len();
            prop_assert_eq!(&key_of(&[(value, down)])[..], &bytes[..read]);
        }
    }

    #[test]
    fn decimals_compare_as_numbers(a in any::<(i64, u8)>(), b in any::<(i64, u8)>()) {
        let decimal = |(mantissa, scale): (i64, u8)| (i128::from(mantissa), scale % 19);
        let (a, b) = (decimal(a), decimal(b));
        // At 18 digits behind the point both are integers.
        let scaled = |(mantissa, scale): (i128, u8)| mantissa * 10_i128.pow(u32::from(18 - scale));
        let key = |(mantissa, scale)| single(Value::Decimal { mantissa, scale });
        let order = scaled(a).cmp(&scaled(b)).then(a.1.cmp(&b.1));
        prop_assert_eq!(key(a).cmp(&key(b)), order);
    }
}

#[test]
fn kinds_have_an_order() {
    let values = [
        Value::Null,
        Value::Bool(false),
        Value::Bool(true),
        Value::Float(f64::NEG_INFINITY),
        Value::BigInt(i128::MIN),
        Value::Int(i64::MIN),
        Value::Int(-1),
        Value::Int(0),
        Value::Float(f64::from_bits(1)),
        Value::Float(0.5),
        Value::Int(1),
        Value::Int(i64::MAX),
        Value::BigInt(i128::MAX),
        Value::BigUint(u128::MAX),
        Value::Float(f64::MAX),
        Value::Float(f64::INFINITY),
        Value::Float(f64::NAN),
        Value::Decimal { mantissa: i128::MIN, scale: 0 },
        Value::Decimal { mantissa: 1, scale: 255 },
        Value::Decimal { mantissa: i128::MAX, scale: 1 },
        Value::Text(String::new()),
        Value::Text("\0".to_owned()),
        Value::Text("a".to_owned()),
        Value::Bytes(vec![0]),
        Value::Date(-1),
    ];
    let keys: Vec<_> = values.iter().map(|value| single(value.clone())).collect();
    assert!(keys.is_sorted_by(|a, b| a < b), "{keys:02x?}");
    for (value, key) in values.iter().zip(&keys) {
        assert!(same(&pop(&mut &key[..], false).unwrap(), value), "{value:?}");
    }
}

#[test]
fn what_begins_a_text_comes_before_it_or_behind() {
    for (short, long) in [("", "\0"), ("a", "a\0"), ("a", "a\0b"), ("a\0", "a\0\0")] {
        let text = |text: &str| Value::Text(text.to_owned());
        for part in [text, |text: &str| Value::Bytes(text.into())] {
            assert!(key_of(&[(part(short), false)]) < key_of(&[(part(long), false)]));
            assert!(key_of(&[(part(short), true)]) > key_of(&[(part(long), true)]));
        }
    }
}

#[test]
fn small_numbers_are_short() {
    assert_eq!(rowid_key(5), [0x2f, 10, 1]);
    assert_eq!(rowid_key(100_000).len(), 5);
    assert_eq!(rowid_key(0), single(Value::Int(0)));
}

#[test]
fn collations_fold_what_they_ignore() {
    let text = |text: &str, collation| {
        let mut key = Vec::new();
        push(&mut key, &Value::Text(text.to_owned()), collation, false).unwrap();
        key
    };
    assert_eq!(text("ABc", Collation::NoCase), text("abC", Collation::NoCase));
    assert_eq!(text("a  ", Collation::Rtrim), text("a", Collation::Binary));
    assert_ne!(text("a  ", Collation::Binary), text("a", Collation::Binary));
}

#[test]
fn what_has_no_order_is_refused() {
    for value in [Value::Point(0.0, 0.0), Value::List(Vec::new()), Value::Map(Default::default())] {
        let pushed = push(&mut Vec::new(), &value, Collation::Binary, false);
        assert!(matches!(pushed, Err(SqlError::NoOrder { .. })));
    }
}
