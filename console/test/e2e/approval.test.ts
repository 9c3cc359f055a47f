import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type * as Schemas from '../../../src/api/contract/Schemas.ts'
import type * as Accounts from '../../../src/drill/Accounts.ts'
import { launch } from '../../../test/browser.ts'
import * as Installation from '../../../test/installation.ts'
import * as Console from './page.ts'

let browser: Browser
let place: Installation.Ground
let home: Installation.Installation
let approval: Schemas.ApprovalSummary

const phone = { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true } as const
const signer = (name: Accounts.Name) => place.world.accounts[name].signer

beforeAll(async () => {
  await Console.buildConsole()
  ;[browser, place] = await Promise.all([launch(), Installation.ground()])
  await place.mine(6)
  home = await Installation.start(place, { setup: { paths: ['safe'] } })
  await place.attack()
  approval = await Installation.until('an approval waits', async () => {
    const all = await home.ask<Schemas.ApprovalSummary[]>('/api/approvals')
    return all.find(({ status }) => status === 'waiting')
  })
}, 120_000)
afterAll(async () => {
  await browser?.close()
  await home?.stop()
  await place?.stop()
})

test('the incident bleeds, says what stops it, and leads to the approval', async () => {
  const { page, errors, close } = await Console.open(browser, home, `/incidents/${approval.incidentId}`, phone)
  await page.locator('[data-testid=incident-state][data-state=bleeding]').waitFor()
  await page.getByText('Stops the attack').first().waitFor()
  expect(await Console.complaints(page)).toEqual([])
  await page.getByTestId('approve').click()
  await page.getByTestId('approval').waitFor()
  expect(errors).toEqual([])
  await close()
})

test('the screen shows the contract in full, the function, the effect, the hash and who signs', async () => {
  const whole = await home.ask<Schemas.Approval>(`/api/approvals/${approval.id}`)
  for (const colorScheme of ['light', 'dark'] as const) {
    const { page, errors, close } = await Console.open(browser, home, `/approvals/${approval.id}`, {
      ...phone,
      colorScheme,
    })
    await page.getByTestId('stops-attack').waitFor()
    const text = (await page.locator('main').textContent()) ?? ''
    expect(text).toContain(whole.target.id.split(':').at(-1))
    expect(text).toContain('pause()')
    expect(text).toContain(whole.typedDataHash)
    for (const { name } of whole.candidates) expect(text).toContain(name)
    expect(await Console.complaints(page)).toEqual([])
    expect(await Console.overflow(page)).toBeLessThanOrEqual(0)
    expect(errors).toEqual([])
    await close()
  }
})

test('a browser without a wallet and an account that may not sign are told what to do', async () => {
  const bare = await Console.open(browser, home, `/approvals/${approval.id}`, phone)
  await bare.page.getByText('This browser has no wallet.').waitFor()
  await bare.close()
  const stranger = await Console.open(browser, home, `/approvals/${approval.id}`, {
    ...phone,
    wallet: signer('deployer'),
  })
  await stranger.page.getByTestId('connect-wallet').click()
  await stranger.page.getByText('This account may not sign here.').waitFor()
  expect(await stranger.page.getByTestId('sign').count()).toBe(0)
  await stranger.close()
})

test('two owners sign on their phones; what was signed is sent, included and verified while they watch', async () => {
  const first = await Console.open(browser, home, `/approvals/${approval.id}`, { ...phone, wallet: signer('owner2') })
  await first.page.getByTestId('connect-wallet').click()
  await first.page.getByTestId('sign').click()
  await first.page.getByText('You have signed.').waitFor()
  expect(await first.page.getByTestId('quorum').textContent()).toContain('1 of 2 signed')
  expect(await place.isPaused()).toBe(false)

  const second = await Console.open(browser, home, `/approvals/${approval.id}`, { ...phone, wallet: signer('owner1') })
  await second.page.getByTestId('connect-wallet').click()
  await second.page.getByTestId('sign').click()
  for (const { page, errors, close } of [first, second]) {
    await page.getByText('Done, and verified on chain.').waitFor()
    expect(await Console.complaints(page)).toEqual([])
    expect(errors).toEqual([])
    await close()
  }
  expect(await place.isPaused()).toBe(true)
})
