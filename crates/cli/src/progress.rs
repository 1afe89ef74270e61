//! A progress bar on standard error, for work that takes a while.

use std::io::{self, IsTerminal};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

/// Work that is done sooner shows no bar.
const DELAY: Duration = Duration::from_secs(1);

/// What a bar counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    /// Bytes of a file.
    Bytes,
    /// Rows, entries or objects.
    Items,
}

/// A progress bar that appears after a second, and only on a terminal.
pub(crate) struct Progress {
    title: &'static str,
    total: Option<u64>,
    unit: Unit,
    /// `None` if there is no terminal to draw on.
    started: Option<Instant>,
    bar: Option<ProgressBar>,
}

impl Progress {
    /// A bar for so much work; `None` if it is not known how much.
    pub(crate) fn new(title: &'static str, unit: Unit, total: Option<u64>) -> Self {
        let started = io::stderr().is_terminal().then(Instant::now);
        Self { title, total, unit, started, bar: None }
    }

    /// Tells how much is done.
    pub(crate) fn set(&mut self, done: u64) {
        let Some(started) = self.started else { return };
        if let Some(bar) = &self.bar {
            bar.set_position(done);
        } else if started.elapsed() >= DELAY {
            let bar = self.total.map_or_else(ProgressBar::new_spinner, ProgressBar::new);
            // What is left is told from the speed from now on, the time from the beginning.
            let bar = bar.with_position(done).with_elapsed(started.elapsed());
            bar.reset_eta();
            if let Ok(style) = ProgressStyle::with_template(self.template()) {
                bar.set_style(style);
            }
            bar.set_message(self.title);
            self.bar = Some(bar);
        }
    }

    /// A bar that moves by itself, for work that does not tell how far it is.
    pub(crate) fn moving(title: &'static str) -> Self {
        let mut progress = Self::new(title, Unit::Items, None);
        if progress.started.is_some() {
            let bar = ProgressBar::new_spinner();
            if let Ok(style) = ProgressStyle::with_template("{msg} {spinner} {elapsed}") {
                bar.set_style(style);
            }
            bar.set_message(title);
            bar.enable_steady_tick(DELAY);
            progress.bar = Some(bar);
        }
        progress
    }

    fn template(&self) -> &'static str {
        match (self.unit, self.total) {
            (Unit::Bytes, Some(_)) => "{msg} {bar:30} {bytes}/{total_bytes} {eta}",
            (Unit::Bytes, None) => "{msg} {spinner} {bytes} {elapsed}",
            (Unit::Items, Some(_)) => "{msg} {bar:30} {human_pos}/{human_len} {eta}",
            (Unit::Items, None) => "{msg} {spinner} {human_pos} {elapsed}",
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
