"""Models that train in a minute on a laptop, each around this book's own attention (torch).

May import: formula, exact, attention, multihead, variants, data, layers.
"""

from qkv_lib.models.cnn import ConvNet
from qkv_lib.models.training import accuracy, fit, minibatches, predict
from qkv_lib.models.vit import VisionTransformer

__all__ = ["ConvNet", "VisionTransformer", "accuracy", "fit", "minibatches", "predict"]
