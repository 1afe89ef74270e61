use proptest::prelude::*;

use super::*;

fn leaf() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::Int),
        (-70_000_i64..70_000).prop_map(Value::Int),
        any::<i128>().prop_map(Value::integer),
        any::<u128>().prop_map(Value::unsigned),
        any::<f64>().prop_filter("a number", |x| !x.is_nan()).prop_map(Value::Float),
        (any::<i128>(), any::<u8>())
            .prop_map(|(mantissa, scale)| Value::Decimal { mantissa, scale }),
        ".{0,6}".prop_map(Value::Text),
        prop::collection::vec(any::<u8>(), 0..6).prop_map(Value::Bytes),
        any::<i32>().prop_map(Value::Date),
        any::<u64>().prop_map(Value::Time),
        any::<(i64, u32)>().prop_map(|(seconds, nanos)| Value::Timestamp { seconds, nanos }),
        any::<i32>().prop_map(Value::Months),
        any::<i64>().prop_map(Value::Micros),
        any::<u128>().prop_map(Value::Uuid),
        any::<[u8; 4]>().prop_map(|bytes| Value::Inet(bytes.into())),
        any::<[u8; 16]>().prop_map(|bytes| Value::Inet(bytes.into())),
        (-1.0..1.0, -1.0..1.0).prop_map(|(x, y)| Value::Point(x, y)),
    ]
}

fn value() -> impl Strategy<Value = Value> {
    leaf().prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::List),
            prop::collection::btree_map(".{0,3}", inner, 0..4).prop_map(Value::Map),
        ]
    })
}

proptest! {
    #[test]
    fn cells_are_read_back(value in value()) {
        let mut bytes = Vec::new();
        push(&mut bytes, &value);
        prop_assert_eq!(read_whole(&bytes), Some(value));
        for len in 0..bytes.len() {
            prop_assert_eq!(read_whole(&bytes[..len]), None);
        }
    }

    #[test]
    fn bytes_are_one_cell_or_none(bytes in prop::collection::vec(any::<u8>(), 0..24)) {
        if let Some(value) = read_whole(&bytes) {
            let mut again = Vec::new();
            push(&mut again, &value);
            prop_assert_eq!(again, bytes);
        }
    }
}

#[test]
fn integers_take_as_few_bytes_as_they_need() {
    for (number, len) in [
        (0, 0),
        (1, 1),
        (-1, 1),
        (127, 1),
        (128, 2),
        (-128, 1),
        (-129, 2),
        (i64::MAX, 8),
        (i64::MIN, 8),
    ] {
        assert_eq!(int_len(number), len, "{number}");
    }
}

#[test]
fn deep_nesting_is_refused_not_followed() {
    let mut value = Value::Null;
    for _ in 0..MAX_DEPTH {
        value = Value::List(vec![value]);
    }
    assert!(!is_too_deep(&value));
    let mut bytes = Vec::new();
    push(&mut bytes, &value);
    assert_eq!(read_whole(&bytes), Some(value.clone()));
    let deeper = Value::List(vec![value]);
    assert!(is_too_deep(&deeper));
    let mut bytes = Vec::new();
    push(&mut bytes, &deeper);
    assert_eq!(read_whole(&bytes), None);
}
