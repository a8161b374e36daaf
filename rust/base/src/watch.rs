//! Progress and cancellation of long work, shared between the thread that works and the one that waits.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

/// Returned by long work that was asked to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("interrupted")]
pub struct Interrupted;

/// Names of the stages of work, in the order in which they run. The index is what `Watch::stage` returns.
pub const STAGES: [&str; 8] = ["build", "place", "trace", "join", "neighbours", "coverage", "solve", "sample"];

/// Shared state of one piece of long work. All methods may be called from any thread.
#[derive(Debug, Default)]
pub struct Watch {
    stop: AtomicBool,
    stage: AtomicUsize,
    done: AtomicU64,
    total: AtomicU64,
}

impl Watch {
    /// Asks the work to stop at its next check.
    pub fn cancel(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    /// Fails when the work was asked to stop. Cheap: call it once per cell, guide or block.
    ///
    /// # Errors
    /// [`Interrupted`] after [`Watch::cancel`].
    #[inline]
    pub fn check(&self) -> Result<(), Interrupted> {
        if self.stop.load(Ordering::Relaxed) { Err(Interrupted) } else { Ok(()) }
    }

    /// Enters a stage (an index into [`STAGES`]) of `total` steps.
    pub fn enter(&self, stage: usize, total: u64) {
        self.stage.store(stage, Ordering::Relaxed);
        self.total.store(total, Ordering::Relaxed);
        self.done.store(0, Ordering::Relaxed);
    }

    /// Counts `steps` finished steps of the present stage.
    #[inline]
    pub fn advance(&self, steps: u64) {
        self.done.fetch_add(steps, Ordering::Relaxed);
    }

    /// Present stage name, steps done, steps in all.
    pub fn progress(&self) -> (&'static str, u64, u64) {
        let stage = STAGES[self.stage.load(Ordering::Relaxed).min(STAGES.len() - 1)];
        (stage, self.done.load(Ordering::Relaxed), self.total.load(Ordering::Relaxed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_starts_anew_with_each_stage() {
        let watch = Watch::default();
        watch.enter(2, 10);
        watch.advance(3);
        assert_eq!(watch.progress(), ("trace", 3, 10));
        watch.enter(3, 4);
        assert_eq!(watch.progress(), ("join", 0, 4));
    }

    #[test]
    fn a_stage_that_does_not_exist_is_the_last_one() {
        let watch = Watch::default();
        watch.enter(usize::MAX, 1);
        assert_eq!(watch.progress().0, "sample");
    }

    #[test]
    fn a_cancelled_watch_stays_cancelled() {
        let watch = Watch::default();
        assert_eq!(watch.check(), Ok(()));
        watch.cancel();
        assert_eq!((watch.check(), watch.check()), (Err(Interrupted), Err(Interrupted)));
    }
}
