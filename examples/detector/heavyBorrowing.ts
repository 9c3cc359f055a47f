import { defineDetector, logs, parseAbi, read } from 'firebreak'

const abi = parseAbi([
  'event Borrowed(address indexed borrower, uint256 assets, uint256 debt)',
  'function totalAssets() view returns (uint256)',
])

type Options = {
  readonly chain: string
  readonly system: string
  readonly vault: `0x${string}`
  /** Part of all assets that may be borrowed within `window` blocks, in percent. */
  readonly percent: bigint
  /** Blocks. 5 if left out. */
  readonly window?: number
}

/** Tells when more is borrowed within a few blocks than people ever do; once, until it has been quiet in between. */
export function heavyBorrowing({ chain, system, vault, percent, window = 5 }: Options) {
  return defineDetector({
    name: `heavyBorrowing:${system}`,
    version: '1.0.0',
    chain,
    system,
    window,
    inputs: {
      loans: logs({ address: vault, events: abi }),
      assets: read({ address: vault, abi, functionName: 'totalAssets' }),
    },
    initial: { told: false },
    parameters: { vault, percent },
    evaluate: ({ block, blocks, state }) => {
      const loans = blocks.flatMap(({ inputs }) => inputs.loans)
      const borrowed = loans.reduce((sum, { args }) => sum + args.assets, 0n)
      const isHeavy = borrowed * 100n > block.inputs.assets * percent
      if (isHeavy === state.told) return { state, findings: [] }
      if (!isHeavy) return { state: { told: false }, findings: [] }
      const transactionHash = loans.at(-1)?.transactionHash
      return {
        state: { told: true },
        findings: [
          {
            key: 'heavy',
            severity: 'P2',
            confidence: 0.6,
            sentence: `More than ${percent} % of all assets were borrowed within ${window} blocks.`,
            subject: vault,
            transactionHash,
            actors: [...new Set(loans.map(({ args }) => args.borrower))],
            values: { borrowed, assets: block.inputs.assets, window },
          },
        ],
      }
    },
  })
}
