//! All types, as they were written.

use super::*;

#[tokio::test]
async fn values_are_read_as_they_were_written() {
    let columns = [
        ("i8", "INT8", "-8"),
        ("i16", "INT16", "-16"),
        ("i32", "INT32", "32"),
        ("i64", "INT", "-9223372036854775808"),
        ("i128", "INT128", "-170141183460469231731687303715884105728"),
        ("u8", "UINT8", "255"),
        ("u16", "UINT16", "16"),
        ("u32", "UINT32", "32"),
        ("u64", "UINT64", "18446744073709551615"),
        ("u128", "UINT128", "340282366920938463463374607431768211455"),
        ("f32", "FLOAT32", "0.1"),
        ("f64", "FLOAT", "0.1"),
        ("dec", "DECIMAL", "-12.340"),
        ("flag", "BOOLEAN", "TRUE"),
        ("word", "TEXT", "'it''s'"),
        ("raw", "BYTEA", "X'00ff'"),
        ("ip", "INET", "'::1'"),
        ("day", "DATE", "DATE '0044-03-15'"),
        ("at", "TIMESTAMP", "TIMESTAMP '1969-12-31 23:59:59.123456789'"),
        ("clock", "TIME", "TIME '23:59:59.5'"),
        ("span", "INTERVAL", "INTERVAL '-3' MONTH"),
        ("wait", "INTERVAL", "INTERVAL 90 SECOND"),
        ("id", "UUID", "UUID '936da01f9abd4d9d80c702af85c822a8'"),
        ("list", "LIST", r#"'[1, 2.5, "x", [true, null]]'"#),
        ("map", "MAP", r#"'{"a": 1, "b": {"c": [1]}}'"#),
        ("dot", "POINT", "POINT(0.5, -1)"),
        ("none", "INT NULL", "NULL"),
    ];
    let dir = tempfile::tempdir().unwrap();
    let list = |part: fn(&(&str, &str, &str)) -> String| {
        columns.iter().map(part).collect::<Vec<_>>().join(", ")
    };
    let mut glue = Glue::new(ProllyStorage::init(dir.path()).unwrap());
    let create = format!("CREATE TABLE t ({})", list(|(name, ty, _)| format!("{name} {ty}")));
    glue.execute(create).await.unwrap();
    let insert = format!("INSERT INTO t VALUES ({})", list(|(_, _, value)| (*value).to_owned()));
    glue.execute(&insert).await.unwrap();
    let first = rows(&mut glue, "SELECT * FROM t").await;
    drop(glue);
    let mut glue = Glue::new(ProllyStorage::init(dir.path()).unwrap());
    let again = rows(&mut glue, "SELECT * FROM t").await;
    assert_eq!(format!("{first:?}"), format!("{again:?}"));
    let row = &again[0];
    assert!(matches!(row[0], Value::I8(-8)) && matches!(row[7], Value::U32(32)));
    assert!(matches!(row[10], Value::F32(number) if number == 0.1));
    assert!(matches!(&row[12], Value::Decimal(number) if number.to_string() == "-12.340"));
    assert!(matches!(row[4], Value::I128(i128::MIN)) && matches!(row[9], Value::U128(u128::MAX)));
}

#[tokio::test]
async fn every_type_of_key_is_found_again() {
    let keys = [
        ("INT8", "-8", "7"),
        ("UINT64", "18446744073709551615", "3"),
        ("INT128", "-170141183460469231731687303715884105728", "0"),
        ("TEXT", "'b'", "'a'"),
        ("BOOLEAN", "TRUE", "FALSE"),
        ("DATE", "DATE '2020-01-02'", "DATE '1920-01-02'"),
        ("TIMESTAMP", "TIMESTAMP '2020-01-02 00:00:00'", "TIMESTAMP '1920-01-02 00:00:00'"),
        ("BYTEA", "X'01'", "X'ff'"),
        ("INET", "'10.0.0.1'", "'::1'"),
        (
            "UUID",
            "UUID '936da01f9abd4d9d80c702af85c822a8'",
            "UUID '00000000000000000000000000000001'",
        ),
    ];
    for (ty, one, other) in keys {
        let mut glue = glue(&[&format!("CREATE TABLE t (k {ty} PRIMARY KEY, n INTEGER)")]).await;
        glue.execute(format!("INSERT INTO t VALUES ({one}, 1), ({other}, 2)")).await.unwrap();
        error(&mut glue, &format!("INSERT INTO t VALUES ({one}, 3)")).await;
        let select = format!("SELECT n FROM t WHERE k = {one}");
        assert_eq!(numbers(&mut glue, &select).await, [1], "{ty}");
        glue.execute(format!("UPDATE t SET n = 5 WHERE k = {other}")).await.unwrap();
        glue.execute(format!("DELETE FROM t WHERE k = {one}")).await.unwrap();
        assert_eq!(numbers(&mut glue, "SELECT n FROM t").await, [5], "{ty}");
    }
}
