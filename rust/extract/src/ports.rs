//! Ports of placed devices. Devices that are placed alike, but for a displacement, have all of their ports in common
//! but for the positions: only these are kept for each port.

use rayon::prelude::*;
use rustc_hash::FxHashMap;
use waveguard_base::CellId;

use crate::cells::CellPlan;
use crate::devices::Proto;
use crate::fill;
use crate::nets::PlacedPort;
use crate::place::Placed;
use crate::recipe::PortKind;

/// Which devices differ by a displacement only.
#[derive(Debug, Default)]
pub struct Alike {
    /// For each device its number among the first ones.
    pub form: Vec<u32>,
    /// For each form the first device of it.
    pub first: Vec<u32>,
}

const NONE: u32 = u32::MAX;

impl Alike {
    /// Compares all devices.
    pub fn new(cells: &[CellPlan], devices: &[Placed]) -> Self {
        let offsets = fill::starts(cells.iter().map(|c| c.protos.len()));
        // Of each proto the form that was met last: most are placed in one way only.
        let mut last = vec![NONE; offsets[cells.len()]];
        let mut numbers: FxHashMap<(CellId, usize, [u64; 4]), u32> = FxHashMap::default();
        let mut alike = Self { form: Vec::with_capacity(devices.len()), first: Vec::new() };
        let turn = |placed: &Placed| {
            let [[a, b], [c, d]] = placed.transform.m;
            [a, b, c, d].map(f64::to_bits)
        };
        for (i, placed) in (0_u32..).zip(devices) {
            let known = &mut last[offsets[placed.cell.index()] + placed.proto];
            let is_known = *known != NONE && turn(&devices[alike.first[*known as usize] as usize]) == turn(placed);
            if !is_known {
                *known = *numbers.entry((placed.cell, placed.proto, turn(placed))).or_insert_with(|| {
                    alike.first.push(i);
                    alike.first.len() as u32 - 1
                });
            }
            alike.form.push(*known);
        }
        alike
    }
}

/// All ports, device after device.
#[derive(Debug, Default)]
pub struct Ports {
    /// What ports of devices placed alike have in common, at the origin.
    forms: Vec<PlacedPort>,
    /// For each of these its name.
    names: Vec<String>,
    /// For each port its form.
    form: Vec<u32>,
    /// For each port its position, in nm in the frame of the top.
    at: Vec<[f64; 2]>,
    /// For each port its device.
    device: Vec<u32>,
    /// For each device its top.
    top: Vec<u32>,
    /// Some ports may lie off their position by this much at most.
    most_play_nm: f64,
}

impl Ports {
    /// The ports of placed devices, and the first port of each device, one more than devices. The grid is `nm` fine.
    pub fn new(nm: f64, cells: &[CellPlan], devices: &[Placed], alike: &Alike) -> (Self, Vec<usize>) {
        let proto = |placed: &Placed| -> &Proto { &cells[placed.cell.index()].protos[placed.proto] };
        let firsts: Vec<&Placed> = alike.first.iter().map(|&i| &devices[i as usize]).collect();
        let form_starts = fill::starts(firsts.iter().map(|placed| proto(placed).ports.len()));
        let mut ports = Self::default();
        let mut shifts: Vec<[f64; 2]> = Vec::new();
        for placed in &firsts {
            let proto = proto(placed);
            for local in &proto.ports {
                let p = local.transformed(&waveguard_geom::Transform { d: [0.0; 2], ..placed.transform });
                shifts.push(p.at);
                ports.forms.push(PlacedPort {
                    device: 0,
                    of_guide: proto.guide.is_some(),
                    at: [0.0; 2],
                    direction_rad: p.direction_rad,
                    width_nm: p.width * nm,
                    width_error_nm: p.width_error * nm,
                    kind: p.kind,
                    oriented: p.oriented,
                    play_nm: p.play * nm,
                    slack_rad: p.slack_rad,
                    source: p.source,
                    section: p.section,
                    top: 0,
                });
                ports.names.push(p.name);
            }
        }
        ports.most_play_nm = ports.forms.iter().fold(0.0, |m: f64, p| m.max(p.play_nm));
        let starts = fill::starts(alike.form.iter().map(|&f| form_starts[f as usize + 1] - form_starts[f as usize]));
        ports.top = devices.iter().map(|placed| placed.top.index() as u32).collect();
        let first = |i: usize| form_starts[alike.form[i] as usize];
        ports.device = fill::column(&starts, &|i, part| part.fill(i as u32));
        ports.form = fill::column(&starts, &|i, part| (first(i) as u32..).zip(part).for_each(|(f, v)| *v = f));
        ports.at = fill::column(&starts, &|i, part: &mut [[f64; 2]]| {
            let d = devices[i].transform.d;
            part.iter_mut().zip(&shifts[first(i)..]).for_each(|(at, s)| *at = [(s[0] + d[0]) * nm, (s[1] + d[1]) * nm]);
        });
        (ports, starts)
    }

    /// Number of ports.
    pub fn len(&self) -> usize {
        self.at.len()
    }

    /// True when there are none.
    pub fn is_empty(&self) -> bool {
        self.at.is_empty()
    }

    /// All that is known of a port but for its name.
    #[inline]
    pub fn get(&self, i: usize) -> PlacedPort {
        let device = self.device[i] as usize;
        PlacedPort { device, at: self.at[i], top: self.top[device] as usize, ..self.forms[self.form[i] as usize] }
    }

    /// Its name.
    pub fn name(&self, i: usize) -> &str {
        &self.names[self.form[i] as usize]
    }

    /// Where it is, in nm in the frame of the top.
    #[inline]
    pub fn at(&self, i: usize) -> [f64; 2] {
        self.at[i]
    }

    /// Positions of all ports.
    pub fn places(&self) -> &[[f64; 2]] {
        &self.at
    }

    /// What it carries.
    #[inline]
    pub fn kind(&self, i: usize) -> PortKind {
        self.forms[self.form[i] as usize].kind
    }

    /// Its width.
    #[inline]
    pub fn width_nm(&self, i: usize) -> f64 {
        self.forms[self.form[i] as usize].width_nm
    }

    /// What ports placed alike have in common.
    #[inline]
    pub fn form(&self, i: usize) -> &PlacedPort {
        &self.forms[self.form[i] as usize]
    }

    /// Row of its device.
    #[inline]
    pub fn device(&self, i: usize) -> usize {
        self.device[i] as usize
    }

    /// The other port of a guide; `None` for those of other devices, and where a guide has but one.
    pub fn other_end(&self, i: usize) -> Option<usize> {
        let is_beside = |&j: &usize| j < self.len() && self.device(j) == self.device(i);
        let beside = [i.wrapping_sub(1), i + 1].into_iter().find(is_beside)?;
        self.form(i).of_guide.then_some(beside)
    }

    /// The largest `play_nm`.
    pub fn most_play_nm(&self) -> f64 {
        self.most_play_nm
    }

    /// Ports for which `keep` holds, in order.
    pub fn filter(&self, keep: impl Fn(usize) -> bool + Sync) -> Vec<usize> {
        (0..self.len()).into_par_iter().with_min_len(PORTS_A_TURN).filter(|&i| keep(i)).collect()
    }
}

/// Ports a thread takes at once.
const PORTS_A_TURN: usize = 4096;

#[cfg(test)]
impl From<&[PlacedPort]> for Ports {
    fn from(ports: &[PlacedPort]) -> Self {
        let devices = ports.iter().map(|p| p.device + 1).max().unwrap_or(0);
        let mut top = vec![0; devices];
        for p in ports {
            top[p.device] = p.top as u32;
        }
        Self {
            forms: ports.to_vec(),
            names: vec![String::new(); ports.len()],
            form: (0..ports.len() as u32).collect(),
            at: ports.iter().map(|p| p.at).collect(),
            device: ports.iter().map(|p| p.device as u32).collect(),
            top,
            most_play_nm: ports.iter().fold(0.0, |m: f64, p| m.max(p.play_nm)),
        }
    }
}
