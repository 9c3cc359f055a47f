import type { Announcement } from '../../incident/Announcement.ts'
import * as Channel from '../Channel.ts'

const icons = {
  alert: ':rotating_light:',
  approval: ':lower_left_fountain_pen:',
  contained: ':fire_extinguisher:',
  failed: ':warning:',
} as const satisfies Record<Announcement['kind'], string>

/** Posts to an incoming webhook of Slack, or of what speaks its format (Mattermost, Rocket.Chat, Discord with `/slack`). */
export function slack(options: { readonly url: Channel.Secret }): Channel.Channel {
  return {
    kind: 'slack',
    ready: () => `delivers to ${Channel.hostOf(Channel.reveal(options.url))}`,
    deliver: async ({ announcement, consoleUrl }) =>
      Channel.post(Channel.reveal(options.url), JSON.stringify(render(announcement, consoleUrl)), {}),
  }
}

/** Block Kit: a section holds at most 3,000 characters and ten fields of 2,000. */
function render({ kind, severity, title, facts, path }: Announcement, consoleUrl: string): object {
  const head = `${icons[kind]} *${severity}* ${escapeControls(title).slice(0, 2_800)}`
  const fields = facts.slice(0, 10).map(({ label, value }) => ({
    type: 'mrkdwn',
    text: `*${escapeControls(label)}*\n${escapeControls(value).slice(0, 1_800)}`,
  }))
  return {
    text: `${severity} ${escapeControls(title).slice(0, 2_800)}`,
    blocks: [
      { type: 'section', text: { type: 'mrkdwn', text: head } },
      ...(fields.length > 0 ? [{ type: 'section', fields }] : []),
      { type: 'section', text: { type: 'mrkdwn', text: `<${consoleUrl}${path}|Open in Firebreak>` } },
    ],
  }
}

/** Slack's three control characters; a token named `<!channel>` must not page everyone. */
function escapeControls(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
