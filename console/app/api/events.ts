/** Reads `text/event-stream`, in whatever pieces it arrives. https://html.spec.whatwg.org/multipage/server-sent-events.html */

export type ServerEvent = { readonly event: string; readonly data: string }

/** Returns a function that takes text and gives the events completed by it. */
export function eventReader(): (text: string) => ServerEvent[] {
  let rest = ''
  let event = ''
  let data: string[] = []
  return (text) => {
    const events: ServerEvent[] = []
    rest += text
    // A lone CR at the very end may be half of CRLF: leave it for the next piece.
    const lines = rest.split(/\r\n|\n|\r(?!$)/)
    rest = lines.pop() ?? ''
    for (const line of lines) {
      if (line === '') {
        if (data.length > 0) events.push({ event: event || 'message', data: data.join('\n') })
        event = ''
        data = []
        continue
      }
      const colon = line.indexOf(':')
      const field = colon < 0 ? line : line.slice(0, colon)
      const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '')
      if (field === 'event') event = value
      if (field === 'data') data.push(value)
    }
    return events
  }
}
