use super::*;
use crate::schema::{Column, KeyColumn};
use crate::value::ColumnType;

fn column(slot: u32, name: &str) -> Column {
    Column { slot, name: name.to_owned(), ty: ColumnType::Any, ..Column::default() }
}

/// Columns in another order than their slots, one of them part of the key, one added later.
fn codec() -> RowCodec {
    RowCodec::new(Arc::new(Table {
        name: "t".to_owned(),
        columns: vec![
            column(2, "c"),
            column(0, "id"),
            column(1, "b"),
            Column { initial: Value::Int(7), ..column(5, "added") },
        ],
        primary_key: vec![KeyColumn { slot: 0, descending: false }],
        next_slot: 6,
        ..Table::default()
    }))
}

fn row(c: Value, id: i64, b: Value, added: Value) -> Row {
    vec![c, Value::Int(id), b, added]
}

#[test]
fn rows_are_read_back() {
    let codec = codec();
    let text = |text: &str| Value::Text(text.to_owned());
    for row in [
        row(text("x"), 1, Value::Float(0.5), Value::Int(7)),
        row(Value::Null, -1, Value::Null, Value::Null),
        row(Value::Null, 0, text(""), Value::Int(7)),
        row(Value::Bool(true), i64::MAX, Value::Null, text("y")),
    ] {
        let (key, value) = (codec.key(&row).unwrap(), codec.encode(&row).unwrap());
        assert_eq!(codec.decode(&key, &value).unwrap(), row);
        for len in 0..value.len() {
            assert!(codec.decode(&key, &value[..len]).is_err(), "{row:?} cut at {len}");
        }
        assert!(codec.decode(&key, &[&value[..], &[0]].concat()).is_err());
    }
}

#[test]
fn what_a_column_began_with_is_not_stored() {
    let codec = codec();
    let bytes = codec.encode(&row(Value::Null, 1, Value::Int(3), Value::Int(7))).unwrap();
    // Two slots: the key's, and an integer of one byte.
    assert_eq!(bytes, [2, 0, 5, 3]);
    // The same row, with what need not be stored.
    let key = key::rowid_key(1);
    for longer in [&[3, 0, 5, 0, 3][..], &[6, 0, 5, 0, 0, 0, 5, 3, 7], &[3, 0, 5, 1, 3]] {
        assert!(codec.decode(&key, longer).is_err(), "{longer:?}");
    }
    // No value where the column began with one.
    let none = codec.encode(&row(Value::Null, 1, Value::Null, Value::Null)).unwrap();
    assert_eq!(none, [6, 0, 0, 0, 0, 0, 1]);
}

#[test]
fn cells_of_slots_that_are_gone_are_refused() {
    let codec = codec();
    let key = key::rowid_key(1);
    assert!(codec.decode(&key, &[4, 0, 0, 0, 5, 1]).is_err());
    assert!(codec.decode(&key, &[0xff; 40]).is_err());
    assert!(codec.decode(b"no key", &[0]).is_err());
}

#[test]
fn a_key_that_lost_something_leaves_it_to_the_row() {
    let mut table = (**codec().table()).clone();
    table.columns[1].collation = Collation::NoCase;
    let codec = RowCodec::new(Arc::new(table));
    let mut row = row(Value::Null, 0, Value::Null, Value::Int(7));
    row[1] = Value::Text("Ada".to_owned());
    let (key, value) = (codec.key(&row).unwrap(), codec.encode(&row).unwrap());
    assert_eq!(codec.decode(&key, &value).unwrap(), row);
    row[1] = Value::Text("ADA".to_owned());
    assert_eq!(codec.key(&row).unwrap(), key);
    assert_ne!(codec.encode(&row).unwrap(), value);
}

#[test]
fn keys_of_more_than_the_limit_are_refused() {
    let codec = codec();
    let mut long = row(Value::Null, 0, Value::Null, Value::Null);
    long[1] = Value::Text("x".repeat(key::MAX_KEY_LEN));
    assert!(matches!(codec.key(&long), Err(SqlError::KeyTooLong { len: 4099, .. })));
}
