"""Ways from one code to another. No Gradio.

a, b (Z,) codes; each way is (steps, Z), both ends included.
"""

import torch
from torch import Tensor


def straight(a: Tensor, b: Tensor, steps: int) -> Tensor:
    """Evenly along the straight line (lerp)."""
    return torch.lerp(a, b, torch.linspace(0, 1, steps)[:, None])


def around(a: Tensor, b: Tensor, steps: int) -> Tensor:
    """Evenly along the arc between the two directions (slerp: Shoemake 1985; for codes White 2016, arXiv:1609.04468),
    so that codes of one length stay so long. Straight where there is no such arc, or any number of them."""
    angle = torch.arccos(torch.cosine_similarity(a, b, dim=0).clamp(-1, 1))
    if float(angle.sin()) < 1e-4:
        return straight(a, b, steps)
    t = torch.linspace(0, 1, steps)[:, None]
    return (torch.sin((1 - t) * angle) * a + torch.sin(t * angle) * b) / angle.sin()
