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
  const widths = await page.evaluate<number[]>(`{
    const context = document.createElement('canvas').getContext('2d')
    context.font = '40px sans-serif'
    ;['i', 'W'].map((letter) => context.measureText(letter).width)
  }`)
  expect(new Set(widths).size).toBe(2)
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
