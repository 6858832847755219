// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @title Holds the latest tree head of one log, and only ever lets it grow.
/// @notice A head is accepted when an RFC 9162 consistency proof shows that it extends the head
/// held. Whoever pins this contract therefore never has to trust that the log was not rewritten:
/// a forked or shrunken tree has no such proof.
/// @dev Hashes are SHA-256 (precompile 2), interior nodes SHA-256(0x01 || left || right).
contract CheckpointAnchor {
    /// @notice A tree head as it was accepted.
    /// @param root RFC 9162 tree hash of the log's first `size` leaves.
    /// @param size Number of leaves; 0 before the first head.
    /// @param anchoredAt Time of the block that accepted it, Unix seconds.
    struct Head {
        bytes32 root;
        uint64 size;
        uint64 anchoredAt;
    }

    /// @notice The head held.
    Head public head;

    /// @notice Whether an address may anchor. Fixed when the contract is made.
    mapping(address => bool) public isOperator;

    /// @notice A head was accepted.
    /// @param size Leaves in the tree.
    /// @param root Its tree hash.
    event Anchored(uint64 indexed size, bytes32 root);

    /// @notice The caller may not anchor.
    /// @param caller Who called.
    error NotOperator(address caller);

    /// @notice The head given has no more leaves than the head held.
    /// @param held Size held.
    /// @param given Size given.
    error TreeHasNotGrown(uint64 held, uint64 given);

    /// @notice The proof does not show that the head given extends the head held.
    /// @param size Size given.
    /// @param root Root given.
    error NotAnExtension(uint64 size, bytes32 root);

    /// @notice Make the contract for one log.
    /// @param operators Addresses that may anchor.
    constructor(address[] memory operators) {
        for (uint256 i = 0; i < operators.length; ++i) {
            isOperator[operators[i]] = true;
        }
    }

    /// @notice Accept a tree head that extends the one held.
    /// @param size Leaves in the tree; must exceed the size held.
    /// @param root RFC 9162 tree hash of the log's first `size` leaves.
    /// @param proof Consistency proof from the head held to this one; empty for the first head,
    /// since every tree extends the empty one.
    function anchor(uint64 size, bytes32 root, bytes32[] calldata proof) external {
        if (!isOperator[msg.sender]) revert NotOperator(msg.sender);
        Head memory held = head;
        if (size <= held.size) revert TreeHasNotGrown(held.size, size);
        if (!_extends(held, size, root, proof)) revert NotAnExtension(size, root);
        head = Head(root, size, uint64(block.timestamp));
        emit Anchored(size, root);
    }

    /// @dev RFC 9162 section 2.1.4.2, with its variable names. `held.size < size` holds.
    function _extends(Head memory held, uint64 size, bytes32 root, bytes32[] calldata proof)
        private
        view
        returns (bool)
    {
        if (held.size == 0) return proof.length == 0;
        if (proof.length == 0) return false;
        uint256 fn = held.size - 1;
        uint256 sn = size - 1;
        while (fn & 1 == 1) {
            fn >>= 1;
            sn >>= 1;
        }
        // A first tree that is one complete subtree is its own first node, and not sent along.
        uint256 next = fn == 0 ? 0 : 1;
        bytes32 fr = fn == 0 ? held.root : proof[0];
        bytes32 sr = fr;
        for (; next < proof.length; ++next) {
            if (sn == 0) return false;
            bytes32 c = proof[next];
            if (fn & 1 == 1 || fn == sn) {
                fr = _node(c, fr);
                sr = _node(c, sr);
                while (fn & 1 == 0 && fn != 0) {
                    fn >>= 1;
                    sn >>= 1;
                }
            } else {
                sr = _node(sr, c);
            }
            fn >>= 1;
            sn >>= 1;
        }
        return sn == 0 && fr == held.root && sr == root;
    }

    /// @dev SHA-256(0x01 || left || right), hashed behind the free memory pointer without moving
    /// it: nothing there is read again.
    function _node(bytes32 left, bytes32 right) private view returns (bytes32 hash) {
        assembly ("memory-safe") {
            let data := mload(0x40)
            mstore8(data, 1)
            mstore(add(data, 1), left)
            mstore(add(data, 33), right)
            if iszero(staticcall(gas(), 2, data, 65, 0, 32)) { revert(0, 0) }
            hash := mload(0)
        }
    }
}
