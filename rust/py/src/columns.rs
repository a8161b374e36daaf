//! Columns on the way down: copied out of Python while attached, so that nobody can write to them later.

use numpy::{PyArray1, PyArrayMethods};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString, PyTuple};
use waveguard_geom::Point;

use crate::errors::{self, Failure};

/// The columns of one call, by name.
pub(crate) struct Columns<'py> {
    dict: Bound<'py, PyDict>,
    numpy: Bound<'py, PyModule>,
}

impl<'py> Columns<'py> {
    pub(crate) fn new(dict: Bound<'py, PyDict>) -> PyResult<Self> {
        let numpy = dict.py().import("numpy")?;
        Ok(Self { dict, numpy })
    }

    /// Refuses columns that nobody would read: a misspelt name must not be an empty column.
    pub(crate) fn only(&self, known: &[&str]) -> PyResult<()> {
        for key in self.dict.keys() {
            let name: String = key.extract()?;
            if !known.contains(&name.as_str()) {
                return Err(self.wrong(&name, "is not known"));
            }
        }
        Ok(())
    }

    pub(crate) fn get(&self, name: &str) -> PyResult<Bound<'py, PyAny>> {
        self.dict.get_item(name)?.ok_or_else(|| self.wrong(name, "is missing"))
    }

    /// A column that may be missing or None.
    pub(crate) fn optional(&self, name: &str) -> PyResult<Option<Bound<'py, PyAny>>> {
        Ok(self.dict.get_item(name)?.filter(|value| !value.is_none()))
    }

    pub(crate) fn scalar(&self, name: &str) -> PyResult<f64> {
        self.get(name)?.extract().map_err(|_| self.wrong(name, "is not a number"))
    }

    pub(crate) fn count(&self, name: &str) -> PyResult<usize> {
        self.get(name)?.extract().map_err(|_| self.wrong(name, "is not a count"))
    }

    pub(crate) fn f64s(&self, name: &str) -> PyResult<Vec<f64>> {
        self.array(name, &self.get(name)?, "biuf", "float64")
    }

    /// Grid points, when the column is one stretch of 32-bit integers in memory.
    pub(crate) fn points(&self, name: &str) -> PyResult<Option<Vec<Point>>> {
        let value = self.get(name)?;
        let Ok(flat) = value.cast::<PyArray1<i32>>() else { return Ok(None) };
        let flat = flat.readonly();
        let Ok(flat) = flat.as_slice() else { return Ok(None) };
        if !flat.len().is_multiple_of(2) {
            return Err(self.wrong(name, "does not hold pairs"));
        }
        Ok(Some(flat.chunks_exact(2).map(|v| Point::new(v[0], v[1])).collect()))
    }

    pub(crate) fn i64s(&self, name: &str) -> PyResult<Vec<i64>> {
        self.array(name, &self.get(name)?, "biu", "int64")
    }

    pub(crate) fn u8s(&self, name: &str) -> PyResult<Vec<u8>> {
        self.array(name, &self.get(name)?, "biu", "uint8")
    }

    pub(crate) fn texts(&self, name: &str) -> PyResult<Vec<String>> {
        let column = self.get(name)?;
        column
            .try_iter()?
            .map(|item| {
                let item = item?;
                let text = item.cast::<PyString>().map_err(|_| self.wrong(name, "holds something else than text"))?;
                // Surrogates stand for bytes that are no text; they must not end the run.
                Ok(text.to_string_lossy().into_owned())
            })
            .collect()
    }

    /// Tuples of a kind and its numbers; the reader knows the kinds.
    pub(crate) fn tagged(&self, name: &str) -> PyResult<Vec<(String, Bound<'py, PyTuple>)>> {
        self.get(name)?
            .try_iter()?
            .map(|item| {
                let tuple =
                    item?.cast_into::<PyTuple>().map_err(|_| self.wrong(name, "holds something else than tuples"))?;
                let kind = tuple
                    .get_item(0)
                    .and_then(|k| k.extract())
                    .map_err(|_| self.wrong(name, "holds a tuple without a kind"))?;
                Ok((kind, tuple))
            })
            .collect()
    }

    /// Any shape, flattened row by row; `kinds` are the numpy kinds that convert without loss of meaning.
    pub(crate) fn array<T: numpy::Element + Copy>(
        &self,
        name: &str,
        value: &Bound<'py, PyAny>,
        kinds: &str,
        dtype: &str,
    ) -> PyResult<Vec<T>> {
        let array = self.numpy.call_method1("asarray", (value,))?;
        let kind: String = array.getattr("dtype")?.getattr("kind")?.extract()?;
        let size: usize = array.getattr("size")?.extract()?;
        // An empty list has no type of its own.
        if size > 0 && !kinds.contains(&kind) {
            return Err(self.wrong(name, &format!("holds {} instead of {dtype}", array.getattr("dtype")?)));
        }
        let flat = self.numpy.call_method1("ascontiguousarray", (array, dtype))?.call_method1("reshape", (-1,))?;
        let flat = flat.cast_into::<PyArray1<T>>().map_err(|_| self.wrong(name, "cannot be made an array"))?;
        Ok(flat.readonly().as_slice().map_err(|e| self.wrong(name, &e.to_string()))?.to_vec())
    }

    pub(crate) fn wrong(&self, name: &str, what: &str) -> PyErr {
        errors::to_python(self.dict.py(), Failure::Columns(format!("column {name} {what}")))
    }
}
