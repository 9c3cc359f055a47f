import { describe, expect, test } from 'vitest'
import * as Format from './format.ts'

const eth = (units: string) => ({ units, decimals: 18 })

describe('amounts', () => {
  test('exact keeps every digit', () => {
    expect(Format.exact(eth('1234567890123456789012'))).toBe('1,234.567890123456789012')
    expect(Format.exact(eth('-5'))).toBe('-0.000000000000000005')
    expect(Format.exact({ units: '1500000', decimals: 6 })).toBe('1.5')
    expect(Format.exact({ units: '42', decimals: 0 })).toBe('42')
  })

  test('rounded reads well at every size', () => {
    expect(Format.rounded(eth('1234567890000000000000'))).toBe('1,234.57')
    expect(Format.rounded(eth('0'))).toBe('0')
    expect(Format.rounded(eth('999995000000000000000'))).toBe('1,000.00')
    expect(Format.rounded({ units: '-250000000', decimals: 6 })).toBe('−250.00')
    expect(Format.rounded({ units: '7', decimals: 0 })).toBe('7')
  })

  test('a small amount never reads as zero', () => {
    expect(Format.rounded(eth('1'))).toBe('0.000000000000000001')
    expect(Format.rounded(eth('420000000000000'))).toBe('0.00042')
    expect(Format.rounded(eth('12345000000000000'))).toBe('0.01')
  })
})

describe('time', () => {
  test('durations', () => {
    expect([900, 38_000, 247_000, 3_720_000, 273_600_000].map(Format.duration)).toEqual([
      'under 1 s',
      '38 s',
      '4 min 07 s',
      '1 h 02 min',
      '3 d 4 h',
    ])
  })

  test('relative to now', () => {
    const now = Date.parse('2026-11-20T03:14:07Z')
    expect(Format.relative('2026-11-20T03:14:06Z', now)).toBe('just now')
    expect(Format.relative('2026-11-20T03:02:00Z', now)).toBe('12 min ago')
    expect(Format.relative('2026-11-20T03:18:10Z', now)).toBe('in 4 min')
    expect(Format.relative('2026-11-17T03:00:00Z', now)).toBe('3 d ago')
  })

  test('countdowns end at zero', () => {
    expect([571_000, 3_729_000, 400, -5].map(Format.countdown)).toEqual(['09:31', '1:02:09', '00:01', '00:00'])
  })

  test('UTC, whatever the machine', () => {
    expect(Format.utc('2026-11-20T03:14:07.123Z')).toBe('2026-11-20 03:14:07 UTC')
  })
})

test('words and counts', () => {
  expect(Format.words('post_incident')).toBe('Post incident')
  expect(Format.count(1, 'alert')).toBe('1 alert')
  expect(Format.count(10_000, 'alert')).toBe('10,000 alerts')
})
