//! A versioned key-value store whose commits and branches are those of a real Git repository.
//!
//! Run it twice: the second run opens what the first one made. Then look at it with Git:
//! `git -C my-data log --all --graph`, `git -C my-data diff main feature/new-settings`.

use prollytree::git::GitVersionedKvStore;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut store = GitVersionedKvStore::init("./my-data")?;
    store.set(b"config/api_key", b"secret123")?;
    store.set(b"config/timeout", b"30")?;
    store.commit("Update API configuration")?;
    store.checkout_new_branch("feature/new-settings")?;
    store.set(b"config/timeout", b"60")?;
    store.commit("Increase timeout")?;
    store.checkout("main")?;
    let timeout = store.get(b"config/timeout")?; // Returns b"30"
    println!("{}", String::from_utf8_lossy(&timeout.unwrap_or_default()));
    Ok(())
}
