import subprocess

import pytest

from ledger.chains.artefact import ABI, BYTECODE, DEPLOYED_BYTECODE
from tests.tools_found import PROJECT, node, node_package


@pytest.mark.node
def test_the_committed_artefact_is_what_the_source_compiles_to():
    node_package("solc")
    command = [node(), "contracts/build.mjs", "--check"]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_the_artefact_offers_what_the_service_calls():
    names = {entry.get("name") for entry in ABI}
    assert {"anchor", "head", "isOperator", "Anchored"} <= names
    assert {"NotOperator", "TreeHasNotGrown", "NotAnExtension"} & names == {
        "NotOperator",
        "TreeHasNotGrown",
        "NotAnExtension",
    }
    assert DEPLOYED_BYTECODE.hex() in BYTECODE
