// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {IPair, IToken} from "./Interfaces.sol";

/// Lenders supply one asset; borrowers post one collateral and borrow the asset against it.
///
/// DELIBERATELY FLAWED, for drills: collateral is valued at the spot price of one exchange pair, which anyone can move
/// within a transaction. Never deploy it where value is at stake.
contract LendingVault {
    /// Share of the collateral's value that may be borrowed, in basis points.
    uint256 public constant LOAN_TO_VALUE = 7_500;
    /// Share of the borrowed amount that is owed on top, for the lenders, in basis points.
    uint256 public constant BORROW_FEE = 10;
    /// What a liquidator receives for each unit of debt it repays, in basis points of its value.
    uint256 public constant LIQUIDATION_VALUE = 10_500;
    uint256 private constant BASIS = 10_000;

    address public immutable asset;
    address public immutable collateral;
    /// The exchange pair whose reserves give the price.
    address public immutable pair;

    address public owner;
    /// May pause, and nothing else.
    address public guardian;
    bool public paused;
    /// The most that may be borrowed within one block, in the asset.
    uint256 public borrowCap;

    uint256 public totalShares;
    uint256 public totalDebt;
    /// All that lenders ever supplied and redeemed, in the asset; with these, a change in net worth is gain or loss.
    uint256 public totalSupplied;
    uint256 public totalRedeemed;
    mapping(address lender => uint256) public sharesOf;
    mapping(address borrower => uint256) public collateralOf;
    mapping(address borrower => uint256) public debtOf;

    address[] private _borrowers;
    mapping(address borrower => bool) private _known;
    mapping(uint256 blockNumber => uint256) private _borrowedIn;

    event Supplied(address indexed lender, uint256 assets, uint256 shares);
    event Redeemed(address indexed lender, uint256 assets, uint256 shares);
    event CollateralDeposited(address indexed borrower, uint256 amount);
    event CollateralWithdrawn(address indexed borrower, uint256 amount);
    event Borrowed(address indexed borrower, uint256 assets, uint256 debt);
    event Repaid(address indexed borrower, uint256 assets, uint256 debt);
    event Liquidated(address indexed liquidator, address indexed borrower, uint256 repaid, uint256 seized);
    event Paused(address account);
    event Unpaused(address account);
    event GuardianChanged(address indexed previousGuardian, address indexed newGuardian);
    event BorrowCapChanged(uint256 previousCap, uint256 newCap);
    event OwnershipTransferred(address indexed previousOwner, address indexed newOwner);

    error OwnableUnauthorizedAccount(address account);
    error EnforcedPause();
    error ExpectedPause();
    error NothingToMove();
    error InsufficientCash(uint256 cash, uint256 needed);
    error BorrowCapExceeded(uint256 left, uint256 needed);
    error NotHealthy(address borrower);
    error StillHealthy(address borrower);
    error TransferFailed(address token);

    modifier onlyOwner() {
        if (msg.sender != owner) revert OwnableUnauthorizedAccount(msg.sender);
        _;
    }

    modifier whenNotPaused() {
        if (paused) revert EnforcedPause();
        _;
    }

    constructor(address asset_, address collateral_, address pair_, address guardian_, uint256 borrowCap_) {
        asset = asset_;
        collateral = collateral_;
        pair = pair_;
        owner = msg.sender;
        guardian = guardian_;
        borrowCap = borrowCap_;
        emit OwnershipTransferred(address(0), msg.sender);
        emit GuardianChanged(address(0), guardian_);
        emit BorrowCapChanged(0, borrowCap_);
    }

    // Lenders

    function supply(uint256 assets) external whenNotPaused returns (uint256 shares) {
        uint256 before = totalAssets();
        shares = totalShares == 0 ? assets : (assets * totalShares) / before;
        if (shares == 0) revert NothingToMove();
        totalShares += shares;
        totalSupplied += assets;
        sharesOf[msg.sender] += shares;
        _pull(asset, msg.sender, assets);
        emit Supplied(msg.sender, assets, shares);
    }

    function redeem(uint256 shares) external whenNotPaused returns (uint256 assets) {
        if (shares == 0) revert NothingToMove();
        assets = (shares * totalAssets()) / totalShares;
        if (assets > cash()) revert InsufficientCash(cash(), assets);
        sharesOf[msg.sender] -= shares;
        totalShares -= shares;
        totalRedeemed += assets;
        _push(asset, msg.sender, assets);
        emit Redeemed(msg.sender, assets, shares);
    }

    // Borrowers

    function depositCollateral(uint256 amount) external whenNotPaused {
        if (amount == 0) revert NothingToMove();
        collateralOf[msg.sender] += amount;
        _pull(collateral, msg.sender, amount);
        emit CollateralDeposited(msg.sender, amount);
    }

    function withdrawCollateral(uint256 amount) external whenNotPaused {
        if (amount == 0) revert NothingToMove();
        collateralOf[msg.sender] -= amount;
        if (!healthy(msg.sender)) revert NotHealthy(msg.sender);
        _push(collateral, msg.sender, amount);
        emit CollateralWithdrawn(msg.sender, amount);
    }

    function borrow(uint256 assets) external whenNotPaused {
        if (assets == 0) revert NothingToMove();
        if (assets > cash()) revert InsufficientCash(cash(), assets);
        if (assets > _capLeft()) revert BorrowCapExceeded(_capLeft(), assets);
        _borrowedIn[block.number] += assets;
        if (!_known[msg.sender]) {
            _known[msg.sender] = true;
            _borrowers.push(msg.sender);
        }
        uint256 owed = assets + (assets * BORROW_FEE) / BASIS;
        debtOf[msg.sender] += owed;
        totalDebt += owed;
        if (!healthy(msg.sender)) revert NotHealthy(msg.sender);
        _push(asset, msg.sender, assets);
        emit Borrowed(msg.sender, assets, debtOf[msg.sender]);
    }

    /// Repays up to `assets` of the caller's debt; what exceeds the debt stays with the caller.
    function repay(uint256 assets) external whenNotPaused {
        uint256 paid = _settle(msg.sender, assets);
        emit Repaid(msg.sender, paid, debtOf[msg.sender]);
    }

    /// Repays up to `assets` of an unhealthy borrower's debt for a premium in its collateral.
    function liquidate(address borrower, uint256 assets) external whenNotPaused {
        if (healthy(borrower)) revert StillHealthy(borrower);
        uint256 paid = _settle(borrower, assets);
        uint256 seized = (paid * LIQUIDATION_VALUE * 1e18) / (BASIS * price());
        if (seized > collateralOf[borrower]) seized = collateralOf[borrower];
        collateralOf[borrower] -= seized;
        _push(collateral, msg.sender, seized);
        emit Liquidated(msg.sender, borrower, paid, seized);
    }

    // Those in charge

    function pause() external {
        if (msg.sender != guardian && msg.sender != owner) revert OwnableUnauthorizedAccount(msg.sender);
        if (paused) revert EnforcedPause();
        paused = true;
        emit Paused(msg.sender);
    }

    function unpause() external onlyOwner {
        if (!paused) revert ExpectedPause();
        paused = false;
        emit Unpaused(msg.sender);
    }

    function setGuardian(address newGuardian) external onlyOwner {
        emit GuardianChanged(guardian, newGuardian);
        guardian = newGuardian;
    }

    function setBorrowCap(uint256 newCap) external onlyOwner {
        emit BorrowCapChanged(borrowCap, newCap);
        borrowCap = newCap;
    }

    function transferOwnership(address newOwner) external onlyOwner {
        emit OwnershipTransferred(owner, newOwner);
        owner = newOwner;
    }

    // Views

    /// The asset that lies in the vault.
    function cash() public view returns (uint256) {
        return IToken(asset).balanceOf(address(this));
    }

    /// What the lenders own by the books: cash and all that is owed, whether or not it can be recovered.
    function totalAssets() public view returns (uint256) {
        return cash() + totalDebt;
    }

    /// The asset for 1e18 units of collateral, at this instant's reserves. This is the flaw.
    function price() public view returns (uint256) {
        (uint112 reserve0, uint112 reserve1,) = IPair(pair).getReserves();
        bool assetFirst = IPair(pair).token0() == asset;
        (uint256 assets, uint256 units) = assetFirst ? (reserve0, reserve1) : (reserve1, reserve0);
        return (assets * 1e18) / units;
    }

    function collateralValue(address borrower) public view returns (uint256) {
        return (collateralOf[borrower] * price()) / 1e18;
    }

    function healthy(address borrower) public view returns (bool) {
        return debtOf[borrower] * BASIS <= collateralValue(borrower) * LOAN_TO_VALUE;
    }

    /// The least collateral that makes a debt healthy at this instant's price.
    function collateralNeeded(uint256 debt) external view returns (uint256) {
        uint256 unitsPerAsset = price() * LOAN_TO_VALUE;
        return (debt * BASIS * 1e18 + unitsPerAsset - 1) / unitsPerAsset + 1;
    }

    /// The most that may be borrowed now, collateral aside.
    function borrowable() external view returns (uint256) {
        uint256 left = _capLeft();
        uint256 available = cash();
        return left < available ? left : available;
    }

    /// Debt that its collateral does not cover, summed over the borrowers; the sum grows with their number.
    function badDebt() public view returns (uint256 uncovered) {
        for (uint256 i = 0; i < _borrowers.length; i++) {
            uint256 debt = debtOf[_borrowers[i]];
            uint256 value = collateralValue(_borrowers[i]);
            if (debt > value) uncovered += debt - value;
        }
    }

    /// The invariant: every debt is covered by its collateral.
    function isSolvent() external view returns (bool) {
        return badDebt() == 0;
    }

    function borrowerCount() external view returns (uint256) {
        return _borrowers.length;
    }

    function borrowerAt(uint256 index) external view returns (address) {
        return _borrowers[index];
    }

    // Within

    function _capLeft() private view returns (uint256) {
        uint256 used = _borrowedIn[block.number];
        return used < borrowCap ? borrowCap - used : 0;
    }

    function _settle(address borrower, uint256 assets) private returns (uint256 paid) {
        paid = assets < debtOf[borrower] ? assets : debtOf[borrower];
        if (paid == 0) revert NothingToMove();
        debtOf[borrower] -= paid;
        totalDebt -= paid;
        _pull(asset, msg.sender, paid);
    }

    function _pull(address token, address from, uint256 value) private {
        if (!IToken(token).transferFrom(from, address(this), value)) revert TransferFailed(token);
    }

    function _push(address token, address to, uint256 value) private {
        if (!IToken(token).transfer(to, value)) revert TransferFailed(token);
    }
}
