import type { OpenAPIHono } from '@hono/zod-openapi'
import { streamSSE } from 'hono/streaming'
import type * as Changes from '../../base/Changes.ts'
import * as Errors from '../../base/Errors.ts'
import * as Outbox from '../../store/Outbox.ts'
import type { Context } from '../Context.ts'
import * as Routes from '../contract/Routes.ts'
import * as Present from '../Present.ts'

/** How often a quiet stream says that it is alive, in milliseconds. */
const beatMs = 10_000
/** Changes kept for a reader that is slow; beyond it the stream ends and the reader begins anew. */
const mostWaiting = 10_000

/** The state of the machine itself: readiness, the outbox, live changes. */
export function operations(app: OpenAPIHono, context: Context): void {
  const { database, clock, changes } = context

  app.openapi(Routes.readiness, async (call) => call.json(await context.readiness(), 200))

  app.openapi(Routes.listOutbox, async (call) => {
    const { status } = call.req.valid('query')
    let query = database.selectFrom('outbox').selectAll()
    if (status) query = query.where('status', '=', status)
    return call.json((await query.orderBy('created_at', 'desc').limit(1_000).execute()).map(Present.message), 200)
  })

  app.openapi(Routes.retryOutbox, async (call) => {
    const { id } = call.req.valid('param')
    const message = await Outbox.revive(database, id, clock.now())
    if (!message) throw new NotDeadError(id)
    changes.publish({ noun: 'outbox', id, incidentId: null, at: clock.now() })
    return call.json(Present.message(message), 200)
  })

  app.openapi(Routes.changes, (call) =>
    streamSSE(call, async (stream) => {
      const waiting: Changes.Change[] = []
      let wake = () => {}
      const unsubscribe = changes.subscribe((change) => {
        if (waiting.length >= mostWaiting) stream.abort()
        waiting.push(change)
        wake()
      })
      stream.onAbort(() => {
        unsubscribe()
        wake()
      })
      await stream.writeSSE({ event: 'beat', data: clock.now().toISOString() })
      while (!stream.aborted) {
        for (const change of waiting.splice(0)) await stream.writeSSE({ event: 'change', data: JSON.stringify(change) })
        let timer: NodeJS.Timeout | undefined
        const beat = await new Promise<boolean>((resolve) => {
          wake = () => resolve(false)
          timer = setTimeout(() => resolve(true), beatMs)
          if (waiting.length > 0) resolve(false)
        })
        clearTimeout(timer)
        if (beat) await stream.writeSSE({ event: 'beat', data: clock.now().toISOString() })
      }
    }),
  )
}

export class NotDeadError extends Errors.BaseError {
  override readonly name = 'operations.NotDeadError'
  constructor(id: string) {
    super(`There is no dead message \`${id}\`.`, {
      remedy: 'operator',
      advice: 'Only messages that were given up on can be sent again by hand.',
    })
  }
}
