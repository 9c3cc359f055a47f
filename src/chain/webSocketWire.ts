import WebSocket from 'ws'
import * as Errors from '../base/Errors.ts'
import * as Wire from './Wire.ts'

type Waiting = {
  readonly call: Wire.Call
  batched: boolean
  readonly settle: (answer: unknown) => void
  readonly fail: (error: Wire.TransportError) => void
}

/** How often a quiet socket is asked whether it still lives, in milliseconds. */
const heartbeatMs = 10_000
/** Requests in one JSON-RPC batch; providers commonly refuse more than a hundred. */
const mostInBatch = 100

/**
 * Opens a WebSocket and resolves with a conversation over it. Opens one connection; follows no redirects.
 * Throws a `TransportError` where it cannot be opened within `timeoutMs`.
 */
export function webSocketWire({ url, name, maxResponseBytes, timeoutMs }: Wire.Options): Promise<Wire.Wire> {
  const socket = new WebSocket(url, {
    maxPayload: maxResponseBytes,
    handshakeTimeout: timeoutMs,
    perMessageDeflate: false,
  })
  const waiting = new Map<number, Waiting>()
  const subscriptions = new Map<string, (event: unknown) => void>()
  const { promise: closed, resolve: close } = Promise.withResolvers<Wire.TransportError>()
  let lastId = 0
  let takesBatches = true
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

  /** Registers a request; whoever calls this sends it. */
  const expect = (
    id: number,
    call: Wire.Call,
    timeoutMs: number,
    batched: boolean,
    onResult?: (result: unknown) => void,
  ): Promise<unknown> =>
    new Promise((resolve, reject) => {
      if (ended) return reject(ended)
      const sentAt = performance.now()
      const timer = setTimeout(() => {
        waiting.delete(id)
        // A server that answers others is slow at this; one that says nothing at all may be gone without a word.
        if (receivedAt < sentAt) end(`nothing came within ${timeoutMs} ms`)
        reject(ended ?? new Wire.TransportError(name, `no answer to ${call[0]} within ${timeoutMs} ms`))
      }, timeoutMs)
      const settle = (answer: unknown) => {
        clearTimeout(timer)
        try {
          const result = Wire.unwrap(answer, call[0], name)
          onResult?.(result)
          resolve(result)
        } catch (thrown) {
          reject(thrown)
        }
      }
      const fail = (error: Wire.TransportError) => {
        clearTimeout(timer)
        reject(error)
      }
      waiting.set(id, { call, batched, settle, fail })
    })

  const sendSingly = (id: number, call: Wire.Call) => socket.send(JSON.stringify(Wire.encode(id, call)))

  /*
   * What is asked in one turn of the event loop goes out together, whoever asks: a server that answers in several small
   * packets has each held back until the one before it is acknowledged, up to 40 ms later (Nagle and delayed ACK).
   */
  const outgoing: { readonly id: number; readonly call: Wire.Call }[] = []
  const flush = () => {
    while (outgoing.length > 0 && !ended) {
      const due = outgoing.splice(0, takesBatches ? mostInBatch : 1)
      const [first] = due
      if (due.length === 1 && first) {
        sendSingly(first.id, first.call)
        continue
      }
      for (const { id } of due) {
        const asked = waiting.get(id)
        if (asked) asked.batched = true
      }
      socket.send(JSON.stringify(due.map(({ id, call }) => Wire.encode(id, call))))
    }
  }

  const request: Wire.Wire['request'] = (calls, timeoutMs) => {
    // After all that is ready to run has run, and before anything new comes in.
    if (outgoing.length === 0) queueMicrotask(() => process.nextTick(flush))
    const answers = calls.map((call) => {
      const id = ++lastId
      outgoing.push({ id, call })
      return expect(id, call, timeoutMs, false)
    })
    return Wire.kept(answers)
  }

  const receive = (message: unknown) => {
    if (typeof message !== 'object' || message === null) throw new SyntaxError('no object')
    const { id, method, params } = message as {
      readonly id?: unknown
      readonly method?: unknown
      readonly params?: { readonly subscription?: unknown; readonly result?: unknown }
    }
    if (method === 'eth_subscription') return subscriptions.get(String(params?.subscription))?.(params?.result)
    if (id === null || id === undefined) return refuseBatches()
    const answered = waiting.get(id as number)
    waiting.delete(id as number)
    answered?.settle(message)
  }

  /** An error about no request in particular: the server takes no batches, so what went in one goes again singly. */
  const refuseBatches = () => {
    takesBatches = false
    for (const [id, refused] of waiting) {
      if (!refused.batched) continue
      refused.batched = false
      sendSingly(id, refused.call)
    }
  }

  socket.on('message', (data: Buffer) => {
    receivedAt = performance.now()
    try {
      const message: unknown = JSON.parse(data.toString())
      if (Array.isArray(message)) for (const item of message) receive(item)
      else receive(message)
    } catch (cause) {
      end('it sent what is no JSON-RPC message', { cause })
    }
  })
  socket.on('pong', () => {
    receivedAt = performance.now()
  })
  socket.on('unexpected-response', (_, response) => {
    const seconds = Number(response.headers['retry-after'])
    end(`it refused the WebSocket with status ${response.statusCode}`, {
      retryAfterMs: seconds > 0 ? seconds * 1_000 : undefined,
    })
  })
  socket.on('error', (cause: Error) => end(Errors.messageOf(cause)))
  socket.on('close', (code) => end(`the connection was closed (${code})`))

  const wire: Wire.Wire = {
    request,
    subscribe: async (params, onEvent, timeoutMs) => {
      const id = ++lastId
      const call: Wire.Call = ['eth_subscribe', params]
      // Registered as the answer is read, because the first event may be in the same packet.
      const agreed = expect(id, call, timeoutMs, false, (subscription) =>
        subscriptions.set(String(subscription), onEvent),
      )
      if (!ended) sendSingly(id, call)
      await agreed
    },
    closed,
    close: end,
  }
  return new Promise((resolve, reject) => {
    socket.on('open', () => resolve(wire))
    void closed.then(reject)
  })
}
