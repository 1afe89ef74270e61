//! Histories of rows over branches and merges give what the repository says of each key.

use std::collections::BTreeSet;

use prollytree_repo::Uncommitted;
use prollytree_sql::schema::{KeyColumn, Table};
use prollytree_sql::{MergeStrategy, NoExpressions, TableMergeOptions, Value, key, rows_map};

use super::world::{Random, TestDatabase, column, commit, connect, database, lines, text};

const KEYS: i64 = 12;

/// A random history of a table, over two branches that are merged now and then.
fn random_history(random: &mut Random) -> TestDatabase {
    let mut database = database();
    let columns = vec![column(0, "id", "INTEGER"), column(1, "v", "TEXT")];
    let primary_key = vec![KeyColumn { slot: 0, descending: false }];
    let table =
        Table { name: "t".to_owned(), columns, primary_key, next_slot: 2, ..Table::default() };
    database.create_table(table).unwrap();
    commit(&mut database, "t", "0", &[vec![Value::Int(1), text("a")]], &[]);
    database.with_repository(|repo| Ok(repo.create_branch("side", &repo.tip().unwrap())?)).unwrap();
    for step in 1..40 {
        match random.below(6) {
            0 => {
                let to = random.one_of(&["main", "side"]);
                database
                    .with_repository(|repo| Ok(repo.checkout(to, Uncommitted::Refuse)?))
                    .unwrap();
            }
            1 => {
                let other = random.one_of(&["main", "side"]);
                let ours = random.below(2) == 0;
                let strategy = if ours { MergeStrategy::Ours } else { MergeStrategy::Theirs };
                let options = TableMergeOptions { strategy, ..TableMergeOptions::default() };
                database.merge(other, &options, &mut NoExpressions).unwrap();
            }
            _ => {
                let id = |random: &mut Random| 1 + random.below(KEYS as usize) as i64;
                let value = random.one_of(&["a", "b", "c"]);
                let put = vec![Value::Int(id(random)), text(value)];
                let gone = if random.below(3) == 0 { vec![id(random)] } else { Vec::new() };
                commit(&mut database, "t", &step.to_string(), &[put], &gone);
            }
        }
    }
    database
}

#[test]
fn all_rows_have_the_history_that_the_repository_tells_of_each() {
    for seed in 0..30 {
        let database = random_history(&mut Random(seed));
        let (repo, map) = (database.repository(), rows_map("t").unwrap());
        let from = repo.tip().unwrap();
        let mut connection = connect(&database);
        let (mut expected, mut blamed) = (BTreeSet::new(), BTreeSet::new());
        for id in 1..=KEYS {
            let versions: Vec<_> = repo
                .history(&map, &key::rowid_key(id), &from)
                .unwrap()
                .map(Result::unwrap)
                .collect();
            let own: BTreeSet<_> =
                versions.iter().map(|version| format!("{}, {id}", version.id)).collect();
            let sql = format!("SELECT commit_id, id FROM prolly_history_t WHERE id = {id}");
            let found = lines(&mut connection, &sql);
            assert_eq!(found.len(), own.len(), "seed {seed}, row {id}");
            assert_eq!(found.into_iter().collect::<BTreeSet<_>>(), own, "seed {seed}, row {id}");
            if let Some(last) = versions.first().filter(|version| version.value.is_some()) {
                blamed.insert(format!("{}, {id}", last.id));
            }
            expected.extend(own);
        }
        let all = lines(&mut connection, "SELECT commit_id, id FROM prolly_history_t");
        assert_eq!(all.len(), expected.len(), "seed {seed}");
        assert_eq!(all.into_iter().collect::<BTreeSet<_>>(), expected, "seed {seed}");
        let blame = lines(&mut connection, "SELECT commit_id, id FROM prolly_blame_t");
        assert_eq!(blame.len(), blamed.len(), "seed {seed}");
        assert_eq!(blame.into_iter().collect::<BTreeSet<_>>(), blamed, "seed {seed}");
    }
}
