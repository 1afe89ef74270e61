//! Calls as statements.

use super::{Call, Decide, Side};
use crate::sqlite::error::SqliteError;
use crate::sqlite::script::{Token, Tokens};
use crate::text;
use crate::value::Value;

const PREFIX: &str = "prolly_";
const HEAD: &str = "HEAD";

/// The call that a statement is; `None` if it is another statement.
///
/// # Errors
/// There is no such procedure, or it takes other arguments.
pub(crate) fn parse_call(sql: &str, params: &[Value]) -> Result<Option<Call>, SqliteError> {
    let mut tokens = Tokens::new(sql);
    let first = tokens.next();
    let is_call = first.is_some_and(|token| token.is("CALL"));
    if !is_call && !first.is_some_and(|token| token.is("SELECT")) {
        return Ok(None);
    }
    let Some(name) = tokens.next() else { return Ok(None) };
    let name = name.text.to_ascii_lowercase();
    let known = name.strip_prefix(PREFIX).filter(|name| NAMES.contains(name));
    let Some(known) = known else {
        let why = "there is no such procedure; see `prolly_commit`, `prolly_merge` and the others";
        return if is_call { Err(refused(&name, why)) } else { Ok(None) };
    };
    match arguments(tokens, params) {
        Some(arguments) => call(known, &arguments).map(Some),
        None => Err(refused(&name, "it is a statement of its own, with literals or parameters")),
    }
}

const NAMES: [&str; 13] = [
    "commit",
    "branch",
    "branch_delete",
    "checkout",
    "merge",
    "revert",
    "cherry_pick",
    "tag",
    "reset",
    "resolve",
    "abort",
    "continue",
    "tag_delete",
];

fn refused(statement: &str, why: &'static str) -> SqliteError {
    SqliteError::Refused { statement: statement.to_owned(), why }
}

/// The arguments in brackets that end a statement; NULL is `None`.
fn arguments(tokens: Tokens<'_>, params: &[Value]) -> Option<Vec<Option<String>>> {
    let mut tokens = tokens.peekable();
    if tokens.next()?.text != "(" {
        return None;
    }
    let (mut arguments, mut next_param) = (Vec::new(), 0);
    if tokens.next_if(|token| token.text == ")").is_none() {
        loop {
            arguments.push(argument(&mut tokens, params, &mut next_param)?);
            match tokens.next()?.text {
                "," => {}
                ")" => break,
                _ => return None,
            }
        }
    }
    tokens.next_if(|token| token.text == ";");
    tokens.next().is_none().then_some(arguments)
}

fn argument<'s>(
    tokens: &mut std::iter::Peekable<Tokens<'s>>,
    params: &[Value],
    next_param: &mut usize,
) -> Option<Option<String>> {
    let token = tokens.next()?;
    if token.text == "?" {
        // `?` is the next parameter, `?2` the second.
        let number = tokens.next_if(|next| {
            next.start == token.start + 1 && next.text.bytes().all(|byte| byte.is_ascii_digit())
        });
        let at = match number {
            Some(number) => number.text.parse::<usize>().ok()?.checked_sub(1)?,
            None => *next_param,
        };
        *next_param = at + 1;
        let value = params.get(at)?;
        return Some((!value.is_null()).then(|| text::show(value)));
    }
    if token.is("NULL") {
        return Some(None);
    }
    let negative = token.text == "-";
    let token = if negative { tokens.next()? } else { token };
    match literal(token)? {
        (number, true) if negative => Some(Some(format!("-{number}"))),
        (_, false) if negative => None,
        (literal, _) => Some(Some(literal)),
    }
}

/// A text or an integer, and whether it is the latter.
fn literal(token: Token<'_>) -> Option<(String, bool)> {
    for quote in ["'", "\""] {
        let inside = token.text.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote));
        if let Some(inside) = inside {
            return Some((inside.replace(&quote.repeat(2), quote), false));
        }
    }
    token.text.bytes().all(|byte| byte.is_ascii_digit()).then(|| (token.text.to_owned(), true))
}

/// The call of a procedure.
fn call(name: &str, arguments: &[Option<String>]) -> Result<Call, SqliteError> {
    let texts: Vec<_> = arguments.iter().map(Option::as_deref).collect();
    let or_head = |revision: Option<&str>| revision.unwrap_or(HEAD).to_owned();
    let wrong = |why| Err(refused(&format!("{PREFIX}{name}"), why));
    Ok(match (name, &texts[..]) {
        ("commit", [Some(message)]) => Call::Commit { message: (*message).to_owned() },
        ("commit", _) => return wrong("it takes a message"),
        ("branch", [Some(name)]) => Call::Branch { name: (*name).to_owned(), start: or_head(None) },
        ("branch", [Some(name), start]) => {
            Call::Branch { name: (*name).to_owned(), start: or_head(*start) }
        }
        ("branch", _) => return wrong("it takes a name and, if it is not HEAD, a revision"),
        ("branch_delete", [Some(name)]) => {
            Call::BranchDelete { name: (*name).to_owned(), force: false }
        }
        ("branch_delete", [Some(name), Some("force")]) => {
            Call::BranchDelete { name: (*name).to_owned(), force: true }
        }
        ("branch_delete", _) => return wrong("it takes a name, and 'force' if need be"),
        ("checkout", [Some("-b"), Some(name), rest @ ..]) if rest.len() < 2 => {
            let start = or_head(rest.first().copied().flatten());
            Call::CheckoutNew { name: (*name).to_owned(), start }
        }
        ("checkout", [Some(revision)]) => Call::Checkout { revision: (*revision).to_owned() },
        ("checkout", _) => {
            return wrong("it takes a revision, or '-b' and the name of a new branch");
        }
        ("merge", [Some(revision), rest @ ..]) if rest.len() < 2 => {
            let decide = match rest {
                [] => Decide::Record,
                [Some("ours")] => Decide::Ours,
                [Some("theirs")] => Decide::Theirs,
                _ => return wrong("conflicts are decided for 'ours' or 'theirs'"),
            };
            Call::Merge { revision: (*revision).to_owned(), decide }
        }
        ("revert", [Some(revision)]) => Call::Revert { revision: (*revision).to_owned() },
        ("cherry_pick", [Some(revision)]) => Call::CherryPick { revision: (*revision).to_owned() },
        ("merge" | "revert" | "cherry_pick", _) => return wrong("it takes a revision"),
        ("tag", [Some(name), rest @ ..]) if rest.len() < 3 => {
            let message = rest.first().copied().flatten().map(str::to_owned);
            let revision = or_head(rest.get(1).copied().flatten());
            Call::Tag { name: (*name).to_owned(), message, revision }
        }
        ("tag", _) => return wrong("it takes a name, then, if wanted, a message and a revision"),
        ("tag_delete", [Some(name)]) => Call::TagDelete { name: (*name).to_owned() },
        ("tag_delete", _) => return wrong("it takes a name"),
        ("reset", [Some(mode @ ("hard" | "soft")), rest @ ..]) if rest.len() < 2 => Call::Reset {
            hard: *mode == "hard",
            revision: or_head(rest.first().copied().flatten()),
        },
        ("reset", _) => return wrong("it takes 'hard' or 'soft', and a revision"),
        ("resolve", [Some(table), Some(key), Some(side)]) => {
            let side = match *side {
                "ours" => Side::Ours,
                "theirs" => Side::Theirs,
                "base" => Side::Base,
                _ => return wrong("conflicts are resolved to 'ours', 'theirs' or 'base'"),
            };
            let all = |text: &str| (text != "*").then(|| text.to_owned());
            Call::Resolve { table: all(table), key: all(key), side }
        }
        ("resolve", _) => return wrong("it takes a table, a key (or '*' for all), and a side"),
        ("abort", []) => Call::Abort,
        ("continue", []) => Call::Continue { message: None },
        ("continue", [message]) => Call::Continue { message: message.map(str::to_owned) },
        _ => return wrong("it takes no such arguments"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(sql: &str) -> Option<Call> {
        parse_call(sql, &[Value::Text("a param".to_owned()), Value::Int(7)]).unwrap()
    }

    #[test]
    fn calls_are_told_from_queries() {
        assert_eq!(parsed("SELECT 1"), None);
        assert_eq!(parsed("SELECT prolly_log.* FROM prolly_log"), None);
        assert_eq!(parsed("INSERT INTO t VALUES ('CALL prolly_abort()')"), None);
        assert_eq!(parsed("call prolly_ABORT ( ) ;"), Some(Call::Abort));
        let commit = |message: &str| Some(Call::Commit { message: message.to_owned() });
        assert_eq!(
            parsed("SELECT prolly_commit('it''s /* no comment */ done')"),
            commit("it's /* no comment */ done")
        );
        assert_eq!(parsed("CALL prolly_commit(?)"), commit("a param"));
        assert_eq!(parsed("CALL prolly_commit(?2)"), commit("7"));
        assert_eq!(parsed("CALL prolly_commit(-5)"), commit("-5"));
    }

    #[test]
    fn wrong_calls_are_refused() {
        for sql in [
            "CALL other('x')",
            "CALL prolly_commit()",
            "CALL prolly_commit('a', 'b')",
            "CALL prolly_commit('a' || 'b')",
            "SELECT prolly_commit('a') FROM t",
            "SELECT prolly_commit('a'), 1",
            "CALL prolly_merge('a', 'both')",
            "CALL prolly_reset('main')",
            "CALL prolly_commit(?9)",
            "CALL prolly_commit('a'",
        ] {
            assert!(parse_call(sql, &[]).is_err(), "{sql}");
        }
    }
}
