//! Thread pools, kept and lent. A pool serves one piece of work at a time: two checks that run at once, each
//! asked to use one thread, do not wait for each other.

use std::collections::BTreeMap;
use std::mem::ManuallyDrop;
use std::num::NonZero;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::panics;

/// More threads than this for each core are a mistake in the call.
const MAX_THREADS_PER_CORE: usize = 64;
/// Idle pools kept for each number of threads.
const MAX_IDLE: usize = 4;

struct Idle {
    /// The process that started the threads: a child after `fork` has none of them.
    process: u32,
    pools: BTreeMap<usize, Vec<ManuallyDrop<Arc<ThreadPool>>>>,
}

static IDLE: Mutex<Idle> = Mutex::new(Idle { process: 0, pools: BTreeMap::new() });

/// A pool in use; goes back when dropped.
pub(crate) struct Lease {
    threads: usize,
    pool: Option<Arc<ThreadPool>>,
}

impl Lease {
    /// A pool of that many threads, 0 for one on each core.
    pub(crate) fn take(threads: usize) -> Result<Self, String> {
        let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
        let threads = if threads == 0 { cores } else { threads };
        if threads > cores.saturating_mul(MAX_THREADS_PER_CORE) {
            return Err(format!("{threads} threads on {cores} cores are more than {MAX_THREADS_PER_CORE} for each"));
        }
        if let Some(pool) = idle().pools.get_mut(&threads).and_then(Vec::pop) {
            return Ok(Self { threads, pool: Some(ManuallyDrop::into_inner(pool)) });
        }
        let pool = ThreadPoolBuilder::new()
            .num_threads(threads)
            .thread_name(|_| panics::THREAD_NAME.to_owned())
            .build()
            .map_err(|e| format!("cannot start {threads} threads: {e}"))?;
        Ok(Self { threads, pool: Some(Arc::new(pool)) })
    }

    pub(crate) fn pool(&self) -> &ThreadPool {
        self.pool.as_deref().expect("a lease holds its pool until it is dropped")
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let Some(pool) = self.pool.take() else { return };
        let mut idle = idle();
        let kept = idle.pools.entry(self.threads).or_default();
        if kept.len() < MAX_IDLE {
            kept.push(ManuallyDrop::new(pool));
        }
    }
}

fn idle() -> MutexGuard<'static, Idle> {
    let mut idle = IDLE.lock().unwrap_or_else(PoisonError::into_inner);
    let process = std::process::id();
    if idle.process != process {
        // The pools of the parent are not dropped (hence `ManuallyDrop`): that would wake threads that are not there.
        idle.pools.clear();
        idle.process = process;
    }
    idle
}
