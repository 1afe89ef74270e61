use super::*;

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

fn kind(cells: &[Value]) -> Kind {
    cells.iter().fold(Kind::Nothing, |kind, cell| kind.or(Kind::of(cell)))
}

#[test]
fn a_column_is_what_all_its_cells_are() {
    assert_eq!(kind(&[text("1"), Value::Null, text("-20")]), Kind::Integer);
    assert_eq!(kind(&[text("1"), text("2.5"), text("1e3")]), Kind::Real);
    assert_eq!(kind(&[text("1"), text("two")]), Kind::Text);
    assert_eq!(kind(&[Value::Null]), Kind::Nothing);
    assert_eq!(kind(&[Value::Bool(true), Value::Null]), Kind::Boolean);
    assert_eq!(kind(&[Value::Bool(true), Value::Int(1)]), Kind::Mixed);
}

#[test]
fn what_would_lose_digits_stays_a_text() {
    for kept in [
        "007",
        "+1",
        "9223372036854775808",
        "1.",
        ".5",
        "00.5",
        "0x10",
        "inf",
        "nan",
        "1-2",
        "1e",
        "",
    ] {
        assert_eq!(Kind::of(&text(kept)), Kind::Text, "{kept}");
    }
    assert_eq!(Kind::of(&text("0")), Kind::Integer);
    assert_eq!(Kind::of(&text("-0.5")), Kind::Real);
}

#[test]
fn keys_and_names_are_in_the_statement() {
    let mut columns = Columns::new(Path::new("f"));
    let names: Arc<[String]> = ["a", "b\"", "c"].map(str::to_owned).into();
    let cells = vec![text("1"), text("x"), Value::Null];
    columns.see(&Record { line: 2, names, cells }).unwrap();
    let made = |key: &[&str]| {
        let key: Vec<_> = key.iter().map(|&name| name.to_owned()).collect();
        columns.create("t", &key)
    };
    assert_eq!(made(&[]).unwrap(), r#"CREATE TABLE "t" ("a" INTEGER, "b""" TEXT, "c" TEXT)"#);
    assert_eq!(
        made(&["A"]).unwrap(),
        r#"CREATE TABLE "t" ("a" INTEGER PRIMARY KEY NOT NULL, "b""" TEXT, "c" TEXT)"#
    );
    assert!(made(&["a", "c"]).unwrap().ends_with(r#""c" TEXT NOT NULL, PRIMARY KEY ("a", "c"))"#));
    assert!(matches!(made(&["d"]).unwrap_err().problem, Problem::NoColumn { .. }));
}
