use super::*;
use crate::backend::RefValue;
use crate::commit::{MapRoot, Maps};
use crate::config::Config;
use crate::identity::Identity;
use crate::log::{LogEntry, Reason};
use crate::name::{MapName, RefName};
use crate::operation::{Operation, OperationKind};
use crate::tag::Tag;
use crate::trace;
use crate::working::WorkingRecord;

fn id(byte: u8) -> CommitId {
    Hash::from_bytes([byte; 32]).into()
}

fn identity() -> Identity {
    Identity::new("Ada", "ada@example.org").unwrap()
}

fn maps() -> Maps {
    let map = MapRoot { root: Hash::from_bytes([9; 32]), count: 3, config: Default::default() };
    Maps::from([(MapName::default(), map)])
}

fn tag() -> Tag {
    let (target, time) = (id(1), Timestamp::utc(5));
    Tag { target, name: "v1".to_owned(), tagger: identity(), time, message: "m".to_owned() }
}

fn entry() -> LogEntry {
    LogEntry {
        name: RefName::branch("main").unwrap(),
        old: None,
        new: Some(id(2)),
        reason: Reason { who: identity(), when: Timestamp::utc(7), why: "why".to_owned() },
        previous: Some(Hash::from_bytes([3; 32])),
    }
}

fn operation() -> Operation {
    let (kind, message) = (OperationKind::Revert, "m".to_owned());
    Operation { kind, other: id(4), message, author: identity(), conflicts: maps() }
}

fn config() -> Config {
    Config([("a", "1"), ("b", "")].map(|(k, v)| (k.to_owned(), v.to_owned())).into())
}

/// Checks that a record comes back, and that no other bytes are read as the same record.
fn check<T: PartialEq + std::fmt::Debug>(
    record: &T,
    encode: impl Fn(&T) -> Result<Vec<u8>, RecordError>,
    decode: impl Fn(&[u8]) -> Result<T, RecordError>,
) {
    let bytes = encode(record).unwrap();
    assert_eq!(&decode(&bytes).unwrap(), record);
    (0..bytes.len()).for_each(|len| assert!(decode(&bytes[..len]).is_err(), "cut at {len}"));
    assert_eq!(decode(&[&bytes[..], &[0]].concat()), Err(RecordError::Trailing));
    for at in 0..bytes.len() {
        for bit in 0..8 {
            let mut flipped = bytes.clone();
            flipped[at] ^= 1 << bit;
            if let Ok(other) = decode(&flipped) {
                assert_eq!(encode(&other).unwrap(), flipped, "bit {bit} of byte {at}");
            }
        }
    }
}

#[test]
fn every_kind_of_record_has_one_encoding() {
    check(&tag(), Tag::encode, Tag::decode);
    check(&entry(), LogEntry::encode, LogEntry::decode);
    check(&operation(), Operation::encode, Operation::decode);
    check(&config(), Config::encode, Config::decode);
    let working = WorkingRecord { base: Some(id(5)), maps: maps() };
    check(&working, WorkingRecord::encode, WorkingRecord::decode);
}

#[test]
fn records_are_not_taken_for_each_other() {
    let bytes = tag().encode().unwrap();
    let wrong = RecordError::WrongKind { expected: "log entry", found: "tag" };
    assert_eq!(LogEntry::decode(&bytes), Err(wrong));
    let mut later = bytes.clone();
    later[1] = 2;
    assert_eq!(Tag::decode(&later), Err(RecordError::UnknownVersion { found: 2 }));
    later[0] = 99;
    assert_eq!(Tag::decode(&later), Err(RecordError::UnknownKind { code: 99 }));
}

#[test]
fn a_trace_follows_every_reference() {
    let record = |byte| (ObjectKind::Record, Hash::from_bytes([byte; 32]));
    let root = (ObjectKind::Node, Hash::from_bytes([9; 32]));
    let children = |bytes: Vec<u8>| trace::children(ObjectKind::Record, &bytes).unwrap();
    assert_eq!(children(tag().encode().unwrap()), [record(1)]);
    assert_eq!(children(entry().encode().unwrap()), [record(2), record(3)]);
    assert_eq!(children(operation().encode().unwrap()), [record(4), root]);
    assert_eq!(children(config().encode().unwrap()), []);
    let working = WorkingRecord { base: Some(id(5)), maps: maps() };
    assert_eq!(children(working.encode().unwrap()), [record(5), root]);
}

#[test]
fn values_of_refs_survive_the_way_through_bytes() {
    let values = [
        RefValue::Commit(id(1)),
        RefValue::Tag(Hash::from_bytes([2; 32]).into()),
        RefValue::Record(Hash::from_bytes([3; 32])),
        RefValue::Symbolic(RefName::branch("main").unwrap()),
    ];
    for value in values {
        let bytes = value.encode();
        assert_eq!(RefValue::decode(&bytes), Some(value));
        assert_eq!(RefValue::decode(&bytes[..bytes.len().min(10)]), None);
    }
    assert_eq!(RefValue::decode(b"\x03refs/tags/v1"), None);
    assert_eq!(RefValue::decode(b""), None);
}
