//! Ports sorted into tiles, each of which holds few: what may be joined meets in one of them.

use rayon::prelude::*;

use super::{Fit, Pair};

/// Size of a tile in reaches: few windows touch more than one.
const TILE_REACHES: f64 = 64.0;
/// Ports in one tile up to which all of them are compared.
const CROWD: usize = 32;
/// Ports a thread takes at once.
const PORTS_A_TURN: usize = 16_384;
/// Places in windows that are off by rounding.
const ROUNDING: f64 = 1.0 + 1e-9;

/// A port in a tile that its window touches.
#[derive(Clone, Copy, Debug)]
struct Entry {
    tile: u64,
    at: [f64; 2],
    port: u32,
    /// The port itself is in the tile.
    is_home: bool,
}

/// A number of a tile with its bits spread evenly; different tiles may share it, if hardly ever.
#[inline]
pub(crate) fn tile_hash(x: i64, y: i64) -> u64 {
    let h =
        (x as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ (y as u64).wrapping_mul(0xc2b2_ae3d_27d4_eb4f).rotate_left(32);
    let h = (h ^ (h >> 29)).wrapping_mul(0x1656_67b1_9e37_79f9);
    h ^ (h >> 32)
}

/// All pairs that fit, in no order that means anything; `None` when ports lie in crowds, or may be cut at `nearby`.
pub(super) fn pairs(fit: &Fit, nearby: usize) -> Option<Vec<Pair>> {
    let n = fit.ports.len();
    // A window of the search in crowds meets the ports of no more than so many tiles.
    if nearby < 16 * CROWD || fit.reach * TILE_REACHES < 1.0 {
        return None;
    }
    let bits = (n / PORTS_A_TURN).next_power_of_two().trailing_zeros();
    let turns: Vec<Vec<Vec<Entry>>> =
        (0..n.div_ceil(PORTS_A_TURN)).into_par_iter().map(|turn| entries(fit, turn * PORTS_A_TURN, bits)).collect();
    let found: Option<Vec<Vec<Pair>>> = (0..1 << bits)
        .into_par_iter()
        .map(|part: usize| {
            let own: Vec<Entry> = turns.iter().flat_map(|turn| &turn[part]).copied().collect();
            in_part(fit.reach, &own)
        })
        .collect();
    found.map(|parts| those_that_fit(fit, &parts))
}

/// Pairs that fit of those that are near each other. In the order of ports, or each would have to be fetched from far.
fn those_that_fit(fit: &Fit, near: &[Vec<Pair>]) -> Vec<Pair> {
    let mut other = vec![NONE; fit.ports.len()];
    let mut more: Vec<Pair> = Vec::new();
    for pair in near.iter().flatten() {
        let first = &mut other[pair.a as usize];
        if *first == NONE {
            *first = pair.b;
        } else {
            more.push(*pair);
        }
    }
    let of_turn = |(turn, others): (usize, &[u32])| -> Vec<Pair> {
        let all = ((turn * PORTS_A_TURN) as u32..).zip(others).filter(|(_, b)| **b != NONE);
        all.map(|(a, &b)| Pair { a, b }).filter(|p| fit.fits(p.a as usize, p.b as usize)).collect()
    };
    let mut pairs: Vec<Vec<Pair>> = other.par_chunks(PORTS_A_TURN).enumerate().map(of_turn).collect();
    pairs.push(more.into_iter().filter(|p| fit.fits(p.a as usize, p.b as usize)).collect());
    pairs.concat()
}

const NONE: u32 = u32::MAX;

/// The entries of some ports, by the upper bits of their tiles.
fn entries(fit: &Fit, from: usize, bits: u32) -> Vec<Vec<Entry>> {
    let to = (from + PORTS_A_TURN).min(fit.ports.len());
    let mut parts = vec![Vec::with_capacity(((to - from) >> bits) * 5 / 4); 1 << bits];
    let (scale, reach) = (1.0 / (TILE_REACHES * fit.reach), fit.reach * ROUNDING);
    let tile = |v: f64| (v * scale).floor() as i64;
    for i in (from..to).filter(|&i| fit.is_joinable(i)) {
        let at = fit.ports.at(i);
        let home = at.map(tile);
        let [x, y] = at.map(|v| tile(v - reach)..=tile(v + reach));
        for (x, y) in x.flat_map(|x| y.clone().map(move |y| (x, y))) {
            let tile = tile_hash(x, y);
            let part = tile.checked_shr(64 - bits).unwrap_or(0) as usize;
            parts[part].push(Entry { tile, at, port: i as u32, is_home: [x, y] == home });
        }
    }
    parts
}

/// Pairs near each other among entries, which are in order of their ports.
fn in_part(reach: f64, entries: &[Entry]) -> Option<Vec<Pair>> {
    let slots = (2 * entries.len()).next_power_of_two();
    let mut last = vec![NONE; slots];
    // Of each entry the one before it in its slot.
    let mut before = vec![NONE; entries.len()];
    let mut pairs = Vec::with_capacity(entries.len() / 2);
    for (k, entry) in entries.iter().enumerate() {
        let slot = &mut last[entry.tile as usize & (slots - 1)];
        let (mut other, mut seen) = (*slot, 0);
        (before[k], *slot) = (*slot, k as u32);
        while other != NONE {
            let earlier = &entries[other as usize];
            if earlier.tile == entry.tile {
                seen += 1;
                // The window of the later one reaches into the tile of the earlier one, so each pair is met there.
                let is_near = [0, 1].iter().all(|&k: &usize| (earlier.at[k] - entry.at[k]).abs() <= reach);
                if earlier.is_home && earlier.port != entry.port && is_near {
                    pairs.push(Pair { a: earlier.port, b: entry.port });
                }
            }
            other = before[other as usize];
        }
        if seen > CROWD {
            return None;
        }
    }
    Some(pairs)
}
