import type { ComponentPropsWithRef, ReactNode } from 'react'
import { Icon, type IconName } from './Icon.tsx'

type Props = Omit<ComponentPropsWithRef<'button'>, 'children'> & {
  /** `primary` at most once on a screen. */
  readonly kind?: 'primary' | 'secondary' | 'quiet' | 'danger'
  readonly size?: 'small' | 'medium' | 'large'
  readonly icon?: IconName
  /** While the answer is awaited: the button keeps its place and does nothing. */
  readonly busy?: boolean
  readonly children: ReactNode
}

/** Something that happens here. Going elsewhere is a link; `buttonClass` makes one look the same. */
export function Button({
  kind = 'secondary',
  size = 'medium',
  icon,
  busy = false,
  children,
  className,
  onClick,
  ...rest
}: Props) {
  return (
    <button
      type="button"
      {...rest}
      {...(busy ? {} : { onClick })}
      aria-busy={busy || undefined}
      className={buttonClass(kind, size, className)}
    >
      {icon && <Icon name={icon} />}
      {children}
    </button>
  )
}

/** A button that is only a sign; `label` is its name for those who cannot see it and for those who wonder. */
export function IconButton({
  icon,
  label,
  className,
  ...rest
}: Omit<Props, 'children' | 'icon'> & { readonly icon: IconName; readonly label: string }) {
  const { kind = 'quiet', size = 'medium', busy = false, ...attributes } = rest
  return (
    <button
      type="button"
      {...attributes}
      aria-label={label}
      aria-busy={busy || undefined}
      data-tip={label}
      className={`${buttonClass(kind, size, className)} icon-button`}
    >
      <Icon name={icon} />
    </button>
  )
}

export function buttonClass(
  kind: NonNullable<Props['kind']>,
  size: NonNullable<Props['size']> = 'medium',
  more = '',
): string {
  return `button button-${kind} button-${size} ${more}`.trim()
}
