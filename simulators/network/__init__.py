"""The network between terminal and host: gateways that can be down, break, or show a certificate that is not good."""

from simulators.network.certificates import GOOD, LOOKS, Certificates
from simulators.network.gateway import NetworkGateway

__all__ = ["GOOD", "LOOKS", "Certificates", "NetworkGateway"]
