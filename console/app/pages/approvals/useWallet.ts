import { useCallback, useEffect, useState } from 'react'
import { connect, explain, findWallet, type Wallet } from './wallet.ts'

export type WalletState = {
  readonly wallet: Wallet | null
  readonly account: string | null
  readonly isConnecting: boolean
  readonly problem: { title: string; advice: string } | null
  readonly connect: () => Promise<void>
}

/** The wallet of this browser and the account it shows to this page, also when its owner switches. */
export function useWallet(): WalletState {
  const [wallet, setWallet] = useState(findWallet)
  const [account, setAccount] = useState<string | null>(null)
  const [isConnecting, setConnecting] = useState(false)
  const [problem, setProblem] = useState<WalletState['problem']>(null)

  useEffect(() => {
    // Mobile wallets put theirs in place after the page has loaded.
    const late = () => setWallet(findWallet())
    addEventListener('ethereum#initialized', late)
    return () => removeEventListener('ethereum#initialized', late)
  }, [])
  useEffect(() => {
    if (!wallet) return
    const onAccounts = (accounts: string[]) => setAccount(accounts[0] ?? null)
    wallet.on?.('accountsChanged', onAccounts)
    // Already allowed in an earlier visit: no need to ask again.
    void wallet.request({ method: 'eth_accounts' }).then(
      (accounts) => setAccount((accounts as string[] | undefined)?.[0] ?? null),
      () => {},
    )
    return () => wallet.removeListener?.('accountsChanged', onAccounts)
  }, [wallet])

  const ask = useCallback(async () => {
    if (!wallet) return
    setConnecting(true)
    setProblem(null)
    try {
      setAccount(await connect(wallet))
    } catch (error) {
      setProblem(explain(error))
    } finally {
      setConnecting(false)
    }
  }, [wallet])
  return { wallet, account, isConnecting, problem, connect: ask }
}
