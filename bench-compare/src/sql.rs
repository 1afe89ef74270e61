//! The tables of the SQL rows, and the statements on them.
//!
//! `items` has rows of about 100 bytes, one for each number from 1 to N; `owners` one row for each
//! hundred of them.

use rand_state::State;

/// How many rows one INSERT statement of a load has.
const ROWS_A_STATEMENT: usize = 500;
/// Items of an owner.
const ITEMS_OF_AN_OWNER: usize = 100;

/// The tables.
pub const TABLES: [&str; 2] = [
    "CREATE TABLE owners (id INTEGER PRIMARY KEY, name TEXT)",
    "CREATE TABLE items (id INTEGER PRIMARY KEY, owner INTEGER, price INTEGER, note TEXT)",
];

/// A kind of statement, each on random rows that are there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Work {
    /// One row by its key.
    Point,
    /// 100 rows by a range of keys.
    Range,
    /// One row by its key, and the row of another table that it refers to.
    Join,
    /// All rows.
    Scan,
    /// All rows, summed up by owner.
    Group,
    /// A new value for one column of one row.
    Update,
    /// One row that goes.
    Delete,
    /// One row more.
    Insert,
}

impl Work {
    /// Every kind, in the order in which they are measured: rows go last.
    pub const ALL: [Self; 8] = [
        Self::Point,
        Self::Range,
        Self::Join,
        Self::Scan,
        Self::Group,
        Self::Update,
        Self::Insert,
        Self::Delete,
    ];

    /// What the tables call it.
    pub fn title(self) -> &'static str {
        match self {
            Self::Point => "point SELECT",
            Self::Range => "SELECT of 100 rows by key range",
            Self::Join => "join of one row by key",
            Self::Scan => "full scan, per row",
            Self::Group => "GROUP BY, per row",
            Self::Update => "UPDATE by key",
            Self::Delete => "DELETE by key",
            Self::Insert => "INSERT of one row",
        }
    }

    /// Whether the statement changes something.
    pub fn writes(self) -> bool {
        matches!(self, Self::Update | Self::Delete | Self::Insert)
    }

    /// How many statements a round has.
    pub fn statements(self) -> usize {
        match self {
            Self::Scan | Self::Group => 1,
            Self::Range => 200,
            _ => 1_000,
        }
    }

    /// How many rows each statement returns or changes, in tables of `rows` items.
    pub fn expected(self, rows: usize) -> usize {
        match self {
            Self::Range => ITEMS_OF_AN_OWNER.min(rows),
            Self::Scan => rows,
            Self::Group => rows.div_ceil(ITEMS_OF_AN_OWNER),
            _ => 1,
        }
    }
}

/// Makes the statements; numbers are the same in every run.
pub struct Statements {
    rows: usize,
    state: State,
    /// The next row that goes, and the next one that comes.
    next_deleted: usize,
    next_inserted: usize,
}

impl Statements {
    /// Statements on tables of `rows` items.
    pub fn new(seed: u64, rows: usize) -> Self {
        Self { rows, state: State::new(seed), next_deleted: 1, next_inserted: rows + 1 }
    }

    /// The statements that fill the tables.
    pub fn load(rows: usize) -> Vec<String> {
        let owners = rows.div_ceil(ITEMS_OF_AN_OWNER);
        let owner = |id: usize| format!("({id}, 'Owner number {id}')");
        let mut statements = insert("owners", owners, owner);
        statements.extend(insert("items", rows, item));
        statements
    }

    /// The next statement of a kind.
    pub fn next(&mut self, work: Work) -> String {
        let id = self.state.below(self.rows) + 1;
        match work {
            Work::Point => format!("SELECT * FROM items WHERE id = {id}"),
            Work::Range => {
                let from = self.state.below(self.rows.saturating_sub(ITEMS_OF_AN_OWNER) + 1) + 1;
                let to = from + ITEMS_OF_AN_OWNER - 1;
                format!("SELECT * FROM items WHERE id >= {from} AND id <= {to}")
            }
            Work::Join => format!(
                "SELECT items.note, owners.name FROM items \
                 JOIN owners ON owners.id = items.owner WHERE items.id = {id}"
            ),
            Work::Scan => "SELECT * FROM items".to_owned(),
            Work::Group => {
                "SELECT owner, COUNT(*), SUM(price) FROM items GROUP BY owner".to_owned()
            }
            Work::Update => {
                let price = self.state.below(1_000_000);
                format!("UPDATE items SET price = {price} WHERE id = {id}")
            }
            Work::Delete => {
                self.next_deleted += 1;
                format!("DELETE FROM items WHERE id = {}", self.next_deleted - 1)
            }
            Work::Insert => {
                self.next_inserted += 1;
                format!("INSERT INTO items VALUES {}", item(self.next_inserted - 1))
            }
        }
    }
}

fn insert(table: &str, rows: usize, row: impl Fn(usize) -> String) -> Vec<String> {
    let ids: Vec<_> = (1..=rows).collect();
    let statement = |ids: &[usize]| {
        let rows: Vec<_> = ids.iter().map(|&id| row(id)).collect();
        format!("INSERT INTO {table} VALUES {}", rows.join(", "))
    };
    ids.chunks(ROWS_A_STATEMENT).map(statement).collect()
}

fn item(id: usize) -> String {
    let owner = (id - 1) / ITEMS_OF_AN_OWNER + 1;
    let note =
        format!("A remark on item {id:07}, long enough that a row has some hundred bytes in all");
    format!("({id}, {owner}, {}, '{note}')", id * 7 % 1_000)
}

mod rand_state {
    /// Numbers that are the same in every run (xorshift, Marsaglia 2003).
    pub struct State(u64);

    impl State {
        pub fn new(seed: u64) -> Self {
            Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
        }

        pub fn below(&mut self, n: usize) -> usize {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            (self.0 % n.max(1) as u64) as usize
        }
    }
}
