/** A receiver of webhooks: a real HTTP server that keeps what it is sent. */
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'

export type Received = { readonly headers: IncomingHttpHeaders; readonly body: string }
/** What to answer; by the number of requests so far. */
export type Answer = { readonly status: number; readonly headers?: Record<string, string>; readonly body?: string }

export async function receive(answer: (count: number) => Answer = () => ({ status: 204 })) {
  const received: Received[] = []
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk: Buffer) => (body += chunk))
    request.on('end', () => {
      received.push({ headers: request.headers, body })
      const { status, headers, body: text } = answer(received.length)
      response.writeHead(status, headers).end(text)
    })
  })
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    received,
    stop: async () => {
      server.closeAllConnections()
      await new Promise((closed) => server.close(closed))
    },
  }
}
