import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { WebSocket, WebSocketServer } from 'ws'

/** What goes wrong with requests of a method, or with all of them (`*`). */
export type Rule =
  | { readonly kind: 'delay'; readonly ms: number }
  /** The connection is cut instead of an answer. */
  | { readonly kind: 'cut' }
  /** No answer ever comes, and for `eth_subscription` no event. */
  | { readonly kind: 'silence' }
  /** Half of the answer comes, then the connection ends (HTTP) or nothing more (WebSocket). */
  | { readonly kind: 'truncate' }
  /** Status 429; over a WebSocket the JSON-RPC error -32005. */
  | { readonly kind: 'busy' }
  | {
      readonly kind: 'refuse'
      readonly code: number
      readonly message: string
      readonly data?: unknown
      readonly when?: (params: readonly unknown[]) => boolean
    }
  /** An answer of the test's own making; `honest` asks the server behind. */
  | { readonly kind: 'lie'; readonly answer: (params: readonly unknown[], honest: () => Promise<unknown>) => unknown }

export type Tamper = {
  readonly httpUrl: string
  readonly wsUrl: string
  /** By method; may be changed at any time. */
  readonly rules: Map<string, Rule>
  /** Methods asked for, in order. */
  readonly asked: string[]
  /** Cuts all connections; while `refuse` is set new ones are cut too. */
  readonly cut: (options?: { readonly refuse?: boolean }) => void
  readonly accept: () => void
  /** Puts another server behind, for requests from now on. */
  readonly redirect: (httpUrl: string) => void
  readonly stop: () => Promise<void>
}

type Call = { readonly id: unknown; readonly method: string; readonly params?: readonly unknown[] }

/**
 * A server between a client and a JSON-RPC server, which answers truly until a rule says otherwise. HTTP and WebSocket
 * share its port. JSON-RPC batches are answered as one message.
 */
export async function tamper(target: string): Promise<Tamper> {
  const rules = new Map<string, Rule>()
  const asked: string[] = []
  const sockets = new Set<Socket>()
  let behind = target
  let refusing = false

  const ruleOf = ({ method, params = [] }: Pick<Call, 'method' | 'params'>): Rule | undefined => {
    const rule = rules.get(method) ?? rules.get('*')
    return rule?.kind === 'refuse' && rule.when?.(params) === false ? undefined : rule
  }
  const honest = async ({ method, params = [] }: Call): Promise<{ result?: unknown; error?: unknown }> => {
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params })
    const response = await fetch(behind, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
    return (await response.json()) as { result?: unknown; error?: unknown }
  }
  const answer = async (call: Call): Promise<object> => {
    const head = { jsonrpc: '2.0', id: call.id }
    const rule = ruleOf(call)
    if (rule?.kind === 'refuse') return { ...head, error: { code: rule.code, message: rule.message, data: rule.data } }
    if (rule?.kind === 'busy') return { ...head, error: { code: -32005, message: 'too many requests' } }
    if (rule?.kind === 'delay') await delay(rule.ms)
    if (rule?.kind === 'lie')
      return { ...head, result: await rule.answer(call.params ?? [], async () => (await honest(call)).result) }
    const { result, error } = await honest(call)
    return error === undefined ? { ...head, result } : { ...head, error }
  }
  /** The rule that concerns the whole message, and the text of the honest or dishonest answer. */
  const treat = async (text: string) => {
    const message = JSON.parse(text) as Call | Call[]
    const calls = [message].flat()
    asked.push(...calls.map(({ method }) => method))
    const kinds = calls.map((call) => ruleOf(call)?.kind)
    const kind = (['cut', 'silence', 'busy', 'truncate'] as const).find((candidate) => kinds.includes(candidate))
    if (kind === 'cut' || kind === 'silence') return { kind, text: '' }
    const answers = await Promise.all(calls.map(answer))
    return { kind, text: JSON.stringify(Array.isArray(message) ? answers : answers[0]) }
  }

  const serve = async (request: IncomingMessage, response: ServerResponse) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const { kind, text } = await treat(Buffer.concat(chunks).toString())
    if (kind === 'silence') return
    if (kind === 'cut') return request.socket.destroy()
    response.writeHead(kind === 'busy' ? 429 : 200, {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(text),
    })
    if (kind === 'truncate') response.write(text.slice(0, text.length / 2), () => request.socket.destroy())
    else response.end(text)
  }

  const server = createServer(
    (request, response) => void serve(request, response).catch(() => request.socket.destroy()),
  )
  server.on('connection', (socket) => {
    if (refusing) return socket.destroy()
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })

  new WebSocketServer({ server }).on('connection', (client) => {
    const upstream = new WebSocket(behind.replace('http', 'ws'))
    const opened = new Promise((resolve) => upstream.once('open', resolve))
    upstream.on('error', () => client.terminate())
    client.on('error', () => {})
    client.on('close', () => upstream.terminate())
    // Only subscriptions use the socket behind: what comes from there is their confirmations and events.
    upstream.on('message', (data) => {
      const text = String(data)
      if (ruleOf({ method: 'eth_subscription' })?.kind !== 'silence' || !text.includes('"eth_subscription"'))
        client.send(text)
    })
    client.on('message', async (data) => {
      const text = String(data)
      if (text.includes('"eth_subscribe"') && ruleOf(JSON.parse(text) as Call) === undefined) {
        asked.push('eth_subscribe')
        await opened
        return upstream.send(text)
      }
      const treated = await treat(text).catch(() => ({ kind: 'cut' as const, text: '' }))
      if (treated.kind === 'cut') client.terminate()
      else if (treated.kind === 'truncate') client.send(treated.text.slice(0, treated.text.length / 2))
      else if (treated.kind !== 'silence') client.send(treated.text)
    })
  })

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = `127.0.0.1:${(server.address() as AddressInfo).port}`
  const cut = () => {
    for (const socket of sockets) socket.destroy()
  }
  return {
    httpUrl: `http://${address}`,
    wsUrl: `ws://${address}`,
    rules,
    asked,
    cut: ({ refuse = false } = {}) => {
      refusing = refuse
      cut()
    },
    accept: () => {
      refusing = false
    },
    redirect: (httpUrl) => {
      behind = httpUrl
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        cut()
      }),
  }
}
