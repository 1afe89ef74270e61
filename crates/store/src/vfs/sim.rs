//! A simulated disk: it crashes and fails where it is told to, and forgets what was not synced.
//!
//! The model is what POSIX promises and no more. Writes and truncations of a file that was not
//! synced since survive a crash in any combination, sector by sector; so do creations, renames and
//! removals of names in a directory that was not synced since. A sync that fails loses what it
//! should have made durable, and a later one does not bring it back.
//!
//! Tests record a workload, a [`Moment`] at every call that changes something, and then open what a
//! crash at that moment can leave, as often as they like.

mod crash;
mod file;

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard};

pub use crash::Dice;

use self::file::{Change, Inode, SimFile};
use super::{OpenMode, Vfs, VfsFile};
use crate::lock::lock;

/// A way to break the commit protocol that tests of the protocol must notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mutant {
    /// Syncs of files do nothing.
    NoFileSync,
    /// Syncs of the directory do nothing.
    NoDirSync,
    /// A rename over an existing file overwrites that file in place.
    RenameInPlace,
    /// A file whose name is not durable yet is not synced: the manifest is published before the
    /// data that it names.
    NameBeforeData,
}

/// Which calls fail. Calls are counted from 0, reads included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// One call.
    Once(u64),
    /// A call and all that follow.
    From(u64),
    /// A call and all that follow, none of which does anything: the process was killed.
    Killed(u64),
}

/// The disk when some call was about to change it.
#[derive(Clone)]
pub struct Moment {
    /// What [`SimVfs::acknowledge`] was last told.
    pub acknowledged: u64,
    disk: Disk,
}

/// A handle of a simulated disk. Clones are handles of the same disk.
#[derive(Clone, Default)]
pub struct SimVfs {
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    disk: Disk,
    mutant: Option<Mutant>,
    fault: Option<Fault>,
    /// How many bytes the files can have together.
    capacity: Option<u64>,
    calls: u64,
    acknowledged: u64,
    recording: Option<Vec<Moment>>,
    drawn: u64,
    next_handle: u64,
}

#[derive(Clone, Default)]
struct Disk {
    inodes: Vec<Arc<Inode>>,
    names: BTreeMap<String, usize>,
    durable_names: BTreeMap<String, usize>,
    /// What was done to the names since they were synced.
    unsynced: Vec<NameChange>,
}

#[derive(Clone)]
enum NameChange {
    Create { name: String, inode: usize },
    Rename { from: String, to: String, inode: usize },
    Unlink { name: String },
}

impl NameChange {
    fn apply(&self, names: &mut BTreeMap<String, usize>) {
        match self {
            Self::Create { name, inode } => {
                names.insert(name.clone(), *inode);
            }
            Self::Rename { from, to, inode } => {
                names.remove(from);
                names.insert(to.clone(), *inode);
            }
            Self::Unlink { name } => {
                names.remove(name);
            }
        }
    }
}

impl SimVfs {
    /// An empty disk.
    pub fn new() -> Self {
        Self::default()
    }

    /// Breaks the disk.
    pub fn with_mutant(self, mutant: Option<Mutant>) -> Self {
        self.lock().mutant = mutant;
        self
    }

    /// Starts to record a moment at every call that changes something.
    pub fn record(&self) {
        self.lock().recording = Some(Vec::new());
    }

    /// The moments since [`record`](Self::record), with the present one as the last.
    pub fn moments(&self) -> Vec<Moment> {
        let mut state = self.lock();
        let now = state.moment();
        state.recording.take().into_iter().flatten().chain([now]).collect()
    }

    /// Notes, for the moments to come, that the caller was told that something is durable.
    pub fn acknowledge(&self, what: u64) {
        self.lock().acknowledged = what;
    }

    /// Lets calls fail, counted from now, or lets none fail any more.
    pub fn set_fault(&self, fault: Option<Fault>) {
        let mut state = self.lock();
        state.fault = fault;
        state.calls = 0;
    }

    /// Bounds the bytes that the files can have together.
    pub fn set_capacity(&self, bytes: Option<u64>) {
        self.lock().capacity = bytes;
    }

    /// How many calls there were since faults were last set.
    pub fn calls(&self) -> u64 {
        self.lock().calls
    }

    /// The content of a file as a reader sees it.
    pub fn content(&self, name: &str) -> Option<Vec<u8>> {
        let state = self.lock();
        state.disk.names.get(name).map(|&inode| state.disk.inodes[inode].live.clone())
    }

    /// Sets the content of a file, durably: damage.
    pub fn set_content(&self, name: &str, content: Vec<u8>) {
        let mut state = self.lock();
        let disk = &mut state.disk;
        let inode = disk.inodes.len();
        disk.inodes.push(Arc::new(Inode::of(content)));
        disk.names.insert(name.to_owned(), inode);
        disk.durable_names.insert(name.to_owned(), inode);
    }

    /// An independent disk with the same files, all of them durable.
    pub fn copy(&self) -> Self {
        let disk = Disk::of(self.lock().disk.files());
        Self { state: Arc::new(Mutex::new(State { disk, ..State::default() })) }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }
}

impl Moment {
    /// A disk that a crash at this moment can leave, as the dice decide.
    pub fn crash(&self, dice: &mut Dice) -> SimVfs {
        let disk = self.disk.crash(dice);
        SimVfs { state: Arc::new(Mutex::new(State { disk, ..State::default() })) }
    }
}

impl Disk {
    fn of(files: impl IntoIterator<Item = (String, Vec<u8>)>) -> Self {
        let mut disk = Self::default();
        for (name, content) in files {
            disk.names.insert(name, disk.inodes.len());
            disk.inodes.push(Arc::new(Inode::of(content)));
        }
        disk.durable_names = disk.names.clone();
        disk
    }

    fn files(&self) -> impl Iterator<Item = (String, Vec<u8>)> + '_ {
        self.names.iter().map(|(name, &inode)| (name.clone(), self.inodes[inode].live.clone()))
    }

    fn change_names(&mut self, change: NameChange) {
        change.apply(&mut self.names);
        self.unsynced.push(change);
    }

    fn size(&self) -> u64 {
        self.names.values().map(|&inode| self.inodes[inode].live.len() as u64).sum()
    }
}

impl State {
    fn moment(&self) -> Moment {
        Moment { acknowledged: self.acknowledged, disk: self.disk.clone() }
    }

    /// Whether a call that fails has no effect at all.
    fn is_killed(&self) -> bool {
        matches!(self.fault, Some(Fault::Killed(_)))
    }

    /// Counts a call; an error if it is to fail.
    fn call(&mut self) -> io::Result<()> {
        let call = self.calls;
        self.calls += 1;
        match self.fault {
            Some(Fault::Once(at)) if call == at => Err(io::Error::other("simulated fault")),
            Some(Fault::From(at) | Fault::Killed(at)) if call >= at => {
                Err(io::Error::other("simulated fault"))
            }
            _ => Ok(()),
        }
    }

    /// Counts a call that changes something.
    fn change(&mut self) -> io::Result<()> {
        if self.recording.is_some() {
            let moment = self.moment();
            self.recording.get_or_insert_default().push(moment);
        }
        self.call()
    }
}

impl Vfs for SimVfs {
    fn open(&self, name: &str, mode: OpenMode) -> io::Result<Box<dyn VfsFile>> {
        let mut state = self.lock();
        let creating = !matches!(mode, OpenMode::Read | OpenMode::Write);
        if creating { state.change() } else { state.call() }?;
        let disk = &mut state.disk;
        let inode = match disk.names.get(name) {
            Some(&inode) => inode,
            None if !creating => return Err(io::ErrorKind::NotFound.into()),
            None => {
                let inode = disk.inodes.len();
                disk.inodes.push(Arc::default());
                disk.change_names(NameChange::Create { name: name.to_owned(), inode });
                inode
            }
        };
        if mode == OpenMode::CreateEmpty && !disk.inodes[inode].live.is_empty() {
            Arc::make_mut(&mut disk.inodes[inode]).change(Change::Truncate(0));
        }
        state.next_handle += 1;
        let handle = state.next_handle;
        let (disk, writable) = (self.clone(), mode != OpenMode::Read);
        Ok(Box::new(SimFile { disk, inode, handle, writable }))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let mut state = self.lock();
        state.change()?;
        let in_place = state.mutant == Some(Mutant::RenameInPlace);
        let disk = &mut state.disk;
        let &inode = disk.names.get(from).ok_or(io::ErrorKind::NotFound)?;
        if let (true, Some(&over)) = (in_place, disk.names.get(to)) {
            let bytes = disk.inodes[inode].live.clone();
            let over = Arc::make_mut(&mut disk.inodes[over]);
            over.change(Change::Truncate(bytes.len() as u64));
            over.change(Change::Write { at: 0, bytes: bytes.into() });
            disk.change_names(NameChange::Unlink { name: from.to_owned() });
            return Ok(());
        }
        let (from, to) = (from.to_owned(), to.to_owned());
        disk.change_names(NameChange::Rename { from, to, inode });
        Ok(())
    }

    fn unlink(&self, name: &str) -> io::Result<()> {
        let mut state = self.lock();
        state.change()?;
        if !state.disk.names.contains_key(name) {
            return Err(io::ErrorKind::NotFound.into());
        }
        state.disk.change_names(NameChange::Unlink { name: name.to_owned() });
        Ok(())
    }

    fn list(&self) -> io::Result<Vec<String>> {
        let mut state = self.lock();
        state.call()?;
        Ok(state.disk.names.keys().cloned().collect())
    }

    fn sync_dir(&self) -> io::Result<()> {
        let mut state = self.lock();
        let fault = state.change();
        let mutant = state.mutant;
        let disk = &mut state.disk;
        if fault.is_ok() && mutant != Some(Mutant::NoDirSync) {
            disk.durable_names = disk.names.clone();
            disk.unsynced.clear();
        }
        if mutant == Some(Mutant::RenameInPlace) {
            // What was overwritten instead of renamed was to be durable from here on.
            disk.inodes.iter_mut().for_each(|inode| Arc::make_mut(inode).sync());
        }
        fault
    }

    fn path(&self, name: &str) -> PathBuf {
        PathBuf::from("/simulated").join(name)
    }

    fn random(&self) -> io::Result<[u8; 16]> {
        let mut state = self.lock();
        state.call()?;
        state.drawn += 1;
        Ok((u128::from(state.drawn).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835))
            .to_le_bytes())
    }
}
