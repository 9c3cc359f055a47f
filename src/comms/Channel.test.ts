import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import * as Channel from './Channel.ts'

/** A receiver whose answer never ends; tells how much of it was taken. */
async function endless(status: number) {
  let sent = 0
  const server = createServer((_, response) => {
    response.writeHead(status)
    const chunk = 'x'.repeat(1_000)
    const write = () => {
      while (!response.destroyed && response.write(chunk)) sent += chunk.length
    }
    response.on('drain', write)
    write()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  const stop = async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
  return { url, sent: () => sent, stop }
}

test('of an answer that never ends the beginning is read, and no more', async () => {
  for (const status of [200, 500]) {
    const receiver = await endless(status)
    try {
      const posted = Channel.post(receiver.url, '{}', {}).then(
        () => 'accepted',
        (thrown: Error) => thrown.name,
      )
      expect(await posted).toBe(status === 200 ? 'accepted' : 'Channel.RejectedError')
      // What lay in the buffers of both ends, and nothing like what ten seconds would bring.
      expect(receiver.sent()).toBeLessThan(20_000_000)
    } finally {
      await receiver.stop()
    }
  }
}, 5_000)
