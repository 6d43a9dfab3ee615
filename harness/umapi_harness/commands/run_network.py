"""The network of a run: through which proxies it goes, and how long it waits."""

from __future__ import annotations

from umapi_harness.commands.fetching import proxies_of_process
from umapi_harness.commands.run_options import MEBIBYTE, RunArguments
from umapi_harness.commands.run_places import Place, bundle_of_environment
from umapi_harness.commands.run_tls import tls_of
from umapi_harness.postman.sending.proxies import Proxies
from umapi_harness.postman.sending.sender import Bounds, Sender


def sender_of(arguments: RunArguments, place: Place) -> Sender:
    """What sends the requests of the run; raises UsageError and DocumentError.

    To the server inside this process it goes past any proxy.
    """
    bundle = bundle_of_environment(arguments.collection is None and not place.on_loopback)
    tls = tls_of(arguments, bundle)
    proxies = Proxies() if place.on_loopback and not arguments.allow_hosts else proxies_of_process()
    seconds = arguments.timeout_request / 1000 or None
    bounds = Bounds(connect=seconds, idle=seconds, total=seconds, body_bytes=arguments.max_answer * MEBIBYTE)
    return Sender(tls=tls, proxies=proxies, bounds=bounds)
