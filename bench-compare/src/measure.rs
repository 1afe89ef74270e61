//! Rounds, budgets and medians.

use std::time::{Duration, Instant};

use crate::engine::Outcome;
use crate::proc::resident_bytes;

/// What one cell may cost.
#[derive(Clone, Copy)]
pub struct Plan {
    /// Rounds counted after the warm-up round.
    pub rounds: usize,
    /// Time one cell may take over all its rounds.
    pub budget: Duration,
    /// Resident memory at which loops stop early.
    pub max_rss_bytes: u64,
}

/// Stops loops whose operations are too slow or keep too much memory.
pub struct Budget {
    deadline: Instant,
    max_rss_bytes: u64,
    asked: u64,
    next_look: u64,
    next_rss_look: Instant,
}

/// Loops look at the clock at least once in this many operations, and at first more
/// often: slow operations are noticed early, and an operation of 100 ns is not
/// measured together with a clock reading each.
const LOOK_EVERY: u64 = 64;

/// Time between two readings of the resident memory.
const RSS_LOOK_EVERY: Duration = Duration::from_millis(20);

impl Budget {
    /// Allows work until `time` has passed from now.
    pub fn new(time: Duration, max_rss_bytes: u64) -> Self {
        let now = Instant::now();
        Self {
            deadline: now + time,
            max_rss_bytes,
            asked: 0,
            next_look: 1,
            next_rss_look: now + RSS_LOOK_EVERY,
        }
    }

    /// Whether one more operation may begin.
    pub fn allows(&mut self) -> bool {
        self.asked += 1;
        if self.asked < self.next_look {
            return true;
        }
        self.next_look = self.asked + self.asked.min(LOOK_EVERY);
        let now = Instant::now();
        now < self.deadline && self.memory_allows(now)
    }

    fn memory_allows(&mut self, now: Instant) -> bool {
        if now < self.next_rss_look {
            return true;
        }
        self.next_rss_look = now + RSS_LOOK_EVERY;
        resident_bytes() < self.max_rss_bytes
    }
}

/// What one round of one cell gave.
pub struct Sample {
    /// One figure per line of the row.
    pub figures: Vec<f64>,
    /// Operations behind the figures.
    pub ops: usize,
    /// Operations there would have been without a budget.
    pub wanted: usize,
}

impl Sample {
    /// A sample whose work was indivisible.
    pub fn whole(figures: Vec<f64>, ops: usize) -> Self {
        Self { figures, ops, wanted: ops }
    }

    /// Mean nanoseconds per operation.
    pub fn mean_ns(elapsed: Duration, ops: usize, wanted: usize) -> Self {
        Self { figures: vec![elapsed.as_nanos() as f64 / ops.max(1) as f64], ops, wanted }
    }
}

/// The figures of one cell.
#[derive(Clone)]
pub struct Stat {
    /// Median over the rounds.
    pub median: f64,
    /// Mean over the rounds.
    pub mean: f64,
    /// Least figure of any round.
    pub min: f64,
    /// Greatest figure of any round.
    pub max: f64,
    /// Rounds behind the median.
    pub rounds: usize,
    /// Operations of the shortest round.
    pub ops: usize,
    /// Operations a round should have had.
    pub wanted: usize,
}

impl Stat {
    /// A figure measured once, where repeating would give the same.
    pub fn once(figure: f64, ops: usize) -> Self {
        Self { median: figure, mean: figure, min: figure, max: figure, rounds: 1, ops, wanted: ops }
    }
}

/// One engine's part in a row: runs one round; `None` when it is not supported.
pub type Lane<'a> = Box<dyn FnMut(&mut Budget) -> Outcome<Option<Sample>> + 'a>;

/// One engine's figures: one per line of the row, or `None` when it has none.
pub type Cells = Option<Vec<Stat>>;

struct Progress<'a> {
    lane: Lane<'a>,
    supported: bool,
    spent: Duration,
    last: Duration,
    samples: Vec<Sample>,
}

impl<'a> Progress<'a> {
    fn new(lane: Lane<'a>) -> Self {
        let (spent, last) = (Duration::ZERO, Duration::ZERO);
        Self { lane, supported: true, spent, last, samples: Vec::new() }
    }

    /// Runs one round, unless the lane dropped out or would pass its budget. A round
    /// is cut short only when it is the first: samples of one cell must have the
    /// same operations behind them.
    fn step(&mut self, plan: &Plan, warm_up: bool) -> Outcome<()> {
        let left = plan.budget.saturating_sub(self.spent);
        if !self.supported || (self.last > left && !self.samples.is_empty()) {
            return Ok(());
        }
        let start = Instant::now();
        let time = left.max(self.last * 2);
        let sample = (self.lane)(&mut Budget::new(time, plan.max_rss_bytes))?;
        self.last = start.elapsed();
        self.spent += self.last;
        match sample {
            None => self.supported = false,
            // Too slow to run twice: the warm-up round is the measurement.
            Some(sample) if !warm_up || self.last * 2 > plan.budget => self.samples.push(sample),
            Some(_) => {}
        }
        Ok(())
    }
}

/// Runs the lanes round by round, A B C A B C …, so that a drift of the machine
/// meets all alike. The first round warms up and is dropped, unless a lane is so
/// slow that it is all its budget allows.
pub fn interleave(lanes: Vec<Lane<'_>>, plan: &Plan) -> Outcome<Vec<Cells>> {
    let mut all: Vec<_> = lanes.into_iter().map(Progress::new).collect();
    for round in 0..=plan.rounds {
        for progress in &mut all {
            progress.step(plan, round == 0)?;
        }
    }
    Ok(all.iter().map(|lane| summarise(&lane.samples)).collect())
}

fn summarise(samples: &[Sample]) -> Cells {
    let lines = samples.first()?.figures.len();
    let stat = |line: usize| {
        let mut figures: Vec<f64> = samples.iter().map(|sample| sample.figures[line]).collect();
        figures.sort_unstable_by(f64::total_cmp);
        Stat {
            median: median(&figures),
            mean: figures.iter().sum::<f64>() / figures.len() as f64,
            min: figures[0],
            max: figures[figures.len() - 1],
            rounds: samples.len(),
            ops: samples.iter().map(|sample| sample.ops).min().unwrap_or(0),
            wanted: samples[0].wanted,
        }
    };
    Some((0..lines).map(stat).collect())
}

fn median(sorted: &[f64]) -> f64 {
    let middle = sorted.len() / 2;
    if sorted.len() % 2 == 1 { sorted[middle] } else { (sorted[middle - 1] + sorted[middle]) / 2.0 }
}
