//! The program is killed in the middle of its work: nothing acknowledged may be lost.

use std::io::Read;
use std::process::Stdio;
use std::thread;
use std::time::Duration;

use crate::git::in_git;
use crate::support::Sandbox;

/// How often it is killed.
const KILLS: u32 = 200;
/// The longest time that it is left alone, in microseconds.
const LONGEST_US: u64 = 60_000;

/// Numbers that are the same in every run (xorshift, Marsaglia 2003).
struct Random(u64);

impl Random {
    fn below(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % n
    }
}

/// Runs a command and kills it after a while; whether it had said before that it is done.
fn killed(sandbox: &Sandbox, arguments: &[&str], after: Duration) -> bool {
    let mut command = sandbox.command(arguments);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    // The moment is random anyway: nothing depends on how long this really takes.
    thread::sleep(after);
    // It may have ended by itself.
    _ = child.kill();
    let mut said = String::new();
    child.stdout.take().unwrap().read_to_string(&mut said).unwrap();
    child.wait().unwrap();
    !said.is_empty()
}

#[test]
fn nothing_acknowledged_is_lost() {
    kill_again_and_again(&Sandbox::new());
}

#[test]
fn nothing_acknowledged_is_lost_in_git() {
    let sandbox = in_git();
    kill_again_and_again(&sandbox);
    // Git is left no lock, no half-made index, no pack that it cannot read.
    sandbox.ok(&["set", "last", "1"]);
    sandbox.ok(&["commit", "-m", "last"]);
    assert_eq!(sandbox.git(&["status", "--porcelain", "--untracked-files=no"]), "");
    sandbox.git(&["fsck", "--full", "--strict"]);
    sandbox.git(&["gc", "--quiet", "--prune=now"]);
    assert_eq!(sandbox.ok(&["get", "last"]), "1");
}

fn kill_again_and_again(sandbox: &Sandbox) {
    let mut random = Random(0x5eed_0001);
    // What is certainly there: the newest value of the counter, and the newest commit.
    let (mut set, mut tried) = (0, 0);
    let (mut committed, mut kills) = (0, 0);
    sandbox.ok(&["set", "counter", "0"]);
    sandbox.ok(&["commit", "-m", "0"]);
    // Left alone for about as long as a command takes, it is killed at any moment of it.
    let mut longest = LONGEST_US;
    while kills < KILLS {
        let after = Duration::from_micros(random.below(longest));
        let done = match random.below(3) {
            0 => {
                tried += 1;
                let value = tried.to_string();
                let done = killed(sandbox, &["set", "counter", &value], after);
                set = if done { tried } else { set };
                done
            }
            1 => {
                tried += 1;
                let rows: String = (0..50).map(|i| format!("row {i}\t{tried}\n")).collect();
                sandbox.write("rows.kv", format!("{rows}counter\t{tried}\n"));
                let done = killed(sandbox, &["import", "rows.kv"], after);
                set = if done { tried } else { set };
                done
            }
            _ => {
                let message = kills.to_string();
                let done = killed(sandbox, &["commit", "--allow-empty", "-m", &message], after);
                committed += u32::from(done);
                done
            }
        };
        kills += u32::from(!done);
        longest = if done { longest * 9 / 10 } else { (longest * 21 / 20).min(LONGEST_US) };
        longest = longest.max(1_000);
        // A command that was killed may have done its work, but not half of it.
        let counter: u32 = sandbox.ok(&["get", "counter"]).parse().unwrap();
        assert!((set..=tried).contains(&counter), "{counter} after {set} of {tried}");
        set = counter;
        let row = sandbox.run(&["get", "row 0"]);
        if row.code == Some(0) {
            let row: u32 = row.text().parse().unwrap();
            assert_eq!(sandbox.ok(&["get", "row 49"]), row.to_string());
            assert!(row <= counter);
        }
        if kills % 20 == 0 {
            assert!(sandbox.ok(&["check"]).contains("no damage"));
        }
    }
    let commits = sandbox.ok(&["log", "--oneline"]).lines().count() as u32;
    assert!(commits > committed, "{commits} commits, {committed} acknowledged");
    assert!(committed > 0 && set > 0, "nothing was ever acknowledged");
    assert!(sandbox.ok(&["check", "--trees"]).contains("no damage"));
}

#[test]
fn a_store_that_was_made_in_part_is_made_again() {
    let mut random = Random(0x5eed_0002);
    for _ in 0..40 {
        let sandbox = Sandbox::empty();
        let after = Duration::from_micros(random.below(10_000));
        if killed(&sandbox, &["init"], after) {
            sandbox.ok(&["status"]);
            continue;
        }
        let again = sandbox.run(&["init"]);
        assert!(again.code == Some(0) || again.err.contains("already"), "{again:?}");
        sandbox.ok(&["set", "k", "v"]);
    }
}
