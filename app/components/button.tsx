import { Link, type LinkProps, useNavigation } from '@remix-run/react'
import type { ButtonHTMLAttributes, ReactNode } from 'react'
import { classNames } from './class-names.ts'
import { Icon, type IconName } from './icon.tsx'

export type ButtonVariant = 'primary' | 'secondary' | 'ghost' | 'danger' | 'danger-quiet'
export type ButtonSize = 'sm' | 'md' | 'lg'

type Look = { variant?: ButtonVariant; size?: ButtonSize; icon?: IconName; block?: boolean }

const variants: Record<ButtonVariant, string> = {
  primary: 'border-transparent bg-accent-solid text-on-accent shadow-xs hover:bg-accent-hover',
  secondary: 'border-line-strong/50 bg-surface text-ink shadow-xs hover:bg-sunken hover:border-line-strong',
  ghost: 'border-transparent text-muted hover:bg-neutral-soft hover:text-ink',
  // Solid where the press does it (in a dialog), quiet where it stands beside the primary action.
  danger: 'border-transparent bg-danger-solid text-on-accent shadow-xs hover:bg-danger-hover',
  'danger-quiet': 'border-line-strong/50 bg-surface text-danger shadow-xs hover:bg-danger-soft hover:border-danger/50',
}

const sizes: Record<ButtonSize, string> = {
  sm: 'min-h-7 pointer-coarse:min-h-11 px-2 text-sm gap-1',
  md: 'min-h-(--control) px-3 text-base gap-1.5',
  lg: 'min-h-11 px-4 text-lg gap-2',
}

/** The classes of a button, for the few elements that must look like one (a `summary`, a file label). */
export function buttonClass({ variant = 'secondary', size = 'md', block = false }: Look = {}): string {
  return classNames(
    'inline-flex items-center justify-center rounded-md border text-center font-medium no-underline transition-colors',
    'disabled:cursor-not-allowed disabled:opacity-55 disabled:shadow-none',
    'aria-disabled:cursor-not-allowed aria-disabled:opacity-55',
    variants[variant],
    sizes[size],
    block && 'w-full',
  )
}

type ButtonProps = Look &
  Omit<ButtonHTMLAttributes<HTMLButtonElement>, 'children'> & {
    children: ReactNode
    /** Shows a spinner and swallows clicks, but keeps focus (a `disabled` button would lose it). */
    pending?: boolean
    /** Shows the icon only; `children` becomes the accessible name. */
    iconOnly?: boolean
  }

/** A button. `type` is `button` unless said; use SubmitButton inside forms. */
export function Button({
  variant,
  size,
  icon,
  block,
  pending = false,
  iconOnly = false,
  className,
  children,
  onClick,
  type = 'button',
  ...rest
}: ButtonProps) {
  return (
    <button
      {...rest}
      type={type}
      aria-disabled={pending || rest['aria-disabled'] || undefined}
      aria-busy={pending || undefined}
      onClick={event => {
        if (pending) event.preventDefault()
        else onClick?.(event)
      }}
      className={classNames(buttonClass({ variant, size, block }), iconOnly && 'aspect-square px-0!', className)}
    >
      {pending ? <Icon name="spinner" className="animate-spin" /> : icon ? <Icon name={icon} /> : null}
      <span className={iconOnly ? 'sr-only' : undefined}>{children}</span>
    </button>
  )
}

/**
 * A form's submit button; shows itself pending while its own form (same action, same name and value) is being sent.
 * Without a `name` it is the form's only submit button.
 */
export function SubmitButton({ variant = 'primary', formAction, ...rest }: Omit<ButtonProps, 'type' | 'pending'>) {
  const navigation = useNavigation()
  const sent = navigation.formData
  const ours =
    sent !== undefined &&
    (typeof formAction !== 'string' || navigation.formAction === formAction) &&
    (rest.name === undefined || sent.get(rest.name) === String(rest.value ?? ''))
  return <Button {...rest} variant={variant} formAction={formAction} type="submit" pending={ours} />
}

type LinkButtonProps = Look & Omit<LinkProps, 'children'> & { children: ReactNode; iconOnly?: boolean }

/** A link that looks like a button: it goes somewhere and changes nothing. */
export function LinkButton({
  variant,
  size,
  icon,
  block,
  iconOnly = false,
  className,
  children,
  ...rest
}: LinkButtonProps) {
  return (
    <Link
      {...rest}
      className={classNames(buttonClass({ variant, size, block }), iconOnly && 'aspect-square px-0!', className)}
    >
      {icon ? <Icon name={icon} /> : null}
      <span className={iconOnly ? 'sr-only' : undefined}>{children}</span>
    </Link>
  )
}
