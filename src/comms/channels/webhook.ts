import { createHmac } from 'node:crypto'
import * as Channel from '../Channel.ts'

/**
 * Posts each announcement as JSON, signed: `Firebreak-Signature: t=<unix seconds>,v1=<hex>`, where `v1` is HMAC-SHA-256
 * of `<t>.<body>` under the secret. `Idempotency-Key` is the same for each try of one message.
 */
export function webhook(options: { readonly url: Channel.Secret; readonly secret: Channel.Secret }): Channel.Channel {
  return {
    kind: 'webhook',
    ready: () => {
      Channel.reveal(options.secret)
      return `delivers to ${Channel.hostOf(Channel.reveal(options.url))}`
    },
    deliver: async ({ announcement, idempotencyKey, consoleUrl, now }) => {
      const body = JSON.stringify({ ...announcement, url: `${consoleUrl}${announcement.path}` })
      await Channel.post(Channel.reveal(options.url), body, {
        'firebreak-signature': sign(Channel.reveal(options.secret), body, now),
        'idempotency-key': idempotencyKey,
      })
    },
  }
}

function sign(secret: string, body: string, now: Date): string {
  const seconds = Math.floor(now.getTime() / 1000)
  return `t=${seconds},v1=${createHmac('sha256', secret).update(`${seconds}.${body}`).digest('hex')}`
}
