import type { ComponentProps } from 'react'
import { classNames } from './class-names.ts'
import { Icon, type IconName } from './icon.tsx'

const LOOKS = {
  primary: 'bg-accent text-on-accent hover:bg-accent-hover disabled:bg-pressed disabled:text-faint',
  plain: 'border border-line-strong bg-surface text-ink hover:bg-hover',
  quiet: 'text-soft hover:bg-hover hover:text-ink',
  risky: 'border border-line-strong bg-surface text-danger hover:bg-danger-soft',
  danger: 'bg-danger text-paper hover:opacity-90',
} as const

type ButtonProps = ComponentProps<'button'> & { look?: keyof typeof LOOKS }

export function Button({ look = 'plain', className, type = 'button', ...rest }: ButtonProps) {
  return (
    <button
      type={type}
      className={classNames(
        'inline-flex h-9 shrink-0 items-center justify-center gap-1.5 rounded-lg px-3 text-sm font-medium whitespace-nowrap transition-colors disabled:cursor-default',
        LOOKS[look],
        className,
      )}
      {...rest}
    />
  )
}

type IconButtonProps = Omit<ComponentProps<'button'>, 'children'> & { icon: IconName; label: string }

/** A button that shows only a drawing: its label is read out, and shown when the pointer rests on it. */
export function IconButton({ icon, label, className, ...rest }: IconButtonProps) {
  return (
    <button
      type="button"
      aria-label={label}
      title={label}
      className={classNames(
        'inline-flex size-8 shrink-0 items-center justify-center rounded-lg text-soft transition-colors hover:bg-hover hover:text-ink data-[state=open]:bg-pressed data-[state=open]:text-ink',
        className,
      )}
      {...rest}
    >
      <Icon name={icon} />
    </button>
  )
}
