//! Golden vectors: what the format says in words, `spec/vectors/` says in examples.
//!
//! The tests compare; with `UPDATE_VECTORS=1` in the environment they write. A vector that is
//! released never changes.

use std::collections::BTreeSet;
use std::path::Path;

use prollytree_tree::{
    InMemoryNodeStorage, Locator, Node, NodeStorage, Snapshot, Statement, TreeConfig, Value,
    Verified, store_reader, verify, verify_diff, verify_key,
};
use serde_json::{Value as Json, json};

type Tree = Snapshot<InMemoryNodeStorage<32>>;

fn golden(file: &str, vectors: Vec<Json>) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../spec/vectors").join(file);
    let lines: Vec<String> = vectors.iter().map(Json::to_string).collect();
    let text = format!("[\n{}\n]\n", lines.join(",\n"));
    if std::env::var_os("UPDATE_VECTORS").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    let stored = std::fs::read_to_string(&path).unwrap();
    let Json::Array(stored) = serde_json::from_str(&stored).unwrap() else {
        panic!("{file} is not a list");
    };
    assert_eq!(vectors.len(), stored.len(), "{file}");
    for (vector, stored) in vectors.iter().zip(&stored) {
        assert_eq!(vector, stored, "in {file}");
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn value_json(value: &Value) -> Json {
    match value {
        Value::Inline(bytes) => json!({"inline": hex(bytes)}),
        Value::Blob(blob) => {
            json!({"height": blob.height, "len": blob.len, "hash": blob.hash.to_hex()})
        }
    }
}

/// The entries of a generated tree: key `i` as four bytes, upper first; the value is `i mod 251` as
/// one byte, `i · 7 mod 60` times over.
fn entries(n: u32) -> impl Iterator<Item = ([u8; 4], Vec<u8>)> {
    (0..n).map(|i| (i.to_be_bytes(), vec![(i % 251) as u8; (i * 7 % 60) as usize]))
}

fn build(n: u32, config: TreeConfig) -> Tree {
    Snapshot::from_sorted(InMemoryNodeStorage::new(), config, entries(n)).unwrap()
}

fn config(leaf: u32, inner: u32, salt: u64) -> TreeConfig {
    TreeConfig::default().with_targets(leaf, inner).unwrap().with_salt(salt)
}

/// Noise that any language makes alike: a 64-bit state `s`, first `seed`; each byte makes it
/// `s · 6364136223846793005 + 1442695040888963407 mod 2^64` and is its upper eight bits.
fn noise(len: usize, seed: u64) -> Vec<u8> {
    let mut state = seed;
    let mut byte = || {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 56) as u8
    };
    (0..len).map(|_| byte()).collect()
}

/// All nodes of a tree, from the root down.
fn nodes_of(tree: &Tree) -> Vec<Json> {
    let mut nodes = Vec::new();
    let mut open = vec![tree.root()];
    while let Some(hash) = open.pop() {
        let Some(node) = tree.storage().read_node(&hash, Locator::NONE).unwrap() else { continue };
        open.extend(node.children().map(|child| child.hash));
        nodes.push(json!({
            "level": node.level(), "entries": node.len(), "count": node.count(),
            "bytes": hex(node.bytes()), "name": hash.to_hex(),
        }));
    }
    nodes
}

#[test]
fn nodes() {
    let mut vectors = vec![];
    // Around each power of two the shape of the digests over the entries changes.
    for n in [1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17] {
        vectors.extend(nodes_of(&build(n, config(2048, 2048, 0))));
    }
    vectors.extend(nodes_of(&build(40, config(64, 64, 0))));
    // Keys and values whose messages end just before, at and behind a block of the hash.
    for (key, value) in
        [(0, 0), (0, 59), (0, 60), (0, 61), (60, 0), (61, 0), (124, 0), (20, 40), (20, 41)]
    {
        let one = [(vec![b'k'; key], vec![b'v'; value])];
        let tree = Snapshot::from_sorted(InMemoryNodeStorage::new(), TreeConfig::default(), one);
        vectors.extend(nodes_of(&tree.unwrap()));
    }
    // The longest inline value, the shortest large one, and the longest key.
    for (key, value) in [(1, 1024), (1, 1025), (4096, 0)] {
        let one = [(vec![b'k'; key], vec![b'v'; value])];
        let tree = Snapshot::from_sorted(InMemoryNodeStorage::new(), TreeConfig::default(), one);
        vectors.extend(nodes_of(&tree.unwrap()));
    }
    golden("nodes.json", vectors);
}

/// Bytes that are almost a node. Each differs from one in a single respect.
#[test]
fn refused_nodes() {
    let vectors = [
        ("an unknown format", "020001000000010001006161"),
        ("a level above 63", "01400100000001000000000000"),
        ("cut short", "0100010000000100010061"),
        ("a byte too many", "01000100000001000100616100"),
        ("keys out of order", "010002000000010002000000000062 61"),
        ("a key twice", "01000200000001000200000000006161"),
        ("a prefix that is too short", "0100020000000200040000000000616161 62"),
        ("a prefix though there is one entry", "0100010001006100000000"),
        ("a suffix that ends before it begins", "010002000000020001000000000061"),
        ("a natural end in a leaf", "010001000000018001006161"),
        (
            "a large value of 1,024 bytes",
            "0100010000000100298061000004000000000000\
          0000000000000000000000000000000000000000000000000000000000000000",
        ),
        ("an inner node without entries", "010100000000"),
        (
            "a count of zero",
            "01010100000001000000000000000000000000000000000000000000000000000000\
             00000000000000000000000061",
        ),
    ];
    let bytes_of = |text: &str| {
        let digits: Vec<_> = text.bytes().filter(u8::is_ascii_hexdigit).collect();
        let byte =
            |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
        digits.chunks(2).map(byte).collect::<Vec<u8>>()
    };
    let refused = |(why, text): (&str, &str)| {
        let bytes = bytes_of(text);
        let error = Node::decode(bytes.clone()).expect_err(why);
        println!("{why}: {error}");
        json!({"refused": why, "bytes": hex(&bytes)})
    };
    assert!(Node::decode(bytes_of("010001000000010001006161")).is_ok());
    assert!(Node::decode(bytes_of("01000200000001000200000000006162")).is_ok());
    golden("refused_nodes.json", vectors.map(refused).to_vec());
}

#[test]
fn trees() {
    let mut vectors = vec![];
    for (leaf, inner, salt) in
        [(64, 64, 0), (256, 128, 0), (4096, 2048, 0), (4096, 2048, 1), (8192, 8192, 0)]
    {
        let config = config(leaf, inner, salt);
        let mut sizes = BTreeSet::from([0, 1, 2, 100, 1000, 10_000]);
        // One entry fewer, as many, and one more than where the tree first has two and three levels.
        for height in [2, 3] {
            let first = (0..500).find(|&n| build(n, config).height() == height);
            sizes.extend(first.into_iter().flat_map(|n| [n - 1, n, n + 1]));
        }
        for n in sizes {
            let tree = build(n, config);
            vectors.push(json!({
                "leaf_target": leaf, "inner_target": inner, "salt": salt, "entries": n,
                "height": tree.height(), "root": tree.root().to_hex(),
            }));
        }
    }
    golden("trees.json", vectors);
}

#[test]
fn values() {
    let storage = InMemoryNodeStorage::new();
    let kib = 1 << 10;
    let mut vectors = vec![];
    for len in [
        0,
        1,
        1023,
        1024,
        1025,
        1026,
        16 * kib - 1,
        16 * kib,
        16 * kib + 1,
        64 * kib,
        256 * kib - 1,
        256 * kib,
        256 * kib + 1,
        1024 * kib,
        4096 * kib,
    ] {
        for (pattern, bytes) in [("noise", noise(len, 1)), ("zeros", vec![0; len])] {
            let value = store_reader(&storage, &bytes[..]).unwrap();
            if matches!(value, Value::Blob(_)) {
                vectors.push(
                    json!({"pattern": pattern, "seed": 1, "len": len, "value": value_json(&value)}),
                );
            }
        }
    }
    golden("values.json", vectors);
}

#[test]
fn proofs() {
    let mut vectors = vec![];
    for (n, config) in [
        (0, config(64, 64, 0)),
        (1, config(64, 64, 0)),
        (2, config(64, 64, 0)),
        (17, config(128, 64, 0)),
        (300, config(256, 256, 0)),
        (3000, TreeConfig::default()),
    ] {
        let mut tree = build(n, config);
        if n == 300 {
            tree =
                tree.apply([(vec![0, 0, 0, 9, 1], Some(Value::Inline(noise(2000, 2))))]).unwrap();
        }
        let root = tree.root();
        let middle = (n / 2).to_be_bytes();
        for key in [&[][..], &[0, 0, 0, 0], &[0, 0, 0, 9, 1], &middle, &middle[..3], &[0xff]] {
            let proof = tree.prove_key(key).unwrap();
            let shown = match verify_key(&root, key, proof.as_bytes()).unwrap() {
                Verified::Present(value) => value_json(&value),
                Verified::Absent => Json::Null,
            };
            vectors.push(json!({
                "root": root.to_hex(), "statement": {"key": hex(key)},
                "shows": shown, "proof": hex(proof.as_bytes()),
            }));
        }
        let ends = ((n / 2 + 3).to_be_bytes(), (n / 2 + 4).to_be_bytes());
        for (start, end) in [(middle, ends.0), (ends.0, ends.1)] {
            let statement = Statement::range(&start[..]..&end[..]);
            let proof = tree.prove(&statement).unwrap();
            let shown = verify(&root, &statement, proof.as_bytes(), &Default::default()).unwrap();
            let shown: Vec<_> =
                shown.iter().map(|(key, value)| json!([hex(key), value_json(value)])).collect();
            vectors.push(json!({
                "root": root.to_hex(), "statement": {"from": hex(&start), "to": hex(&end)},
                "shows": shown, "proof": hex(proof.as_bytes()),
            }));
        }
    }
    golden("proofs.json", vectors);
}

#[test]
fn differences() {
    let mut vectors = vec![];
    for (n, config) in
        [(0, config(64, 64, 0)), (40, config(128, 64, 0)), (3000, TreeConfig::default())]
    {
        let before = build(n, config);
        let inline = |bytes: &[u8]| Some(Value::Inline(bytes.to_vec()));
        let edits = [
            (vec![0, 0, 0, 5], inline(b"set")),
            (vec![0, 0, 0, 6], None),
            (vec![0, 0, 0, 7, 7], inline(b"added")),
        ];
        let after = before.apply(edits).unwrap();
        for (before, after) in [(&before, &after), (&after, &before), (&before, &before)] {
            let proof = before.prove_diff(after, ..).unwrap();
            let roots = (before.root(), after.root());
            let shown = verify_diff(&roots.0, &roots.1, .., proof.as_bytes()).unwrap();
            let json_of = |value: &Option<Value>| value.as_ref().map_or(Json::Null, value_json);
            let shown: Vec<_> = shown
                .iter()
                .map(|d| json!([hex(&d.key), json_of(&d.before), json_of(&d.after)]))
                .collect();
            vectors.push(json!({
                "before": roots.0.to_hex(), "after": roots.1.to_hex(),
                "shows": shown, "proof": hex(proof.as_bytes()),
            }));
        }
    }
    golden("differences.json", vectors);
}
