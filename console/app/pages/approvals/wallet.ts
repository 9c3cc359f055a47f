/** The reader's own wallet, through EIP-1193. Asks for an account and for one signature; sends nothing. https://eips.ethereum.org/EIPS/eip-1193 */

export type Wallet = {
  request(call: { method: string; params?: unknown }): Promise<unknown>
  on?(event: string, listener: (value: never) => void): void
  removeListener?(event: string, listener: (value: never) => void): void
}

export type TypedData = Record<string, unknown>

/** The wallet of this browser, if there is one. */
export function findWallet(): Wallet | null {
  return (globalThis as { ethereum?: Wallet }).ethereum ?? null
}

/** Asks the wallet which account may be used; the wallet asks its owner. */
export async function connect(wallet: Wallet): Promise<string> {
  const accounts = (await wallet.request({ method: 'eth_requestAccounts' })) as string[]
  const [first] = accounts
  if (!first)
    throw new WalletError(
      'The wallet gave no account.',
      'Unlock it, choose the account that is yours in the list of signers, and connect again.',
    )
  return first
}

/** Asks for one EIP-712 signature. Some wallets insist on the chain of the document, so that is asked for first; others do not care. */
export async function sign(wallet: Wallet, account: string, document: TypedData): Promise<string> {
  await chooseChain(wallet, document)
  const signature = await wallet.request({
    method: 'eth_signTypedData_v4',
    params: [account, JSON.stringify(document)],
  })
  if (typeof signature !== 'string' || !signature.startsWith('0x'))
    throw new WalletError('The wallet gave no signature.', 'Try again, or sign with another wallet.')
  return signature
}

async function chooseChain(wallet: Wallet, document: TypedData) {
  const wanted = chainOf(document)
  if (wanted === null) return
  try {
    const present = BigInt((await wallet.request({ method: 'eth_chainId' })) as string)
    if (present !== wanted)
      await wallet.request({ method: 'wallet_switchEthereumChain', params: [{ chainId: `0x${wanted.toString(16)}` }] })
  } catch {
    // The signature names its chain; a wallet that cannot switch may sign all the same, and says so if not.
  }
}

export function chainOf(document: TypedData): bigint | null {
  const chain = (document.domain as { chainId?: string | number } | undefined)?.chainId
  return chain === undefined ? null : BigInt(chain)
}

/** What a wallet answered, in words a signer can act on. Codes: EIP-1193 and MetaMask’s RPC errors. */
export function explain(error: unknown): { title: string; advice: string } {
  if (error instanceof WalletError) return { title: error.message, advice: error.advice }
  const { code, message } = error as { code?: number | string; message?: string }
  if (code === 4001 || code === 'ACTION_REJECTED')
    return { title: 'You declined in the wallet. Nothing was signed.', advice: 'Sign again when you are ready.' }
  if (code === -32002)
    return {
      title: 'The wallet is already asking you something.',
      advice: 'Open the wallet, answer what is open there, then come back.',
    }
  if (code === 4100)
    return {
      title: 'The wallet has not allowed this page to use that account.',
      advice: 'Connect again and choose the account.',
    }
  if (code === 4200)
    return {
      title: 'This wallet cannot sign typed data.',
      advice: 'Use one that can: any wallet that supports EIP-712.',
    }
  if (code === 4900 || code === 4901)
    return { title: 'The wallet is not connected to its network.', advice: 'Reconnect the wallet, then sign again.' }
  return { title: 'The wallet reported an error.', advice: message ?? 'It gave no reason.' }
}

class WalletError extends Error {
  override readonly name = 'WalletError'
  readonly advice: string
  constructor(message: string, advice: string) {
    super(message)
    this.advice = advice
  }
}
