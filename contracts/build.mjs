// Compiles contracts/CheckpointAnchor.sol into contracts/CheckpointAnchor.json.
//
//   node contracts/build.mjs           writes the artefact
//   node contracts/build.mjs --check   exits 1 if the committed artefact is not what we get
//
// The artefact depends on the source and the compiler alone: the metadata hash, which would bind
// paths and comments, is left out of the bytecode.
import { readFileSync, writeFileSync } from "node:fs";
import solc from "solc";

const NAME = "CheckpointAnchor";
const source = new URL(`${NAME}.sol`, import.meta.url);
const artefact = new URL(`${NAME}.json`, import.meta.url);

function compile() {
  const input = {
    language: "Solidity",
    sources: { [`${NAME}.sol`]: { content: readFileSync(source, "utf8") } },
    settings: {
      evmVersion: "paris",
      optimizer: { enabled: true, runs: 10000 },
      viaIR: true,
      metadata: { appendCBOR: false, bytecodeHash: "none" },
      outputSelection: { "*": { [NAME]: ["abi", "evm.bytecode.object", "evm.deployedBytecode.object"] } },
    },
  };
  const output = JSON.parse(solc.compile(JSON.stringify(input)));
  const messages = output.errors ?? [];
  if (messages.length > 0) {
    console.error(messages.map((message) => message.formattedMessage).join("\n"));
    process.exit(1);
  }
  return output.contracts[`${NAME}.sol`][NAME];
}

const { abi, evm } = compile();
const text = JSON.stringify(
  {
    contract: NAME,
    compiler: solc.version(),
    evmVersion: "paris",
    abi,
    bytecode: `0x${evm.bytecode.object}`,
    deployedBytecode: `0x${evm.deployedBytecode.object}`,
  },
  null,
  1,
) + "\n";

if (process.argv.includes("--check")) {
  if (readFileSync(artefact, "utf8") !== text) {
    console.error(`contracts/${NAME}.json is not what contracts/${NAME}.sol compiles to; run: node contracts/build.mjs`);
    process.exit(1);
  }
} else {
  writeFileSync(artefact, text);
}
