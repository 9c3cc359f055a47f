/** The HTTP server's application: the routes of the contract, who may call them, what errors look like, and the console. */
import { createHash, timingSafeEqual } from 'node:crypto'
import { serveStatic } from '@hono/node-server/serve-static'
import { OpenAPIHono } from '@hono/zod-openapi'
import { bodyLimit } from 'hono/body-limit'
import { HTTPException } from 'hono/http-exception'
import { secureHeaders } from 'hono/secure-headers'
import * as Errors from '../base/Errors.ts'
import * as Json from '../base/Json.ts'
import type { Context } from './Context.ts'
import type * as Operations from './contract/Operations.ts'
import { alerts } from './routes/alerts.ts'
import { approvals } from './routes/approvals.ts'
import { incidents } from './routes/incidents.ts'
import { operations } from './routes/operations.ts'

const info = {
  title: 'Firebreak',
  version: '1',
  description:
    'On-chain incident management. Integers too large for JSON numbers travel as decimal text; times are RFC 3339 in UTC.',
}

/** Makes the application. Every path under `/api` but the document itself asks for the token. */
export function create(context: Context): OpenAPIHono {
  const app = new OpenAPIHono({
    defaultHook: (result, call) => {
      if (result.success) return
      const issue = result.error.issues[0]
      const where = issue?.path.join('.') || 'the request'
      return call.json(
        problem(new InvalidRequestError(where, issue?.message ?? 'it is not of the expected shape')),
        400,
      )
    },
  })
  // The token travels in a header and never in a cookie, so no other site can use it, whatever name it reaches us by.
  app.use(
    secureHeaders({
      contentSecurityPolicy: {
        defaultSrc: ["'self'"],
        styleSrc: ["'self'", "'unsafe-inline'"],
        imgSrc: ["'self'", 'data:'],
        connectSrc: ["'self'"],
        objectSrc: ["'none'"],
        frameAncestors: ["'none'"],
        baseUri: ["'self'"],
      },
      referrerPolicy: 'no-referrer',
    }),
  )
  app.use(
    '/api/*',
    bodyLimit({
      maxSize: 1_000_000,
      onError: (call) => call.json(problem(new InvalidRequestError('the body', 'it is larger than a megabyte')), 400),
    }),
  )
  app.use('/api/*', async (call, next) => {
    if (call.req.path === '/api/openapi.json') return next()
    const given = /^Bearer (.+)$/.exec(call.req.header('authorization') ?? '')?.[1]
    if (given === undefined || !matches(given, context.tokenHash))
      return call.json(problem(new WrongTokenError(given !== undefined)), 401)
    return next()
  })
  app.openAPIRegistry.registerComponent('securitySchemes', 'token', { type: 'http', scheme: 'bearer' })
  app.doc31('/api/openapi.json', { openapi: '3.1.0', info })
  operations(app, context)
  incidents(app, context)
  alerts(app, context)
  approvals(app, context)
  app.all('/api/*', (call) => call.json(problem(new UnknownPathError(call.req.path)), 404))
  app.onError((thrown, call) => {
    // Thrown by the framework where a body is no JSON.
    if (thrown instanceof HTTPException && thrown.status < 500)
      return call.json(problem(new InvalidRequestError('the body', thrown.message)), 400)
    const status = thrown.name.includes('.Unknown') ? 404 : Errors.httpStatuses[Errors.remedyOf(thrown)]
    if (status === 500) context.log.error({ path: call.req.path, error: thrown.stack }, 'a request failed')
    return call.json(problem(thrown), status as 404)
  })
  if (context.consoleDirectory) serveConsole(app, context.consoleDirectory)
  return app
}

/** Files as built, and the page itself for every other path, since the console routes for itself. */
function serveConsole(app: OpenAPIHono, directory: string): void {
  app.use('*', serveStatic({ root: directory }))
  app.get('*', serveStatic({ root: directory, path: 'index.html' }))
}

function problem(thrown: unknown): Operations.Problem {
  const known = thrown instanceof Errors.BaseError ? thrown : undefined
  return {
    error: known?.name ?? 'InternalError',
    // What is not ours may carry anything; its text stays in the log.
    message: known?.shortMessage ?? 'Something went wrong inside Firebreak; its log says what.',
    remedy: Errors.remedyOf(thrown),
    advice: known?.advice ?? null,
    facts: Json.plain(known?.facts ?? {}) as Record<string, unknown>,
  }
}

function matches(given: string, tokenHash: string): boolean {
  return timingSafeEqual(createHash('sha256').update(given).digest(), Buffer.from(tokenHash, 'hex'))
}

export class InvalidRequestError extends Errors.BaseError {
  override readonly name = 'Api.InvalidRequestError'
  constructor(where: string, why: string) {
    super(`The request is wrong at ${where}: ${why}.`, {
      remedy: 'operator',
      advice: 'See /api/openapi.json for what each call takes.',
    })
  }
}

export class WrongTokenError extends Errors.BaseError {
  override readonly name = 'Api.WrongTokenError'
  constructor(given: boolean) {
    super(given ? 'The token is wrong.' : 'A token is needed.', {
      remedy: 'operator',
      advice:
        'Send `Authorization: Bearer <token>`; `firebreak token` prints it, and so does the link shown at the start.',
    })
  }
}

export class UnknownPathError extends Errors.BaseError {
  override readonly name = 'Api.UnknownPathError'
  constructor(path: string) {
    super(`There is nothing at ${path}.`, { remedy: 'operator', advice: 'See /api/openapi.json.' })
  }
}
