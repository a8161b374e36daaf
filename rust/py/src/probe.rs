//! Work that only exercises the door (`run.rs`): how tests see threads, Ctrl-C and panics from outside.

use std::time::{Duration, Instant};

use pyo3::prelude::*;
use waveguard_base::{Interrupted, Watch};

use crate::errors::Failure;
use crate::run;

const STEP: Duration = Duration::from_millis(1);

/// Go through the door of the core: kind "wait" takes that long (or until cancelled), "panic" panics.
#[pyfunction]
#[pyo3(signature = (kind, seconds=0.0, threads=1, progress=None))]
pub(crate) fn probe(
    py: Python<'_>,
    kind: &str,
    seconds: f64,
    threads: usize,
    progress: Option<Py<PyAny>>,
) -> PyResult<()> {
    let kind = kind.to_owned();
    run::run(py, threads, progress, move |watch| match kind.as_str() {
        "wait" => wait(watch, seconds).map_err(Failure::from),
        "panic" => panic!("probe"),
        _ => Err(Failure::Usage(format!("no probe {kind}"))),
    })
}

fn wait(watch: &Watch, seconds: f64) -> Result<(), Interrupted> {
    let steps = (seconds / STEP.as_secs_f64()) as u64;
    let start = Instant::now();
    watch.enter(0, steps);
    while start.elapsed().as_secs_f64() < seconds {
        watch.check()?;
        std::thread::sleep(STEP);
        watch.advance(1);
    }
    Ok(())
}
