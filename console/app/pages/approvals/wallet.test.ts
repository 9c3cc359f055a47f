import { expect, test } from 'vitest'
import { chainOf, connect, explain, sign, type Wallet } from './wallet.ts'

const document = { domain: { chainId: '31337' }, message: { action: '0x01' } }

/** A wallet that answers from a table and remembers what it was asked. */
function walletOf(answers: Record<string, unknown>) {
  const asked: { method: string; params?: unknown }[] = []
  const wallet: Wallet = {
    request: async (call) => {
      asked.push(call)
      const answer = answers[call.method]
      if (answer instanceof Error) throw answer
      return answer
    },
  }
  return { wallet, asked }
}

test('signs the document as JSON with the account asked for', async () => {
  const { wallet, asked } = walletOf({ eth_chainId: '0x7a69', eth_signTypedData_v4: '0xabcd' })
  expect(await sign(wallet, '0xA', document)).toBe('0xabcd')
  expect(asked).toEqual([
    { method: 'eth_chainId' },
    { method: 'eth_signTypedData_v4', params: ['0xA', JSON.stringify(document)] },
  ])
})

test('asks for the chain of the document, and signs also where the wallet cannot switch', async () => {
  const { wallet, asked } = walletOf({
    eth_chainId: '0x1',
    wallet_switchEthereumChain: new Error('no such chain'),
    eth_signTypedData_v4: '0xabcd',
  })
  expect(await sign(wallet, '0xA', document)).toBe('0xabcd')
  expect(asked[1]).toEqual({ method: 'wallet_switchEthereumChain', params: [{ chainId: '0x7a69' }] })
})

test('no account, no connection', async () => {
  await expect(connect(walletOf({ eth_requestAccounts: [] }).wallet)).rejects.toThrow('gave no account')
})

test('chain ids as numbers, decimal and hexadecimal text', () => {
  expect(
    [1, '31337', '0x7a69', undefined].map((chainId) => chainOf({ domain: chainId === undefined ? {} : { chainId } })),
  ).toEqual([1n, 31337n, 31337n, null])
})

test('a refusal in the wallet is no fault', () => {
  expect(explain({ code: 4001 }).title).toBe('You declined in the wallet. Nothing was signed.')
  expect(explain(new Error('boom')).advice).toBe('boom')
})
