"""The compiled contract, as `contracts/build.mjs` wrote it."""

import json
from pathlib import Path
from typing import Any

_ARTEFACT = json.loads(
    (Path(__file__).resolve().parents[2] / "contracts" / "CheckpointAnchor.json").read_text()
)

ABI: list[dict[str, Any]] = _ARTEFACT["abi"]
BYTECODE: str = _ARTEFACT["bytecode"]
DEPLOYED_BYTECODE: bytes = bytes.fromhex(_ARTEFACT["deployedBytecode"][2:])
