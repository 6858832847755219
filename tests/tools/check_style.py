"""House rule: the figures that keep the code readable. Prints them and fails past a limit.

Counted as physical lines from `def` to the end of the body; branches are 1 + decisions.
Usage: check_style.py PACKAGE [PACKAGE ...]
"""

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median

LIMITS = {
    "function_median": 9,
    "function_p90": 25,
    "function_max": 60,
    "file_p90": 300,
    "file_max": 400,
    "branches_p90": 5,
    "branches_max": 12,
    "late_imports": 0,
    "cycles": 0,
}
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
DECISIONS = (
    ast.If,
    ast.IfExp,
    ast.For,
    ast.AsyncFor,
    ast.While,
    ast.ExceptHandler,
    ast.match_case,
    ast.comprehension,
)


@dataclass(frozen=True)
class Function:
    where: str
    lines: int
    branches: int


def main(packages: list[str]) -> int:
    files = [path for package in packages for path in sorted(Path(package).rglob("*.py"))]
    if not files:
        print("no code to check")
        return 1
    trees = {path: ast.parse(path.read_text("utf-8")) for path in files}
    functions = [each for path, tree in trees.items() for each in functions_of(path, tree)]
    figures = measure(trees, functions)
    over = [name for name, limit in LIMITS.items() if figures[name] > limit]
    for name, limit in LIMITS.items():
        print(f"{name:16} {figures[name]:6g}  limit {limit}{'  PASSED' if name in over else ''}")
    if over:
        for each in sorted(functions, key=lambda f: (-f.branches, -f.lines))[:5]:
            print(f"  {each.where}: {each.lines} lines, {each.branches} branches")
    return 1 if over else 0


def measure(trees: dict[Path, ast.Module], functions: list[Function]) -> dict[str, float]:
    lengths = sorted(each.lines for each in functions)
    branches = sorted(each.branches for each in functions)
    sizes = sorted(len(path.read_text("utf-8").splitlines()) for path in trees)
    return {
        "function_median": median(lengths),
        "function_p90": ninetieth(lengths),
        "function_max": lengths[-1],
        "file_p90": ninetieth(sizes),
        "file_max": sizes[-1],
        "branches_p90": ninetieth(branches),
        "branches_max": branches[-1],
        "late_imports": sum(late_imports(tree) for tree in trees.values()),
        "cycles": len(cycles(arrows(trees))),
    }


def ninetieth(ordered: list[int]) -> int:
    return ordered[int(len(ordered) * 0.9)]


def functions_of(path: Path, tree: ast.Module) -> Iterator[Function]:
    for node in ast.walk(tree):
        if isinstance(node, FUNCTIONS):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            yield Function(f"{path}:{node.lineno} {node.name}", lines, branches_of(node))


def branches_of(function: ast.AST) -> int:
    """Decisions of this function's own body; a nested function counts for itself."""
    count, queue = 1, list(ast.iter_child_nodes(function))
    while queue:
        node = queue.pop()
        if isinstance(node, FUNCTIONS):
            continue
        count += isinstance(node, DECISIONS)
        count += len(node.values) - 1 if isinstance(node, ast.BoolOp) else 0
        queue.extend(ast.iter_child_nodes(node))
    return count


def late_imports(tree: ast.Module) -> int:
    inside = [node for node in ast.walk(tree) if isinstance(node, FUNCTIONS)]
    nodes = {id(node): node for function in inside for node in ast.walk(function)}
    return sum(isinstance(node, ast.Import | ast.ImportFrom) for node in nodes.values())


def module_name(path: Path) -> str:
    return ".".join(path.with_suffix("").parts).removesuffix(".__init__")


def arrows(trees: dict[Path, ast.Module]) -> dict[str, set[str]]:
    known = {module_name(path) for path in trees}
    graph: dict[str, set[str]] = {name: set() for name in known}
    for path, tree in trees.items():
        for node in ast.walk(tree):
            graph[module_name(path)] |= set(imported(node, known)) & known
    return graph


def imported(node: ast.AST, known: set[str]) -> Iterator[str]:
    """Modules that a statement imports; of a package only the module that is named."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
        inside = (f"{node.module}.{alias.name}" for alias in node.names)
        yield from (name if name in known else node.module for name in inside)


def reachable(graph: dict[str, set[str]], start: str) -> set[str]:
    seen: set[str] = set()
    queue = list(graph[start])
    while queue:
        name = queue.pop()
        if name not in seen:
            seen.add(name)
            queue.extend(graph[name])
    return seen


def cycles(graph: dict[str, set[str]]) -> set[str]:
    """Modules that can reach themselves."""
    return {name for name in graph if name in reachable(graph, name)}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
