use super::*;

fn read(text: &'static str, format: Format, columns: &[&str]) -> Result<Vec<Row>, String> {
    let columns = columns.iter().map(|&name| name.to_owned()).collect();
    let rule = KeyRule { columns, join: ":".to_owned() };
    let source = Box::new(text.as_bytes());
    let mut reader = Reader::new(Path::new("file"), source, format, rule).map_err(text_of)?;
    let mut rows = Vec::new();
    while let Some(row) = reader.next().map_err(text_of)? {
        rows.push(row);
    }
    Ok(rows)
}

fn text_of(error: RowError) -> String {
    error.to_string()
}

fn row(line: u64, key: &str, value: &str) -> Row {
    Row { line, key: key.into(), value: value.into() }
}

#[test]
fn csv_rows_become_objects_in_column_order() {
    let text = "\u{feff}id,name,b\n7,\"a \"\"x\"\"\nnew\",1.50\n8,ü,\n";
    let rows = read(text, Format::Csv, &["b", "id"]).unwrap();
    let first = row(2, "1.50:7", r#"{"id":"7","name":"a \"x\"\nnew","b":"1.50"}"#);
    assert_eq!(rows, [first, row(4, ":8", r#"{"id":"8","name":"ü","b":""}"#)]);
}

#[test]
fn tsv_takes_quotes_as_they_are() {
    let rows = read("k\tv\na\t\"open\nb\tx\n", Format::Tsv, &[]).unwrap();
    let first = row(2, "a", r#"{"k":"a","v":"\"open"}"#);
    assert_eq!(rows, [first, row(3, "b", r#"{"k":"b","v":"x"}"#)]);
}

#[test]
fn json_lines_stay_as_they_are() {
    let text = "{\"id\": 1e2, \"n\": 12345678901234567890.10}\r\n\n {\"id\":\"a\\n\"}\n";
    let rows = read(text, Format::Jsonl, &["id"]).unwrap();
    let first = row(1, "1e2", "{\"id\": 1e2, \"n\": 12345678901234567890.10}");
    assert_eq!(rows, [first, row(3, "a\n", "{\"id\":\"a\\n\"}")]);
}

#[test]
fn key_value_splits_at_the_first_tab() {
    let rows = read("a\tb\tc\n\t\nlast\tend", Format::Kv, &[]).unwrap();
    assert_eq!(rows, [row(1, "a", "b\tc"), row(2, "", ""), row(3, "last", "end")]);
}

#[test]
fn entries_hold_any_bytes() {
    let text = r#"{"key":{"hex":"00ff"},"value":{"utf8":"a\nb"}}"#;
    let rows = read(text, Format::Entries, &[]).unwrap();
    assert_eq!(rows, [Row { line: 1, key: vec![0, 255], value: b"a\nb".to_vec() }]);
}

#[test]
fn problems_name_line_and_column() {
    let error = |text, format, columns: &[&str]| read(text, format, columns).unwrap_err();
    let cases = [
        (error("", Format::Csv, &[]), "line 1: the line with the names of the columns is missing"),
        (error("a,a\n", Format::Csv, &[]), "line 1, column a: there are two columns of this name"),
        (
            error("a,b\n", Format::Csv, &["c"]),
            "line 1: there is no column \"c\"; the columns are a, b",
        ),
        (
            error("a,b\n1,2\n3\n", Format::Csv, &[]),
            "line 3: the row has 1 fields, but there are 2 columns",
        ),
        (error("a\n", Format::Kv, &[]), "line 1: there is no TAB between key and value"),
        (
            error("{}\n", Format::Jsonl, &["id"]),
            "line 1: the object has no field \"id\" to make the key of",
        ),
        (error("[1]\n", Format::Jsonl, &["id"]), "line 1: the line is not a JSON object"),
        (
            error("{\"id\":1}\n{\"id\":", Format::Jsonl, &["id"]),
            "line 2, column 6: the line is not valid JSON: EOF while parsing a value",
        ),
        (
            error("{\"id\":null}", Format::Jsonl, &["id"]),
            "line 1, column id: the key field is neither a text nor a number nor a truth value",
        ),
        (
            error("{\"key\":1}", Format::Entries, &[]),
            "line 1: the line is not of the form {\"key\": {\"utf8\": …}, \"value\": {\"utf8\": …}}",
        ),
    ];
    for (found, expected) in cases {
        assert_eq!(found, format!("file, {expected}"));
    }
}
