"""A resource as the engine drives it through the plugin."""

from dataclasses import dataclass, field, replace
from typing import Any

from eks_twin.plugins.aws.plugin import AwsPlugin
from eks_twin.plugins.base import Request

REGION = "us-west-2"


@dataclass
class Life:
    """One resource, taken through the calls that the engine makes."""

    plugin: AwsPlugin
    type: str
    name: str
    inputs: dict[str, Any] = field(default_factory=dict)
    state: dict[str, Any] = field(default_factory=dict)
    id: str = ""

    @property
    def request(self) -> Request:
        urn = f"urn:pulumi:dev::test::{self.type}::{self.name}"
        return Request(urn, self.type, self.name, id=self.id, old_inputs=self.inputs, state=self.state, seed=b"seed")

    def check(self, /, **inputs):
        checked, failures = self.plugin.check(replace(self.request, inputs=inputs))
        assert failures == []
        return checked

    def failures(self, /, **inputs):
        return [f"{f.property}: {f.reason}" for f in self.plugin.check(replace(self.request, inputs=inputs))[1]]

    def preview(self, /, **inputs):
        return self.plugin.create(replace(self.request, inputs=self.check(**inputs), preview=True))[1]

    def create(self, /, **inputs):
        self.inputs = self.check(**inputs)
        request = replace(self.request, inputs=self.inputs, old_inputs={})
        self.id, self.state = self.plugin.create(request)
        return self

    def diff(self, /, **inputs):
        return self.plugin.diff(replace(self.request, inputs=self.check(**inputs)))

    def update(self, /, **inputs):
        new = self.check(**inputs)
        self.state = self.plugin.update(replace(self.request, inputs=new))
        self.inputs = new
        return self

    def read(self):
        return self.plugin.read(self.request)

    def delete(self):
        self.plugin.delete(self.request)
