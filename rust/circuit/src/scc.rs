//! Strongly connected components of a directed graph, without recursion (Tarjan, SIAM J. Comput. 1, 146 (1972)).

/// Outgoing edges of each node as offsets into one list.
#[derive(Debug, Default)]
pub(crate) struct Csr {
    pub(crate) offsets: Vec<u32>,
    pub(crate) targets: Vec<u32>,
}

impl Csr {
    /// Sorts edges `(from, to)` by their start, keeping their order otherwise.
    pub(crate) fn new(n_nodes: usize, edges: &[(u32, u32)]) -> Self {
        let mut offsets = vec![0u32; n_nodes + 1];
        for &(from, _) in edges {
            offsets[from as usize + 1] += 1;
        }
        for i in 0..n_nodes {
            offsets[i + 1] += offsets[i];
        }
        let mut next = offsets.clone();
        let mut targets = vec![0u32; edges.len()];
        for &(from, to) in edges {
            let slot = &mut next[from as usize];
            targets[*slot as usize] = to;
            *slot += 1;
        }
        Self { offsets, targets }
    }

    /// Positions in `targets` of the edges that leave `node`.
    #[inline]
    pub(crate) fn range(&self, node: u32) -> std::ops::Range<usize> {
        self.offsets[node as usize] as usize..self.offsets[node as usize + 1] as usize
    }
}

/// Components in topological order: an edge never leads to an earlier component.
#[derive(Debug)]
pub(crate) struct Components {
    /// Nodes by component, ascending inside one.
    pub(crate) members: Vec<u32>,
    /// Start of each component in `members`, with the end of the last.
    pub(crate) offsets: Vec<u32>,
    /// Component of each node.
    pub(crate) of_node: Vec<u32>,
}

impl Components {
    pub(crate) fn len(&self) -> usize {
        self.offsets.len() - 1
    }

    pub(crate) fn nodes(&self, component: usize) -> &[u32] {
        &self.members[self.offsets[component] as usize..self.offsets[component + 1] as usize]
    }
}

const UNSEEN: u32 = u32::MAX;

/// Finds the components of the graph.
pub(crate) fn components(graph: &Csr) -> Components {
    let n = graph.offsets.len() - 1;
    let mut index = vec![UNSEEN; n];
    let mut low = vec![0u32; n];
    let mut of_node = vec![UNSEEN; n];
    let mut stack: Vec<u32> = Vec::new();
    let mut calls: Vec<(u32, u32)> = Vec::new();
    let mut counter = 0u32;
    let mut found: Vec<u32> = Vec::new();
    let mut ends: Vec<u32> = vec![0];
    for root in 0..n as u32 {
        if index[root as usize] != UNSEEN {
            continue;
        }
        calls.push((root, graph.offsets[root as usize]));
        index[root as usize] = counter;
        low[root as usize] = counter;
        counter += 1;
        stack.push(root);
        while let Some((node, edge)) = calls.pop() {
            if edge < graph.offsets[node as usize + 1] {
                calls.push((node, edge + 1));
                let next = graph.targets[edge as usize];
                if index[next as usize] == UNSEEN {
                    index[next as usize] = counter;
                    low[next as usize] = counter;
                    counter += 1;
                    stack.push(next);
                    calls.push((next, graph.offsets[next as usize]));
                } else if of_node[next as usize] == UNSEEN {
                    low[node as usize] = low[node as usize].min(index[next as usize]);
                }
                continue;
            }
            if let Some(&(parent, _)) = calls.last() {
                low[parent as usize] = low[parent as usize].min(low[node as usize]);
            }
            if low[node as usize] == index[node as usize] {
                let component = (ends.len() - 1) as u32;
                while let Some(member) = stack.pop() {
                    of_node[member as usize] = component;
                    found.push(member);
                    if member == node {
                        break;
                    }
                }
                ends.push(found.len() as u32);
            }
        }
    }
    topological(&found, &ends, of_node)
}

/// Tarjan closes components from the sinks backwards; turn that order round.
fn topological(found: &[u32], ends: &[u32], mut of_node: Vec<u32>) -> Components {
    let last = ends.len() as u32 - 1;
    let mut members = Vec::with_capacity(found.len());
    let mut offsets = vec![0u32];
    for pair in ends.windows(2).rev() {
        let start = members.len();
        members.extend_from_slice(&found[pair[0] as usize..pair[1] as usize]);
        members[start..].sort_unstable();
        offsets.push(members.len() as u32);
    }
    for component in &mut of_node {
        *component = last - 1 - *component;
    }
    Components { members, offsets, of_node }
}
