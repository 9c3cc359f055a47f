import WebSocket from 'ws'
import * as Errors from '../base/Errors.ts'
import * as Wire from './Wire.ts'

type Waiting = { readonly method: string; readonly settle: (answer: unknown) => void; readonly fail: (error: Wire.TransportError) => void }

/** How often a quiet socket is asked whether it still lives, in milliseconds. */
const heartbeatMs = 10_000

/**
 * Opens a WebSocket and resolves with a conversation over it. Opens one connection; follows no redirects.
 * Throws a `TransportError` where it cannot be opened within `timeoutMs`.
 */
export function webSocketWire({ url, name, maxResponseBytes, timeoutMs }: Wire.Options): Promise<Wire.Wire> {
  const socket = new WebSocket(url, { maxPayload: maxResponseBytes, handshakeTimeout: timeoutMs, perMessageDeflate: false })
  const waiting = new Map<number, Waiting>()
  const subscriptions = new Map<string, (event: unknown) => void>()
  const { promise: closed, resolve: close } = Promise.withResolvers<Wire.TransportError>()
  let lastId = 0
  let receivedAt = performance.now()
  let ended: Wire.TransportError | undefined

  const end = (reason: string, options: { cause?: unknown; retryAfterMs?: number | undefined } = {}) => {
    if (ended) return
    ended = new Wire.TransportError(name, reason, options)
    clearInterval(heartbeat)
    socket.terminate()
    for (const { fail } of waiting.values()) fail(ended)
    waiting.clear()
    subscriptions.clear()
    close(ended)
  }
  const heartbeat = setInterval(() => {
    if (performance.now() - receivedAt > 2.5 * heartbeatMs) end('it went silent')
    else if (socket.readyState === WebSocket.OPEN) socket.ping()
  }, heartbeatMs)

  const exchange = (method: string, params: readonly unknown[], timeoutMs: number, settled: (result: unknown) => void): Promise<unknown> =>
    new Promise((resolve, reject) => {
      if (ended) return reject(ended)
      const id = ++lastId
      const sentAt = performance.now()
      const timer = setTimeout(() => {
        waiting.delete(id)
        // A server that answers others is slow at this; one that says nothing at all may be gone without a word.
        if (receivedAt < sentAt) end(`nothing came within ${timeoutMs} ms`)
        reject(ended ?? new Wire.TransportError(name, `no answer to ${method} within ${timeoutMs} ms`))
      }, timeoutMs)
      waiting.set(id, {
        method,
        settle: (answer) => {
          clearTimeout(timer)
          try {
            const result = Wire.unwrap(answer, method, name)
            settled(result)
            resolve(result)
          } catch (thrown) {
            reject(thrown)
          }
        },
        fail: (error) => {
          clearTimeout(timer)
          reject(error)
        },
      })
      socket.send(Wire.encode(id, method, params))
    })

  const receive = (text: string) => {
    const message = JSON.parse(text) as { readonly id?: unknown; readonly method?: unknown; readonly params?: { readonly subscription?: unknown; readonly result?: unknown } } | null
    if (typeof message !== 'object' || message === null) throw new SyntaxError('no object')
    if (message.method === 'eth_subscription') return subscriptions.get(String(message.params?.subscription))?.(message.params?.result)
    const request = waiting.get(message.id as number)
    waiting.delete(message.id as number)
    request?.settle(message)
  }

  socket.on('message', (data: Buffer) => {
    receivedAt = performance.now()
    try {
      receive(data.toString())
    } catch (cause) {
      end('it sent what is no JSON-RPC message', { cause })
    }
  })
  socket.on('pong', () => {
    receivedAt = performance.now()
  })
  socket.on('unexpected-response', (_, response) => {
    const seconds = Number(response.headers['retry-after'])
    end(`it refused the WebSocket with status ${response.statusCode}`, { retryAfterMs: seconds > 0 ? seconds * 1_000 : undefined })
  })
  socket.on('error', (cause: Error) => end(Errors.messageOf(cause)))
  socket.on('close', (code) => end(`the connection was closed (${code})`))

  const wire: Wire.Wire = {
    request: (method, params, timeoutMs) => exchange(method, params, timeoutMs, () => {}),
    subscribe: async (params, onEvent, timeoutMs) => {
      // Registered as the answer is read, because the first event may be in the same packet.
      await exchange('eth_subscribe', params, timeoutMs, (id) => subscriptions.set(String(id), onEvent))
    },
    closed,
    close: end,
  }
  return new Promise((resolve, reject) => {
    socket.on('open', () => resolve(wire))
    void closed.then(reject)
  })
}
