/** The plainest shapes of the API, of which the others are made. */
import { z } from '@hono/zod-openapi'

/** An instant, RFC 3339 in UTC. */
export const instant = z.iso.datetime().openapi({ example: '2026-11-20T03:14:07.123Z' })
/** An integer too large for JSON numbers, in decimal text. */
export const integer = z
  .string()
  .regex(/^-?\d+$/)
  .openapi({ example: '1234500000000000000000' })
/** A hash of 32 bytes, lower case. */
export const hash = z.string().regex(/^0x[0-9a-f]{64}$/)
/** P1 to P5, P1 the gravest. */
export const severity = z.enum(['P1', 'P2', 'P3', 'P4', 'P5'])
