use super::*;

fn split(script: &str) -> Vec<&str> {
    statements(script).into_iter().map(|range| &script[range]).collect()
}

#[test]
fn semicolons_in_texts_names_comments_and_triggers_end_nothing() {
    let select = r#"SELECT ';''', "a;""b", [c;], `d;`"#;
    let trigger = "CREATE TEMP TRIGGER t AFTER INSERT ON a BEGIN \
                   SELECT CASE WHEN 1 THEN 2 END; DELETE FROM a; END";
    let script = format!("; -- a ; comment\n{select} /* ; */ ;{trigger};\nBEGIN; END");
    let found = split(&script);
    assert!(found[0].starts_with(select), "{found:?}");
    assert_eq!(found[1..], [trigger, "BEGIN", "END"]);
}

#[test]
fn what_does_not_end_is_one_statement() {
    assert_eq!(split("SELECT 'a;"), ["SELECT 'a;"]);
    assert_eq!(split("/* ;"), Vec::<&str>::new());
    assert_eq!(split("SELECT [a;"), ["SELECT [a;"]);
}
