//! What was found in a layout, in the form in which it was found; its tables are written when they are asked for.
//!
//! Hierarchy is the speed: what a guide is, is known once for all of its placements, and rows of tables, of which there
//! are many for each placement, are not written before somebody wants to read them.

use std::sync::OnceLock;

use waveguard_base::Table;

use crate::blocks::Blocks;
use crate::cells::CellPlan;
use crate::crossings::Crossing;
use crate::devices::Proto;
use crate::extraction::World;
use crate::fill;
use crate::junctions;
use crate::nets::Joined;
use crate::place::Placed;
use crate::ports::Ports;
use crate::profiles;
use crate::routes::{self, OnRoute};
use crate::runs::stretches::{self, Part};
use crate::runs::{Row, Run};
use crate::sides;
use crate::slab::Slabs;
use crate::tables::{CrossingRow, Crossings, Junctions, Routes, RunProfile, RunRow, Runs, SidesAhead};
use crate::write::{self, Guides};

/// The network with each device by itself.
#[derive(Debug, Default)]
pub struct Flat {
    /// The devices.
    pub placed: Vec<Placed>,
    /// Their ports.
    pub ports: Ports,
    /// First port of each device; one more than devices.
    pub starts: Vec<usize>,
    /// Ports joined.
    pub joined: Joined,
    /// The guides among the devices.
    pub guides: Guides,
    /// Parallel runs.
    pub runs: Vec<Run>,
    /// Centre-lines that cross, in order of their guides.
    pub crossings: Vec<Crossing>,
}

/// All that tables with rows for each placement are written from.
#[derive(Debug)]
pub struct Found {
    /// Size of the grid.
    pub dbu_nm: f64,
    /// What each cell holds.
    pub cells: Vec<CellPlan>,
    /// Steps in width up to this are passed by routes.
    pub width_nm: f64,
    /// What is known of the slabs of guides.
    pub(crate) slabs: Slabs,
    /// The network by cells, when that is how it was found.
    blocks: Option<Blocks>,
    /// The network with each device by itself, once it is known.
    flat: OnceLock<Flat>,
    /// The routes, and where each guide lies, once they were asked for.
    routes: OnceLock<(Routes, Vec<OnRoute>)>,
}

/// Tables that are written when they are asked for.
pub const WRITTEN_LATER: [&str; 19] = [
    "devices",
    "ports",
    "nets",
    "waveguides",
    "bends",
    "pieces",
    "tapers",
    "flaws",
    "thin_slabs",
    "breaks",
    "junctions",
    "crossings",
    "sides_ahead",
    "slots",
    "segments",
    "routes",
    "runs",
    "run_profile",
    "centerlines",
];

/// A network in the form in which it was found.
#[derive(Debug)]
pub enum Network {
    /// Device by device.
    Flat(Box<Flat>),
    /// Cell by cell.
    Blocks(Box<Blocks>),
}

impl Found {
    /// Keeps a network; nothing is written yet.
    pub fn new(dbu_nm: f64, cells: Vec<CellPlan>, width_nm: f64, network: Network) -> Self {
        let (blocks, flat) = match network {
            Network::Flat(flat) => (None, OnceLock::from(*flat)),
            Network::Blocks(blocks) => (Some(*blocks), OnceLock::new()),
        };
        Self { dbu_nm, cells, width_nm, slabs: Slabs::default(), blocks, flat, routes: OnceLock::new() }
    }

    /// True when the network was found cell by cell.
    pub(crate) fn is_by_cells(&self) -> bool {
        self.blocks.is_some()
    }

    /// The network with each device by itself; worked out when it is asked for first.
    pub(crate) fn flat(&self) -> &Flat {
        self.flat.get_or_init(|| self.blocks.as_ref().map_or_else(Flat::default, |b| b.flat(self.dbu_nm, &self.cells)))
    }

    /// What a placed device is in the frame of its cell.
    pub(crate) fn proto(&self, placed: &Placed) -> &Proto {
        &self.cells[placed.cell.index()].protos[placed.proto]
    }

    fn routes(&self) -> &(Routes, Vec<OnRoute>) {
        let Flat { placed: _, ports, starts, joined, guides, .. } = self.flat();
        self.routes.get_or_init(|| routes::find(guides, starts, ports, joined, self.width_nm))
    }

    /// The junctions, and all crossings.
    fn meetings(&self) -> (Junctions, Crossings) {
        let flat = self.flat();
        let Flat { placed, ports, starts, .. } = flat;
        let world = World { dbu_nm: self.dbu_nm, cells: &self.cells, placed, ports, starts };
        let (junctions, mut crossings) = junctions::tables(&world, &flat.joined, &flat.guides);
        for c in &flat.crossings {
            crossings.push(CrossingRow {
                waveguide_a: c.a as i64,
                waveguide_b: c.b as i64,
                x_nm: c.at[0],
                y_nm: c.at[1],
                angle_rad: c.angle_rad,
            });
        }
        (junctions, crossings)
    }

    fn sides_ahead(&self) -> SidesAhead {
        let flat = self.flat();
        sides::table(flat, |device| self.proto(&flat.placed[device]).guide.as_ref().map(|guide| guide.layer))
    }

    /// Writes a table; `None` when it is none of [`WRITTEN_LATER`].
    pub fn write(&self, name: &str) -> Option<Table> {
        Some(match name {
            "devices" => write::devices(self).into_table(),
            "ports" => write::ports(self).into_table(),
            "nets" => write::nets(self).into_table(),
            "waveguides" => write::waveguides(self, &self.routes().1).into_table(),
            "bends" => write::bends(self).into_table(),
            "pieces" => profiles::pieces(self).into_table(),
            "tapers" => profiles::tapers(self).into_table(),
            "flaws" => profiles::flaws(self).into_table(),
            "thin_slabs" => self.slabs.table().into_table(),
            "breaks" => write::breaks(self).into_table(),
            "junctions" => self.meetings().0.into_table(),
            "crossings" => self.meetings().1.into_table(),
            "sides_ahead" => self.sides_ahead().into_table(),
            "slots" => profiles::slots(self).into_table(),
            "segments" => profiles::segments(self).into_table(),
            "routes" => self.routes().0.clone().into_table(),
            "runs" => runs(&self.flat().runs, &self.routes().1).into_table(),
            "run_profile" => run_profile(&self.flat().runs).into_table(),
            "centerlines" => write::centerlines(self).into_table(),
            _ => return None,
        })
    }
}

/// The table of runs.
fn runs(found: &[Run], lies: &[OnRoute]) -> Runs {
    let stretches = stretches::find(found, lies);
    let mut table = Runs::with_capacity(found.len());
    let starts = fill::starts(found.iter().map(|r| r.n_rows as usize));
    for ((r, &start), Part { stretch, goes_on }) in found.iter().zip(&starts).zip(stretches) {
        let [goes_on_before, goes_on_after] = goes_on.map(u8::from);
        table.push(RunRow {
            waveguide_a: r.a as i64,
            waveguide_b: r.b as i64,
            length_nm: r.length_nm(),
            start_nm: r.span_nm[0],
            other_start_nm: r.other_nm[0],
            other_end_nm: r.other_nm[1],
            gap_min_nm: r.gap_min_nm,
            gap_error_nm: r.gap_error_nm,
            gap_mean_nm: r.samples.mean_gap_nm(),
            x_nm: r.at[0],
            y_nm: r.at[1],
            profile_start: start as i64,
            profile_count: i64::from(r.n_rows),
            relative_curvature_per_nm: r.relative_curvature_per_nm,
            stretch: stretch as i64,
            goes_on_before,
            goes_on_after,
        });
    }
    table
}

/// The samples of all runs.
fn run_profile(found: &[Run]) -> RunProfile {
    let starts = fill::starts(found.iter().map(|r| r.n_rows as usize));
    let rows = fill::column(&starts, &|i, part: &mut [Row]| part.copy_from_slice(&found[i].rows()));
    let column = |of: fn(&Row) -> f64| rows.iter().map(of).collect();
    RunProfile {
        gap_nm: column(|r| r.gap_nm),
        step_nm: column(|r| r.step_nm),
        other_step_nm: column(|r| r.other_step_nm),
    }
}
