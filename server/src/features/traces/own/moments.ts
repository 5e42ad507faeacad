import { fromMicros, toCallTime, toMicros } from '../call-time.ts'

/** Our own times are always right, so there always is one. */
export function moment(isoTime: string): string {
  return toCallTime(isoTime) as string
}

export function later(callTime: string, milliseconds: number): string {
  return fromMicros(toMicros(callTime) + Math.round(milliseconds * 1000)) as string
}
