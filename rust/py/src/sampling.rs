//! Sampling: what is uncertain down as columns, figures up as arrays.

use numpy::IntoPyArray;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use waveguard_circuit::{Sampled, SampledPair, SpreadColumns};

use crate::columns::Columns;

const KNOWN: [&str; 21] = [
    "quantity_value",
    "quantity_shape",
    "quantity_below",
    "quantity_above",
    "quantity_scatter",
    "quantity_floor",
    "quantity_ceiling",
    "term_arc",
    "term_quantity",
    "term_element",
    "term_law",
    "term_weight",
    "response_arc",
    "response_quantity",
    "node_first",
    "node_step",
    "node_count",
    "response_db",
    "pair_from",
    "pair_to",
    "pair_limit_db",
];

/// What is uncertain.
pub(crate) fn spread(c: &Columns<'_>) -> PyResult<SpreadColumns> {
    c.only(&KNOWN)?;
    Ok(SpreadColumns {
        quantity_value: c.f64s("quantity_value")?,
        quantity_shape: c.u8s("quantity_shape")?,
        quantity_below: c.f64s("quantity_below")?,
        quantity_above: c.f64s("quantity_above")?,
        quantity_scatter: c.f64s("quantity_scatter")?,
        quantity_floor: c.f64s("quantity_floor")?,
        quantity_ceiling: c.f64s("quantity_ceiling")?,
        term_arc: c.i64s("term_arc")?,
        term_quantity: c.i64s("term_quantity")?,
        term_element: c.i64s("term_element")?,
        term_law: c.u8s("term_law")?,
        term_weight: c.f64s("term_weight")?,
        response_arc: c.i64s("response_arc")?,
        response_quantity: c.i64s("response_quantity")?,
        node_first: c.f64s("node_first")?,
        node_step: c.f64s("node_step")?,
        node_count: c.count("node_count")?,
        response_db: c.f64s("response_db")?,
    })
}

/// The pairs of terminals that are sampled.
pub(crate) fn pairs(c: &Columns<'_>) -> PyResult<Vec<SampledPair>> {
    let (from, to, limit_db) = (c.i64s("pair_from")?, c.i64s("pair_to")?, c.f64s("pair_limit_db")?);
    if to.len() != from.len() || limit_db.len() != from.len() {
        return Err(c.wrong("pair_to", "and pair_limit_db have not the length of pair_from"));
    }
    let rows = from.into_iter().zip(to).zip(limit_db);
    Ok(rows
        .map(|((from_terminal, to_terminal), limit_db)| SampledPair { from_terminal, to_terminal, limit_db })
        .collect())
}

/// One array per figure; two axes where there is more than one number per pair.
pub(crate) fn to_dict(py: Python<'_>, found: Sampled) -> PyResult<Bound<'_, PyDict>> {
    let dict = PyDict::new(py);
    let n_pairs = found.stated_db.len();
    let by_pair = [
        ("stated_db", found.stated_db),
        ("mean_db", found.mean_db),
        ("sigma_db", found.sigma_db),
        ("least_db", found.least_db),
        ("most_db", found.most_db),
        ("largest_db", found.largest_db),
        ("excess_db", found.excess_db),
    ];
    for (name, values) in by_pair {
        dict.set_item(name, values.into_pyarray(py))?;
    }
    dict.set_item("searched", found.searched.into_pyarray(py))?;
    dict.set_item("n_traced", found.n_traced.into_pyarray(py))?;
    dict.set_item("n_other_path", found.n_other_path.into_pyarray(py))?;
    dict.set_item("n_kept", found.n_kept.into_pyarray(py))?;
    let tables = [
        ("quantile_db", found.quantile_db),
        ("share", found.share),
        ("part_sigma_db", found.part_sigma_db),
        ("loss_db", found.loss_db),
    ];
    for (name, values) in tables {
        let width = values.len().checked_div(n_pairs).unwrap_or(0);
        dict.set_item(name, values.into_pyarray(py).call_method1("reshape", ((n_pairs, width),))?)?;
    }
    Ok(dict)
}
