//! Random histories of branches and merges, against a model that knows rows by the names of columns.

use std::collections::{BTreeMap, BTreeSet};

use prollytree_repo::CommitId;
use prollytree_sql::{MergeStrategy, NoExpressions, RowChoice};
use proptest::prelude::*;

use super::*;

const TABLES: [&str; 2] = ["left", "right"];
const BRANCHES: [&str; 3] = ["main", "x", "y"];
const NEW_COLUMNS: [&str; 3] = ["c", "d", "e"];

/// A table as the model has it: its columns in no order, their initial values, and its rows.
#[derive(Clone, Debug, Default, PartialEq)]
struct Model {
    initial: BTreeMap<String, i64>,
    rows: BTreeMap<i64, BTreeMap<String, i64>>,
}

type Models = BTreeMap<&'static str, Model>;

#[derive(Clone, Debug)]
enum Step {
    Put { table: usize, id: i64, column: usize, value: i64 },
    Delete { table: usize, id: i64 },
    Add { table: usize, column: usize },
    Merge { from: usize },
    Switch { to: usize },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        8 => (0..2_usize, 0..8_i64, 0..5_usize, 0..12_i64)
            .prop_map(|(table, id, column, value)| Step::Put { table, id, column, value }),
        2 => (0..2_usize, 0..8_i64).prop_map(|(table, id)| Step::Delete { table, id }),
        1 => (0..2_usize, 0..3_usize).prop_map(|(table, column)| Step::Add { table, column }),
        2 => (0..3_usize).prop_map(|from| Step::Merge { from }),
        3 => (0..3_usize).prop_map(|to| Step::Switch { to }),
    ];
    prop::collection::vec(step, 1..60)
}

/// `b` is unique in both tables.
fn start(db: &mut Memory) -> Models {
    let mut models = Models::new();
    for name in TABLES {
        let mut table = table(name);
        table.indexes.push(index("unique_b", &[2], true));
        db.create_table(table).unwrap();
        let initial = ["id", "a", "b"].map(|name| (name.to_owned(), 0)).into();
        models.insert(name, Model { initial, rows: BTreeMap::new() });
    }
    db.commit("start").unwrap();
    models
}

/// The tables as the database has them, by the names of columns.
fn read(db: &mut Memory) -> Models {
    let version = db.current().unwrap();
    let model = |name| {
        let table = version.table(name).unwrap();
        let columns = table.table().columns.clone();
        let number = |value: &Value| match value {
            Value::Int(number) => *number,
            _ => 0,
        };
        let rows = table.scan(ALL_KEYS, false).rows().map(|row| {
            let row = row.unwrap().1;
            let cells = columns.iter().zip(&row);
            (
                number(&row[0]),
                cells.map(|(column, cell)| (column.name.clone(), number(cell))).collect(),
            )
        });
        let rows = rows.collect();
        let initial = columns.iter().map(|column| (column.name.clone(), number(&column.initial)));
        (name, Model { initial: initial.collect(), rows })
    };
    TABLES.into_iter().map(model).collect()
}

impl Model {
    /// The row as this version shows it in a table with these columns.
    fn widened(&self, id: i64, columns: &BTreeMap<String, i64>) -> Option<BTreeMap<String, i64>> {
        let row = self.rows.get(&id)?;
        let cell = |(name, initial): (&String, &i64)| {
            (name.clone(), row.get(name).copied().unwrap_or(*initial))
        };
        Some(columns.iter().map(cell).collect())
    }

    fn put(&mut self, id: i64, row: Option<BTreeMap<String, i64>>) {
        match row {
            Some(row) => self.rows.insert(id, row),
            None => self.rows.remove(&id),
        };
    }

    fn twins(&self) -> BTreeSet<(i64, i64)> {
        let mut twins = BTreeSet::new();
        for (id, row) in &self.rows {
            for (other, other_row) in self.rows.range(id + 1..) {
                if row["b"] == other_row["b"] {
                    twins.insert((*id, *other));
                }
            }
        }
        twins
    }
}

/// What a merge leaves: the table, the rows on which cells clash, and those that are not unique.
struct Expected {
    model: Model,
    cells: BTreeSet<i64>,
    not_unique: BTreeSet<i64>,
}

fn expected(base: &Model, ours: &Model, theirs: &Model) -> Expected {
    let mut initial = ours.initial.clone();
    initial.extend(theirs.initial.clone());
    let ids: BTreeSet<i64> =
        [base, ours, theirs].iter().flat_map(|model| model.rows.keys().copied()).collect();
    let (mut model, mut our_rows) = (Model::default(), Model::default());
    let mut cells = BTreeSet::new();
    for id in ids {
        let [b, o, t] = [base, ours, theirs].map(|model| model.widened(id, &initial));
        our_rows.put(id, o.clone());
        let merged = if o == t || t == b {
            o
        } else if o == b {
            t
        } else if let (Some(o), Some(t)) = (&o, &t) {
            let mut merged = o.clone();
            for (name, theirs) in t {
                let before = b.as_ref().map(|row| row[name]);
                if o[name] == *theirs || before == Some(*theirs) {
                    continue;
                }
                if before != Some(o[name]) {
                    cells.insert(id);
                }
                merged.insert(name.clone(), *theirs);
            }
            if cells.contains(&id) { Some(o.clone()) } else { Some(merged) }
        } else {
            cells.insert(id);
            o
        };
        model.put(id, merged);
    }
    model.initial = initial;
    // Rows of the merge that are not unique are as ours has them, again and again.
    let mut not_unique = BTreeSet::new();
    loop {
        let changed: BTreeSet<i64> = model
            .twins()
            .into_iter()
            .flat_map(|(a, b)| [a, b])
            .filter(|id| model.rows.get(id) != our_rows.rows.get(id))
            .collect();
        if changed.is_empty() {
            break;
        }
        // Of two that both changed the first may stay: it is only put back if it must.
        let twins = model.twins();
        let back = changed.iter().copied().filter(|id| {
            twins.iter().any(|&(a, b)| {
                (*id == b && changed.contains(&b)) || (*id == a && !changed.contains(&b))
            })
        });
        let back: Vec<i64> = back.collect();
        for id in back {
            not_unique.insert(id);
            model.put(id, our_rows.rows.get(&id).cloned());
        }
    }
    Expected { model, cells, not_unique }
}

/// A database and what the model says of every commit.
struct World {
    db: Memory,
    commits: BTreeMap<CommitId, Models>,
    now: Models,
    branch: usize,
}

impl World {
    fn commit(&mut self) {
        let id = self.db.commit("step").unwrap();
        self.commits.insert(id, self.now.clone());
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Put { table, id, column, value } => {
                let model = self.now.get_mut(TABLES[table]).unwrap();
                let names: Vec<_> =
                    model.initial.keys().filter(|name| *name != "id").cloned().collect();
                let mut row = model.rows.get(&id).cloned().unwrap_or_else(|| {
                    let mut row = model.initial.clone();
                    row.insert("id".to_owned(), id);
                    row.insert("b".to_owned(), 100 + id);
                    row
                });
                row.insert(names[column % names.len()].clone(), value);
                let columns = columns(&mut self.db, TABLES[table]);
                let cells = columns.iter().map(|name| Value::Int(row[name])).collect();
                let taken =
                    model.rows.iter().any(|(other, found)| *other != id && found["b"] == row["b"]);
                let outcome = try_put(&mut self.db, TABLES[table], cells);
                assert_eq!(outcome.is_err(), taken, "{outcome:?}");
                if !taken {
                    model.put(id, Some(row));
                }
            }
            Step::Delete { table, id } => {
                delete(&mut self.db, TABLES[table], id);
                self.now.get_mut(TABLES[table]).unwrap().put(id, None);
            }
            Step::Add { table, column: at } => {
                let (model, name) = (self.now.get_mut(TABLES[table]).unwrap(), NEW_COLUMNS[at]);
                let initial = at as i64;
                if model.initial.insert(name.to_owned(), initial).is_none() {
                    let column = Column { initial: Value::Int(initial), ..column(0, name) };
                    self.db.add_column(TABLES[table], column).unwrap();
                    for row in model.rows.values_mut() {
                        row.insert(name.to_owned(), initial);
                    }
                }
            }
            Step::Switch { to } => {
                self.commit();
                checkout(&mut self.db, BRANCHES[to]);
                self.branch = to;
                self.now = self.commits[&self.db.repository().tip().unwrap()].clone();
            }
            Step::Merge { from } if from != self.branch => self.merge(BRANCHES[from]),
            Step::Merge { .. } => {}
        }
    }

    fn merge(&mut self, from: &str) {
        self.commit();
        let ours = self.db.repository().tip().unwrap();
        let theirs = self.db.repository().resolve(from).unwrap();
        let bases = self.db.repository().merge_bases(ours, theirs).unwrap();
        let [base] = bases[..] else { return };
        let expected: BTreeMap<_, _> = TABLES
            .map(|name| {
                let of = |id: &CommitId| &self.commits[id][name];
                (name, expected(of(&base), of(&ours), of(&theirs)))
            })
            .into();
        let before = maps(&mut self.db);
        let outcome = merge(&mut self.db, from);
        match outcome {
            TableMergeOutcome::AlreadyUpToDate => return assert_eq!(maps(&mut self.db), before),
            TableMergeOutcome::FastForward(id) => {
                self.now = self.commits[&id].clone();
            }
            TableMergeOutcome::Committed(_) => {
                self.check(&expected);
                self.check_other_way(ours, theirs);
            }
            TableMergeOutcome::Conflicts(_) => {
                self.check(&expected);
                self.resolve();
            }
        }
        assert_eq!(read(&mut self.db), self.now);
        let id = self.db.repository().tip().unwrap();
        self.commits.insert(id, self.now.clone());
    }

    fn check(&mut self, expected: &BTreeMap<&'static str, Expected>) {
        check_indexes(&mut self.db);
        let conflicts = self.db.conflicts().unwrap();
        for (name, expected) in expected {
            let of = |wanted: &[ConflictKind]| -> BTreeSet<i64> {
                let found = conflicts
                    .iter()
                    .filter(|found| found.table == *name && wanted.contains(&found.kind));
                let id = |found: &RowConflict| match found.key[..] {
                    [Value::Int(id)] => id,
                    _ => panic!("{found:?}"),
                };
                found.map(id).collect()
            };
            use ConflictKind::{Cells, DeletedHere, DeletedThere, NotUnique};
            assert_eq!(of(&[Cells, DeletedHere, DeletedThere]), expected.cells);
            assert_eq!(of(&[NotUnique]), expected.not_unique);
        }
        self.now = read(&mut self.db);
        for (name, expected) in expected {
            assert_eq!(self.now[name], expected.model, "{name}");
        }
    }

    /// Resolves rows for theirs where their values are free, and else for ours.
    fn resolve(&mut self) {
        for found in self.db.conflicts().unwrap() {
            let mut choose =
                |choice| self.db.resolve(&found.table, &found.key, &choice, &mut NoExpressions);
            match choose(RowChoice::Theirs) {
                Ok(()) => {}
                Err(SqlError::NotUnique { .. }) => choose(RowChoice::Ours).unwrap(),
                // A row with two conflicts was resolved with the first.
                Err(error) => assert!(matches!(error, SqlError::NoConflict { .. }), "{error}"),
            }
            check_indexes(&mut self.db);
        }
        self.db.continue_operation(None, &mut NoExpressions).unwrap();
        self.now = read(&mut self.db);
    }

    /// The other side, merging this one, gets the same rows.
    fn check_other_way(&mut self, ours: CommitId, theirs: CommitId) {
        let roots = row_roots(&mut self.db);
        let here = BRANCHES[self.branch];
        self.db
            .with_repository(|repo| Ok(repo.checkout_detached(&theirs, Uncommitted::Refuse)?))
            .unwrap();
        let outcome = merge(&mut self.db, &ours.to_string());
        assert!(matches!(outcome, TableMergeOutcome::Committed(_)), "{outcome:?}");
        assert_eq!(row_roots(&mut self.db), roots);
        check_indexes(&mut self.db);
        checkout(&mut self.db, here);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn histories_merge_as_the_model_says(steps in steps()) {
        let mut db = empty();
        let now = start(&mut db);
        for name in &BRANCHES[1..] {
            branch(&mut db, name);
        }
        let commits = [(db.repository().tip().unwrap(), now.clone())].into();
        let mut world = World { db, commits, now, branch: 0 };
        for step in steps {
            world.step(step);
        }
        prop_assert_eq!(read(&mut world.db), world.now);
        check_indexes(&mut world.db);
    }

    /// A strategy leaves no conflict of cells, and never an index that is not what its rows say.
    #[test]
    fn strategies_leave_sound_tables(
        before in prop::collection::vec((0..8_i64, 0..6_i64), 0..6),
        ours in prop::collection::vec((0..8_i64, 0..6_i64, 0..30_i64), 0..6),
        theirs in prop::collection::vec((0..8_i64, 0..6_i64, 0..30_i64), 0..6),
        takes_ours: bool,
    ) {
        let change = |changes: Vec<(i64, i64, i64)>| move |db: &mut Memory| {
            for (id, a, b) in changes {
                // A value that another row has is no change.
                drop(try_put(db, "left", row([id, a, b])));
            }
        };
        let base = |db: &mut Memory| {
            start(db);
            before.into_iter().for_each(|(id, a)| put(db, "left", row([id, a, 100 + id])));
        };
        let mut db = diverged(base, change(ours), change(theirs));
        let strategy = if takes_ours { MergeStrategy::Ours } else { MergeStrategy::Theirs };
        let options = TableMergeOptions { strategy, ..TableMergeOptions::default() };
        db.merge("dev", &options, &mut NoExpressions).unwrap();
        check_indexes(&mut db);
        for found in db.conflicts().unwrap() {
            prop_assert_eq!(found.kind, ConflictKind::NotUnique);
        }
    }
}
