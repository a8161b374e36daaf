"""Loss and crosstalk of a layout as tables of numbers: `waveguard.loss`, `waveguard.crosstalk`.

Each reads a layout, extracts its network, works it out and returns a report whose tables are dicts of numpy columns
with the unit in the name. They judge nothing: `waveguard.check` does, by a budget.
"""

from waveguard.optics.disturbance import CrosstalkReport, crosstalk
from waveguard.optics.path_loss import LossReport, loss
from waveguard.optics.sampling import SampledLoss, SamplePlan

__all__ = ["CrosstalkReport", "LossReport", "SamplePlan", "SampledLoss", "crosstalk", "loss"]
