import * as Http from 'node:http'
import * as Https from 'node:https'
import * as Errors from '../base/Errors.ts'
import * as Wire from './Wire.ts'

/**
 * A conversation by HTTP POST over connections that are kept open. Opens none before the first request; follows no
 * redirects. It is over at the first transport failure, so that whoever holds it checks the server anew.
 */
export function httpWire({ url, name, maxResponseBytes }: Wire.Options): Wire.Wire {
  const secure = url.protocol === 'https:'
  const agent = new (secure ? Https : Http).Agent({ keepAlive: true, maxSockets: 32 })
  const { promise: closed, resolve: close } = Promise.withResolvers<Wire.TransportError>()
  let lastId = 0
  let underWay = 0
  let isOver = false
  let takesBatches = true

  const post = (body: string, timeoutMs: number, again: boolean): Promise<unknown> =>
    new Promise((resolve, reject) => {
      let failed = false
      const fail = (reason: string, options: { cause?: unknown; retryAfterMs?: number | undefined } = {}) => {
        failed = true
        clearTimeout(timer)
        request.destroy()
        reject(new Wire.TransportError(name, reason, options))
      }
      const headers = {
        'content-type': 'application/json',
        accept: 'application/json',
        'content-length': Buffer.byteLength(body),
      }
      const request = (secure ? Https : Http).request(url, { method: 'POST', agent, headers }, (response) => {
        const chunks: Buffer[] = []
        let size = 0
        response.on('data', (chunk: Buffer) => {
          size += chunk.length
          if (size > maxResponseBytes) return fail(`the answer is longer than ${maxResponseBytes} bytes`)
          chunks.push(chunk)
        })
        response.on('error', (cause) => fail('the answer broke off', { cause }))
        response.on('end', () => {
          clearTimeout(timer)
          const status = response.statusCode ?? 0
          const seconds = Number(response.headers['retry-after'])
          if (status === 429)
            return fail('it is busy (429)', { retryAfterMs: seconds > 0 ? seconds * 1_000 : undefined })
          try {
            resolve(JSON.parse(Buffer.concat(chunks).toString()))
          } catch (cause) {
            fail(status === 200 ? 'the answer is not JSON, or only half of it' : `status ${status}`, { cause })
          }
        })
      })
      const timer = setTimeout(() => fail(`no answer within ${timeoutMs} ms`), timeoutMs)
      request.on('error', (cause: Error) => {
        if (failed) return
        clearTimeout(timer)
        // The server may close an idle connection just as we use it; that says nothing about its health.
        if (again && request.reusedSocket) resolve(post(body, timeoutMs, false))
        else fail(Errors.messageOf(cause))
      })
      request.end(body)
    })

  const exchange = async (body: object, timeoutMs: number): Promise<unknown> => {
    underWay++
    try {
      return await post(JSON.stringify(body), timeoutMs, true)
    } finally {
      // What else is under way may still be answered; the connections go with the last of it.
      if (--underWay === 0 && isOver) agent.destroy()
    }
  }

  const single = async (call: Wire.Call, timeoutMs: number): Promise<unknown> =>
    Wire.unwrap(await exchange(Wire.encode(++lastId, call), timeoutMs), call[0], name)

  const batch = (calls: readonly Wire.Call[], timeoutMs: number): readonly Promise<unknown>[] => {
    const first = lastId + 1
    lastId += calls.length
    const whole = exchange(
      calls.map((call, index) => Wire.encode(first + index, call)),
      timeoutMs,
    ).then((answer) => {
      if (!Array.isArray(answer)) takesBatches = false
      return Array.isArray(answer)
        ? new Map(answer.map((item: { readonly id?: unknown } | null) => [item?.id, item]))
        : undefined
    })
    return calls.map(async (call, index) => {
      const answers = await whole
      return answers ? Wire.unwrap(answers.get(first + index), call[0], name) : single(call, timeoutMs)
    })
  }

  /** Whoever holds the wire learns that it failed, and checks the server anew. */
  const watched = async (answer: Promise<unknown>): Promise<unknown> => {
    try {
      return await answer
    } catch (thrown) {
      if (thrown instanceof Wire.TransportError) {
        isOver = true
        close(thrown)
        if (underWay === 0) agent.destroy()
      }
      throw thrown
    }
  }

  return {
    request: (calls, timeoutMs) => {
      const answers =
        takesBatches && calls.length > 1 ? batch(calls, timeoutMs) : calls.map((call) => single(call, timeoutMs))
      return Wire.kept(answers.map(watched))
    },
    closed,
    close: (reason) => {
      close(new Wire.TransportError(name, reason))
      agent.destroy()
    },
  }
}
