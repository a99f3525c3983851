from .networks import build_network, load_network, make_predictor
from .numpy_network import NumpyNetwork

__all__ = ["NumpyNetwork", "build_network", "load_network", "make_predictor"]
