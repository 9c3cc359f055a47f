// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

/// Does whatever it is told by anyone: emits any log, makes any calls, holds any tokens. For tests only.
contract Actor {
    receive() external payable {}

    function emitLog(bytes32[] calldata topics, bytes calldata content) external {
        bytes memory data = content;
        assembly {
            let at := add(data, 32)
            let size := mload(data)
            let t := topics.offset
            switch topics.length
            case 0 { log0(at, size) }
            case 1 { log1(at, size, calldataload(t)) }
            case 2 { log2(at, size, calldataload(t), calldataload(add(t, 32))) }
            case 3 { log3(at, size, calldataload(t), calldataload(add(t, 32)), calldataload(add(t, 64))) }
            default {
                log4(at, size, calldataload(t), calldataload(add(t, 32)), calldataload(add(t, 64)), calldataload(add(t, 96)))
            }
        }
    }

    function run(address[] calldata targets, bytes[] calldata data) external {
        for (uint256 i = 0; i < targets.length; i++) {
            (bool done,) = targets[i].call(data[i]);
            require(done, "a call failed");
        }
    }

    function tryOut(address target, bytes calldata data) external {
        (bool done,) = target.call(data);
        done;
    }

    function borrowCode(address code, bytes calldata data) external {
        (bool done,) = code.delegatecall(data);
        require(done, "a delegatecall failed");
    }
}

/// A token that anyone mints and burns.
contract OpenToken {
    uint256 public totalSupply;
    mapping(address account => uint256) public balanceOf;

    event Transfer(address indexed from, address indexed to, uint256 value);

    function mint(address to, uint256 value) external {
        totalSupply += value;
        balanceOf[to] += value;
        emit Transfer(address(0), to, value);
    }

    function burn(address from, uint256 value) external {
        totalSupply -= value;
        balanceOf[from] -= value;
        emit Transfer(from, address(0), value);
    }

    function transfer(address to, uint256 value) external returns (bool) {
        balanceOf[msg.sender] -= value;
        balanceOf[to] += value;
        emit Transfer(msg.sender, to, value);
        return true;
    }
}

/// Behind a proxy or not: `pause` is guarded, `setOracle` was forgotten.
contract Gate {
    address public owner;
    address public oracle;
    uint256 public level;
    bool public paused;

    function init() external {
        require(owner == address(0), "done");
        owner = msg.sender;
    }

    function pause() external {
        require(msg.sender == owner, "not yours");
        paused = true;
    }

    function setOracle(address next) external {
        oracle = next;
    }

    function setLevel(uint256 next) external {
        level = next;
    }

    function multicall(bytes[] calldata data) external {
        for (uint256 i = 0; i < data.length; i++) {
            (bool done,) = address(this).delegatecall(data[i]);
            require(done, "a call failed");
        }
    }
}

contract GateProxy {
    address private immutable _code;

    constructor(address code) {
        _code = code;
    }

    fallback() external {
        address code = _code;
        assembly {
            calldatacopy(0, 0, calldatasize())
            let done := delegatecall(gas(), code, 0, calldatasize(), 0, 0)
            returndatacopy(0, 0, returndatasize())
            switch done
            case 0 { revert(0, returndatasize()) }
            default { return(0, returndatasize()) }
        }
    }
}
