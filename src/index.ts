/** Firebreak's public names: what a configuration is made of. */

// A configuration imports from this package alone; an ABI in it is written as text.
export { parseAbi } from 'viem'
export type { Channel, Delivery, Secret } from './comms/Channel.ts'
export { slack } from './comms/channels/slack.ts'
export { webhook } from './comms/channels/webhook.ts'
export { brokenInvariant } from './detector/catalog/brokenInvariant.ts'
export { largeOutflow } from './detector/catalog/largeOutflow.ts'
export { priceManipulation } from './detector/catalog/priceManipulation.ts'
export { privilegedChange } from './detector/catalog/privilegedChange.ts'
export { strangerCall } from './detector/catalog/strangerCall.ts'
export { unexpectedMint } from './detector/catalog/unexpectedMint.ts'
export { type Detector, define as defineDetector, type Input, type Outcome, type View } from './detector/Detector.ts'
export type { Draft, Severity } from './detector/Finding.ts'
export { calls } from './detector/inputs/calls.ts'
export { group } from './detector/inputs/group.ts'
export { logs } from './detector/inputs/logs.ts'
export { pending } from './detector/inputs/pending.ts'
export { read } from './detector/inputs/read.ts'
export type { Announcement } from './incident/Announcement.ts'
export type { Action, Authority, Call, Check, Mandate, Sender, Signature, Signed, Unsigned } from './playbook/Action.ts'
export {
  type Attempt,
  define as definePlaybook,
  type Playbook,
  type Quorum,
  type Trigger,
} from './playbook/Playbook.ts'
export { pause } from './response/actions/pause.ts'
export { guardian } from './response/guardian.ts'
export { safe } from './response/safe.ts'
export { define as defineConfig, type Input as Config } from './server/Config.ts'
