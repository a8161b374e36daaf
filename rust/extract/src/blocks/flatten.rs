//! The same network device by device.

use super::{Blocks, scene};
use crate::cells::CellPlan;
use crate::crossings::Crossing;
use crate::extraction::World;
use crate::found::Flat;
use crate::nets::Joined;
use crate::place::Placed;
use crate::ports::{Alike, Ports};
use crate::runs::Run;
use crate::write::Guides;

impl Blocks {
    /// All devices by themselves, numbered as if they had been placed one by one.
    pub(crate) fn flat(&self, dbu_nm: f64, cells: &[CellPlan]) -> Flat {
        let placed = self.placed(0..self.list.len());
        let alike = Alike::new(cells, &placed);
        let (ports, starts) = Ports::new(dbu_nm, cells, &placed, &alike);
        let guides = Guides::new(&World { dbu_nm, cells, placed: &placed, ports: &ports, starts: &starts }, &alike);
        let mut joins: Vec<[usize; 2]> = Vec::with_capacity(ports.len() / 2);
        let (mut runs, mut crossings): (Vec<Run>, Vec<Crossing>) = (Vec::new(), Vec::new());
        self.each_links(|_| true, &mut |links, a, b| {
            let port = [self.starts.ports[a], self.starts.ports[b]];
            joins.extend(links.joins.iter().map(|[p, q]| [port[0] + *p as usize, port[1] + *q as usize]));
            let [g, h] = [self.starts.guides[a], self.starts.guides[b]];
            let [dx, dy] = self.list[a].d.map(|v| v * dbu_nm);
            let moved = |at: [f64; 2]| [at[0] + dx, at[1] + dy];
            runs.extend(links.runs.iter().map(|r| Run { a: g + r.a, b: h + r.b, at: moved(r.at), ..r.clone() }));
            crossings.extend(links.crossings.iter().map(|c| Crossing {
                a: g + c.a,
                b: h + c.b,
                at: moved(c.at),
                ..*c
            }));
        });
        runs.sort_by_key(|r| (r.a, r.b));
        crossings.sort_by_key(|c| (c.a, c.b));
        let joined = Joined::of(ports.len(), joins.into_iter());
        Flat { placed, ports, starts, joined, guides, runs, crossings }
    }

    /// The devices of some blocks, in order.
    pub(super) fn placed(&self, blocks: impl Iterator<Item = usize> + Clone) -> Vec<Placed> {
        let devices = blocks.clone().map(|i| self.forms[self.list[i].form as usize].devices.len()).sum();
        let mut out = Vec::with_capacity(devices);
        let (mut copies, mut top) = (0_u32, None);
        for i in blocks {
            let block = &self.list[i];
            let form = &self.forms[block.form as usize];
            // Copies are counted below each top.
            if top.replace(block.top) != Some(block.top) {
                copies = 0;
            }
            out.extend(form.devices.iter().map(|own| {
                let moved = scene::moved(own, block.d);
                let at = if form.is_alone { block.at } else { moved.at };
                let depth = own.depth + block.depth as usize;
                Placed { top: block.top, at, depth, copy: copies + own.copy, ..moved }
            }));
            copies += form.copies;
        }
        out
    }
}
