//! A circuit of S-blocks as columns and as a checked value.
//!
//! What a newcomer would get wrong: ports have no table of their own. They are numbered by instance, in the order of
//! the ports of its block; blocks are numbered through all stacks.

use std::sync::Arc;

use num_complex::Complex64;
use rayon::prelude::*;

use crate::error::CircuitError;
use crate::netlist::{UNJOINED, ids, peers};

/// Several blocks with the same number of ports.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BlockStack<'a> {
    /// Ports of each block.
    pub n_ports: usize,
    /// Number of blocks.
    pub n_blocks: usize,
    /// 1 for blocks that are the same at all wavelengths, else the number of wavelengths.
    pub n_wavelengths: usize,
    /// Amplitudes by block, wavelength, port out, port in.
    pub values: &'a [Complex64],
}

/// A circuit of blocks as columns, unchecked. -1 means none.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FieldColumns<'a> {
    /// Number of wavelengths to solve for.
    pub n_wavelengths: usize,
    /// The blocks.
    pub stacks: Vec<BlockStack<'a>>,
    /// Per instance: its block.
    pub instance_block: Vec<i64>,
    /// Per port: the port it is joined to, or -1.
    pub port_peer: Vec<i64>,
    /// Ports that light is sent into; they are not joined.
    pub input_port: Vec<i64>,
    /// Ports at which the light that comes out is asked for; they are not joined.
    pub output_port: Vec<i64>,
}

/// Where an amplitude stands: its stack, and its place there at the first wavelength.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    pub(crate) stack: u32,
    pub(crate) base: usize,
    /// Step from one wavelength to the next.
    pub(crate) stride: usize,
}

/// An entry of a block that is not zero at every wavelength.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Passage {
    pub(crate) out: u32,
    pub(crate) entry: Entry,
}

/// Passages of a block, by the port that light enters through.
#[derive(Debug)]
pub(crate) struct Block {
    pub(crate) n_ports: usize,
    pub(crate) by_input: Vec<Vec<Passage>>,
}

#[derive(Debug)]
pub(crate) struct Network<'a> {
    pub(crate) n_wavelengths: usize,
    pub(crate) stacks: Vec<BlockStack<'a>>,
    pub(crate) blocks: Vec<Block>,
    pub(crate) instance_block: Vec<u32>,
    pub(crate) first_port: Vec<u32>,
    pub(crate) port_instance: Vec<u32>,
    pub(crate) peer: Vec<u32>,
    pub(crate) inputs: Vec<u32>,
    pub(crate) outputs: Vec<u32>,
}

impl Network<'_> {
    #[inline]
    pub(crate) fn value(&self, entry: &Entry, wavelength: usize) -> Complex64 {
        self.stacks[entry.stack as usize].values[entry.base + wavelength * entry.stride]
    }

    /// What light that enters through a port does: the ports of the same device it leaves by.
    pub(crate) fn passages(&self, port: u32) -> impl Iterator<Item = (u32, Entry)> + '_ {
        let instance = self.port_instance[port as usize] as usize;
        let first = self.first_port[instance];
        let block = &self.blocks[self.instance_block[instance] as usize];
        block.by_input[(port - first) as usize].iter().map(move |p| (first + p.out, p.entry))
    }
}

/// A checked circuit of blocks. Cloning is cheap; it never changes.
#[derive(Clone, Debug)]
pub struct FieldCircuit<'a> {
    pub(crate) net: Arc<Network<'a>>,
}

impl<'a> FieldCircuit<'a> {
    /// Checks the columns and takes them over.
    ///
    /// # Errors
    /// The first thing that does not fit: lengths, ids, amplitudes that are not finite, joints that are not mutual,
    /// inputs and outputs at joined ports or named twice.
    pub fn new(columns: FieldColumns<'a>) -> Result<Self, CircuitError> {
        let n_wavelengths = columns.n_wavelengths;
        let blocks = blocks(&columns.stacks, n_wavelengths)?;
        let instance_block = ids("instance_block", &columns.instance_block, blocks.len())?;
        let mut first_port = Vec::with_capacity(instance_block.len());
        let mut port_instance = Vec::new();
        for (instance, &block) in instance_block.iter().enumerate() {
            first_port.push(port_instance.len() as u32);
            port_instance.extend(std::iter::repeat_n(instance as u32, blocks[block as usize].n_ports));
            if port_instance.len() >= (u32::MAX / 4) as usize {
                return Err(CircuitError::TooMany { what: "ports", count: port_instance.len() });
            }
        }
        let n_ports = port_instance.len();
        let peer = peers(&columns.port_peer, n_ports)?;
        let inputs = open_ports("input_port", &columns.input_port, &peer)?;
        let outputs = open_ports("output_port", &columns.output_port, &peer)?;
        let net = Network {
            n_wavelengths,
            stacks: columns.stacks,
            blocks,
            instance_block,
            first_port,
            port_instance,
            peer,
            inputs,
            outputs,
        };
        Ok(Self { net: Arc::new(net) })
    }

    /// Number of ports.
    pub fn n_ports(&self) -> usize {
        self.net.peer.len()
    }
}

fn blocks(stacks: &[BlockStack<'_>], n_wavelengths: usize) -> Result<Vec<Block>, CircuitError> {
    let mut all = Vec::new();
    for (number, stack) in stacks.iter().enumerate() {
        let square = stack.n_ports * stack.n_ports;
        if stack.n_wavelengths != 1 && stack.n_wavelengths != n_wavelengths {
            let (found, expected) = (stack.n_wavelengths, n_wavelengths);
            return Err(CircuitError::ColumnLength { column: "wavelengths of a stack", found, expected });
        }
        let of_block = stack.n_wavelengths * square;
        let expected = stack.n_blocks * of_block;
        if stack.values.len() != expected {
            let found = stack.values.len();
            return Err(CircuitError::ColumnLength { column: "values of a stack", found, expected });
        }
        let stride = if stack.n_wavelengths == 1 { 0 } else { square };
        let found: Result<Vec<Block>, CircuitError> = (0..stack.n_blocks)
            .into_par_iter()
            .map(|block| {
                let start = block * of_block;
                let used = used(&stack.values[start..start + of_block], square);
                let used = used.map_err(|(wavelength, at)| CircuitError::NotFinite {
                    stack: number,
                    block,
                    wavelength,
                    out: at / stack.n_ports,
                    input: at % stack.n_ports,
                })?;
                let one = |input: usize| {
                    (0..stack.n_ports)
                        .filter(|out| used[out * stack.n_ports + input])
                        .map(|out| {
                            let base = start + out * stack.n_ports + input;
                            Passage { out: out as u32, entry: Entry { stack: number as u32, base, stride } }
                        })
                        .collect()
                };
                Ok(Block { n_ports: stack.n_ports, by_input: (0..stack.n_ports).map(one).collect() })
            })
            .collect();
        all.extend(found?);
    }
    Ok(all)
}

/// Which entries are not zero at some wavelength; the first that is not finite is an error (wavelength, place).
fn used(values: &[Complex64], square: usize) -> Result<Vec<bool>, (usize, usize)> {
    // One sum for each entry, so that the compiler adds several side by side; what is not finite stays in it.
    let mut size = vec![0.0; square];
    for matrix in values.chunks_exact(square.max(1)) {
        for (size, value) in size.iter_mut().zip(matrix) {
            *size += value.re.abs() + value.im.abs();
        }
    }
    if size.iter().any(|v| !v.is_finite())
        && let Some(at) = values.iter().position(|v| !(v.re.is_finite() && v.im.is_finite()))
    {
        return Err((at / square, at % square));
    }
    Ok(size.into_iter().map(|v| v > 0.0).collect())
}

fn open_ports(column: &'static str, given: &[i64], peer: &[u32]) -> Result<Vec<u32>, CircuitError> {
    let ports = ids(column, given, peer.len())?;
    let mut at_port = vec![UNJOINED; peer.len()];
    for (row, &port) in ports.iter().enumerate() {
        let p = port as usize;
        if peer[p] != UNJOINED {
            return Err(CircuitError::TerminalJoined { terminal: row, port: p, peer: i64::from(peer[p]) });
        }
        if at_port[p] != UNJOINED {
            return Err(CircuitError::TerminalTwice { first: at_port[p] as usize, second: row, port: p });
        }
        at_port[p] = row as u32;
    }
    Ok(ports)
}
