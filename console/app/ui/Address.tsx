import { Copy } from './Copy.tsx'
import { Icon } from './Icon.tsx'
import { useLookalike } from './lookalikes.ts'

type Props = {
  /** CAIP-10 or a plain address, with its checksum. */
  id: string
  label?: string | undefined
  /** Show every character, in groups of four, for comparing by eye. */
  whole?: boolean
  /** Leave out the copy button where rows are many. */
  plain?: boolean
}

/** An account: its name first, then its address. Never cut so that another address on screen looks the same. */
export function Address({ id, label, whole = false, plain = false }: Props) {
  const address = id.slice(id.lastIndexOf(':') + 1)
  const lookalike = useLookalike(address)
  const full = whole || lookalike
  return (
    <span className={full ? 'address address-whole' : 'address'}>
      {label && <span className="address-label">{label}</span>}
      <span className="address-digits mono" {...(full ? {} : { 'data-tip': address, tabIndex: plain ? undefined : 0 })}>
        <span className="visually-hidden">{address}</span>
        <span aria-hidden="true">{full ? groups(address) : `${address.slice(0, 8)}…${address.slice(-6)}`}</span>
      </span>
      {lookalike && (
        <span
          className="badge tone-amber"
          data-tip="Another address on this page begins and ends alike. Compare every character."
        >
          <Icon name="twin" size={14} />
          lookalike
        </span>
      )}
      {!plain && <Copy text={address} what="address" />}
    </span>
  )
}

/** A hash: enough of it to recognise, all of it on hover and in the clipboard. */
export function Hash({ value, what, plain = false }: { value: string; what: string; plain?: boolean }) {
  const short = value.startsWith('0x')
    ? `${value.slice(0, 10)}…${value.slice(-6)}`
    : `${value.slice(0, 8)}…${value.slice(-6)}`
  return (
    <span className="address">
      <span className="mono" data-tip={`${what}: ${value}`} tabIndex={plain ? undefined : 0}>
        <span className="visually-hidden">{value}</span>
        <span aria-hidden="true">{short}</span>
      </span>
      {!plain && <Copy text={value} what={what} />}
    </span>
  )
}

/** The whole value in groups of four characters, as hardware wallets show it. */
export function Digits({ value }: { value: string }) {
  return (
    <span className="digits mono">
      <span className="visually-hidden">{value}</span>
      <span aria-hidden="true">{groups(value)}</span>
    </span>
  )
}

function groups(value: string) {
  const [head, body] = value.startsWith('0x') ? ['0x', value.slice(2)] : ['', value]
  const parts = body.match(/.{1,4}/g) ?? []
  return parts.map((part, index) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: a group is known by its place
    <span key={index} className="digit-group">
      {index === 0 ? head + part : part}
      <wbr />
    </span>
  ))
}
