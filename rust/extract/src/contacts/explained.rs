//! Whether two shapes touch as guides, or a guide and a device, that were drawn side by side.

use std::cell::OnceCell;
use std::f64::consts::PI;

use waveguard_geom::transform::wrap_angle;

use super::ends::Cap;
use super::{Form, Slack};
use crate::network::{OfBox, WIDER};

/// Ends further from opposite than this do not face each other at all.
pub const FACING_RAD: f64 = 0.6;
/// A joint may be drawn this many widths too long and still be one that was missed aside.
const OVERLAP_WIDTHS: f64 = 1.0;

/// Two ends that face each other.
struct Joint {
    /// Of the first shape and of the second.
    ends: [Cap; 2],
    /// They overlap and miss each other aside.
    is_miss: bool,
}

/// Two forms, and how far the second is displaced.
pub(super) struct Meeting<'a> {
    forms: [&'a Form; 2],
    by: [f64; 2],
    slack: Slack,
    /// Ends this close meet.
    reach: f64,
    /// Where ends of both face each other, once any contact asks for it.
    joints: OnceCell<Vec<Joint>>,
}

impl<'a> Meeting<'a> {
    pub(super) fn new(forms: [&'a Form; 2], by: [f64; 2], slack: Slack) -> Self {
        Self { forms, by, slack, reach: slack.snap + 1.0, joints: OnceCell::new() }
    }

    /// True when the two touch at `p` as guides or devices that were drawn side by side do.
    ///
    /// `is_stub` says for each of the two whether it is touched at the end of a stub.
    pub(super) fn explains(&self, p: [f64; 2], is_stub: [bool; 2]) -> bool {
        let is_at = |joint: &Joint| {
            let [e, o] = &joint.ends;
            if joint.is_miss {
                return (p[0] - e.end.x).hypot(p[1] - e.end.y) <= e.end.width + o.end.width;
            }
            e.seen(p).0.abs().min(o.seen(p).0.abs()) <= self.reach
        };
        self.joints.get_or_init(|| self.joints()).iter().any(is_at)
            || (0..2).any(|k| {
                let (own, other) = (self.forms[k], self.forms[1 - k]);
                own.is_known && !is_stub[1 - k] && self.enters(other, self.seen_by(1 - k, p)) && self.is_on_cap(k, p)
            })
    }

    /// A place in the frame of one of the two.
    fn seen_by(&self, k: usize, p: [f64; 2]) -> [f64; 2] {
        if k == 0 { p } else { [p[0] - self.by[0], p[1] - self.by[1]] }
    }

    /// True when a guide may enter a form at a place: there is a body, or what it is is not known.
    fn enters(&self, form: &Form, at: [f64; 2]) -> bool {
        (!form.is_known && !form.is_toothed) || form.bodies.any_at(at, self.reach, |_| true)
    }

    /// True when a place is on a cap of one of the two at which the other one may be entered.
    fn is_on_cap(&self, k: usize, p: [f64; 2]) -> bool {
        let (own, other) = (self.forms[k], self.forms[1 - k]);
        // How far the other one is displaced, and the one whose caps these are.
        let (by, own_by) = if k == 0 { (self.by, [0.0; 2]) } else { ([0.0; 2], self.by) };
        let reach = self.reach;
        own.caps.any_near(self.seen_by(k, p), own.caps.widest / 2.0 + 2.0 * reach, |cap| {
            let cap = cap.moved(own_by);
            let (e, (along, aside)) = (&cap.end, cap.seen(p));
            // What is drawn further into a piece too short to be known could not be joined to it.
            let most = if other.is_short(e.width) { self.slack.snap } else { reach };
            along.abs() <= most
                && aside <= e.width / 2.0 + reach
                && !other.is_arm_of(e, by)
                && !(cap.may_be_box() && other.has_rest_of_box(e.width, self.seen_by(1 - k, p), reach))
        })
    }

    /// Ends of the two that face each other. From each end of the shape that has fewer those of the other are sought.
    fn joints(&self) -> Vec<Joint> {
        let [a, b] = self.forms.map(|form| &form.caps);
        let first = usize::from(b.all().len() < a.all().len());
        let (few, many) = if first == 0 { (a, b) } else { (b, a) };
        let by = if first == 0 { self.by.map(|v| -v) } else { self.by };
        // They overlap for as long as the first is wide, and are half of both widths aside.
        let reach = self.reach + OVERLAP_WIDTHS * a.widest + f64::midpoint(a.widest, b.widest);
        let mut joints = Vec::new();
        for one in few.all() {
            many.any_near([one.end.x + by[0], one.end.y + by[1]], reach, |other| {
                let [e, o] = if first == 0 { [one, other] } else { [other, one] };
                joints.extend(self.joint(*e, o.moved(self.by)));
                false
            });
        }
        joints
    }

    fn joint(&self, e: Cap, o: Cap) -> Option<Joint> {
        let (reach, snap) = (self.reach, self.slack.snap);
        let (gap, aside) = e.seen([o.end.x, o.end.y]);
        let widths = [e.end.width, o.end.width];
        let half = f64::midpoint(widths[0], widths[1]);
        let turned = wrap_angle(o.end.direction_rad - e.end.direction_rad + PI).abs();
        // A cap in the middle of nothing but a part of a wider one: of two that share it, as at a branch.
        let is_part = aside > snap && aside + widths[0].min(widths[1]) / 2.0 <= widths[0].max(widths[1]) / 2.0 + snap;
        let is_joint = gap.abs() <= reach && aside < half && !is_part;
        // Overlapping ends that miss each other aside are a fault of a joint, not one guide.
        let is_miss = gap < -reach
            && !is_part
            && -gap <= OVERLAP_WIDTHS * widths[0]
            && aside > snap
            && aside < half
            && turned <= self.slack.angle_rad;
        // One cap of both, cut askew: their directions, taken from what is left of the axis, need not agree.
        let is_cut = is_joint
            && turned > self.slack.angle_rad
            && gap.abs().max(aside) <= reach
            && (widths[0] - widths[1]).abs() <= 2.0 * reach
            && wrap_angle(e.end.cap_rad - o.end.cap_rad + PI).abs() * half <= 2.0 * reach;
        // A guide on the box of a coupler: what the box is shows only with all that meets it.
        let is_on_box =
            (e.may_be_box() && widths[0] >= WIDER * widths[1]) || (o.may_be_box() && widths[1] >= WIDER * widths[0]);
        // The rest of a box that was cut across, too.
        let is_in_box = e.may_be_box()
            && o.may_be_box()
            && [e.of_box, o.of_box].contains(&OfBox::Beginning)
            && aside <= reach
            && (widths[0] - widths[1]).abs() <= 2.0 * reach;
        let is_facing = turned <= FACING_RAD && (is_joint || is_miss) && !is_cut && !is_on_box && !is_in_box;
        is_facing.then_some(Joint { ends: [e, o], is_miss })
    }
}
