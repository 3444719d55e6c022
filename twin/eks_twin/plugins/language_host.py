"""A Pulumi language host for Python, for machines whose CLI has none beside it.

The CLI starts `pulumi-language-python … <engine address>`, reads a port from standard output and calls LanguageRuntime.
The Automation API's own LanguageServer runs the program in this process, which sees this interpreter's packages.
"""

import os
import runpy
import sys
from concurrent import futures
from importlib.metadata import version
from pathlib import Path
from typing import Any

import grpc
from google.protobuf import empty_pb2
from google.protobuf.json_format import MessageToDict
from pulumi.automation._server import LanguageServer
from pulumi.runtime.proto import language_pb2, language_pb2_grpc, plugin_pb2

from .server import end_on_interrupt


class Host(LanguageServer):
    """Runs `__main__.py` of the project that the engine names."""

    def __init__(self, engine: str) -> None:
        super().__init__(self._program)
        self._engine = engine
        self._directory = Path()

    def _program(self) -> None:
        os.chdir(self._directory)
        sys.path.insert(0, str(self._directory))
        runpy.run_path(str(self._directory / "__main__.py"), run_name="__main__")

    def Run(self, request: Any, context: Any) -> Any:
        """Run the program; its errors come back as the engine expects them."""
        self._directory = Path(request.info.program_directory or request.pwd)
        if trouble := _foreign_environment(self._directory, MessageToDict(request.info.options)):
            return language_pb2.RunResponse(error=trouble)
        if not request.args:
            request.args.append(self._engine)
        answer = super().Run(request, context)
        # its error was logged already; named here too, the engine would print it a second time
        return language_pb2.RunResponse(bail=True) if answer.error else answer

    def Handshake(self, request: Any, context: Any) -> Any:
        return language_pb2.LanguageHandshakeResponse()

    def GetPluginInfo(self, request: Any, context: Any) -> Any:
        return plugin_pb2.PluginInfo(version=version("pulumi"))

    def About(self, request: Any, context: Any) -> Any:
        return language_pb2.AboutResponse(executable=sys.executable, version=sys.version.split()[0])

    def GetRequiredPackages(self, request: Any, context: Any) -> Any:
        return language_pb2.GetRequiredPackagesResponse()

    def GetProgramDependencies(self, request: Any, context: Any) -> Any:
        return language_pb2.GetProgramDependenciesResponse()

    def RuntimeOptionsPrompts(self, request: Any, context: Any) -> Any:
        return language_pb2.RuntimeOptionsResponse()

    def Cancel(self, request: Any, context: Any) -> Any:
        return empty_pb2.Empty()


def _foreign_environment(directory: Path, options: dict[str, Any]) -> str:
    """Why this interpreter is not the one the project asks for; empty when it is."""
    named = options.get("virtualenv")
    if not named:
        return ""
    wanted = (directory / str(named)).resolve()
    if not wanted.exists() or wanted == Path(sys.prefix).resolve():
        return ""
    return (
        f"Pulumi.yaml names the virtual environment {wanted}, but this language host runs in {sys.prefix}. "
        f"Install eks-twin into the project's environment and start the twin's command from there."
    )


def main() -> None:
    """Serve until the engine ends the process."""
    end_on_interrupt()
    server = grpc.server(futures.ThreadPoolExecutor(4))
    language_pb2_grpc.add_LanguageRuntimeServicer_to_server(Host(sys.argv[-1]), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(port, flush=True)  # noqa: T201 - the protocol: the first line is the port
    server.wait_for_termination()


if __name__ == "__main__":
    main()
