/** What is known of a call when it begins. The JSON of calls is kept as text: nobody here needs to look into it. */
export type CallStart = {
  traceId: string
  parentId: string | null
  opName: string
  displayName: string | null
  threadId: string | null
  turnId: string | null
  /** As `toCallTime` writes it. */
  startedAt: string
  attributesJson: string
  inputsJson: string
  wbRunId: string | null
  wbRunStep: number | null
}

/** What is known of a call when it has ended. */
export type CallEnd = {
  /** As `toCallTime` writes it. */
  endedAt: string
  exception: string | null
  outputJson: string
  summaryJson: string
  wbRunStepEnd: number | null
}

/** What arrived about a call at one time: its beginning, its end, or both. */
export type CallPart = {
  projectId: number
  callId: string
  /** The handle of the person who sent it. */
  wbUserId: string
  start: CallStart | undefined
  end: CallEnd | undefined
}

/**
 * Joins what arrived about the same call, in the order in which it arrived: what was sent again counts.
 *
 * A rename that an end carries is not one: only the beginning and an update name a call.
 */
export function joinParts(parts: readonly CallPart[]): CallPart[] {
  const joined = new Map<string, CallPart>()
  for (const part of parts) {
    const key = `${part.projectId}/${part.callId}`
    const known = joined.get(key)
    joined.set(key, known ? { ...known, start: part.start ?? known.start, end: part.end ?? known.end } : part)
  }
  return [...joined.values()]
}
