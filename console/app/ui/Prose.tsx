import { Address, Hash } from './Address.tsx'

const digits = /(0x[0-9a-fA-F]{40,64})(?![0-9a-fA-F])/

/** A sentence of the record. Hashes and addresses in it are shortened as everywhere: whole on hover, lookalikes flagged. */
export function Prose({ text }: { text: string }) {
  return text.split(digits).map((part, index) => {
    const key = `${index} ${part}`
    if (part.length === 42 && digits.test(part)) return <Address key={key} id={part} plain />
    if (part.length === 66 && digits.test(part)) return <Hash key={key} value={part} what="hash" plain />
    return part
  })
}
