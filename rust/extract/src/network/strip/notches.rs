//! Where the sides of a strip turn inwards: at the corners between arms, and at the mouth of what is wider.

use super::{MOST_LEAN, SAME, Section, Side, Strip, skipped, unit};
use crate::network::mesh::Mesh;

/// A perpendicular chord at a corner is sought so many widths around its place: what lies opposite may be far inside.
const CORNER_SEARCH: f64 = 3.0;
/// The direction of an arm at a corner and what lies opposite depend on each other.
const CORNER_ROUNDS: usize = 3;
/// The corner at which an arm ends is this many of its last chord away from the end of its side.
const NOTCH_CHORDS: f64 = 2.0;
/// Points this part of the width of the arm apart are one corner: on a coarse grid several of them turn sharply.
const ONE_CORNER: f64 = 0.2;
/// The corners of a mouth are sought from so many widths within the guide to so many beyond: its sides seem to run along
/// each other to a little further than they do, or the junction behind it is too near for what it is.
const MOUTH_WIDTHS: [f64; 2] = [0.5, 2.0];
/// A guide of so many widths has a mouth further from its other end.
const LONG_WIDTHS: f64 = 2.0;
/// At the corners of a mouth the sides turn away by more than this, in rad: a fan widens by less, and is a taper first.
const WALL_RAD: f64 = 0.6;

impl Side {
    /// The place of the corner where the arm of a side ends: the outermost within some chords of the end of the side;
    /// the last chord reaches into the junction and may be much longer than the arm is `width` wide.
    /// Points next to each other are one corner, and that is where the innermost of them is.
    fn notch(&self, mesh: &Mesh, at_end: bool, [chord, width]: [f64; 2]) -> Option<f64> {
        let n = self.ids.len();
        let from_end = |i: usize| if at_end { self.length() - self.s[i] } else { self.s[i] };
        let order = (0..n).map(|k| if at_end { n - 1 - k } else { k });
        let mut corner: Option<usize> = None;
        for i in order.take_while(|&i| from_end(i) <= NOTCH_CHORDS * chord) {
            let is_other = corner.is_none_or(|c| from_end(i) - from_end(c) > ONE_CORNER * width);
            if is_other && mesh.is_notch(self.ids[i]) {
                corner = Some(i);
            }
        }
        corner.map(|i| self.s[i])
    }

    /// The place of the nearest corner at which the side turns away, on the way from one place to another, or else a
    /// little back from there; no further than to the steps around the place.
    fn mouth(&self, mesh: &Mesh, place: f64, to: f64, back: f64) -> Option<f64> {
        let limits = self.limits(place);
        let nearest = |to: f64| {
            let to = to.clamp(limits[0], limits[1]);
            let (low, high) = (place.min(to) - SAME, place.max(to) + SAME);
            let mut corners = (self.s.partition_point(|&s| s < low)..self.s.partition_point(|&s| s <= high))
                .filter(|&i| mesh.notch_rad[self.ids[i] as usize] > WALL_RAD);
            if place <= to { corners.next() } else { corners.next_back() }
        };
        nearest(to).or_else(|| nearest(place - back)).map(|i| self.s[i])
    }

    /// How far aside of a guide the side leads beyond a corner, over a width of the guide; any way where the arm ends there.
    fn wall(&self, corner: f64, guide: &Section, at_end: bool) -> f64 {
        let far = corner + if at_end { guide.width } else { -guide.width };
        if far < 0.0 || far > self.length() {
            return f64::INFINITY;
        }
        let (i, last) = (self.segment(corner), self.segment(far));
        let beyond = if at_end { i..(last + 2).min(self.at.len()) } else { last..i + 1 };
        let p = self.point(corner);
        let aside = |q: &[f64; 2]| (guide.tangent[0] * (q[1] - p[1]) - guide.tangent[1] * (q[0] - p[0])).abs();
        self.at[beyond].iter().map(aside).fold(0.0, f64::max)
    }
}

impl Strip {
    /// The cross-section at the corner between two arms where this arm begins (`at_end` false) or ends, with its
    /// distance along the axis; the further one where both sides have a corner.
    pub(in crate::network) fn section_at_notch(&self, mesh: &Mesh, at_end: bool) -> Option<(f64, Section)> {
        let sides = [&self.left, &self.right];
        let chord = self.end_chord(at_end);
        let inside = chord.min(self.length() / 2.0);
        let width = chord.min(self.chord_length(if at_end { self.length() - inside } else { inside }));
        let corners = sides.map(|side| side.notch(mesh, at_end, [chord, width]));
        self.section_at_corners(corners, sides.map(|side| if at_end { side.length() } else { 0.0 }), at_end)
    }

    /// The cross-section at the mouth of something wider, between the corners of both sides where a guide of some length
    /// begins (`at_end` false) or ends: from a place within it, of which the cross-section is known, to one beyond. What
    /// is hardly wider has steps, or teeth.
    pub(in crate::network) fn section_at_mouth(
        &self,
        mesh: &Mesh,
        within: &Section,
        length: f64,
        beyond: f64,
        at_end: bool,
    ) -> Option<(f64, Section)> {
        let [back, ahead] = MOUTH_WIDTHS.map(|widths| if at_end { widths } else { -widths } * within.width);
        // Both ends of a short neck are near any place in it.
        let back = if length < LONG_WIDTHS * within.width { 0.0 } else { back };
        let to = self.place(beyond);
        let corner = |side: &Side, k: usize| side.mouth(mesh, within.places[k], to[k] + ahead, back);
        let (left, right) = (corner(&self.left, 0)?, corner(&self.right, 1)?);
        let walls = [self.left.wall(left, within, at_end), self.right.wall(right, within, at_end)];
        if walls[0].max(walls[1]) < within.width {
            return None;
        }
        let (along, section) = self.section_at_corners([Some(left), Some(right)], within.places, at_end)?;
        let is_guide = self.lean_from(section.places, section.width, !at_end) <= MOST_LEAN;
        is_guide.then_some((along, section))
    }

    /// The cross-section through one of the corners of both sides, and its distance along the axis. Where a side has none
    /// what lies opposite is sought from `starts` on.
    fn section_at_corners(&self, corners: [Option<f64>; 2], starts: [f64; 2], at_end: bool) -> Option<(f64, Section)> {
        let mut best: Option<Section> = None;
        for k in (0..2).filter(|&k| corners[k].is_some()) {
            let Some(section) = self.section_at_corner(k, corners, starts[1 - k], at_end) else { continue };
            let is_further = best.as_ref().is_none_or(|other| {
                let d = [section.at[0] - other.at[0], section.at[1] - other.at[1]];
                let ahead = d[0] * other.tangent[0] + d[1] * other.tangent[1];
                if at_end { ahead < 0.0 } else { ahead > 0.0 }
            });
            if is_further {
                best = Some(section);
            }
        }
        // By the side that is cut later, so that all that lies before belongs to the junction.
        let along = |places: [f64; 2]| {
            let of = |k: usize| {
                let after = self.places.partition_point(|p| p[k] < places[k]);
                self.along[after.min(self.along.len() - 1)]
            };
            if at_end { of(0).min(of(1)) } else { of(0).max(of(1)) }
        };
        best.map(|section| (along(section.places), section))
    }

    /// The cross-section through the corner of side `k`; beyond its own corner the other side is no side of this arm.
    fn section_at_corner(&self, k: usize, corners: [Option<f64>; 2], start: f64, at_end: bool) -> Option<Section> {
        let sides = [&self.left, &self.right];
        let (own, other) = (sides[k], sides[1 - k]);
        let place = corners[k]?;
        let p = own.point(place);
        let border = corners[1 - k];
        let mut found = border.unwrap_or(start);
        let mut tangent = [0.0; 2];
        for round in 0..CORNER_ROUNDS {
            let q = other.point(found);
            let rough = (p[0] - q[0]).hypot(p[1] - q[1]);
            let ways = [own.direction_at_end(place, rough, !at_end), other.direction_at_end(found, rough, !at_end)];
            // What lies opposite is not known at first.
            tangent = if round == 0 { ways[0] } else { unit([ways[0][0] + ways[1][0], ways[0][1] + ways[1][1]]) };
            // The perpendicular may pass just beyond the corner.
            found = other.crossing(p, tangent, found, CORNER_SEARCH * rough).or(border)?;
            found = border.map_or(found, |border| if at_end { found.min(border) } else { found.max(border) });
        }
        let q = other.point(found);
        let (places, ends) = if k == 0 { ([place, found], [p, q]) } else { ([found, place], [q, p]) };
        let across = [ends[0][0] - ends[1][0], ends[0][1] - ends[1][1]];
        let at = [f64::midpoint(p[0], q[0]), f64::midpoint(p[1], q[1])];
        let is_right = tangent[0] * across[1] - tangent[1] * across[0] > 0.0;
        is_right.then_some(Section { at, tangent, width: across[0].hypot(across[1]), ends, places })
    }

    /// True when the outline turns sharply into the region on both sides between two pairs of places.
    pub(in crate::network) fn has_notches(&self, mesh: &Mesh, from: [f64; 2], to: [f64; 2]) -> bool {
        [&self.left, &self.right].into_iter().enumerate().all(|(k, side)| {
            let between = side.between(from[k], to[k]);
            let pairs = (between.start.max(1) - 1..between.end.min(side.ids.len().saturating_sub(1)))
                .map(|i| skipped(mesh, k == 0, side.ids[i], side.ids[i + 1]).0);
            let cut_off: Vec<u32> = pairs.flatten().collect();
            between.map(|i| side.ids[i]).chain(cut_off).any(|p| mesh.is_notch(p))
        })
    }

    /// Length of the first or the last chord.
    pub(super) fn end_chord(&self, at_end: bool) -> f64 {
        let [l, r] = self.ends(if at_end { self.length() } else { 0.0 });
        (l[0] - r[0]).hypot(l[1] - r[1])
    }
}
