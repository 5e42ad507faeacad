import { cloneElement, type ReactElement, type ReactNode, useId } from 'react'

/** How a text field looks; its height is its own. */
const INPUT =
  'block w-full rounded-lg border border-line-strong bg-surface px-2.5 text-sm text-ink placeholder:text-faint focus:border-accent focus:outline-none'
export const LINE = `${INPUT} h-9`
export const LINES = `${INPUT} py-2`

type FieldProps = {
  label: string
  hint?: string | undefined
  className?: string
  /** The control itself. */
  children: ReactElement<{ 'aria-describedby'?: string }>
}

/** A field with its name above and, where it needs one, a word of help below. */
export function Field({ label, hint, className, children }: FieldProps) {
  const id = useId()
  return (
    <div className={className}>
      {/* biome-ignore lint/a11y/noLabelWithoutControl: the control is what is put inside */}
      <label className="block">
        <span className="mb-1 block text-xs font-medium text-soft">{label}</span>
        {hint ? cloneElement(children, { 'aria-describedby': id }) : children}
      </label>
      {hint && (
        <p id={id} className="mt-1 text-xs text-faint">
          {hint}
        </p>
      )}
    </div>
  )
}

/** A part of a page with its heading. */
export function Section({ title, action, children }: { title: string; action?: ReactNode; children: ReactNode }) {
  return (
    <section aria-label={title} className="rounded-xl border border-line bg-surface p-4 shadow-card sm:p-5">
      <div className="mb-3 flex min-h-9 flex-wrap items-center justify-between gap-2">
        <h2 className="text-[0.9375rem] font-semibold">{title}</h2>
        {action}
      </div>
      {children}
    </section>
  )
}

/** What went wrong, where it went wrong. */
export function Problem({ text }: { text: string | undefined }) {
  return text ? (
    <p role="alert" className="mt-3 text-sm text-danger">
      {text}
    </p>
  ) : null
}
