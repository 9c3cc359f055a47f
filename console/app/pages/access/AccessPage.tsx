import { useState } from 'react'
import { keepToken } from '../../api/token.ts'
import { Button } from '../../ui/Button.tsx'
import { Code } from '../../ui/Panel.tsx'
import { useTitle } from '../../ui/useTitle.ts'

/** What someone without a token sees: where it is, and a field for it. */
export function AccessPage() {
  const [token, setToken] = useState('')
  useTitle('Access')
  return (
    <main className="access">
      <img src="/favicon.svg" width="40" height="40" alt="" />
      <h1>This console needs an access token</h1>
      <p>Open the link that Firebreak printed when it started, or print the token on the machine where it runs:</p>
      <Code>firebreak token</Code>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          if (token.trim()) keepToken(token.trim())
        }}
      >
        <label className="field">
          <span>Token</span>
          <input
            className="input mono"
            type="password"
            autoComplete="off"
            value={token}
            onChange={(event) => setToken(event.target.value)}
          />
        </label>
        <Button kind="primary" type="submit" className="access-go">
          Open the console
        </Button>
      </form>
      <p className="muted small">
        It stays in this tab and is forgotten when the tab closes. Approvals need a wallet’s signature besides: the
        token alone decides nothing.
      </p>
    </main>
  )
}
