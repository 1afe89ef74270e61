use super::*;

/// The pieces of a script, each as `line:column text`.
fn pieces(script: &str) -> Vec<String> {
    let mut parts = Script::new();
    script.split_inclusive('\n').for_each(|line| parts.push(line));
    parts.end();
    std::iter::from_fn(|| parts.next())
        .map(|Piece { text, place, is_command }| {
            let kind = if is_command { "!" } else { "" };
            format!("{}:{} {kind}{text}", place.line, place.column)
        })
        .collect()
}

#[test]
fn statements_and_commands_know_their_place() {
    let script = "SELECT 1; SELECT\n2;\n-- a comment\n.mode csv\n  /* é */ SELECT ';';SELECT 3\n";
    let expected =
        ["1:1 SELECT 1", "1:11 SELECT\n2", "4:1 !.mode csv", "5:11 SELECT ';'", "5:22 SELECT 3"];
    assert_eq!(pieces(script), expected);
}

#[test]
fn a_dot_within_a_statement_or_a_comment_is_no_command() {
    assert_eq!(pieces("SELECT 1\n.5;\n"), ["1:1 SELECT 1\n.5"]);
    assert_eq!(pieces("/* \n.quit\n*/ SELECT 1;"), ["3:4 SELECT 1"]);
    assert_eq!(pieces("SELECT 'a\n.b';\n.quit"), ["1:1 SELECT 'a\n.b'", "3:1 !.quit"]);
}

#[test]
fn nothing_is_a_statement_of_no_script() {
    for script in ["", "\n", ";;\n;", "-- only\n/* comments */", "\u{feff}"] {
        assert_eq!(pieces(script), [""; 0], "{script:?}");
    }
}

#[test]
fn a_long_statement_of_many_lines_is_one() {
    let line = "('a;b'),\n";
    let script = format!("INSERT INTO t VALUES {}(1);\nSELECT 1;\n.quit\n", line.repeat(50_000));
    let found = pieces(&script);
    assert_eq!(found[1..], ["50002:1 SELECT 1", "50003:1 !.quit"]);
}
