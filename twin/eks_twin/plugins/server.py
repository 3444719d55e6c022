"""Serves a `Plugin` to the engine.

The engine starts `pulumi-resource-<name> <engine address>`, reads a port from standard output and calls
ResourceProvider over gRPC (pulumi/proto: provider.proto). Requests arrive on several threads at once.
"""

import os
import signal
import sys
import traceback
from collections.abc import Callable
from concurrent import futures
from typing import Any, Final

import grpc
from google.protobuf import any_pb2, empty_pb2
from pulumi.runtime.proto import engine_pb2_grpc, plugin_pb2, provider_pb2, provider_pb2_grpc, status_pb2

from .base import Difference, Failure, InitError, Plugin, PluginError, Request
from .wire import UnsupportedValueError, decode, encode

MESSAGE_LIMIT: Final = 400 * 1024 * 1024
"""Bytes per gRPC message, as the engine's own limit (pulumi/sdk: go/common/util/rpcutil)."""
WORKERS: Final = 32
"""Requests served at once; the engine registers resources with unbounded parallelism by default."""


def _difference(difference: Difference) -> provider_pb2.DiffResponse:
    response = provider_pb2.DiffResponse(
        replaces=list(difference.replaces),
        deleteBeforeReplace=difference.delete_before_replace,
        changes=provider_pb2.DiffResponse.DIFF_SOME if difference.changes else provider_pb2.DiffResponse.DIFF_NONE,
        hasDetailedDiff=True,
        diffs=sorted({path.split(".")[0].split("[")[0] for path in difference.changes}),
    )
    for path, kind in difference.changes.items():
        response.detailedDiff[path].kind = provider_pb2.PropertyDiff.Kind.Value(kind.upper().replace("-", "_"))
        response.detailedDiff[path].inputDiff = True
    return response


def _failures(failures: list[Failure]) -> list[provider_pb2.CheckFailure]:
    return [provider_pb2.CheckFailure(property=f.property, reason=f.reason) for f in failures]


def _abort(context: grpc.ServicerContext, error: Exception) -> None:
    """End the call the way the engine understands: one clear message, or state plus reasons for a half-made object."""
    if isinstance(error, InitError):
        detail = any_pb2.Any()
        detail.Pack(
            provider_pb2.ErrorResourceInitFailed(
                id=error.id, properties=encode(error.state), reasons=error.reasons, inputs=encode(error.inputs)
            )
        )
        status = status_pb2.Status(code=grpc.StatusCode.UNKNOWN.value[0], message=str(error), details=[detail])
        context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
        context.abort(grpc.StatusCode.UNKNOWN, str(error))
    if not isinstance(error, PluginError | UnsupportedValueError):
        traceback.print_exception(error, file=sys.stderr)
        context.abort(grpc.StatusCode.UNKNOWN, f"{type(error).__name__}: {error}")
    context.abort(grpc.StatusCode.UNKNOWN, str(error))


def _guarded(method: Callable[..., Any]) -> Callable[..., Any]:
    def call(self: "_Servicer", request: Any, context: grpc.ServicerContext) -> Any:
        try:
            return method(self, request)
        except Exception as error:  # noqa: BLE001 - the process must outlive any failed call
            return _abort(context, error)

    return call


class _Servicer(provider_pb2_grpc.ResourceProviderServicer):
    """Translates between the protocol and `Plugin`."""

    def __init__(self, plugin: Plugin) -> None:
        self.plugin = plugin

    def _attach(self, address: str) -> None:
        if address:
            channel = grpc.insecure_channel(address, options=[("grpc.max_receive_message_length", MESSAGE_LIMIT)])
            self.plugin.attach(engine_pb2_grpc.EngineStub(channel))

    @_guarded
    def Handshake(self, request: Any) -> Any:
        self._attach(request.engine_address)
        return provider_pb2.ProviderHandshakeResponse()

    @_guarded
    def Attach(self, request: Any) -> Any:
        self._attach(request.address)
        return empty_pb2.Empty()

    @_guarded
    def GetPluginInfo(self, request: Any) -> Any:
        return plugin_pb2.PluginInfo(version=self.plugin.version)

    @_guarded
    def GetSchema(self, request: Any) -> Any:
        return provider_pb2.GetSchemaResponse(
            schema=f'{{"name":"{self.plugin.name}","version":"{self.plugin.version}"}}'
        )

    @_guarded
    def Cancel(self, request: Any) -> Any:
        self.plugin.cancelled.set()
        return empty_pb2.Empty()

    @_guarded
    def CheckConfig(self, request: Any) -> Any:
        inputs, failures = self.plugin.check_config(decode(request.news))
        return provider_pb2.CheckResponse(inputs=encode(inputs), failures=_failures(failures))

    @_guarded
    def DiffConfig(self, request: Any) -> Any:
        return _difference(self.plugin.diff_config(decode(request.old_inputs), decode(request.news)))

    @_guarded
    def Configure(self, request: Any) -> Any:
        self.plugin.configure(decode(request.args))
        # Secrets are left to the engine: it unwraps inputs and marks outputs of the same name (annotateSecrets).
        return provider_pb2.ConfigureResponse(supportsPreview=True)

    @_guarded
    def Check(self, request: Any) -> Any:
        inputs, failures = self.plugin.check(_request(request, inputs="news", old_inputs="olds"))
        return provider_pb2.CheckResponse(inputs=encode(inputs), failures=_failures(failures))

    @_guarded
    def Diff(self, request: Any) -> Any:
        return _difference(self.plugin.diff(_request(request, inputs="news", old_inputs="old_inputs", state="olds")))

    @_guarded
    def Create(self, request: Any) -> Any:
        id_, state = self.plugin.create(_request(request, inputs="properties"))
        return provider_pb2.CreateResponse(id=id_, properties=encode(state))

    @_guarded
    def Read(self, request: Any) -> Any:
        id_, state, inputs = self.plugin.read(_request(request, old_inputs="inputs", state="properties"))
        return provider_pb2.ReadResponse(id=id_, properties=encode(state), inputs=encode(inputs))

    @_guarded
    def Update(self, request: Any) -> Any:
        changed = self.plugin.update(_request(request, inputs="news", old_inputs="old_inputs", state="olds"))
        return provider_pb2.UpdateResponse(properties=encode(changed))

    @_guarded
    def Delete(self, request: Any) -> Any:
        self.plugin.delete(_request(request, old_inputs="old_inputs", state="properties"))
        return empty_pb2.Empty()

    @_guarded
    def Invoke(self, request: Any) -> Any:
        result, failures = self.plugin.invoke(request.tok, decode(request.args))
        response = provider_pb2.InvokeResponse(failures=_failures(failures))
        getattr(response, "return").CopyFrom(encode(result))
        return response


def _request(message: Any, **structs: str) -> Request:
    """The request in a message of the protocol; `structs` are fields of Request and what the message calls them."""
    kind, name = message.urn.split("::")[2:4]
    values = {field: decode(getattr(message, theirs)) for field, theirs in structs.items()}
    return Request(
        urn=message.urn,
        type=message.type or kind.rsplit("$", 1)[-1],
        name=message.name or name,
        **values,
        id=getattr(message, "id", ""),
        preview=getattr(message, "preview", False),
        timeout=getattr(message, "timeout", 0),
        seed=getattr(message, "randomSeed", b""),
        ignore_changes=tuple(getattr(message, "ignoreChanges", ())),
    )


def end_on_interrupt() -> None:
    """End at once and quietly on SIGINT, which is how the engine stops a plugin: it waits five seconds, then kills.

    A Ctrl-C of the user does not come this way: the engine runs plugins in a process group of their own.
    """
    signal.signal(signal.SIGINT, lambda _signal, _frame: os._exit(0))


def serve(plugin: Plugin) -> None:
    """Serve `plugin` on a free loopback port until the engine ends the process; the port goes to standard output."""
    end_on_interrupt()
    server = grpc.server(
        futures.ThreadPoolExecutor(WORKERS),
        options=[
            ("grpc.max_receive_message_length", MESSAGE_LIMIT),
            ("grpc.max_send_message_length", MESSAGE_LIMIT),
            ("grpc.so_reuseport", 0),
        ],
    )
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(_Servicer(plugin), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(port, flush=True)  # noqa: T201 - the protocol: the first line is the port
    server.wait_for_termination()
