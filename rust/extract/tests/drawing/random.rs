//! Guides of random kind, size and place, with what is true of each.

use std::f64::consts::{PI, TAU};

use waveguard_geom::Point;

use super::{Curve, Placing, bezier_form, cosine_form, euler_pieces, spiral_form};

/// Numbers that look random and are the same on every machine (`SplitMix64`).
#[derive(Clone, Debug)]
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0x5851_F42D_4C95_7F2D)
    }

    /// Evenly in 0..1.
    pub(crate) fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }

    pub(crate) fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    /// Evenly in the logarithm.
    pub(crate) fn scale(&mut self, low: f64, high: f64) -> f64 {
        low * (high / low).powf(self.unit())
    }

    pub(crate) fn chance(&mut self, part: f64) -> bool {
        self.unit() < part
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Straight,
    Taper,
    Arc,
    Euler,
    PartialEuler,
    BezierBend,
    BezierS,
    CosineS,
    Spiral,
}

pub(crate) const KINDS: [Kind; 9] = [
    Kind::Straight,
    Kind::Taper,
    Kind::Arc,
    Kind::Euler,
    Kind::PartialEuler,
    Kind::BezierBend,
    Kind::BezierS,
    Kind::CosineS,
    Kind::Spiral,
];

/// A drawn guide and the truth about it, in nm.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) kind: Kind,
    pub(crate) curve: Curve,
    pub(crate) ring: Vec<Point>,
    pub(crate) widths: [f64; 2],
    pub(crate) tolerance: f64,
    pub(crate) place: Placing,
    /// Smallest radius; infinite for straights.
    pub(crate) radius: f64,
    /// Standard deviation of the radius of an arc as long as the curved part, as a part of it: what the grid lets
    /// anybody know.
    pub(crate) noise: f64,
}

impl Case {
    pub(crate) fn new(kind: Kind, dice: &mut Dice) -> Self {
        let width = dice.scale(300.0, 3_000.0);
        let tolerance = dice.scale(0.5, 10.0);
        Self::with(kind, width, tolerance, dice)
    }

    pub(crate) fn with(kind: Kind, width: f64, tolerance: f64, dice: &mut Dice) -> Self {
        let grid = if dice.chance(0.5) { 1.0 } else { 5.0 };
        let is_square = dice.chance(0.2);
        let angle = if is_square { PI / 2.0 * (4.0 * dice.unit()).floor() } else { dice.between(0.0, TAU) };
        // What is drawn along the grid has a width on the grid.
        let whole = |w: f64| if is_square { (w / grid).round() * grid } else { w };
        let width = whole(width);
        let shift = [dice.between(-1e6, 1e6), dice.between(-1e6, 1e6)];
        let place = Placing { angle, shift, mirror: dice.chance(0.5), grid };
        let least = (1.5 * width).max(2_000.0);
        let radius = dice.scale(least, 50_000.0);
        let bend = dice.between(0.4, PI);
        // Ten samples in a chord put the vertices where they belong.
        let step = 0.12 * (8.0 * tolerance * least).sqrt();
        let count = |length: f64| (length / step).ceil().min(60_000.0) as i32;
        let mut widths = [width; 2];
        // The curved part is this many times the radius long.
        let (curve, bent) = match kind {
            Kind::Straight => (Curve::from_pieces(&[(dice.scale(2.0 * width, 2e5), 0.0, 0.0)]), 0.0),
            Kind::Taper => {
                let length = dice.scale(4_000.0, 2e5);
                widths[1] = whole(dice.scale(300.0, 3_000.0_f64.min(length / 3.0)));
                (Curve::from_pieces(&[(length.max(2.0 * width), 0.0, 0.0)]), 0.0)
            }
            Kind::Arc => (Curve::from_pieces_by(&[(radius * bend, 1.0 / radius, 1.0 / radius)], step), bend),
            Kind::Euler => (Curve::from_pieces_by(&euler_pieces(radius, bend, 1.0), step), 2.0 * bend),
            Kind::PartialEuler => {
                let p = dice.between(0.2, 0.9);
                (Curve::from_pieces_by(&euler_pieces(radius, bend, p), step), (1.0 + p) * bend)
            }
            Kind::BezierBend => {
                let (b, r) = (dice.between(0.2, 0.45), 2.2 * radius);
                let form = bezier_form([[0.0, 0.0], [(1.0 - b) * r, 0.0], [r, b * r], [r, r]]);
                (Curve::from_parametric_by(form, count(1.7 * r)), PI / 2.0)
            }
            Kind::BezierS | Kind::CosineS => {
                // From the radius and the ratio of height to length.
                let ratio = dice.between(0.05, 0.4);
                let length = 0.5 * PI * PI * ratio * radius;
                let length = length.max(2.0 * width);
                let h = ratio * length;
                let curve = if kind == Kind::CosineS {
                    Curve::from_parametric_by(cosine_form(length, h), count(1.2 * length))
                } else {
                    let form = bezier_form([[0.0, 0.0], [length / 2.0, 0.0], [length / 2.0, h], [length, h]]);
                    Curve::from_parametric_by(form, count(1.2 * length))
                };
                (curve, 1.5 * ratio)
            }
            Kind::Spiral => {
                let pitch = width + dice.scale(500.0, 3_000.0);
                let turns = dice.between(1.0, 5.0);
                let inner = radius.min(20_000.0);
                let length = TAU * turns * (inner + 0.5 * turns * pitch);
                (Curve::from_parametric_by(spiral_form(inner, pitch, turns), count(length)), TAU)
            }
        };
        let radius = curve.min_radius();
        let has_leads = !matches!(kind, Kind::Straight | Kind::Taper | Kind::Spiral) && dice.chance(0.7);
        let curve = if has_leads { curve.with_leads(dice.scale(300.0, 2e4), dice.scale(300.0, 2e4)) } else { curve };
        let ring = if dice.chance(0.25) {
            curve.paired_outline(widths, tolerance, &place)
        } else {
            let other = if dice.chance(0.25) { dice.between(0.3, 1.0) } else { 1.0 };
            curve.outline(widths, [tolerance, tolerance * other], &place)
        };
        let chord = (8.0 * tolerance * radius).sqrt();
        let vertices = 2.0 * (bent * radius / chord).max(1.0);
        let noise = if bent > 0.0 { 7.75 * grid / (vertices.sqrt() * radius * bent * bent) } else { 0.0 };
        Self { kind, curve, ring, widths, tolerance, place, radius, noise }
    }
}
