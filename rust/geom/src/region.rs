//! Boolean operations on sets of rings. The only place that knows `i_overlay`.
