/** The events by which power over a contract changes hands, and what each is worth. */
import { type Address, type Hex, parseAbi, zeroAddress, zeroHash } from 'viem'
import type * as Finding from '../Finding.ts'
import type { DecodedLog } from '../inputs/logs.ts'
import * as Account from './Account.ts'

export type Change = {
  readonly severity: Finding.Severity
  /** What happened, without where and by whom. */
  readonly says: string
  /** Who received the power, or lost it. */
  readonly holder?: Address | undefined
}

/**
 * OpenZeppelin 5, ERC-1967, Safe 1.1 to 1.5. Safe 1.3.0 has its parameters unindexed, 1.4.1 indexed. Guardians have no
 * standard; these are the names in wide use.
 */
export const events = parseAbi([
  'event OwnershipTransferred(address indexed previousOwner, address indexed newOwner)',
  'event OwnershipTransferStarted(address indexed previousOwner, address indexed newOwner)',
  'event RoleGranted(bytes32 indexed role, address indexed account, address indexed sender)',
  'event RoleRevoked(bytes32 indexed role, address indexed account, address indexed sender)',
  'event RoleAdminChanged(bytes32 indexed role, bytes32 indexed previousAdminRole, bytes32 indexed newAdminRole)',
  'event Upgraded(address indexed implementation)',
  'event AdminChanged(address previousAdmin, address newAdmin)',
  'event BeaconUpgraded(address indexed beacon)',
  'event AddedOwner(address indexed owner)',
  'event AddedOwner(address owner)',
  'event RemovedOwner(address indexed owner)',
  'event RemovedOwner(address owner)',
  'event ChangedThreshold(uint256 threshold)',
  'event EnabledModule(address indexed module)',
  'event EnabledModule(address module)',
  'event DisabledModule(address indexed module)',
  'event DisabledModule(address module)',
  'event ChangedGuard(address indexed guard)',
  'event ChangedGuard(address guard)',
  'event ChangedFallbackHandler(address indexed handler)',
  'event ChangedFallbackHandler(address handler)',
  'event ChangedMasterCopy(address masterCopy)',
  'event ChangedMasterCopy(address indexed singleton)',
  'event GuardianChanged(address indexed previousGuardian, address indexed newGuardian)',
  'event GuardianChanged(address previousGuardian, address newGuardian)',
  'event GuardianSet(address indexed guardian)',
  'event GuardianSet(address guardian)',
  'event NewGuardian(address oldGuardian, address newGuardian)',
  'event NewPauseGuardian(address oldPauseGuardian, address newPauseGuardian)',
])

/**
 * What a change is worth, `undefined` where nothing changed: P1 where it alone, with no further step, lets the new holder
 * take everything. `thresholdBefore` is how many signatures the Safe needed.
 */
export function judge(log: DecodedLog<typeof events>, thresholdBefore: bigint | undefined): Change | undefined {
  const brief = Account.brief
  switch (log.eventName) {
    case 'OwnershipTransferred': {
      const { previousOwner, newOwner } = log.args
      if (previousOwner === newOwner) return undefined
      // Giving ownership up cannot be undone, but arms nobody.
      if (newOwner === zeroAddress)
        return { severity: 'P3', says: `Ownership was given up by ${brief(previousOwner)}`, holder: newOwner }
      // An owner still has to use a function to do harm, so there is a moment left to act.
      return {
        severity: 'P2',
        says: `Ownership passed from ${brief(previousOwner)} to ${brief(newOwner)}`,
        holder: newOwner,
      }
    }
    // Without effect until the new owner accepts, and the present owner can still withdraw it.
    case 'OwnershipTransferStarted':
      return {
        severity: 'P3',
        says: `A transfer of ownership to ${brief(log.args.newOwner)} was begun`,
        holder: log.args.newOwner,
      }
    // What a role may do is not known here; like an owner its holder needs a further step.
    case 'RoleGranted':
      return {
        severity: 'P2',
        says: `Role ${role(log.args.role)} was granted to ${brief(log.args.account)}`,
        holder: log.args.account,
      }
    // Takes power away. Harmful only where the defenders lose theirs, and then something graver follows.
    case 'RoleRevoked':
      return {
        severity: log.args.account === log.args.sender ? 'P4' : 'P3',
        says: `Role ${role(log.args.role)} was taken from ${brief(log.args.account)}`,
        holder: log.args.account,
      }
    // Whoever holds the new admin role can now grant this one.
    case 'RoleAdminChanged':
      return {
        severity: 'P2',
        says: `Role ${role(log.args.role)} is now administered by role ${role(log.args.newAdminRole)}`,
      }
    // New code runs over the old storage and all funds from this transaction on.
    case 'Upgraded':
      return {
        severity: 'P1',
        says: `The implementation was replaced by ${brief(log.args.implementation)}`,
        holder: log.args.implementation,
      }
    case 'BeaconUpgraded':
      return {
        severity: 'P1',
        says: `The beacon that decides the implementation was replaced by ${brief(log.args.beacon)}`,
        holder: log.args.beacon,
      }
    case 'ChangedMasterCopy': {
      const holder = 'masterCopy' in log.args ? log.args.masterCopy : log.args.singleton
      return { severity: 'P1', says: `The Safe's code was replaced by ${brief(holder)}`, holder }
    }
    // The admin may upgrade, but has not yet.
    case 'AdminChanged': {
      const { previousAdmin, newAdmin } = log.args
      return previousAdmin === newAdmin
        ? undefined
        : {
            severity: 'P2',
            says: `The proxy's admin changed from ${brief(previousAdmin)} to ${brief(newAdmin)}`,
            holder: newAdmin,
          }
    }
    // One more key, of the several that a transaction needs.
    case 'AddedOwner':
      return { severity: 'P2', says: `${brief(log.args.owner)} became a signer of the Safe`, holder: log.args.owner }
    case 'RemovedOwner':
      return {
        severity: 'P3',
        says: `${brief(log.args.owner)} is no longer a signer of the Safe`,
        holder: log.args.owner,
      }
    case 'ChangedThreshold': {
      const { threshold: now } = log.args
      if (thresholdBefore !== undefined && now === thresholdBefore) return undefined
      // More signatures than before is a matter of housekeeping; fewer lets the keys at hand act at once. A threshold
      // that was not known counts as lowered: the doubt must not cost the night's sleep twice.
      if (thresholdBefore !== undefined && now > thresholdBefore)
        return { severity: 'P4', says: `The Safe now needs ${now} signatures instead of ${thresholdBefore}` }
      return {
        severity: 'P1',
        says: `The Safe now needs only ${now} signature${now === 1n ? '' : 's'} instead of ${thresholdBefore ?? 'a number not known here'}`,
      }
    }
    // A module moves everything without a single signature.
    case 'EnabledModule':
      return {
        severity: 'P1',
        says: `Module ${brief(log.args.module)} may now act for the Safe without signatures`,
        holder: log.args.module,
      }
    case 'DisabledModule':
      return {
        severity: 'P3',
        says: `Module ${brief(log.args.module)} may no longer act for the Safe`,
        holder: log.args.module,
      }
    // A guard can refuse every transaction; taking it away drops a check. Either way the signers are still needed.
    case 'ChangedGuard':
      return {
        severity: 'P2',
        says:
          log.args.guard === zeroAddress
            ? 'The Safe lost the guard that checks its transactions'
            : `The Safe's transactions are now checked by ${brief(log.args.guard)}`,
        holder: log.args.guard,
      }
    // The handler answers `isValidSignature` in the Safe's name, so it can sign orders and permits.
    case 'ChangedFallbackHandler':
      return {
        severity: 'P2',
        says: `The Safe's signatures are now answered for by handler ${brief(log.args.handler)}`,
        holder: log.args.handler,
      }
    // A guardian pauses: in wrong hands it blocks the defence, but takes nothing.
    case 'GuardianChanged':
    case 'NewGuardian':
      return {
        severity: 'P2',
        says: `The guardian is now ${brief(log.args.newGuardian)}`,
        holder: log.args.newGuardian,
      }
    case 'NewPauseGuardian':
      return {
        severity: 'P2',
        says: `The guardian who may pause is now ${brief(log.args.newPauseGuardian)}`,
        holder: log.args.newPauseGuardian,
      }
    case 'GuardianSet':
      return { severity: 'P2', says: `The guardian is now ${brief(log.args.guardian)}`, holder: log.args.guardian }
  }
}

function role(hash: Hex): string {
  return hash === zeroHash ? 'DEFAULT_ADMIN' : `${hash.slice(0, 10)}…`
}
