//! A repository in a folder: commits, branches, a merge, history, and a large value.

use prollytree::repo::{MapName, MergeOptions, Options, Repository, Uncommitted};
use prollytree::storage::{Store, StoreOptions};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = std::env::temp_dir().join(format!("prollytree-versions-{}", std::process::id()));
    let store = Store::create(&folder, StoreOptions::default())?;
    let mut repo = Repository::init(store, Options::default())?;
    let models = MapName::new("models")?;

    repo.set(&models, "resnet/learning-rate", "0.1")?;
    // Large values are cut where their content says, so versions share what did not change.
    let weights: Vec<u8> = (0..5_000_000u32).map(|i| (i.wrapping_mul(i) >> 7) as u8).collect();
    repo.set_reader(&models, "resnet/weights", weights.as_slice())?;
    let first = repo.commit("First training run")?;

    repo.create_branch("tuning", &first)?;
    repo.checkout("tuning", Uncommitted::Refuse)?;
    repo.set(&models, "resnet/learning-rate", "0.01")?;
    repo.commit("Slow down")?;

    repo.checkout("main", Uncommitted::Refuse)?;
    repo.set(&models, "resnet/epochs", "90")?;
    repo.commit("Train longer")?;
    repo.merge("tuning", MergeOptions::default())?;

    assert_eq!(repo.get(&models, b"resnet/learning-rate")?, Some(b"0.01".to_vec()));
    assert_eq!(repo.get(&models, b"resnet/epochs")?, Some(b"90".to_vec()));
    let first = repo.open_map(&repo.maps_at("HEAD~1^")?, &models)?;
    assert_eq!(first.get(b"resnet/learning-rate")?, Some(b"0.1".to_vec()));
    for commit in repo.log(&repo.resolve("HEAD")?)? {
        let (id, commit) = commit?;
        println!("{id} {}", commit.message.lines().next().unwrap_or_default());
    }
    drop(repo);
    std::fs::remove_dir_all(&folder)?;
    Ok(())
}
