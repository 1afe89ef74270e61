//! What a plan tells the execution of a statement, inside the name of its table.
//!
//! A storage is given neither the statement nor its condition when it is to scan a table for an INSERT,
//! UPDATE or DELETE. So the planner writes `<table>\0<kind><narrowing>\0<message>` in place of the
//! table's name, and every method of the storage splits it again. The plan stays a value: it can be
//! dropped, or run twice.

use super::narrow::Narrowing;

const SEPARATOR: char = '\0';

/// What the statement does with the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Insert,
    Update,
    /// With a condition that reads other tables.
    Delete,
    /// With a condition on the row alone: other tables are scanned only for foreign keys.
    DeletePlain,
    /// The right side of a join, to be found by the column that is named.
    Join,
}

impl Kind {
    const ALL: [(Self, char); 5] = [
        (Self::Insert, 'i'),
        (Self::Update, 'u'),
        (Self::Delete, 'd'),
        (Self::DeletePlain, 'p'),
        (Self::Join, 'j'),
    ];
}

/// The name of a table, and what a plan put beside it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Carrier<'n> {
    pub(super) table: &'n str,
    pub(super) load: Option<Load<'n>>,
}

/// What a plan puts beside a table's name.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Load<'n> {
    pub(super) kind: Kind,
    /// Where the rows are, see [`Narrowing::read`].
    pub(super) narrowing: &'n str,
    /// The commit's message; of a join, the column.
    pub(super) text: &'n str,
}

impl<'n> Carrier<'n> {
    pub(super) fn read(name: &'n str) -> Self {
        let bare = Self { table: name, load: None };
        let Some((table, rest)) = name.split_once(SEPARATOR) else { return bare };
        let Some((head, text)) = rest.split_once(SEPARATOR) else { return bare };
        let mut marks = head.chars();
        let found = Kind::ALL.into_iter().find(|(_, mark)| marks.clone().next() == Some(*mark));
        let Some((kind, _)) = found else { return bare };
        marks.next();
        Self { table, load: Some(Load { kind, narrowing: marks.as_str(), text }) }
    }

    /// The kind of statement that the name is of.
    pub(super) fn kind(&self) -> Option<Kind> {
        self.load.as_ref().map(|load| load.kind)
    }
}

/// The name that tells all this.
pub(super) fn write(table: &str, kind: Kind, narrowing: Option<&Narrowing>, text: &str) -> String {
    let mark = Kind::ALL.into_iter().find(|(other, _)| *other == kind).map(|(_, mark)| mark);
    let narrowing = narrowing.map(Narrowing::write).unwrap_or_default();
    let mark = mark.unwrap_or_default();
    format!("{table}{SEPARATOR}{mark}{narrowing}{SEPARATOR}{text}")
}

/// Whether a name could be taken for one that a plan made.
pub(super) fn is_ambiguous(table: &str) -> bool {
    table.contains(SEPARATOR)
}
