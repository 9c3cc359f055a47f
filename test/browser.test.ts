import { afterAll, expect, test } from 'vitest'
import * as Browser from './browser.ts'

const browser = await Browser.launch()
afterAll(() => browser.close())

test('text is visible on a machine without fonts', async () => {
  const page = await browser.newPage({ viewport: { width: 200, height: 60 } })
  await page.setContent('<body style="margin:0;font:40px sans-serif">Firebreak')
  const withText = await page.screenshot()
  await page.setContent('<body style="margin:0;font:40px sans-serif"><span style="visibility:hidden">Firebreak')
  const without = await page.screenshot()
  // The letters are drawn, and they are not all the same empty box.
  expect(withText.equals(without)).toBe(false)
  const shapes = await page.evaluate<boolean[]>(`{
    const context = document.createElement('canvas').getContext('2d')
    const width = (font, text) => (context.font = '40px ' + font, context.measureText(text).width)
    ;[width('sans-serif', 'i') < width('sans-serif', 'W'), width('monospace', 'i') === width('monospace', 'W')]
  }`)
  expect(shapes).toEqual([true, true])
})

test('arrows, check marks and shapes are visible', async () => {
  const page = await browser.newPage({ viewport: { width: 60, height: 60 } })
  const pictures = new Set<string>()
  for (const sign of ['', '→', '✓', '▲', '●', '⚠', '∞']) {
    await page.setContent(`<body style="margin:0;font:40px sans-serif">${sign}`)
    pictures.add((await page.screenshot()).toString('base64'))
  }
  expect(pictures.size).toBe(7)
})

test('WebGL 2 draws', async () => {
  const page = await browser.newPage()
  const pixel = await page.evaluate<number[]>(`{
    const gl = document.createElement('canvas').getContext('webgl2')
    gl.clearColor(1, 0, 0, 1)
    gl.clear(gl.COLOR_BUFFER_BIT)
    const bytes = new Uint8Array(4)
    gl.readPixels(0, 0, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, bytes)
    ;[...bytes]
  }`)
  expect(pixel).toEqual([255, 0, 0, 255])
})
