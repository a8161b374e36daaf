//! What is not known exactly, as columns and as a checked value: quantities, and how the loss of arcs hangs on them.
//!
//! A quantity deviates from its stated value twice: once for all of a chip (its common part), and once more for every
//! element that has it (its scatter). What a newcomer would get wrong: two arcs of one element share its scatter.

use crate::error::CircuitError;
use crate::montecarlo::draws::{Deviation, Shape};
use crate::netlist::{Circuit, ids};

/// What is uncertain, unchecked. Ids are row numbers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SpreadColumns {
    /// Per quantity: its stated value.
    pub quantity_value: Vec<f64>,
    /// Per quantity: 0 normal, 1 uniform, 2 triangular with its peak at the value.
    pub quantity_shape: Vec<u8>,
    /// Per quantity: how far its common part reaches below the value; the standard deviation of a normal one.
    pub quantity_below: Vec<f64>,
    /// Per quantity: how far it reaches above; the same as below for a normal one.
    pub quantity_above: Vec<f64>,
    /// Per quantity: standard deviation from element to element.
    pub quantity_scatter: Vec<f64>,
    /// Per quantity: the least that it can be.
    pub quantity_floor: Vec<f64>,
    /// Per quantity: the most that it can be.
    pub quantity_ceiling: Vec<f64>,
    /// Per term: the arc whose loss it is part of.
    pub term_arc: Vec<i64>,
    /// Per term: the quantity.
    pub term_quantity: Vec<i64>,
    /// Per term: the element that scatters; any numbers from 0 to 2^32.
    pub term_element: Vec<i64>,
    /// Per term: 0 for weight · q, 1 for weight · -10 log10(q), 2 for weight · -10 log10(1 - q), in dB.
    pub term_law: Vec<u8>,
    /// Per term: its weight; negative where the loss falls as the quantity grows.
    pub term_weight: Vec<f64>,
    /// Per response: the arc whose loss changes.
    pub response_arc: Vec<i64>,
    /// Per response: the quantity that changes it; one without scatter.
    pub response_quantity: Vec<i64>,
    /// Per quantity: values, counted from its own, at which its responses are given: the first.
    pub node_first: Vec<f64>,
    /// Per quantity: distance from each to the next; 0 for quantities without responses.
    pub node_step: Vec<f64>,
    /// Number of them, 3 or more; 0 without responses.
    pub node_count: usize,
    /// Per response and value: change of the loss in dB.
    pub response_db: Vec<f64>,
}

/// How a term hangs on its quantity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Law {
    Linear,
    /// Light that takes the share q of a split.
    Share,
    /// Light that takes the rest.
    Rest,
}

pub(crate) const LAWS: usize = 3;

impl Law {
    /// Loss in dB per weight.
    #[inline]
    pub(crate) fn of(self, q: f64) -> f64 {
        match self {
            Self::Linear => q,
            Self::Share => -10.0 * q.max(f64::MIN_POSITIVE).log10(),
            Self::Rest => -10.0 * (1.0 - q).max(f64::EPSILON / 2.0).log10(),
        }
    }
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Quantity {
    pub(crate) value: f64,
    pub(crate) common: Deviation,
    pub(crate) scatter: Deviation,
    pub(crate) floor: f64,
    pub(crate) ceiling: f64,
    /// Values at which its responses are given, counted from its own.
    pub(crate) nodes: Option<Nodes>,
    /// Rows of the draws of its elements.
    pub(crate) first_draw: u32,
    pub(crate) last_draw: u32,
}

/// No draw: the quantity does not scatter.
pub(crate) const NO_DRAW: u32 = u32::MAX;

#[derive(Clone, Copy, Debug)]
pub(crate) struct Term {
    pub(crate) arc: u32,
    pub(crate) quantity: u32,
    pub(crate) draw: u32,
    pub(crate) law: Law,
    pub(crate) weight: f64,
}

/// What is uncertain in a circuit, checked.
#[derive(Clone, Debug)]
pub struct Spread {
    pub(crate) quantities: Vec<Quantity>,
    /// By arc.
    pub(crate) terms: Vec<Term>,
    /// By arc: arc, quantity, row of values.
    pub(crate) responses: Vec<(u32, u32, u32)>,
    pub(crate) response_db: Vec<f64>,
    pub(crate) n_nodes: usize,
    pub(crate) n_draws: u32,
    pub(crate) n_arcs: usize,
}

/// Values at which responses are given.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Nodes {
    pub(crate) first: f64,
    pub(crate) step: f64,
    pub(crate) count: usize,
}

impl Spread {
    /// Checks the columns against the circuit they speak of.
    ///
    /// # Errors
    /// The first thing that does not fit: lengths, ids, numbers that are not finite or out of their range.
    pub fn new(columns: SpreadColumns, circuit: &Circuit) -> Result<Self, CircuitError> {
        let mut quantities = quantities(&columns)?;
        let mut terms = terms(&columns, &quantities, circuit.n_arcs())?;
        let n_draws = number_draws(&mut quantities, &mut terms, &columns.term_element);
        terms.sort_by_key(|(term, _)| term.arc);
        let responses = responses(&columns, &quantities, circuit.n_arcs())?;
        Ok(Self {
            quantities,
            terms: terms.into_iter().map(|(term, _)| term).collect(),
            responses,
            response_db: columns.response_db,
            n_nodes: columns.node_count,
            n_draws,
            n_arcs: circuit.n_arcs(),
        })
    }

    /// Number of quantities.
    pub fn n_quantities(&self) -> usize {
        self.quantities.len()
    }

    pub(crate) fn terms_of(&self, arc: u32) -> &[Term] {
        let first = self.terms.partition_point(|t| t.arc < arc);
        let last = self.terms.partition_point(|t| t.arc <= arc);
        &self.terms[first..last]
    }

    pub(crate) fn responses_of(&self, arc: u32) -> &[(u32, u32, u32)] {
        let first = self.responses.partition_point(|r| r.0 < arc);
        let last = self.responses.partition_point(|r| r.0 <= arc);
        &self.responses[first..last]
    }

    pub(crate) fn response(&self, row: u32) -> &[f64] {
        &self.response_db[row as usize * self.n_nodes..][..self.n_nodes]
    }
}

fn same(column: &'static str, found: usize, expected: usize) -> Result<(), CircuitError> {
    if found == expected { Ok(()) } else { Err(CircuitError::ColumnLength { column, found, expected }) }
}

fn each(
    column: &'static str,
    values: &[f64],
    expected: usize,
    what: &'static str,
    fits: impl Fn(usize, f64) -> bool,
) -> Result<(), CircuitError> {
    same(column, values.len(), expected)?;
    match values.iter().enumerate().position(|(k, &v)| !fits(k, v)) {
        Some(row) => Err(CircuitError::Unfit { column, row, value: values[row], what }),
        None => Ok(()),
    }
}

fn quantities(c: &SpreadColumns) -> Result<Vec<Quantity>, CircuitError> {
    let (n, value) = (c.quantity_value.len(), &c.quantity_value);
    let (finite, reach) = ("is not a finite number", "is not a finite number >= 0");
    each("quantity_value", value, n, finite, |_, v| v.is_finite())?;
    for (name, column) in [("quantity_below", &c.quantity_below), ("quantity_scatter", &c.quantity_scatter)] {
        each(name, column, n, reach, |_, v| v.is_finite() && v >= 0.0)?;
    }
    same("quantity_shape", c.quantity_shape.len(), n)?;
    if let Some(row) = c.quantity_shape.iter().position(|&s| s > 2) {
        let (column, value) = ("quantity_shape", f64::from(c.quantity_shape[row]));
        return Err(CircuitError::Unfit { column, row, value, what: "is none of 0, 1, 2" });
    }
    #[expect(clippy::float_cmp, reason = "one standard deviation, given twice")]
    each("quantity_above", &c.quantity_above, n, "is not >= 0, or a normal one is not even", |k, v| {
        v.is_finite() && v >= 0.0 && (c.quantity_shape[k] != 0 || v == c.quantity_below[k])
    })?;
    each("quantity_floor", &c.quantity_floor, n, "lies above the value", |k, v| v <= value[k])?;
    each("quantity_ceiling", &c.quantity_ceiling, n, "lies below the value", |k, v| v >= value[k])?;
    each("node_first", &c.node_first, n, finite, |_, v| v.is_finite())?;
    each("node_step", &c.node_step, n, reach, |_, v| v.is_finite() && v >= 0.0)?;
    Ok((0..n)
        .map(|k| {
            let nodes = Nodes { first: c.node_first[k], step: c.node_step[k], count: c.node_count };
            let shape = [Shape::Normal, Shape::Uniform, Shape::Triangular][c.quantity_shape[k] as usize];
            Quantity {
                value: value[k],
                common: Deviation { shape, below: c.quantity_below[k], above: c.quantity_above[k] },
                scatter: Deviation::even(shape, c.quantity_scatter[k]),
                floor: c.quantity_floor[k],
                ceiling: c.quantity_ceiling[k],
                nodes: (nodes.step > 0.0 && nodes.count > 2).then_some(nodes),
                first_draw: 0,
                last_draw: 0,
            }
        })
        .collect())
}

/// The terms, each with its row in the columns.
fn terms(c: &SpreadColumns, quantities: &[Quantity], n_arcs: usize) -> Result<Vec<(Term, u32)>, CircuitError> {
    let n = c.term_arc.len();
    let arc = ids("term_arc", &c.term_arc, n_arcs)?;
    same("term_quantity", c.term_quantity.len(), n)?;
    let quantity = ids("term_quantity", &c.term_quantity, quantities.len())?;
    same("term_element", c.term_element.len(), n)?;
    ids("term_element", &c.term_element, u32::MAX as usize)?;
    same("term_law", c.term_law.len(), n)?;
    each("term_weight", &c.term_weight, n, "is not a finite number", |_, v| v.is_finite())?;
    (0..n)
        .map(|row| {
            let law = match c.term_law[row] {
                0 => Law::Linear,
                1 => Law::Share,
                2 => Law::Rest,
                other => {
                    let (column, value) = ("term_law", f64::from(other));
                    return Err(CircuitError::Unfit { column, row, value, what: "is none of 0, 1, 2" });
                }
            };
            let of = &quantities[quantity[row] as usize];
            if law != Law::Linear && (of.floor < 0.0 || of.ceiling > 1.0) {
                let (column, value) = ("term_law", of.value);
                return Err(CircuitError::Unfit { column, row, value, what: "is no share between 0 and 1" });
            }
            let weight = c.term_weight[row];
            Ok((Term { arc: arc[row], quantity: quantity[row], draw: NO_DRAW, law, weight }, row as u32))
        })
        .collect()
}

/// Numbers the scatter of elements, by quantity, then element; returns how many there are.
fn number_draws(quantities: &mut [Quantity], terms: &mut [(Term, u32)], element: &[i64]) -> u32 {
    terms.sort_by_key(|&(term, row)| (term.quantity, element[row as usize], row));
    let mut next = 0u32;
    let mut at = 0;
    for (number, quantity) in quantities.iter_mut().enumerate() {
        quantity.first_draw = next;
        let mut last = None;
        while at < terms.len() && terms[at].0.quantity as usize == number {
            if !quantity.scatter.is_none() {
                let own = element[terms[at].1 as usize];
                if last != Some(own) {
                    last = Some(own);
                    next += 1;
                }
                terms[at].0.draw = next - 1;
            }
            at += 1;
        }
        quantity.last_draw = next;
    }
    next
}

fn responses(c: &SpreadColumns, quantities: &[Quantity], n_arcs: usize) -> Result<Vec<(u32, u32, u32)>, CircuitError> {
    let n = c.response_arc.len();
    let arc = ids("response_arc", &c.response_arc, n_arcs)?;
    same("response_quantity", c.response_quantity.len(), n)?;
    let quantity = ids("response_quantity", &c.response_quantity, quantities.len())?;
    same("response_db", c.response_db.len(), n * c.node_count)?;
    each("response_db", &c.response_db, c.response_db.len(), "is not a finite number", |_, v| v.is_finite())?;
    let mut rows: Vec<_> = (0..n).map(|k| (arc[k], quantity[k], k as u32)).collect();
    let unfit = |q: &Quantity| !q.scatter.is_none() || q.nodes.is_none();
    if let Some(row) = rows.iter().position(|r| unfit(&quantities[r.1 as usize])) {
        let (column, value) = ("response_quantity", quantities[rows[row].1 as usize].value);
        return Err(CircuitError::Unfit { column, row, value, what: "scatters, or has not three nodes" });
    }
    rows.sort_unstable();
    Ok(rows)
}
