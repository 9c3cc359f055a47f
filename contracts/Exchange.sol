// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {IPair, IToken} from "./Interfaces.sol";

/// What a constant-product pair with a fee of 0.3 % gives, and swaps made on the pair itself.
library Exchange {
    uint256 internal constant KEPT = 997;
    uint256 internal constant WHOLE = 1_000;

    /// The pair's reserves, those of `token` first.
    function reservesOf(address pair, address token) internal view returns (uint256 own, uint256 other) {
        (uint112 reserve0, uint112 reserve1,) = IPair(pair).getReserves();
        return IPair(pair).token0() == token ? (reserve0, reserve1) : (reserve1, reserve0);
    }

    /// What `paid` buys from a pair with these reserves.
    function bought(uint256 paid, uint256 reserveIn, uint256 reserveOut) internal pure returns (uint256) {
        uint256 effective = paid * KEPT;
        return (effective * reserveOut) / (reserveIn * WHOLE + effective);
    }

    /// Sells `amount` of `token` to the pair; the proceeds come to this contract.
    function sell(address pair, address token, uint256 amount) internal returns (uint256 proceeds) {
        (uint256 reserveIn, uint256 reserveOut) = reservesOf(pair, token);
        proceeds = bought(amount, reserveIn, reserveOut);
        require(IToken(token).transfer(pair, amount), "transfer failed");
        take(pair, token, proceeds, "");
    }

    /// Takes `amount` of the token that is not `token` out of the pair, as a flash swap if `data` is not empty.
    function take(address pair, address token, uint256 amount, bytes memory data) internal {
        bool first = IPair(pair).token0() == token;
        IPair(pair).swap(first ? 0 : amount, first ? amount : 0, address(this), data);
    }
}
