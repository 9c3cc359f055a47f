// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {Exchange} from "./Exchange.sol";
import {IFlashBorrower, IPair, IToken} from "./Interfaces.sol";

/// Honest arbitrage between two pairs of the same tokens, with a flash swap and no money of its own.
contract Arbitrageur is IFlashBorrower {
    address public immutable asset;
    address public immutable owner;
    address private _from;

    error NoGap();

    constructor(address asset_) {
        asset = asset_;
        owner = msg.sender;
    }

    /// Buys the other token where it is cheap, sells it where it is dear, and keeps the difference in the asset.
    function arbitrage(address one, address two) external returns (uint256 profit) {
        require(msg.sender == owner, "not yours");
        (address cheap, address dear, uint256 paid) = _opportunity(one, two);
        (uint256 assets, uint256 units) = Exchange.reservesOf(cheap, asset);
        uint256 amount = Exchange.bought(paid, assets, units);
        _from = cheap;
        Exchange.take(cheap, asset, amount, abi.encode(dear, paid));
        _from = address(0);
        profit = IToken(asset).balanceOf(address(this));
        if (profit == 0) revert NoGap();
        IToken(asset).transfer(owner, profit);
    }

    function uniswapV2Call(address sender, uint256 amount0, uint256 amount1, bytes calldata data) external {
        require(msg.sender == _from && sender == address(this), "not asked for");
        (address dear, uint256 paid) = abi.decode(data, (address, uint256));
        address token = amount0 > 0 ? IPair(msg.sender).token0() : IPair(msg.sender).token1();
        Exchange.sell(dear, token, amount0 + amount1);
        IToken(asset).transfer(msg.sender, paid);
    }

    /// The direction that pays, and what to pay in for the greatest profit; reverts where the fees eat it.
    function _opportunity(address one, address two) private view returns (address cheap, address dear, uint256 paid) {
        paid = _best(one, two);
        if (paid > 0) return (one, two, paid);
        paid = _best(two, one);
        if (paid == 0) revert NoGap();
        return (two, one, paid);
    }

    /// With cheap reserves (b, a), dear reserves (d, c), and k of each trade kept after the fee, paying x yields
    /// P x / (Q + R x) for P = k²·a·d, Q = b·c, R = k·(c + k·a). The profit is greatest at x = (√(P·Q) − Q) / R.
    function _best(address cheap, address dear) private view returns (uint256) {
        (uint256 b, uint256 a) = Exchange.reservesOf(cheap, asset);
        (uint256 d, uint256 c) = Exchange.reservesOf(dear, asset);
        uint256 p = (a * d / (Exchange.WHOLE * Exchange.WHOLE)) * Exchange.KEPT * Exchange.KEPT;
        uint256 q = b * c;
        if (p <= q) return 0;
        uint256 r = (c * Exchange.WHOLE + a * Exchange.KEPT) * Exchange.KEPT / (Exchange.WHOLE * Exchange.WHOLE);
        // The root of each first: their product would not fit in a word.
        uint256 mean = _root(p) * _root(q);
        return mean > q ? (mean - q) / r : 0;
    }

    function _root(uint256 value) private pure returns (uint256 root) {
        root = value;
        for (uint256 next = value / 2 + 1; next < root; next = (value / next + next) / 2) root = next;
    }
}
