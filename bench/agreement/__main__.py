"""`python -m bench.agreement [CASES] [SEED]`: how often explain says what Karpenter's own code says.

Asks both sides about every instance type under several node classes, and about random pods against random pools. The
first run compiles for minutes where Go has not compiled Karpenter yet.
"""

import sys
from collections.abc import Iterator

from .compare import compared_pods, compared_types, karpenter, question, random_cases


def report(what: str, compared: Iterator[tuple[str, bool]]) -> None:
    """Print every difference, and how many there are of how many."""
    results = list(compared)
    different = [name for name, same in results if not same]
    for name in different:
        print("DIFFERENT", name)
    print(f"{what}: {len(different)} of {len(results)} differ")


def main() -> None:
    """Print what differs."""
    count, seed = (int(text) for text in (*sys.argv[1:], *("300", "1")[len(sys.argv) - 1 :]))
    cases = random_cases(count, seed)
    answer = karpenter(question(cases))
    report("labels and quantities of instance types", compared_types(answer["Types"]))
    report("pods", compared_pods(cases, answer["Pods"]))
    print(f"launched by Karpenter: {sum(bool(pod['Pool']) for pod in answer['Pods'])}")


if __name__ == "__main__":
    main()
