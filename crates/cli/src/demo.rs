//! The demonstration: the main job of prolly, as commands of the real program on made-up data.

mod data;
mod stage;

use std::path::PathBuf;

use crate::error::CliError;
use crate::output::Output;
use crate::text::Count;
use data::Customers;
use stage::{Place, Stage};

/// The customer that both branches change.
const CONTESTED: u32 = 41;
/// The customer that one branch removes.
const REMOVED: u32 = 998;

/// Runs the demonstration in a folder that is kept, or in a temporary one.
pub(crate) fn run(out: &mut Output, dir: Option<PathBuf>, rows: u32) -> Result<(), CliError> {
    let mut stage = Stage::new(out, dir)?;
    let customers = Customers::new(rows);
    import(&mut stage, customers)?;
    change_both_branches(&mut stage, customers)?;
    merge(&mut stage)?;
    look_back(&mut stage, customers)?;
    prove(&mut stage)?;
    stage.finish()
}

fn import(stage: &mut Stage<'_>, customers: Customers) -> Result<(), CliError> {
    let rows = customers.count();
    stage.say(format_args!(
        "A file of {} customers, such as any database can export.",
        Count(rows.into())
    ))?;
    stage.write_file("customers.csv", |file| customers.write(file, 0..rows, |_| {}))?;
    stage.show_file("customers.csv", 3)?;
    stage.say("A store for it, and all rows in it. The key is customer: and the id.")?;
    stage.run(&["init"])?;
    let imported = format!("Imported {} rows", Count(rows.into()));
    stage
        .run(&["import", "customers.csv", "--key", "id", "--prefix", "customer:"])?
        .says(&imported)?;
    stage.run(&["commit", "-m", "Import customers"])?.says("Import customers")?;
    stage.run(&["tag", "imported"])?;
    stage.run(&["get", &key(CONTESTED)])?.is(&customers.value(CONTESTED, |_| {}))
}

fn change_both_branches(stage: &mut Stage<'_>, customers: Customers) -> Result<(), CliError> {
    stage.say("On a branch of its own, marketing gives 501 customers another plan.")?;
    stage.write_file("upgrades.csv", |file| {
        customers.write(file, 100..600, |customer| customer.plan = "premium")
    })?;
    stage.run(&["checkout", "-b", "marketing"])?.says("branch marketing")?;
    stage
        .run(&["import", "upgrades.csv", "--key", "id", "--prefix", "customer:"])?
        .says("Imported 500 rows")?;
    let premium = customers.value(CONTESTED, |customer| customer.plan = "premium");
    stage.run(&["set", &key(CONTESTED), &premium])?;
    stage.run(&["diff", "--stat"])?.says("501 changed")?;
    stage.run(&["commit", "-m", "Upgrade customers to premium"])?;

    stage.say(
        "Meanwhile on main, 300 customers move, one leaves, and one chooses the family plan.",
    )?;
    stage.run(&["checkout", "main"])?.says("branch main")?;
    stage.write_file("moves.csv", |file| {
        customers.write(file, 600..900, |customer| customer.city = "Lisbon")
    })?;
    stage
        .run(&["import", "moves.csv", "--key", "id", "--prefix", "customer:"])?
        .says("Imported 300 rows")?;
    stage.run(&["delete", &key(REMOVED)])?.says("Removed 1 key")?;
    let family = customers.value(CONTESTED, |customer| customer.plan = "family");
    stage.run(&["set", &key(CONTESTED), &family])?;
    stage.run(&["commit", "-m", "Move customers to Lisbon"])?;
    stage.say(
        "How the branches differ: in 802 of the rows. The others are shared, not stored twice.",
    )?;
    stage.run(&["diff", "main", "marketing", "--stat"])?.says("1 added, 801 changed")?;
    stage
        .run(&["diff", "main", "marketing", "--prefix", &key(CONTESTED)])?
        .says("- plan: \"family\"")?
        .says("+ plan: \"premium\"")
        .map(drop)
}

fn merge(stage: &mut Stage<'_>) -> Result<(), CliError> {
    stage.say(
        "The merge takes 800 changes over by itself, and asks about the one row that both changed.",
    )?;
    let contested = key(CONTESTED);
    stage.run_to(1, &["merge", "marketing"])?.says(&format!("conflict on {contested}"))?;
    stage.run(&["resolve", &contested, "--theirs"])?.says("All conflicts are resolved")?;
    stage.run(&["merge", "--continue"])?.says("Committed the merge")?;
    stage
        .run(&["log", "--oneline", "--graph"])?
        .says("Merge branch 'marketing'")?
        .says("Move customers to Lisbon")?
        .says("Upgrade customers to premium")?
        .says("Import customers")?;
    let merged = ["diff", "imported", "main", "--stat"];
    stage.run(&merged)?.says("1 removed, 801 changed").map(drop)
}

fn look_back(stage: &mut Stage<'_>, customers: Customers) -> Result<(), CliError> {
    stage.say(
        "Every version stays readable: the row as it was imported, and who changed it since.",
    )?;
    let (contested, removed) = (key(CONTESTED), key(REMOVED));
    let as_imported = customers.value(CONTESTED, |_| {});
    stage.run(&["get", &contested, "--at", "imported"])?.is(&as_imported)?;
    stage.run(&["get", &removed, "--at", "HEAD~2"])?.is(&customers.value(REMOVED, |_| {}))?;
    stage.run_to(1, &["get", &removed])?;
    stage.run(&["history", &contested])?.says("premium")?.says("Import customers").map(drop)
}

fn prove(stage: &mut Stage<'_>) -> Result<(), CliError> {
    stage.say("A proof of one row, for someone who trusts the root hash and has no store.")?;
    let contested = key(CONTESTED);
    let proof = stage.elsewhere("proof");
    let proved = stage.run(&["prove", &contested, "-o", &proof])?;
    let root = proved.word_behind("--root")?;
    let value = stage.run(&["get", &contested])?.text().to_owned();
    stage.go(Place::Elsewhere);
    stage.say("In another folder, another process has only the file and the root:")?;
    let verify = ["verify", "proof", "--root", &root, "--key", &contested];
    stage.run(&verify)?.says(&value)?;
    stage.say("A false value, or another root, is refused.")?;
    stage.run_to(1, &[&verify[..], &["--value", "{\"plan\":\"free\"}"]].concat())?;
    let digit = if root.starts_with('0') { "1" } else { "0" };
    let other = format!("{digit}{}", &root[1..]);
    stage.run_to(1, &["verify", "proof", "--root", &other, "--key", &contested])?;
    stage.go(Place::Store);
    stage.say("And the store is sound, down to the last byte.")?;
    stage.run(&["check"])?.says("no damage").map(drop)
}

fn key(id: u32) -> String {
    format!("customer:{id:07}")
}
