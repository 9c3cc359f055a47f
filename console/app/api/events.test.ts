import { expect, test } from 'vitest'
import { eventReader } from './events.ts'

test('an event in one piece', () => {
  expect(eventReader()('event: change\ndata: {"a":1}\n\n')).toEqual([{ event: 'change', data: '{"a":1}' }])
})

test('the same events, whatever the pieces', () => {
  const text = ': hello\r\n\r\nevent: beat\r\ndata:\r\n\r\nid: 3\r\nevent:change\r\ndata: one\r\ndata: two\r\n\r\n'
  const whole = eventReader()(text)
  for (let size = 1; size < text.length; size++) {
    const read = eventReader()
    const events = Array.from({ length: Math.ceil(text.length / size) }, (_, i) =>
      read(text.slice(i * size, (i + 1) * size)),
    ).flat()
    expect(events).toEqual(whole)
  }
  expect(whole).toEqual([
    { event: 'beat', data: '' },
    { event: 'change', data: 'one\ntwo' },
  ])
})

test('an event without data is none', () => {
  expect(eventReader()('event: change\n\n')).toEqual([])
})
