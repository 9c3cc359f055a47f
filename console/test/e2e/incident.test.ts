import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { launch } from '../../../test/browser.ts'
import * as Installation from '../../../test/installation.ts'
import * as Console from './page.ts'

let browser: Browser
let place: Installation.Ground
let home: Installation.Installation

beforeAll(async () => {
  await Console.buildConsole()
  ;[browser, place] = await Promise.all([launch(), Installation.ground()])
  await place.mine(6)
  home = await Installation.start(place, { setup: { paths: ['guardian'] } })
}, 120_000)
afterAll(async () => {
  await browser?.close()
  await home?.stop()
  await place?.stop()
})

test('without a token the console says how to get one, and a wrong one is refused', async () => {
  const { page, close } = await Console.open(browser, { url: home.url, token: '' }, '/incidents')
  await page.getByText('firebreak token').waitFor()
  expect(await Console.complaints(page)).toEqual([])
  await page.getByLabel('Token').fill('wrong')
  await page.getByRole('button', { name: 'Open the console' }).click()
  await page.getByLabel('Token').fill(home.token)
  await page.getByRole('button', { name: 'Open the console' }).click()
  await page.getByRole('heading', { name: 'Incidents' }).waitFor()
  await close()
})

test('an attack appears by itself, bleeds, is contained and proven, and a person writes a note', async () => {
  const { page, errors, close } = await Console.open(browser, home, '/')
  await page.getByTestId('no-open-incidents').waitFor()
  expect(page.url()).not.toContain('token')
  await page.locator('[data-testid=connection][data-state=live]').first().waitFor()

  await place.attack()
  await page.getByTestId('incident-row').getByRole('link').first().click()
  const state = page.getByTestId('incident-state')
  await page.locator('[data-testid=incident-state][data-state=contained]').waitFor()
  const incident = await home.incidentThat('contained')
  expect(await state.textContent()).toContain(`Verified on chain at block ${incident.containedBlock}`)
  await page.locator('[data-testid=path-guardian][data-state=worked]').waitFor()
  expect(await page.getByTestId('transaction').textContent()).toContain('verified')
  expect(await page.getByTestId('intact').textContent()).toContain('Intact')

  await page.getByRole('button', { name: 'Table' }).click()
  await page.getByRole('cell', { name: 'attack begins' }).waitFor()

  await page.keyboard.press('n')
  await page.keyboard.type('Exchanges are told.')
  await page.keyboard.press('Control+Enter')
  await page.getByRole('button', { name: /Owner 1/ }).click()
  const note = page.getByTestId('timeline-entry').filter({ hasText: 'Exchanges are told.' })
  await note.waitFor()
  expect(await note.textContent()).toContain('Owner 1')
  expect(errors).toEqual([])
  await close()
})

test('a blocked move says why; an open one asks for its reason and is made', async () => {
  const incident = await home.incidentThat('contained')
  const { page, errors, close } = await Console.open(browser, home, `/incidents/${incident.id}`)
  await page.evaluate(() => localStorage.setItem('firebreak.actor', 'owner1'))
  await page.getByTestId('change-state').click()
  for (const { to, blockedBy } of incident.transitions) {
    const choice = page.getByTestId(`transition-${to}`)
    expect(await choice.getByRole('radio').isDisabled()).toBe(blockedBy !== null)
    if (blockedBy) expect(await choice.textContent()).toContain(blockedBy)
  }
  const open = incident.transitions.find(({ blockedBy }) => blockedBy === null)
  expect(open).toBeDefined()
  await page.getByTestId(`transition-${open?.to}`).click()
  if (open?.needsReason) expect(await page.getByTestId('transition-confirm').isDisabled()).toBe(true)
  await page.getByLabel(/^Reason/).fill('Tried in a test.')
  await page.getByTestId('transition-confirm').click()
  await page.getByTestId('timeline-entry').filter({ hasText: 'Tried in a test.' }).waitFor()
  expect((await home.incident())?.status).toBe(open?.to)
  expect(errors).toEqual([])
  await close()
})

test('alerts are acknowledged by key and taken back', async () => {
  const { page, errors, close } = await Console.open(browser, home, '/alerts')
  await page.evaluate(() => localStorage.setItem('firebreak.actor', 'owner1'))
  await page.getByTestId('alert-row').first().waitFor()
  await page.keyboard.press('j')
  await page.keyboard.press('a')
  await page.locator('[data-testid=alert-row][data-status=acknowledged]').waitFor()
  await page.getByRole('button', { name: 'Undo' }).click()
  await page.locator('[data-testid=alert-row][data-status=acknowledged]').waitFor({ state: 'detached' })
  expect(errors).toEqual([])
  await close()
})

test('the palette and the keys lead everywhere', async () => {
  const { page, close } = await Console.open(browser, home, '/')
  await page.getByTestId('readiness').waitFor()
  await page.keyboard.press('Control+k')
  await page.keyboard.type('outbox')
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: 'Outbox' }).waitFor()
  await page.keyboard.press('g')
  await page.keyboard.press('i')
  await page.getByTestId('incident-row').first().waitFor()
  await page.keyboard.press('j')
  await page.keyboard.press('Enter')
  await page.getByTestId('incident-state').waitFor()
  await page.keyboard.press('?')
  await page.getByRole('heading', { name: 'Keys' }).waitFor()
  await page.keyboard.press('Escape')
  await page.getByRole('heading', { name: 'Keys' }).waitFor({ state: 'detached' })
  await close()
})

test('a reader of any language, even one the plot cannot read, sees the page', async () => {
  const incident = await home.incident()
  const { page, close } = await Console.open(browser, home, '/', { locale: 'en-US@posix' })
  await page.goto(`${home.url}/incidents/${incident?.id}`)
  await page.getByRole('region', { name: 'Holdings by block' }).waitFor()
  await close()
})

test('every page at three widths in both themes: nothing for axe to say, nothing wider than the screen', async () => {
  const incident = await home.incident()
  const paths = ['/', '/incidents', `/incidents/${incident?.id}`, '/alerts', '/approvals', '/outbox']
  for (const colorScheme of ['light', 'dark'] as const) {
    for (const width of [360, 768, 1440]) {
      const { page, errors, close } = await Console.open(browser, home, '/', {
        colorScheme,
        viewport: { width, height: 900 },
      })
      for (const path of paths) {
        await page.goto(home.url + path)
        await page.locator('main h1').first().waitFor()
        expect(await Console.complaints(page)).toEqual([])
        expect(await Console.overflow(page), `${path} at ${width}`).toBeLessThanOrEqual(0)
      }
      expect(errors).toEqual([])
      await close()
    }
  }
}, 120_000)

test('a server that goes away is noticed, with the time, and found again', async () => {
  const { page, close } = await Console.open(browser, home, '/')
  await page.locator('[data-testid=connection][data-state=live]').first().waitFor()
  await page.context().setOffline(true)
  await page.getByText(/Disconnected since \d\d:\d\d:\d\d UTC/).waitFor()
  await page.context().setOffline(false)
  await page.getByText(/Disconnected since/).waitFor({ state: 'detached' })
  await close()
})
