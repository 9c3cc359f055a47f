// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

/// The calls that the drill's contracts make on tokens, exchanges and the vault.

interface IToken {
    function balanceOf(address account) external view returns (uint256);
    function transfer(address to, uint256 value) external returns (bool);
    function transferFrom(address from, address to, uint256 value) external returns (bool);
    function approve(address spender, uint256 value) external returns (bool);
}

interface IPair {
    function token0() external view returns (address);
    function token1() external view returns (address);
    function getReserves() external view returns (uint112 reserve0, uint112 reserve1, uint32 updatedAt);
    function swap(uint256 amount0Out, uint256 amount1Out, address to, bytes calldata data) external;
}

interface IFlashBorrower {
    function uniswapV2Call(address sender, uint256 amount0, uint256 amount1, bytes calldata data) external;
}

interface ILendingVault {
    function asset() external view returns (address);
    function collateral() external view returns (address);
    function pair() external view returns (address);
    function price() external view returns (uint256);
    function borrowable() external view returns (uint256);
    function debtOf(address borrower) external view returns (uint256);
    function collateralOf(address borrower) external view returns (uint256);
    function collateralNeeded(uint256 debt) external view returns (uint256);
    function depositCollateral(uint256 amount) external;
    function borrow(uint256 amount) external;
}
