//! Columns written in parallel, part by part.

/// Parts that one thread writes without handing any over.
const PARTS_A_TURN: usize = 256;

/// A column of which part `i` is what `write` puts into the entries `starts[i]..starts[i + 1]`.
pub(crate) fn column<T: Copy + Default + Send>(starts: &[usize], write: &(impl Fn(usize, &mut [T]) + Sync)) -> Vec<T> {
    let mut out = vec![T::default(); starts.last().copied().unwrap_or(0)];
    parts(&mut out, starts, 0, write);
    out
}

fn parts<T: Send>(out: &mut [T], starts: &[usize], first: usize, write: &(impl Fn(usize, &mut [T]) + Sync)) {
    let n = starts.len().saturating_sub(1);
    if n > PARTS_A_TURN {
        let middle = n / 2;
        let (low, high) = out.split_at_mut(starts[middle] - starts[0]);
        rayon::join(
            || parts(low, &starts[..=middle], first, write),
            || parts(high, &starts[middle..], first + middle, write),
        );
        return;
    }
    let mut rest = out;
    for (i, pair) in starts.windows(2).enumerate() {
        let (own, others) = rest.split_at_mut(pair[1] - pair[0]);
        write(first + i, own);
        rest = others;
    }
}

/// Starts of parts of the given lengths: one more than parts.
pub(crate) fn starts(lengths: impl Iterator<Item = usize>) -> Vec<usize> {
    let mut sum = 0;
    let mut out = vec![0];
    out.extend(lengths.map(|n| {
        sum += n;
        sum
    }));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_is_written_at_its_place() {
        let starts = starts((0..2000).map(|i| i % 7));
        let column = column(&starts, &|i, part| part.fill(i as f64));
        for (i, pair) in starts.windows(2).enumerate() {
            assert!(column[pair[0]..pair[1]].iter().all(|v| (v - i as f64).abs() < 0.5), "part {i}");
        }
    }
}
