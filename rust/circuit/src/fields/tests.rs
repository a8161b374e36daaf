//! Circuits with answers in closed form, and random ones against one dense solve of everything.

use waveguard_base::Watch;

use super::dense::Lu;
use super::kernels::Rows;
use super::{BlockStack, Complex64, FieldCircuit, FieldColumns, FieldSolution, program, singular, solve_fields};
use crate::error::CircuitError;

/// Blocks of any size and how they are joined; one stack for each block.
#[derive(Default)]
struct Net {
    n_wavelengths: usize,
    blocks: Vec<(usize, Vec<Complex64>)>,
    instance_block: Vec<i64>,
    peer: Vec<i64>,
    open: Vec<i64>,
}

impl Net {
    fn place(&mut self, n: usize, values: Vec<Complex64>) -> Vec<usize> {
        self.instance_block.push(self.blocks.len() as i64);
        self.blocks.push((n, values));
        let first = self.peer.len();
        self.peer.extend(std::iter::repeat_n(-1, n));
        (first..first + n).collect()
    }

    fn join(&mut self, a: usize, b: usize) {
        self.peer[a] = b as i64;
        self.peer[b] = a as i64;
    }

    fn columns(&self) -> FieldColumns<'_> {
        let stack = |(n, values): &'_ (usize, Vec<Complex64>)| (*n, values.len() / (n * n));
        let stacks = self
            .blocks
            .iter()
            .map(|block| {
                let (n_ports, n_wavelengths) = stack(block);
                BlockStack { n_ports, n_blocks: 1, n_wavelengths, values: &block.1 }
            })
            .collect();
        FieldColumns {
            n_wavelengths: self.n_wavelengths,
            stacks,
            instance_block: self.instance_block.clone(),
            port_peer: self.peer.clone(),
            input_port: self.open.clone(),
            output_port: self.open.clone(),
        }
    }

    fn solve(&self) -> FieldSolution {
        solve_fields(&FieldCircuit::new(self.columns()).expect("valid"), &Watch::default()).expect("solved")
    }

    /// The same by one dense system over all ports: `S (1 - P S)⁻¹`.
    fn dense(&self, wavelength: usize) -> Vec<Complex64> {
        let n = self.peer.len();
        let mut s = vec![Complex64::ZERO; n * n];
        let mut first = 0;
        for &block in &self.instance_block {
            let (size, values) = &self.blocks[block as usize];
            let at = if values.len() == size * size { 0 } else { wavelength * size * size };
            for out in 0..*size {
                for input in 0..*size {
                    s[(first + out) * n + first + input] = values[at + out * size + input];
                }
            }
            first += size;
        }
        let mut lu = Lu::default();
        let a = lu.matrix(n);
        for port in 0..n {
            a[port * n + port] += Complex64::ONE;
            if self.peer[port] >= 0 {
                for input in 0..n {
                    a[port * n + input] -= s[self.peer[port] as usize * n + input];
                }
            }
        }
        assert!(lu.factor());
        let mut rows = Rows::new(n, self.open.len());
        for (k, &port) in self.open.iter().enumerate() {
            rows.row_mut(port as usize).0[k] = 1.0;
        }
        lu.solve(&mut rows);
        let mut result = Vec::new();
        for &out in &self.open {
            for k in 0..self.open.len() {
                let row = &s[out as usize * n..(out as usize + 1) * n];
                let wave = |port: usize| Complex64::new(rows.row(port).0[k], rows.row(port).1[k]);
                result.push(row.iter().enumerate().map(|(port, s)| s * wave(port)).sum());
            }
        }
        result
    }
}

/// Numbers that look random and are the same every time (Knuth's MMIX generator).
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1u64 << 53) as f64
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.next() * limit as f64) as usize
    }

    fn amplitude(&mut self) -> Complex64 {
        Complex64::from_polar(self.next(), std::f64::consts::TAU * self.next())
    }
}

fn c(re: f64, im: f64) -> Complex64 {
    Complex64::new(re, im)
}

fn guide(phase: f64, left: f64) -> Vec<Complex64> {
    let through = Complex64::from_polar(left, phase);
    vec![Complex64::ZERO, through, through, Complex64::ZERO]
}

fn coupler(cross: f64) -> Vec<Complex64> {
    let (t, k, o) = (c((1.0 - cross).sqrt(), 0.0), c(0.0, cross.sqrt()), Complex64::ZERO);
    vec![o, o, t, k, o, o, k, t, t, k, o, o, k, t, o, o]
}

#[test]
fn a_chain_is_a_product() {
    let mut net = Net { n_wavelengths: 1, ..Net::default() };
    let mut last = None;
    let mut expected = Complex64::ONE;
    for k in 0..40 {
        let (phase, left) = (0.3 * k as f64, 0.9);
        expected *= Complex64::from_polar(left, phase);
        let p = net.place(2, guide(phase, left));
        match last {
            Some(port) => net.join(port, p[0]),
            None => net.open.push(p[0] as i64),
        }
        last = Some(p[1]);
    }
    net.open.push(last.expect("some") as i64);
    let found = net.solve();
    assert!((found.s[2] - expected).norm() < 1e-14, "{} {expected}", found.s[2]);
    assert_eq!(found.s[0], Complex64::ZERO);
    assert_eq!((found.n_loops, found.residual[0]), (0, 0.0));
}

#[test]
fn a_ring_has_its_closed_form_and_a_mirror_pair_that_of_a_fabry_perot() {
    let mut net = Net { n_wavelengths: 1, ..Net::default() };
    let coupler = net.place(4, coupler(0.2));
    let ring = net.place(2, guide(1.3, 0.95));
    net.join(coupler[3], ring[0]);
    net.join(ring[1], coupler[1]);
    net.open = vec![coupler[0] as i64, coupler[2] as i64];
    let (t, around) = (0.8f64.sqrt(), Complex64::from_polar(0.95, 1.3));
    let found = net.solve();
    assert!((found.s[2] - (t - around) / (1.0 - t * around)).norm() < 1e-15);

    let mut net = Net { n_wavelengths: 1, ..Net::default() };
    let (r, t) = (c(0.9, 0.0), c(0.0, 0.19f64.sqrt()));
    let (a, g, b) = (net.place(2, vec![r, t, t, r]), net.place(2, guide(0.7, 1.0)), net.place(2, vec![r, t, t, r]));
    net.join(a[1], g[0]);
    net.join(g[1], b[0]);
    net.open = vec![a[0] as i64, b[1] as i64];
    let found = net.solve();
    let once = Complex64::from_polar(1.0, 0.7);
    assert!((found.s[2] - t * t * once / (1.0 - r * r * once * once)).norm() < 1e-14);
    assert!((found.largest_singular_value[0] - 1.0).abs() < 1e-13, "lossless");
}

#[test]
fn random_circuits_agree_with_one_dense_solve() {
    let mut numbers = Numbers(1);
    for trial in 0..60 {
        let mut net = Net { n_wavelengths: 2, ..Net::default() };
        for _ in 0..=numbers.below(70) {
            let n = 1 + numbers.below(4);
            let density = numbers.next();
            let wavelengths = 1 + numbers.below(2);
            let pattern: Vec<bool> = (0..n * n).map(|_| numbers.next() < density).collect();
            let values = (0..wavelengths * n * n)
                .map(|k| if pattern[k % (n * n)] { numbers.amplitude() / (n as f64) } else { Complex64::ZERO });
            let values = values.collect();
            net.place(n, values);
        }
        let mut ports: Vec<usize> = (0..net.peer.len()).collect();
        for k in (1..ports.len()).rev() {
            ports.swap(k, numbers.below(k + 1));
        }
        let joined = (ports.len() as f64 * [0.4, 0.8, 0.95][trial % 3]) as usize / 2;
        for k in 0..joined {
            net.join(ports[2 * k], ports[2 * k + 1]);
        }
        net.open = ports[2 * joined..].iter().map(|&port| port as i64).collect();
        let found = net.solve();
        let n = net.open.len() * net.open.len();
        for wavelength in 0..2 {
            let expected = net.dense(wavelength);
            let worst = expected.iter().zip(&found.s[wavelength * n..]).map(|(a, b)| (a - b).norm());
            let worst = worst.fold(0.0, f64::max);
            assert!(worst < 1e-12, "trial {trial}: {worst}");
            assert!(found.residual[wavelength] < 1e-13);
        }
    }
}

/// A square mesh of 2x2 devices, each of which also reflects.
fn mesh(n: usize, reflection: f64) -> Net {
    let mut net = Net { n_wavelengths: 3, ..Net::default() };
    let mut lines: Vec<Option<usize>> = vec![None; n];
    for column in 0..n {
        for row in (column % 2..n - 1).step_by(2) {
            let mut values = Vec::new();
            for wavelength in 0..3 {
                let mut one = coupler(0.1 + 0.8 * ((column * 7 + row * 3 + wavelength) % 10) as f64 / 10.0);
                for (k, value) in one.iter_mut().enumerate() {
                    *value *= (1.0 - reflection).sqrt();
                    if k % 5 == 0 {
                        *value = c(reflection.sqrt(), 0.0);
                    }
                }
                values.extend(one);
            }
            let ports = net.place(4, values);
            for side in 0..2 {
                match lines[row + side] {
                    Some(port) => net.join(port, ports[side]),
                    None => net.open.push(ports[side] as i64),
                }
                lines[row + side] = Some(ports[2 + side]);
            }
        }
    }
    net.open.extend(lines.into_iter().flatten().map(|port| port as i64));
    net
}

#[test]
fn a_mesh_that_reflects_is_one_large_loop_and_agrees_with_a_dense_solve() {
    let net = mesh(10, 1e-2);
    let found = net.solve();
    assert_eq!(found.n_loops, 1);
    assert!(found.largest_loop > 100);
    let n = net.open.len() * net.open.len();
    for wavelength in 0..3 {
        let expected = net.dense(wavelength);
        let worst = expected.iter().zip(&found.s[wavelength * n..]).map(|(a, b)| (a - b).norm()).fold(0.0, f64::max);
        assert!(worst < 1e-12, "{worst}");
    }
}

#[test]
fn a_mesh_that_goes_forward_needs_no_loop_and_the_memory_of_few_columns() {
    let net = mesh(24, 0.0);
    let circuit = FieldCircuit::new(net.columns()).expect("valid");
    let program = program::plan(&circuit.net, &Watch::default()).expect("planned");
    assert_eq!(program.n_loops, 0);
    // Both directions are alive at a time, each with its front of 24 lines and what one column adds.
    assert!(program.n_slots < 4 * 24 + 8, "{} slots for {} rows", program.n_slots, program.n_rows);
    let found = net.solve();
    assert!(found.largest_singular_value.iter().all(|v| (v - 1.0).abs() < 1e-12));
}

#[test]
fn the_answer_does_not_depend_on_the_number_of_threads() {
    let net = mesh(8, 1e-3);
    let run = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("pool");
        pool.install(|| net.solve())
    };
    let (one, five) = (run(1), run(5));
    assert_eq!(one.s, five.s);
    assert_eq!(one.residual, five.residual);
    assert_eq!(one.largest_singular_value, five.largest_singular_value);
}

#[test]
fn a_loop_that_keeps_light_for_ever_has_no_solution_and_says_so() {
    let mut net = Net { n_wavelengths: 1, ..Net::default() };
    let both = net.place(4, {
        let mut values = vec![Complex64::ZERO; 16];
        // in 0 -> out 3, in 2 -> out 3 and 1, with 2 and 3 joined: a gain of one.
        values[3 * 4] = Complex64::ONE;
        values[3 * 4 + 2] = Complex64::ONE;
        values[4 + 2] = Complex64::ONE;
        values
    });
    net.join(both[2], both[3]);
    net.open = vec![both[0] as i64, both[1] as i64];
    assert!(net.solve().residual[0].is_infinite());
}

#[test]
fn the_largest_singular_value_is_that_of_known_matrices() {
    let mut numbers = Numbers(3);
    for n in [1, 2, 5, 30, 90] {
        let diagonal: Vec<f64> = (0..n).map(|_| numbers.next()).collect();
        let mut s = vec![Complex64::ZERO; n * n];
        for (k, value) in diagonal.iter().enumerate() {
            s[k * n + (k + 3) % n] = Complex64::from_polar(*value, numbers.next());
        }
        let expected = diagonal.iter().fold(0.0f64, |most, v| most.max(*v));
        let found = singular::largest(&s, n);
        assert!(
            found <= expected + 1e-12 && expected - found < 2e-3 * (1.0 - expected) + 1e-9,
            "{n}: {found} {expected}"
        );
    }
    // Column (3, 4i): one input, two outputs.
    assert!((singular::largest(&[c(3.0, 0.0), c(0.0, 4.0)], 1) - 5.0).abs() < 1e-14);
    assert!(singular::largest(&[], 0).abs() < 1e-300);
}

#[test]
fn columns_that_describe_no_circuit_are_refused() {
    let fine = {
        let mut net = Net { n_wavelengths: 2, ..Net::default() };
        let (a, b) = (net.place(2, guide(0.1, 1.0)), net.place(2, guide(0.1, 1.0)));
        net.join(a[1], b[0]);
        net.open = vec![a[0] as i64, b[1] as i64];
        net
    };
    let refuse = |change: &dyn Fn(&mut FieldColumns<'_>)| {
        let mut columns = fine.columns();
        change(&mut columns);
        FieldCircuit::new(columns).expect_err("refused")
    };
    assert!(matches!(refuse(&|c| c.instance_block[0] = 7), CircuitError::IdRange { .. }));
    assert!(matches!(refuse(&|c| c.port_peer[1] = 3), CircuitError::PeerNotMutual { .. }));
    assert!(matches!(refuse(&|c| c.input_port[0] = 1), CircuitError::TerminalJoined { .. }));
    assert!(matches!(refuse(&|c| c.output_port[1] = 0), CircuitError::TerminalTwice { .. }));
    assert!(matches!(refuse(&|c| c.stacks[0].n_blocks = 2), CircuitError::ColumnLength { .. }));
    assert!(matches!(refuse(&|c| c.stacks[0].n_wavelengths = 3), CircuitError::ColumnLength { .. }));
    let mut odd = Net { n_wavelengths: 2, ..Net::default() };
    let mut values = guide(0.1, 1.0);
    values.extend(guide(0.1, f64::NAN));
    odd.place(2, values);
    let error = FieldCircuit::new(odd.columns()).expect_err("refused");
    assert!(matches!(error, CircuitError::NotFinite { wavelength: 1, .. }), "{error}");
}
