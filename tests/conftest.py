"""The order in which files run."""

from pathlib import Path

SLOW_FIRST = ("test_labs.py", "test_api_server.py", "test_inferentia.py", "test_capacity.py", "test_explain.py")
"""Files of few and long tests: begun last, one worker would be left with them while the other has nothing to do."""


def pytest_collection_modifyitems(items):
    order = {name: i for i, name in enumerate(SLOW_FIRST)}
    items.sort(key=lambda item: order.get(Path(item.path).name, len(order)))
