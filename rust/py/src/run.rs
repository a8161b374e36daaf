//! The one door for long work.
//!
//! The calling thread lets go of Python and waits; the work runs on threads that never touch Python. Every
//! tenth of a second the calling thread looks in: it delivers Ctrl-C and calls `progress(stage, done,
//! total)`. When either raises, the work is cancelled and the exception goes on. A panic becomes
//! `InternalError`.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::time::Duration;

use pyo3::prelude::*;
use waveguard_base::Watch;

use crate::errors::{self, Failure};
use crate::panics;
use crate::pools::Lease;

const LOOK_IN: Duration = Duration::from_millis(100);

/// Runs `work` in a pool of `threads` threads (0 = one for each core) and returns what it returns.
pub(crate) fn run<T, E>(
    py: Python<'_>,
    threads: usize,
    progress: Option<Py<PyAny>>,
    work: impl FnOnce(&Watch) -> Result<T, E> + Send,
) -> PyResult<T>
where
    T: Send,
    E: Into<Failure> + Send,
{
    let watch = Watch::default();
    let lease = Lease::take(threads).map_err(|e| errors::to_python(py, Failure::Usage(e)))?;
    let outcome = py.detach(|| supervise(&watch, &lease, progress.as_ref(), work));
    match outcome {
        Outcome::Done(Ok(value)) => Ok(value),
        Outcome::Done(Err(error)) => Err(errors::to_python(py, error.into())),
        Outcome::Raised(error) => Err(error),
        Outcome::Panicked(text) => Err(errors::to_python(py, Failure::Panic(text))),
    }
}

enum Outcome<T, E> {
    Done(Result<T, E>),
    /// Ctrl-C, or an exception of the progress function.
    Raised(PyErr),
    Panicked(String),
}

fn supervise<T: Send, E: Send>(
    watch: &Watch,
    lease: &Lease,
    progress: Option<&Py<PyAny>>,
    work: impl FnOnce(&Watch) -> Result<T, E> + Send,
) -> Outcome<T, E> {
    std::thread::scope(|scope| {
        let (sender, receiver) = sync_channel(1);
        let job = move || {
            let result = catch_unwind(AssertUnwindSafe(|| lease.pool().install(|| work(watch))));
            // The receiver lives until this thread has ended.
            let _ = sender.send(result);
        };
        let started = std::thread::Builder::new().name(panics::THREAD_NAME.to_owned()).spawn_scoped(scope, job);
        if let Err(error) = started {
            return Outcome::Panicked(format!("cannot start a thread: {error}"));
        }
        let mut raised = None;
        let result = loop {
            match receiver.recv_timeout(LOOK_IN) {
                Ok(result) => break result,
                Err(RecvTimeoutError::Disconnected) => return Outcome::Panicked("the worker vanished".to_owned()),
                Err(RecvTimeoutError::Timeout) if raised.is_none() => {
                    if let Err(error) = Python::attach(|py| look_in(py, watch, progress)) {
                        watch.cancel();
                        raised = Some(error);
                    }
                }
                Err(RecvTimeoutError::Timeout) => {}
            }
        };
        match (raised, result) {
            (_, Err(payload)) => Outcome::Panicked(panics::with_place(panics::message(payload.as_ref()))),
            (Some(error), Ok(_)) => Outcome::Raised(error),
            (None, Ok(result)) => Outcome::Done(result),
        }
    })
}

fn look_in(py: Python<'_>, watch: &Watch, progress: Option<&Py<PyAny>>) -> PyResult<()> {
    py.check_signals()?;
    if let Some(progress) = progress {
        progress.call1(py, watch.progress())?;
    }
    Ok(())
}
