/** What a contract says when it refuses. */
import { decodeErrorResult, type Hex, isHex, parseAbi } from 'viem'
import type * as Wire from './Wire.ts'

const standard = parseAbi(['error Error(string)', 'error Panic(uint256)'])

/** Custom errors so common that their names say more than their selectors: OpenZeppelin Contracts 5, access and pausing. */
const customary = parseAbi([
  'error EnforcedPause()',
  'error ExpectedPause()',
  'error OwnableUnauthorizedAccount(address account)',
  'error AccessControlUnauthorizedAccount(address account, bytes32 neededRole)',
  'error ERC20InsufficientBalance(address sender, uint256 balance, uint256 needed)',
  'error ERC20InsufficientAllowance(address spender, uint256 allowance, uint256 needed)',
  'error SafeERC20FailedOperation(address token)',
  'error ReentrancyGuardReentrantCall()',
])

/** Meanings of `Panic` codes (Solidity documentation, "Panic via assert and Error via require"). */
const panics: Readonly<Record<number, string>> = {
  1: 'an assertion failed',
  17: 'arithmetic overflow',
  18: 'division by zero',
  33: 'invalid enum value',
  34: 'corrupt storage',
  49: 'pop of an empty array',
  50: 'index out of range',
  65: 'out of memory',
  81: 'call of an unset function',
}

/**
 * What revert data means: the text of `Error(string)`, the meaning of a `Panic`, the name of a customary error, the
 * selector of any other, `undefined` where there is no data.
 * @example decodeRevert('0x4e487b71…11') // 'panic 0x11: arithmetic overflow'
 */
export function decodeRevert(data: Hex): string | undefined {
  if (data === '0x') return undefined
  try {
    const { errorName, args } = decodeErrorResult({ abi: [...standard, ...customary], data })
    if (errorName === 'Error') return args[0].slice(0, 1_000)
    if (errorName === 'Panic') return `panic 0x${args[0].toString(16)}: ${panics[Number(args[0])] ?? 'unknown'}`
    return `${errorName}(${(args ?? []).map(String).join(', ')})`
  } catch {
    return `custom error ${data.slice(0, 10)}`
  }
}

/** Why code failed to run, by the data that the endpoint gave or else by its words. */
export function reasonOf(error: Wire.RpcError): string {
  const data =
    typeof error.data === 'object' && error.data !== null
      ? (error.data as { readonly data?: unknown }).data
      : error.data
  return (isHex(data) ? decodeRevert(data) : undefined) ?? error.shortMessage
}
