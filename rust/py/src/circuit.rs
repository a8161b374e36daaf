//! The circuit and solution handles.

use std::sync::Arc;

use pyo3::prelude::*;
use pyo3::types::PyDict;
use waveguard_circuit::{CAUSES, CircuitColumns, SampleOptions, SolveOptions, Spread, sample_paths};

use crate::columns::Columns;
use crate::errors::{self, Failure};
use crate::run;
use crate::sampling;
use crate::tables::Tables;

/// Ports, arcs through devices and terminals; immutable.
#[pyclass(frozen, module = "waveguard._core")]
pub(crate) struct Circuit {
    inner: waveguard_circuit::Circuit,
}

#[pymethods]
impl Circuit {
    /// Number of devices, guides included.
    #[getter]
    fn n_devices(&self) -> usize {
        self.inner.n_devices()
    }

    /// Number of ports.
    #[getter]
    fn n_ports(&self) -> usize {
        self.inner.n_ports()
    }

    /// Number of arcs.
    #[getter]
    fn n_arcs(&self) -> usize {
        self.inner.n_arcs()
    }

    fn __repr__(&self) -> String {
        format!("<Circuit of {} devices, {} arcs>", self.inner.n_devices(), self.inner.n_arcs())
    }
}

/// Loss of every path of a circuit; immutable.
#[pyclass(frozen, module = "waveguard._core")]
pub(crate) struct Solution {
    inner: Arc<waveguard_circuit::Solution>,
    tables: Tables,
}

#[pymethods]
impl Solution {
    /// Columns of a table.
    fn table<'py>(&self, py: Python<'py>, name: &str) -> PyResult<Bound<'py, PyDict>> {
        self.tables.get(py, name)
    }

    /// Names of the tables.
    fn names(&self) -> Vec<&'static str> {
        self.tables.names()
    }

    /// Arcs of the worst path between two terminals, in order.
    fn trace(&self, py: Python<'_>, from_terminal: i64, to_terminal: i64) -> PyResult<Vec<i64>> {
        let solution = Arc::clone(&self.inner);
        run::run(py, 1, None, move |_| solution.trace(from_terminal, to_terminal))
    }

    /// Number of paths from some terminals to others (all when None), as the bytes of an integer, lowest first.
    #[pyo3(signature = (sources=None, sinks=None))]
    fn count_paths(
        &self,
        py: Python<'_>,
        sources: Option<Vec<i64>>,
        sinks: Option<Vec<i64>>,
    ) -> PyResult<std::borrow::Cow<'static, [u8]>> {
        let solution = Arc::clone(&self.inner);
        let counted = run::run(py, 1, None, move |_| solution.count_paths(sources.as_deref(), sinks.as_deref()))?;
        Ok(counted.into())
    }

    /// Losses of pairs of terminals over samples of what is uncertain; a dict of figures and arrays.
    #[pyo3(signature = (columns, options_json="{}", threads=0, progress=None))]
    fn sample<'py>(
        &self,
        py: Python<'py>,
        columns: Bound<'py, PyDict>,
        options_json: &str,
        threads: usize,
        progress: Option<Py<PyAny>>,
    ) -> PyResult<Bound<'py, PyDict>> {
        let options = SampleOptions::from_json(options_json).map_err(|e| errors::to_python(py, Failure::from(e)))?;
        let columns = Columns::new(columns)?;
        let (spread, pairs) = (sampling::spread(&columns)?, sampling::pairs(&columns)?);
        let solution = Arc::clone(&self.inner);
        let found = run::run(py, threads, progress, move |watch| {
            let spread = Spread::new(spread, solution.circuit()).map_err(Failure::from)?;
            sample_paths(&solution, &spread, &pairs, &options, watch).map_err(Failure::from)
        })?;
        sampling::to_dict(py, found)
    }

    /// By port, the least loss of light from a terminal that enters a device there; infinite where none does.
    fn reach(&self, py: Python<'_>, from_terminal: i64) -> PyResult<Vec<f64>> {
        let solution = Arc::clone(&self.inner);
        run::run(py, 1, None, move |_| solution.reach(from_terminal))
    }
}

/// Check the columns of a circuit and take them over.
#[pyfunction]
pub(crate) fn build_circuit(py: Python<'_>, columns: Bound<'_, PyDict>) -> PyResult<Circuit> {
    let columns = circuit_columns(&Columns::new(columns)?)?;
    let inner = run::run(py, 1, None, move |_| waveguard_circuit::Circuit::new(columns))?;
    Ok(Circuit { inner })
}

/// Best and worst loss between all terminals.
#[pyfunction]
#[pyo3(signature = (circuit, options_json="{}", threads=0, progress=None))]
pub(crate) fn solve_paths(
    py: Python<'_>,
    circuit: &Circuit,
    options_json: &str,
    threads: usize,
    progress: Option<Py<PyAny>>,
) -> PyResult<Solution> {
    let options = SolveOptions::from_json(options_json).map_err(|e| errors::to_python(py, Failure::from(e)))?;
    let circuit = circuit.inner.clone();
    let mut inner =
        run::run(py, threads, progress, move |watch| waveguard_circuit::solve_paths(&circuit, &options, watch))?;
    let tables = Tables::new(py, inner.take_tables())?;
    Ok(Solution { inner: Arc::new(inner), tables })
}

fn circuit_columns(c: &Columns<'_>) -> PyResult<CircuitColumns> {
    let causes: Vec<String> = CAUSES.iter().map(|cause| format!("arc_{cause}_db")).collect();
    let mut known = vec![
        "n_devices",
        "port_device",
        "port_net_peer",
        "arc_from",
        "arc_to",
        "arc_length_nm",
        "arc_group_length_nm",
        "arc_n_guides",
        "arc_n_bends",
        "arc_n_crossings",
        "terminal_port",
        "terminal_in",
        "terminal_out",
        "terminal_loss_db",
    ];
    known.extend(causes.iter().map(String::as_str));
    c.only(&known)?;
    let mut arc_cause_db: [Vec<f64>; CAUSES.len()] = Default::default();
    for (column, name) in arc_cause_db.iter_mut().zip(&causes) {
        *column = c.f64s(name)?;
    }
    Ok(CircuitColumns {
        n_devices: c.count("n_devices")?,
        port_device: c.i64s("port_device")?,
        port_net_peer: c.i64s("port_net_peer")?,
        arc_from: c.i64s("arc_from")?,
        arc_to: c.i64s("arc_to")?,
        arc_cause_db,
        arc_length_nm: c.f64s("arc_length_nm")?,
        arc_group_length_nm: c.f64s("arc_group_length_nm")?,
        arc_n_guides: c.i64s("arc_n_guides")?,
        arc_n_bends: c.i64s("arc_n_bends")?,
        arc_n_crossings: c.i64s("arc_n_crossings")?,
        terminal_port: c.i64s("terminal_port")?,
        terminal_in: c.u8s("terminal_in")?,
        terminal_out: c.u8s("terminal_out")?,
        terminal_loss_db: c.f64s("terminal_loss_db")?,
    })
}
