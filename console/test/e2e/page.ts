/** A browser at the console of a real installation: built sources, real server, real chain. */
import { existsSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { AxeBuilder } from '@axe-core/playwright'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import type { TypedDataDefinition } from 'viem'
import type { LocalAccount } from 'viem/accounts'
import { build } from 'vite'

const root = join(import.meta.dirname, '..', '..')

/** Builds the console where a source is newer than what was built. Other test files may be reading it meanwhile. */
export async function buildConsole(): Promise<void> {
  const dist = join(root, 'dist')
  const page = join(dist, 'index.html')
  if (existsSync(page) && statSync(page).mtimeMs > newest(join(root, 'app'))) return
  const fresh = mkdtempSync(join(root, 'dist-'))
  await build({ root, logLevel: 'error', build: { outDir: fresh, emptyOutDir: true } })
  rmSync(dist, { recursive: true, force: true })
  try {
    renameSync(fresh, dist)
  } catch {
    rmSync(fresh, { recursive: true, force: true }) // another test file was faster
  }
}

function newest(folder: string): number {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile() && !entry.name.includes('.test.'))
  return Math.max(
    statSync(join(dirname(folder), 'index.html')).mtimeMs,
    ...files.map((file) => statSync(join(file.parentPath, file.name)).mtimeMs),
  )
}

/** Opens the console with its token, as the link printed at the start does. Every error in the page fails `errors`. */
export async function open(
  browser: Browser,
  { url, token }: { readonly url: string; readonly token: string },
  path: string,
  options: BrowserContextOptions & { readonly wallet?: LocalAccount } = {},
) {
  const { wallet, ...rest } = options
  const context = await browser.newContext({ reducedMotion: 'reduce', locale: 'en-GB', ...rest })
  if (wallet) await provideWallet(context, wallet)
  const page = await context.newPage()
  const errors: string[] = []
  page.on('pageerror', (error) => errors.push(error.message))
  page.on('console', (message) => {
    if (message.type() === 'error' && !message.text().includes('status of 409')) errors.push(message.text())
  })
  await page.goto(`${url}${path}${token ? `#token=${token}` : ''}`)
  return { page, errors, close: () => context.close() }
}

/** A wallet of EIP-1193 in the page whose key stays outside of it, as with a real one. */
async function provideWallet(context: Awaited<ReturnType<Browser['newContext']>>, account: LocalAccount) {
  await context.exposeFunction('signOutside', (document: string) =>
    account.signTypedData(JSON.parse(document) as TypedDataDefinition),
  )
  await context.addInitScript((address) => {
    type Call = { readonly method: string; readonly params?: readonly unknown[] }
    const page = window as unknown as { ethereum: unknown; signOutside: (document: unknown) => Promise<string> }
    const request = async ({ method, params }: Call) => {
      if (method === 'eth_requestAccounts') return [address]
      if (method === 'eth_accounts') return []
      if (method === 'eth_signTypedData_v4') return page.signOutside(params?.[1])
      throw Object.assign(new Error(`${method} is not supported`), { code: 4200 })
    }
    page.ethereum = { request, on: () => {}, removeListener: () => {} }
  }, account.address)
}

/** What axe has against the page as it stands. */
export async function complaints(page: Page): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page }).analyze()
  return violations.map(({ id, nodes }) => `${page.url()}: ${id}: ${nodes.map(({ html }) => html).join(' ')}`)
}

/** How far the page is wider than the screen, in pixels. */
export function overflow(page: Page): Promise<number> {
  return page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
}
