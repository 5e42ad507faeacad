import { DropdownMenu } from 'radix-ui'
import type { ReactNode } from 'react'
import { classNames } from './class-names.ts'
import { Icon, type IconName } from './icon.tsx'

const PANEL = 'z-50 min-w-44 animate-appear rounded-xl border border-line bg-raised p-1 text-sm shadow-float'
const ROW =
  'flex w-full items-center gap-2.5 rounded-lg px-2.5 py-1.5 outline-none select-none data-[highlighted]:bg-hover data-[disabled]:text-faint'

type MenuProps = { trigger: ReactNode; children: ReactNode; align?: 'start' | 'end'; side?: 'top' | 'bottom' }

/** @param trigger a button; the menu gives the focus back to it. */
export function Menu({ trigger, children, align = 'end', side = 'bottom' }: MenuProps) {
  return (
    <DropdownMenu.Root>
      <DropdownMenu.Trigger asChild>{trigger}</DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content className={PANEL} align={align} side={side} sideOffset={6} collisionPadding={8}>
          {children}
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  )
}

type MenuItemProps = {
  icon: IconName
  children: ReactNode
  onSelect: () => void
  isDangerous?: boolean
  isDisabled?: boolean
}

export function MenuItem({ icon, children, onSelect, isDangerous = false, isDisabled = false }: MenuItemProps) {
  return (
    <DropdownMenu.Item
      disabled={isDisabled}
      onSelect={onSelect}
      className={classNames(ROW, isDangerous && 'text-danger')}
    >
      <Icon name={icon} className="size-4 opacity-80" />
      {children}
    </DropdownMenu.Item>
  )
}

type MenuChoicesProps<Value extends string> = {
  icon: IconName
  label: string
  value: Value
  choices: readonly { value: Value; name: string; lang?: string }[]
  onChoose: (value: Value) => void
}

/** A submenu in which exactly one thing is chosen. */
export function MenuChoices<Value extends string>({ icon, label, value, choices, onChoose }: MenuChoicesProps<Value>) {
  return (
    <DropdownMenu.Sub>
      <DropdownMenu.SubTrigger className={classNames(ROW, 'data-[state=open]:bg-hover')}>
        <Icon name={icon} className="size-4 opacity-80" />
        {label}
        <span className="ml-auto pl-4 text-faint">{choices.find((choice) => choice.value === value)?.name}</span>
        <Icon name="chevronRight" className="size-3.5 text-faint" />
      </DropdownMenu.SubTrigger>
      <DropdownMenu.Portal>
        <DropdownMenu.SubContent className={PANEL} sideOffset={4} collisionPadding={8}>
          <DropdownMenu.RadioGroup value={value} onValueChange={(chosen) => onChoose(chosen as Value)}>
            {choices.map((choice) => (
              <DropdownMenu.RadioItem key={choice.value} value={choice.value} className={ROW} lang={choice.lang}>
                <span className="inline-flex w-4">
                  <DropdownMenu.ItemIndicator>
                    <Icon name="check" className="size-4 text-accent" />
                  </DropdownMenu.ItemIndicator>
                </span>
                {choice.name}
              </DropdownMenu.RadioItem>
            ))}
          </DropdownMenu.RadioGroup>
        </DropdownMenu.SubContent>
      </DropdownMenu.Portal>
    </DropdownMenu.Sub>
  )
}

export function MenuLine() {
  return <DropdownMenu.Separator className="my-1 h-px bg-line" />
}
