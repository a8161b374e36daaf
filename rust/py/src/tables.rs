//! Tables on the way up: numbers are moved into numpy without a copy and made read-only.

use std::collections::BTreeMap;

use numpy::{Element, IntoPyArray};
use pyo3::exceptions::PyKeyError;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyList, PyString};
use rustc_hash::FxHashMap;
use waveguard_base::{Column, Table};

/// The tables of a finished piece of work as Python holds them: made once, shared by all who ask.
pub(crate) struct Tables(BTreeMap<&'static str, Py<PyDict>>);

impl Tables {
    pub(crate) fn new(py: Python<'_>, tables: Vec<Table>) -> PyResult<Self> {
        tables.into_iter().map(|t| Ok((t.name, to_dict(py, t)?.unbind()))).collect::<PyResult<_>>().map(Self)
    }

    /// A dict of the columns, which the caller may change; the columns themselves are shared and read-only.
    pub(crate) fn get<'py>(&self, py: Python<'py>, name: &str) -> PyResult<Bound<'py, PyDict>> {
        match self.0.get(name) {
            Some(table) => table.bind(py).copy(),
            None => Err(PyKeyError::new_err(format!("no table {name}; there are {}", self.names().join(", ")))),
        }
    }

    pub(crate) fn names(&self) -> Vec<&'static str> {
        self.0.keys().copied().collect()
    }
}

/// Tables that are made when they are asked for the first time, and shared by all who ask.
pub(crate) struct LateTables(BTreeMap<&'static str, PyOnceLock<Py<PyDict>>>);

impl LateTables {
    pub(crate) fn new(names: &[&'static str]) -> Self {
        Self(names.iter().map(|name| (*name, PyOnceLock::new())).collect())
    }

    /// A dict of the columns, which the caller may change; the columns themselves are shared and read-only.
    pub(crate) fn get<'py>(
        &self,
        py: Python<'py>,
        name: &str,
        make: impl FnOnce(&'static str) -> PyResult<Option<Table>>,
    ) -> PyResult<Bound<'py, PyDict>> {
        let unknown = || {
            let names: Vec<&str> = self.0.keys().copied().collect();
            PyKeyError::new_err(format!("no table {name}; there are {}", names.join(", ")))
        };
        let (key, once) = self.0.get_key_value(name).ok_or_else(unknown)?;
        // Two threads may write at once; the one that is first keeps what it wrote, and it is the same.
        let table = once.get_or_try_init(py, || {
            let table = make(key)?.ok_or_else(|| PyKeyError::new_err(format!("no table {name}")))?;
            Ok::<Py<PyDict>, PyErr>(to_dict(py, table)?.unbind())
        })?;
        table.bind(py).copy()
    }
}

/// One table as a dict of columns.
pub(crate) fn to_dict(py: Python<'_>, table: Table) -> PyResult<Bound<'_, PyDict>> {
    let dict = PyDict::new(py);
    for (name, column) in table.columns {
        match column {
            Column::F64(values) => dict.set_item(name, read_only(py, values)?)?,
            Column::I64(values) => dict.set_item(name, read_only(py, values)?)?,
            Column::U8(values) => dict.set_item(name, read_only(py, values)?)?,
            Column::Text(values) => dict.set_item(name, texts(py, &values)?)?,
        }
    }
    Ok(dict)
}

/// A list of texts. Ports of a layout have few different names, and each is made once for all.
fn texts<'py>(py: Python<'py>, values: &[String]) -> PyResult<Bound<'py, PyList>> {
    let mut known: FxHashMap<&str, Bound<'py, PyString>> = FxHashMap::default();
    let all = values.iter().map(|value| {
        if known.len() < MOST_SHARED {
            known.entry(value).or_insert_with(|| PyString::new(py, value)).clone()
        } else {
            known.get(value.as_str()).cloned().unwrap_or_else(|| PyString::new(py, value))
        }
    });
    PyList::new(py, all)
}

/// Different texts of a column that are looked for; of more the most are there once.
const MOST_SHARED: usize = 4096;

fn read_only<T: Element>(py: Python<'_>, values: Vec<T>) -> PyResult<Bound<'_, PyAny>> {
    let array = values.into_pyarray(py).into_any();
    array.getattr("flags")?.setattr("writeable", false)?;
    Ok(array)
}

/// The numpy name of a column type of the core.
pub(crate) fn dtype(name: &'static str) -> &'static str {
    match name {
        "f64" => "float64",
        "i64" => "int64",
        "u8" => "uint8",
        "text" => "str",
        other => other,
    }
}
