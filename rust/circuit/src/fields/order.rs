//! The order of elimination inside a large loop: the unknown with the fewest neighbours next, so that little fills in.
//!
//! Pivots are taken as they come. That is sound here: eliminating a wave joins two ports of what is left, and what is
//! left stays as passive as the devices were, so nothing grows. Whatever goes wrong nevertheless shows in the residual.

use std::collections::BTreeSet;

use waveguard_base::{Interrupted, Watch};

/// Symbolic factors of a matrix with symmetric pattern, by position in the order of elimination.
#[derive(Debug)]
pub(crate) struct Pattern {
    /// Unknown at each position.
    pub(crate) unknown: Vec<u32>,
    /// Position of each unknown.
    pub(crate) position: Vec<u32>,
    /// Columns right of the diagonal, by row, ascending.
    pub(crate) upper: Lists,
    /// Columns left of the diagonal, by row, ascending.
    pub(crate) lower: Lists,
}

/// Lists of numbers, one after another.
#[derive(Debug)]
pub(crate) struct Lists {
    pub(crate) start: Vec<usize>,
    pub(crate) items: Vec<u32>,
}

impl Lists {
    fn new(lists: &[Vec<u32>]) -> Self {
        let mut start = vec![0];
        let mut items = Vec::with_capacity(lists.iter().map(Vec::len).sum());
        for list in lists {
            items.extend_from_slice(list);
            start.push(items.len());
        }
        Self { start, items }
    }

    #[inline]
    pub(crate) fn range(&self, i: usize) -> std::ops::Range<usize> {
        self.start[i]..self.start[i + 1]
    }
}

/// Finds an order for `n` unknowns; `pairs` are the places of the matrix that are not zero.
pub(crate) fn order(n: usize, pairs: &[(u32, u32)], watch: &Watch) -> Result<Pattern, Interrupted> {
    let mut near: Vec<Vec<u32>> = vec![Vec::new(); n];
    for &(a, b) in pairs {
        if a != b {
            near[a as usize].push(b);
            near[b as usize].push(a);
        }
    }
    for list in &mut near {
        list.sort_unstable();
        list.dedup();
    }
    let mut queue: BTreeSet<(usize, u32)> = (0..n).map(|i| (near[i].len(), i as u32)).collect();
    let mut unknown = Vec::with_capacity(n);
    let mut position = vec![0u32; n];
    let mut after: Vec<Vec<u32>> = Vec::with_capacity(n);
    let mut merged = Vec::new();
    while let Some((_, next)) = queue.pop_first() {
        watch.check()?;
        let front = std::mem::take(&mut near[next as usize]);
        position[next as usize] = unknown.len() as u32;
        unknown.push(next);
        for &one in &front {
            let list = &mut near[one as usize];
            queue.remove(&(list.len(), one));
            merge(list, &front, [one, next], &mut merged);
            std::mem::swap(list, &mut merged);
            queue.insert((list.len(), one));
        }
        after.push(front);
    }
    let mut before: Vec<Vec<u32>> = vec![Vec::new(); n];
    for (row, list) in after.iter_mut().enumerate() {
        for one in list.iter_mut() {
            *one = position[*one as usize];
        }
        list.sort_unstable();
        for &column in list.iter() {
            before[column as usize].push(row as u32);
        }
    }
    Ok(Pattern { unknown, position, upper: Lists::new(&after), lower: Lists::new(&before) })
}

/// The union of two ascending lists without two of their members.
fn merge(a: &[u32], b: &[u32], without: [u32; 2], into: &mut Vec<u32>) {
    into.clear();
    let (mut i, mut j) = (0, 0);
    while i < a.len() || j < b.len() {
        let next = match (a.get(i), b.get(j)) {
            (Some(&x), Some(&y)) if x == y => {
                i += 1;
                j += 1;
                x
            }
            (Some(&x), Some(&y)) if y < x => {
                j += 1;
                y
            }
            (Some(&x), _) => {
                i += 1;
                x
            }
            (None, Some(&y)) => {
                j += 1;
                y
            }
            (None, None) => break,
        };
        if !without.contains(&next) {
            into.push(next);
        }
    }
}
