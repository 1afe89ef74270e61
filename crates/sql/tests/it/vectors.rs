//! Golden vectors of cells, keys, rows and catalogs.
//!
//! The test compares; with `UPDATE_VECTORS=1` in the environment it writes. A vector that is released
//! never changes.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use prollytree_sql::schema::{
    Action, Check, Collation, Column, ForeignKey, Generated, Index, IndexKey, IndexPart, KeyColumn,
    Table, TableKind,
};
use prollytree_sql::{ColumnType, RowCodec, Value, key, text};
use serde_json::{Value as Json, json};

fn describe(value: &Value) -> Json {
    let bits = |number: &f64| format!("{:016x}", number.to_bits());
    match value {
        Value::Null => Json::Null,
        Value::Bool(value) => json!(value),
        Value::Int(number) => json!({"int": number.to_string()}),
        Value::BigInt(number) => json!({"int": number.to_string()}),
        Value::BigUint(number) => json!({"int": number.to_string()}),
        Value::Float(number) => json!({"float": bits(number)}),
        Value::Decimal { mantissa, scale } => json!({"decimal": [mantissa.to_string(), scale]}),
        Value::Text(text) => json!({"text": text}),
        Value::Bytes(bytes) => json!({"bytes": text::hex(bytes)}),
        Value::Date(days) => json!({"date": days}),
        Value::Time(nanos) => json!({"time": nanos}),
        Value::Timestamp { seconds, nanos } => json!({"timestamp": [seconds, nanos]}),
        Value::Months(months) => json!({"months": months}),
        Value::Micros(micros) => json!({"micros": micros}),
        Value::Uuid(uuid) => json!({"uuid": format!("{uuid:032x}")}),
        Value::Inet(address) => json!({"inet": address.to_string()}),
        Value::Point(x, y) => json!({"point": [bits(x), bits(y)]}),
        Value::List(values) => json!({"list": values.iter().map(describe).collect::<Vec<_>>()}),
        Value::Map(entries) => {
            let entries = entries.iter().map(|(name, value)| (name.clone(), describe(value)));
            json!({"map": entries.collect::<serde_json::Map<_, _>>()})
        }
    }
}

fn values() -> Vec<Value> {
    let text = |text: &str| Value::Text(text.to_owned());
    let mut values = vec![Value::Null, Value::Bool(false), Value::Bool(true)];
    let around = [0, 1, 127, 128, 255, 256, 16_383, 16_384, 1 << 31, 1 << 53, i64::MAX as i128];
    for number in around {
        values.extend([number, -number, -number - 1].map(Value::integer));
    }
    values.extend([i128::from(i64::MAX) + 1, i128::MAX, i128::MIN].map(Value::BigInt));
    values.push(Value::BigUint(u128::MAX));
    for number in [0.0, 0.1, 1.0, 128.0, 1e300, f64::MIN_POSITIVE, f64::from_bits(1), f64::MAX] {
        values.extend([Value::Float(number), Value::Float(-number)]);
    }
    values.extend([f64::INFINITY, f64::NEG_INFINITY, f64::NAN].map(Value::Float));
    for (mantissa, scale) in [(0, 2), (15, 1), (150, 2), (-1, 0), (1, 28), (i128::MAX, 3), (99, 2)]
    {
        values.push(Value::Decimal { mantissa, scale });
    }
    values.extend([text(""), text("zero\0inside"), text("äöü"), text(&"x".repeat(30))]);
    values.extend([Vec::new(), vec![0, 255], vec![255]].map(Value::Bytes));
    values.extend([Value::Date(-1), Value::Time(86_399_999_999_999), Value::Months(-3)]);
    values.push(Value::Timestamp { seconds: -1, nanos: 999_999_999 });
    values.extend([Value::Micros(i64::MIN), Value::Uuid(1 << 127 | 5)]);
    values.extend(["127.0.0.1", "::1"].map(|address| Value::Inet(address.parse().unwrap())));
    values
}

fn nested() -> Vec<Value> {
    let list = Value::List(vec![Value::Int(1), Value::Null, Value::List(Vec::new())]);
    let entries = [("a".to_owned(), list.clone()), ("é".to_owned(), Value::Bool(true))];
    vec![Value::Point(-0.0, 1.5), list, Value::Map(BTreeMap::from(entries))]
}

fn part(slot: u32, descending: bool, collation: Collation) -> IndexPart {
    IndexPart { key: IndexKey::Column(slot), descending, collation }
}

/// A table with all that a schema can have.
fn everything() -> Table {
    let column =
        |slot, name: &str, ty| Column { slot, name: name.to_owned(), ty, ..Column::default() };
    Table {
        name: "orders \"x\"\n".to_owned(),
        columns: vec![
            Column { not_null: true, ..column(2, "number", ColumnType::Int64) },
            Column { collation: Collation::NoCase, ..column(0, "customer", ColumnType::Text) },
            Column {
                declared: "NUMERIC(10, 2)".to_owned(),
                default: Some("1 + 1".to_owned()),
                initial: Value::Int(2),
                comment: Some("ü\u{1}".to_owned()),
                ..column(4, "total", ColumnType::Any)
            },
            Column {
                generated: Some(Generated { expression: "total * 2".to_owned(), stored: false }),
                ..column(5, "double", ColumnType::Any)
            },
        ],
        primary_key: vec![
            KeyColumn { slot: 0, descending: false },
            KeyColumn { slot: 2, descending: true },
        ],
        next_slot: 7,
        indexes: vec![
            Index {
                name: "a".to_owned(),
                parts: vec![part(4, true, Collation::Rtrim), part(0, false, Collation::Binary)],
                unique: true,
                constraint: true,
                filter: None,
                created: None,
            },
            Index {
                name: "b".to_owned(),
                parts: vec![IndexPart {
                    key: IndexKey::Sqlite("total % 7".to_owned()),
                    ..part(0, false, Collation::Binary)
                }],
                unique: false,
                constraint: false,
                filter: Some("total > 0".to_owned()),
                created: Some(1_000_000_000),
            },
        ],
        foreign_keys: vec![ForeignKey {
            name: "who".to_owned(),
            columns: vec![0],
            table: "customers".to_owned(),
            referenced: vec!["name".to_owned()],
            on_delete: Action::SetNull,
            on_update: Action::Cascade,
            deferred: true,
        }],
        checks: vec![Check { name: String::new(), expression: "total >= 0".to_owned() }],
        kind: TableKind::WithoutRowid,
        strict: true,
        autoincrement: true,
        comment: Some("all of it".to_owned()),
    }
}

fn vectors() -> Json {
    let mut cells = Vec::new();
    let mut keys = Vec::new();
    let any = Table {
        name: "any".to_owned(),
        columns: vec![Column { name: "x".to_owned(), ..Column::default() }],
        next_slot: 1,
        ..Table::default()
    };
    let codec = RowCodec::new(Arc::new(any));
    for value in values().into_iter().chain(nested()) {
        // A row of one slot is a cell behind the number of slots.
        let row = codec.encode(std::slice::from_ref(&value)).unwrap();
        let cell = if value.is_null() { vec![1] } else { row[1..].to_vec() };
        cells.push(json!({"value": describe(&value), "bytes": text::hex(&cell)}));
        for (descending, collation) in [(false, "binary"), (true, "binary"), (false, "nocase")] {
            let mut bytes = Vec::new();
            let how = serde_json::from_value(json!(collation)).unwrap();
            if key::push(&mut bytes, &value, how, descending).is_ok() {
                keys.push(json!({
                    "value": describe(&value), "descending": descending, "collation": collation,
                    "bytes": text::hex(&bytes),
                }));
            }
        }
    }
    let table = everything();
    let codec = RowCodec::new(Arc::new(table.clone()));
    let customer = |name: &str| Value::Text(name.to_owned());
    let rows = [
        vec![Value::Int(7), customer("Ada"), Value::Int(2), Value::Null],
        vec![Value::Int(-7), customer("bob"), Value::Null, Value::Null],
        vec![Value::Int(0), customer(""), Value::Decimal { mantissa: 199, scale: 2 }, Value::Null],
    ];
    let rows = rows.iter().map(|row| {
        let (key, value) = (codec.key(row).unwrap(), codec.encode(row).unwrap());
        assert_eq!(codec.decode(&key, &value).unwrap(), *row);
        let cells: Vec<_> = row.iter().map(describe).collect();
        json!({"cells": cells, "key": text::hex(&key), "row": text::hex(&value)})
    });
    let rows: Vec<_> = rows.collect();
    json!({
        "cells": cells, "keys": keys,
        "table": serde_json::to_string(&table).unwrap(), "rows": rows,
    })
}

#[test]
fn the_bytes_are_those_of_the_vectors() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../spec/vectors/tables.json");
    let vectors = serde_json::to_string_pretty(&vectors()).unwrap() + "\n";
    if std::env::var_os("UPDATE_VECTORS").is_some() {
        std::fs::write(&file, &vectors).unwrap();
    }
    assert_eq!(std::fs::read_to_string(&file).unwrap(), vectors);
}
